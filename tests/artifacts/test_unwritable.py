"""Stores that cannot be written: a clear error, nothing half-written, the earlier artifact intact."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecgbench.artifacts import ArtifactStore, _files, write_atomically
from ecgbench.errors import ArtifactError
from tests.artifacts.stores import constant, files, never, output, python

FULL = """
import resource, sys
import numpy as np
from ecgbench.artifacts import ArtifactStore
from ecgbench.errors import ArtifactError
if sys.argv[3] == "limited":
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    ArtifactStore(sys.argv[1]).compute(
        "s", sys.argv[2], lambda: ({"a": np.ones(100_000)}, {}), renew=True)
except ArtifactError as error:
    print(error)
"""


def check_full(store: ArtifactStore, key: str, how: str, reason: str) -> None:
    said = output(python(FULL, store.root, key, how))
    assert said.startswith(f"expected to write {store.root / 's' / key}.safetensors, got {reason}")
    assert "free space there or point ECGBENCH_CACHE at a folder" in said
    assert files(store) == ["s/earlier.safetensors"]
    assert store.compute("s", "earlier", never).info == {"value": 1}


keys = pytest.mark.parametrize("key", ["earlier", "new"])


@keys
def test_file_that_cannot_grow_leaves_nothing_and_the_earlier_artifact(store: ArtifactStore, key: str) -> None:
    store.compute("s", "earlier", constant(1))
    check_full(store, key, "limited", "File too large")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk needs root and the right to mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@keys
def test_full_disk_leaves_nothing_and_the_earlier_artifact(small_disk: Path, key: str) -> None:
    store = ArtifactStore(small_disk)
    store.compute("s", "earlier", constant(1))
    check_full(store, key, "unlimited", "No space left on device")


def unwritable(tmp_path: Path, what: str) -> Path:
    (tmp_path / "file").write_text("")
    return {"a file": tmp_path / "file", "below a file": tmp_path / "file" / "store", "below /proc": Path("/proc/ecgbench")}[what]


@pytest.mark.parametrize(
    ("what", "verb"),
    [("a file", "compute"), ("a file", "put"), ("a file", "scratch"), ("a file", "merge"), ("below a file", "put"), ("below /proc", "put")],
)
def test_store_that_cannot_be_written_is_an_artifact_error_with_a_remedy(tmp_path: Path, what: str, verb: str) -> None:
    store = ArtifactStore(unwritable(tmp_path, what))
    calls = {
        "compute": lambda: store.compute("s", "k", never),
        "put": lambda: store.put("s", "k", {}, {}),
        "merge": lambda: store.merge("s", "k", {}),
        "scratch": lambda: store.scratch("s", "k"),
    }
    with pytest.raises(ArtifactError, match=rf"expected to write {store.root}.*; free space there or point ECGBENCH_CACHE"):
        calls[verb]()


def test_store_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "absent")
    assert (list(store), store.get("s", "k"), store.size("s", "k"), store.prune()) == ([], None, 0, 0)
    assert not store.root.exists()


def test_written_file_holds_the_new_content_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    for data in (b"old", b"new"):
        write_atomically(path, data)
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_file_that_cannot_be_written_keeps_its_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(b"old")

    def full(file: Path, data: bytes) -> None:
        file.write_bytes(data[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(_files, "_write_through", full)
    with pytest.raises(ArtifactError, match="No space left on device; free space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_file_below_an_absent_folder_is_an_artifact_error(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="No such file or directory"):
        write_atomically(tmp_path / "absent" / "file", b"")
