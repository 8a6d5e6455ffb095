"""The artifact store: what comes back, replaced when and pruned how."""

from __future__ import annotations

import json
import pickle
import time
from pathlib import Path

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore, DamagedArtifactWarning, Store
from ecgbench.errors import ArtifactError
from tests.artifacts.stores import Computed, constant, files, never

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


def test_arrays_of_every_kind_come_back_with_their_dtype_shape_and_bytes(store: ArtifactStore) -> None:
    store.put("s", "k", ARRAYS_OF_EVERY_KIND, {})
    found = store.get("s", "k")
    assert found is not None
    described = [
        {name: (array.dtype, array.shape, array.tobytes()) for name, array in arrays.items()}
        for arrays in (found.arrays, ARRAYS_OF_EVERY_KIND)
    ]
    assert described[0] == described[1]


def test_array_of_text_is_refused_with_the_remedy(store: ArtifactStore) -> None:
    with pytest.raises(ArtifactError, match=r"expected arrays of numbers or bool, got .*; put it into the info"):
        store.put("s", "k", {"record": np.array(["a"])}, {})
    assert files(store) == []


def test_computed_artifact_equals_the_stored_one(store: ArtifactStore) -> None:
    info = {"text": "é", "number": 0.1, "nested": {"list": [1, None, True]}, "pair": (1, 2)}

    def slow() -> Computed:
        time.sleep(0.05)
        return {"a": np.arange(3)}, info

    computed, stored = store.compute("s", "k", slow), store.compute("s", "k", never)
    assert (computed.cached, stored.cached) == (False, True)
    assert computed.info == stored.info == {**info, "pair": [1, 2]}
    assert 0.05 <= computed.seconds == stored.seconds < 5
    assert computed.made_with == stored.made_with
    assert {"python", "numpy", "platform"} < set(stored.made_with)
    assert np.array_equal(computed.arrays["a"], stored.arrays["a"])


@pytest.mark.parametrize("again", [False, True], ids=["computed", "stored"])
def test_arrays_are_read_only_and_the_callers_own_stays_writable(store: ArtifactStore, again: bool) -> None:
    mine = np.zeros(3)
    artifact = store.put("s", "k", {"a": mine}, {})
    artifact = store.compute("s", "k", never) if again else artifact
    with pytest.raises(ValueError, match="read-only"):
        artifact.arrays["a"][0] = 9
    mine[0] = 1


def test_artifact_is_one_file_of_which_safetensors_reads_arrays_and_record(store: ArtifactStore) -> None:
    from safetensors import safe_open

    store.compute("s", "k", constant(1))
    assert files(store) == ["s/k.safetensors"]
    with safe_open(store.root / "s" / "k.safetensors", framework="np") as file:
        assert file.get_tensor("a").tolist() == [1, 1, 1]
        record = json.loads(file.metadata()["artifact"])
    assert record["info"] == {"value": 1}
    assert sorted(record) == ["checksum", "info", "key", "layout", "seconds", "stage", "with"]
    assert (record["stage"], record["key"], record["layout"]) == ("s", "k", 2)


@pytest.mark.parametrize(("stage", "key"), [("s", "a.b"), ("../s", "k"), ("locks", "k")])
def test_place_outside_the_stages_is_refused(store: ArtifactStore, stage: str, key: str) -> None:
    with pytest.raises(ArtifactError, match="expected a stage and a key of letters"):
        store.put(stage, key, {}, {})


def test_default_folder_is_the_variables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ECGBENCH_CACHE", str(tmp_path))
    assert ArtifactStore().root == tmp_path
    monkeypatch.setenv("ECGBENCH_CACHE", "")
    assert ArtifactStore().root.parts[-2:] == ("ecgbench", "artifacts")


def test_stores_of_one_folder_and_mode_are_one_and_pickle(store: ArtifactStore) -> None:
    store.compute("s", "k", constant(1))
    again = pickle.loads(pickle.dumps(store))
    assert again == store == ArtifactStore(store.root)
    assert len({again, store, ArtifactStore(store.root / "other"), ArtifactStore(store.root, computing=False)}) == 3
    assert again.compute("s", "k", never).info == {"value": 1}
    assert isinstance(store, Store)


