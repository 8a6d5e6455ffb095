"""The verb `cache`: what the store holds, whether it is whole, and what is removed from it."""

import numpy as np
import pytest

from ecgbench.artifacts import DamagedArtifactWarning
from tests.artifacts.files import OLD, signed


def test_store_is_listed_by_stage(ecg, own_store):
    said = ecg("cache", "list")
    assert said.startswith(f"{own_store.root}\n  windows: 2 artifacts, ")
    assert "MB" in said
    assert ecg("cache", "list", "--stage", "windows") == said


@pytest.mark.parametrize("action", ["list", "verify", "prune"])
def test_stage_of_which_nothing_is_stored_is_refused_with_those_there_are(refused, own_store, action):
    own_store.put("scores", "a" * 64, {}, {})
    said = f'expected a stage that is stored in {own_store.root} (scores, windows), got "model"; name one of them.'
    assert said in refused("cache", action, "--stage", "model")


@pytest.mark.parametrize("action", ["list", "verify", "prune"])
def test_place_that_is_no_store_is_refused(refused, tmp_path, monkeypatch, action):
    (tmp_path / "records").mkdir()
    for name in ("RECORDS", "records/100.dat"):
        (tmp_path / name).write_text("")
    monkeypatch.setenv("ECGBENCH_CACHE", str(tmp_path / "RECORDS"))
    assert f"expected the folder of a store, got the file {tmp_path / 'RECORDS'}; point" in refused("cache", action)
    monkeypatch.setenv("ECGBENCH_CACHE", str(tmp_path))
    assert f"expected the folder of a store, got {tmp_path} with RECORDS, records; point" in refused("cache", action)


@pytest.mark.parametrize("there", [False, True], ids=["absent", "empty stage"])
@pytest.mark.parametrize("stage", [(), ("--stage", "scores")], ids=["all", "stage"])
def test_store_that_holds_nothing_says_so(ecg, tmp_path, monkeypatch, there, stage):
    root = tmp_path / "new"
    if there:
        (root / "scores").mkdir(parents=True)
    monkeypatch.setenv("ECGBENCH_CACHE", str(root))
    for action in ("list", "verify"):
        assert ecg("cache", action, *stage) == f"nothing is stored in {root} yet\n"
    assert ecg("cache", "prune", *stage) == f"0 bytes freed in {root}\n"


def test_artifact_under_anothers_name_fails_the_verification(ecg, own_store):
    paths = []
    for value, key in enumerate(("a" * 64, "b" * 64)):
        own_store.put("attributions", key, {"a": np.full(3, value)}, {})
        paths.append(own_store.root / "attributions" / f"{key}.safetensors")
    first, second = (path.read_bytes() for path in paths)
    paths[0].write_bytes(second)
    paths[1].write_bytes(first)
    with pytest.warns(DamagedArtifactWarning) as warned:
        said = ecg("cache", "verify", "--stage", "attributions", code=1)
    assert said.endswith(f"\ndamaged: attributions/{'a' * 64}\ndamaged: attributions/{'b' * 64}\n2 damaged\n")
    for one, other in zip(warned, "ba", strict=True):
        assert f"(the attributions {other * 12}, expected" in str(one.message)


def test_damaged_artifact_fails_the_verification_and_is_set_aside(ecg, own_store):
    own_store.put("scores", "a" * 64, {"a": np.arange(3)}, {})
    assert ecg("cache", "verify").endswith("\n0 damaged\n")
    (own_store.root / "scores" / f"{'a' * 64}.safetensors").write_bytes(b"damaged")
    with pytest.warns(DamagedArtifactWarning):
        assert ecg("cache", "verify", code=1).endswith("\n1 damaged\n")
    assert ecg("cache", "verify").endswith("\n0 damaged\n")


def test_pruning_removes_leftovers_and_the_named_stage_only(ecg, own_store):
    own_store.put("scores", "a" * 64, {"a": np.arange(3)}, {})
    (own_store.scratch("model", "b" * 64) / "epoch").write_bytes(b"12345")
    assert ecg("cache", "prune") == f"5 bytes freed in {own_store.root}\n"
    assert {stage for stage, _ in own_store} == {"scores", "windows"}
    ecg("cache", "prune", "--stage", "scores")
    assert {stage for stage, _ in own_store} == {"windows"}


def test_artifacts_of_the_layout_of_before_are_counted_and_stay(ecg, own_store):
    path = own_store.root / "scores" / f"{'a' * 64}.safetensors"
    path.parent.mkdir()
    path.write_bytes(signed(OLD))
    said = ecg("cache", "verify")
    assert said.endswith("\n1 of another layout, which are computed anew where they are asked for\n0 damaged\n")
    assert path.exists()
