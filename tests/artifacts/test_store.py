"""The artifact store: what comes back, under which key, replaced when and pruned how."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgbench.artifacts import (
    ARRAYS,
    RECORD,
    ArtifactStore,
    DamagedArtifactWarning,
    artifact_key,
    canonical,
)
from ecgbench.artifacts._store import default_root
from tests.artifacts.stores import Computed, constant, never


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


ARRAYS_OF_EVERY_KIND = {
    "bool": np.array([True, False]),
    "uint8": np.arange(4, dtype=np.uint8).reshape(2, 2),
    "int64": np.array([-(2**62), 2**62]),
    "float16": np.array([0.5, -2], dtype=np.float16),
    "float32": np.linspace(0, 1, 6, dtype=np.float32).reshape(1, 2, 3),
    "float64": np.array([np.nan, np.inf, -0.0, 1e-300]),
    "scalar": np.array(7, dtype=np.int64),
    "empty": np.empty((0, 3), dtype=np.int64),
    "transposed": np.arange(6.0).reshape(2, 3).T,
    "strided": np.arange(10)[::3],
}


@pytest.mark.parametrize("name", ARRAYS_OF_EVERY_KIND)
def test_array_comes_back_with_its_dtype_shape_and_bytes(store: ArtifactStore, name: str) -> None:
    array = ARRAYS_OF_EVERY_KIND[name]
    store.put("s", "k", {name: array}, {})
    found = store.get("s", "k")
    assert found is not None
    assert (found.arrays[name].dtype, found.arrays[name].shape) == (array.dtype, array.shape)
    assert found.arrays[name].tobytes() == array.tobytes()


def test_info_and_seconds_come_back(store: ArtifactStore) -> None:
    info = {"text": "é", "number": 0.1, "nested": {"list": [1, None, True]}}
    store.put("s", "k", {}, info, seconds=1.25)
    found = store.get("s", "k")
    assert found is not None
    assert (found.info, found.seconds, found.cached, dict(found.arrays)) == (info, 1.25, True, {})


def test_computed_artifact_equals_the_stored_one(store: ArtifactStore) -> None:
    computed = store.compute("s", "k", lambda: ({"a": np.arange(3)}, {"pair": (1, 2)}))
    stored = store.compute("s", "k", never)
    assert (computed.cached, stored.cached) == (False, True)
    assert computed.info == stored.info == {"pair": [1, 2]}
    assert computed.seconds == stored.seconds
    assert np.array_equal(computed.arrays["a"], stored.arrays["a"])


@pytest.mark.parametrize("again", [False, True], ids=["computed", "stored"])
def test_arrays_are_read_only(store: ArtifactStore, again: bool) -> None:
    artifact = store.compute("s", "k", constant(1))
    artifact = store.compute("s", "k", never) if again else artifact
    with pytest.raises(ValueError, match="read-only"):
        artifact.arrays["a"][0] = 9


def test_callers_own_array_stays_writable(store: ArtifactStore) -> None:
    mine = np.zeros(3)
    store.put("s", "k", {"a": mine}, {})
    mine[0] = 1


def test_seconds_are_the_functions_own(store: ArtifactStore) -> None:
    def slow() -> Computed:
        time.sleep(0.05)
        return {}, {}

    assert 0.05 <= store.compute("s", "k", slow).seconds < 5


def test_store_holds_no_file_but_safetensors_json_and_locks(store: ArtifactStore) -> None:
    store.compute("s", "k", constant(1))
    files = {path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file()}
    assert files <= {f"s/k/{ARRAYS}", f"s/k/{RECORD}", "locks/s-k.lock"}
    json.loads((store.root / "s" / "k" / RECORD).read_text())
    header = (store.root / "s" / "k" / ARRAYS).read_bytes()
    assert json.loads(header[8 : 8 + int.from_bytes(header[:8], "little")])


@pytest.mark.parametrize(
    "other",
    [{"stage": "t"}, {"seed": 2}, {"seed": 1.5}, {"options": {"a": 1, "b": 3}}, {"options": {"a": 1}}, {"source": "y"}, {"more": None}],
    ids=str,
)
def test_key_depends_on_every_parameter(other: dict[str, Any]) -> None:
    base: dict[str, Any] = {"stage": "s", "seed": 1, "options": {"a": 1, "b": 2}, "source": "x"}
    assert artifact_key(**{**base, **other}) != artifact_key(**base)


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.lists(st.booleans()), max_size=5))
def test_key_does_not_depend_on_the_order_of_parameters(parameters: dict[str, Any]) -> None:
    backwards = dict(reversed(parameters.items()))
    assert artifact_key("s", options=parameters) == artifact_key("s", options=backwards)


def test_key_is_the_sha256_of_the_canonical_json() -> None:

    assert canonical({"b": [1, "x"], "a": None}) == '{"a":null,"b":[1,"x"]}'
    assert artifact_key("s", b=1) == hashlib.sha256(b'{"b":1,"stage":"s"}').hexdigest()


def test_key_of_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        artifact_key("s", rate=float("nan"))


def test_default_folder_is_the_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ECGBENCH_CACHE", str(tmp_path))
    assert ArtifactStore().root == tmp_path
    monkeypatch.setenv("ECGBENCH_CACHE", "")
    assert default_root().parts[-2:] == ("ecgbench", "artifacts")


def test_renew_replaces_the_artifact(store: ArtifactStore) -> None:
    store.compute("s", "k", constant(1))
    assert store.compute("s", "k", constant(2), renew=True).info == {"value": 2}
    assert store.compute("s", "k", never).info == {"value": 2}
    assert sorted(path.name for path in (store.root / "s" / "k").iterdir()) == [ARRAYS, RECORD]


def test_failed_function_leaves_the_earlier_artifact_and_no_lock(store: ArtifactStore) -> None:
    store.compute("s", "k", constant(1))
    with pytest.raises(AssertionError, match="computed again"):
        store.compute("s", "k", never, renew=True)
    assert store.compute("s", "k", never).info == {"value": 1}
    assert store.compute("s", "k", constant(3), renew=True).info == {"value": 3}


def test_renewing_twice_at_a_time_computes_once(store: ArtifactStore) -> None:
    store.compute("s", "k", constant(1))
    started, calls = threading.Event(), []

    def slow() -> Computed:
        calls.append(1)
        started.set()
        time.sleep(0.3)
        return constant(2)()

    first = threading.Thread(target=store.compute, args=("s", "k", slow), kwargs={"renew": True})
    first.start()
    started.wait()
    assert store.compute("s", "k", slow, renew=True).info == {"value": 2}
    first.join()
    assert len(calls) == 1


def test_iteration_is_sorted_and_leaves_out_what_is_no_artifact(store: ArtifactStore) -> None:
    for stage, key in (("t", "a"), ("s", "b"), ("s", "a")):
        store.compute(stage, key, constant(1))
    store.scratch("s", "c")
    (store.root / "s" / "b" / ARRAYS).write_bytes(b"")
    with pytest.warns(DamagedArtifactWarning):
        store.get("s", "b")
    assert list(store) == [("s", "a"), ("t", "a")]


def test_size_is_that_of_the_artifacts_files(store: ArtifactStore) -> None:
    store.compute("s", "k", constant(1))
    assert store.size("s", "k") == sum((store.root / "s" / "k" / name).stat().st_size for name in (ARRAYS, RECORD)) > 0


def test_prune_frees_leftovers_and_keeps_artifacts(store: ArtifactStore) -> None:
    for key in ("a", "b"):
        store.compute("s", key, constant(1))
    (store.root / "s" / "b" / ARRAYS).write_bytes(b"12345")
    with pytest.warns(DamagedArtifactWarning):
        store.get("s", "b")
    (store.scratch("s", "c") / "epoch").write_bytes(b"123")
    (store.root / "s" / ".stray").write_bytes(b"12")
    record = next((store.root / "damaged").rglob(RECORD)).stat().st_size
    assert store.prune() == 5 + record + 3 + 2
    assert list(store) == [("s", "a")]
    assert [path.name for path in store.root.iterdir()] == ["s"]


def test_prune_of_a_stage_frees_its_artifacts_alone(store: ArtifactStore) -> None:
    for stage in ("s", "t"):
        store.compute(stage, "k", constant(1))
    size = store.size("s", "k")
    assert store.prune("s") == size
    assert list(store) == [("t", "k")]


def test_scratch_keeps_its_files_between_calls(store: ArtifactStore) -> None:
    (store.scratch("s", "k") / "epoch").write_text("1")
    assert (store.scratch("s", "k") / "epoch").read_text() == "1"
    assert not list(store.scratch("s", "other").iterdir())
