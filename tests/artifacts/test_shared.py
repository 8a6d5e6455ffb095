"""A store that several users share: its modes are what the umask says, and nobody's link leads a write elsewhere."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore, DamagedArtifactWarning, _files, write_atomically
from ecgbench.errors import ArtifactError
from tests.artifacts.stores import Computed, constant


@pytest.fixture(params=[0o002, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    earlier = os.umask(request.param)
    yield request.param
    os.umask(earlier)


def fill(store: ArtifactStore) -> None:
    """Artifacts of every kind, one that was set aside, and work that was left."""
    path = store.scratch("windows", "k") / "signal.f32"

    def write() -> Computed:
        np.zeros(3, dtype=np.float32).tofile(path)
        return constant(1)()

    store.compute("windows", "k", write, attached=path)
    store.merge("scores", "k", {"auc": (*constant(1)(), 1.0)})
    store.put("model", "k", *constant(1)())
    (store.root / "model" / "k.safetensors").write_bytes(b"")
    with pytest.warns(DamagedArtifactWarning):
        store.compute("model", "k", constant(2))
    write_atomically(store.scratch("model", "k") / "epoch.json", b"{}")


def test_modes_of_folders_and_files_are_what_the_umask_says(store: ArtifactStore, umask: int) -> None:
    fill(store)
    with store.locked("scores", "k"):
        found = {path: path.stat().st_mode for path in [store.root, *store.root.rglob("*")]}
    assert {path.name for path in found} >= {"windows", "damaged", "locks", "unfinished", "k.safetensors", "scores.k.lock", "epoch.json"}
    for path, mode in found.items():
        assert stat.S_IMODE(mode) == (0o777 if stat.S_ISDIR(mode) else 0o666) & ~umask, path


def test_temporary_file_that_is_a_link_is_not_followed(store: ArtifactStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "somebodys"
    target.write_bytes(b"kept")
    monkeypatch.setattr(_files, "token", lambda: "0" * 8)
    store.put("s", "k", *constant(1)())
    (store.root / "s" / ".k.safetensors.00000000.part").symlink_to(target)
    with pytest.raises(ArtifactError, match="File exists"):
        store.put("s", "k", *constant(2)())
    assert target.read_bytes() == b"kept"
    found = store.get("s", "k")
    assert found is not None
    assert found.info == {"value": 1}


def test_link_in_an_artifacts_place_is_replaced_and_not_followed(store: ArtifactStore, tmp_path: Path) -> None:
    target = tmp_path / "somebodys"
    target.write_bytes(b"kept")
    (store.root / "s").mkdir(parents=True)
    (store.root / "s" / "k.safetensors").symlink_to(target)
    store.put("s", "k", *constant(1)())
    assert target.read_bytes() == b"kept"
    assert not (store.root / "s" / "k.safetensors").is_symlink()


def test_folder_of_unfinished_work_that_is_a_link_is_refused(store: ArtifactStore, tmp_path: Path) -> None:
    store.scratch("s", "other")
    (store.root / "unfinished" / "s-k").symlink_to(tmp_path)
    with pytest.raises(ArtifactError, match=r"expected .*s-k as a folder of the store, got a link; remove it"):
        store.scratch("s", "k")