def test_renew_replaces_the_artifact(store: ArtifactStore) -> None:
    store.compute("s", "k", constant(1))
    assert store.compute("s", "k", constant(2), renew=True).info == {"value": 2}
    assert store.compute("s", "k", never).info == {"value": 2}
    assert files(store) == ["s/k.safetensors"]


def test_failed_function_leaves_the_earlier_artifact_and_no_lock(store: ArtifactStore) -> None:
    store.compute("s", "k", constant(1))
    with pytest.raises(AssertionError, match="computed again"):
        store.compute("s", "k", never, renew=True)
    assert files(store) == ["s/k.safetensors"]
    assert store.compute("s", "k", never).info == {"value": 1}


def test_digest_of_the_content_tells_values_apart_and_not_when_they_were_computed(store: ArtifactStore, tmp_path: Path) -> None:
    other = ArtifactStore(tmp_path / "other")
    store.put("s", "k", *constant(1)(), seconds=1)
    other.put("s", "k", *constant(1)(), seconds=2)
    digest = store.content_digest("s", "k")
    assert digest == other.content_digest("s", "k")
    changed = [
        ({"a": np.full(3, 2)}, {"value": 1}),
        ({"a": np.full(3, 1, dtype=np.int32)}, {"value": 1}),
        ({"a": np.full((3, 1), 1)}, {"value": 1}),
        ({"b": np.full(3, 1)}, {"value": 1}),
        ({"a": np.full(3, 1)}, {"value": 2}),
    ]
    for arrays, info in changed:
        other.put("s", "k", arrays, info)
        assert other.content_digest("s", "k") != digest
    other.put("s", "other", *constant(1)())
    assert other.content_digest("s", "other") != digest
    assert store.content_digest("s", "absent") is None


def test_iteration_is_sorted_and_leaves_out_what_is_no_artifact(store: ArtifactStore) -> None:
    for stage, key in (("t", "a"), ("s", "b"), ("s-", "a"), ("s", "a")):
        store.compute(stage, key, constant(1))
    store.scratch("s", "c")
    (store.root / "s" / "b.safetensors").write_bytes(b"")
    with pytest.warns(DamagedArtifactWarning):
        store.get("s", "b")
    assert list(store) == [("s", "a"), ("s-", "a"), ("t", "a")]


def test_prune_frees_leftovers_and_keeps_artifacts_and_what_is_not_the_stores(store: ArtifactStore) -> None:
    for key in ("a", "b"):
        store.compute("s", key, constant(1))
    (store.root / "s" / "b.safetensors").write_bytes(b"12345")
    with pytest.warns(DamagedArtifactWarning):
        store.get("s", "b")
    (store.scratch("s", "c") / "epoch").write_bytes(b"123")
    (store.root / "s" / ".a.safetensors.0123abcd.part").write_bytes(b"12")
    (store.root / "s" / "a.0123456789abcdef.signal.f32").write_bytes(b"1")
    (store.root / "s" / ".profile").write_bytes(b"somebody's")
    assert store.prune() == 5 + 3 + 2 + 1
    assert files(store) == ["s/.profile", "s/a.safetensors"]
    assert [path.name for path in store.root.iterdir()] == ["s"]


def test_prune_of_a_stage_frees_its_artifacts_alone(store: ArtifactStore) -> None:
    for stage in ("s", "t"):
        store.compute(stage, "k", constant(1))
    size = store.size("s", "k")
    assert store.prune("s") == size > 0
    assert list(store) == [("t", "k")]


def test_scratch_keeps_its_files_between_calls(store: ArtifactStore) -> None:
    (store.scratch("s", "k") / "epoch").write_text("1")
    assert (store.scratch("s", "k") / "epoch").read_text() == "1"
    assert not list(store.scratch("s", "other").iterdir())
