"""Content-addressed store of everything that is computed between records and accepted results.

An artifact is a folder `<stage>/<key>/` of `arrays.safetensors` and `artifact.json` (checksums, what it was computed from,
seconds). It is written beside its place, fsynced and renamed, so that it is whole or absent. A lock lets two processes compute a
thing once. A damaged artifact is set aside and computed anew, with a warning.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.errors import ArtifactError

ARRAYS = "arrays.safetensors"
RECORD = "artifact.json"

Arrays = dict[str, np.ndarray]


class DamagedArtifactWarning(UserWarning):
    """An artifact's content does not match its checksum; it was set aside."""


@dataclass(frozen=True)
class Artifact:
    """What one step of the pipeline left behind.

    Attributes
    ----------
    arrays : read-only arrays by name
    info : JSON data
    seconds : how long computing it took
    cached : whether it came from the store
    """

    arrays: Mapping[str, np.ndarray]
    info: Mapping[str, Any]
    seconds: float
    cached: bool


def artifact_key(stage: str, **parameters: Any) -> str:
    """SHA-256 over the stage and its parameters (which hold the keys of what it is computed from), hexadecimal."""
    return hashlib.sha256(canonical({"stage": stage, **parameters}).encode()).hexdigest()


def canonical(data: Any) -> str:
    """The one JSON text that stands for `data`."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def default_root() -> Path:
    """`ECGBENCH_CACHE`, else the user's cache folder."""
    return Path(os.environ.get("ECGBENCH_CACHE") or user_cache() / "artifacts")


def user_cache() -> Path:
    """The user's cache folder for ecgbench."""
    from platformdirs import user_cache_path

    return user_cache_path("ecgbench")


class ArtifactStore:
    """Artifacts below one folder.

    Parameters
    ----------
    root : the folder; by default `ECGBENCH_CACHE`, else below the user's cache folder
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = Path(root) if root is not None else default_root()

    def compute(self, stage: str, key: str, function: Callable[[], tuple[Arrays, dict[str, Any]]], renew: bool = False) -> Artifact:
        """The artifact under `key`, from the store or else by calling `function`, which returns its arrays and its info.

        Raises
        ------
        ArtifactError
            If the store cannot be written (no permission, no space); nothing half-written stays.
        """
        folder = self.root / stage / key
        before = _stamp(folder)
        found = None if renew else _read_if_whole(folder)
        if found is not None:
            return found
        with self.locked(stage, key):
            if not renew or _stamp(folder) != before:
                found = self._read_or_set_aside(folder)
            if found is not None:
                return found
            began = time.perf_counter()
            arrays, info = function()
            return self.put(stage, key, arrays, info, time.perf_counter() - began)

    def get(self, stage: str, key: str) -> Artifact | None:
        """The artifact under `key`, or None if it is absent or damaged (then it is set aside)."""
        folder = self.root / stage / key
        found = _read_if_whole(folder)
        if found is not None or not folder.is_dir():
            return found
        with self.locked(stage, key):
            return self._read_or_set_aside(folder)

    def put(self, stage: str, key: str, arrays: Arrays, info: dict[str, Any], seconds: float = 0.0) -> Artifact:
        """Write an artifact; one that is already there is replaced."""
        folder = self.root / stage / key
        with self._writing(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(prefix=f".{key[:12]}.", dir=folder.parent))
            try:
                write_artifact(partial, arrays, info, seconds)
                if folder.exists():
                    os.replace(folder, partial / "replaced")
                os.replace(partial, folder)
                shutil.rmtree(folder / "replaced", ignore_errors=True)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
        return Artifact(frozen(arrays), json.loads(json.dumps(info)), seconds, cached=False)

    @contextmanager
    def locked(self, stage: str, key: str) -> Iterator[None]:
        """Hold the lock of one artifact, across processes."""
        from filelock import FileLock

        path = self.root / "locks" / f"{stage}-{key}.lock"
        with self._writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def scratch(self, stage: str, key: str) -> Path:
        """Folder for work that must survive a kill before its artifact is whole (a training's last epoch)."""
        folder = self.root / "unfinished" / f"{stage}-{key}"
        with self._writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Stage and key of every artifact, sorted."""
        for record in sorted(self.root.glob(f"*/*/{RECORD}")):
            if not record.parent.name.startswith("."):
                yield record.parent.parent.name, record.parent.name

    def size(self, stage: str, key: str) -> int:
        """Bytes that an artifact takes."""
        return _size(self.root / stage / key)

    def prune(self, stage: str | None = None) -> int:
        """Remove what was set aside and what killed processes left, and a stage's artifacts if one is named; returns the bytes freed.

        Nothing else may use the store meanwhile.
        """
        leftovers = [self.root / name for name in ("damaged", "locks", "unfinished")] + list(self.root.glob("*/.*"))
        artifacts = [self.root / found / key for found, key in self if stage == found]
        freed = 0
        for path in filter(Path.exists, leftovers + artifacts):
            with self._writing(path):
                freed += _size(path)
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        return freed

    def _read_or_set_aside(self, folder: Path) -> Artifact | None:
        if not folder.is_dir():
            return None
        try:
            return read_artifact(folder)
        except (OSError, ValueError, KeyError) as error:
            self._set_aside(folder, error)
            return None

    def _set_aside(self, folder: Path, error: Exception) -> None:
        with self._writing(folder):
            aside = Path(tempfile.mkdtemp(prefix=f"{folder.name[:12]}.", dir=self._damaged_folder()))
            os.replace(folder, aside / folder.name)
        warnings.warn(
            f"expected the artifact {folder} to match its checksum, got damaged content ({error}); it was moved to {aside} "
            "and is computed anew.",
            DamagedArtifactWarning,
            stacklevel=4,
        )

    def _damaged_folder(self) -> Path:
        folder = self.root / "damaged"
        with self._writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def _writing(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ArtifactError(
                f"expected to write {path}, got {error.strerror or error}; free space there or point ECGBENCH_CACHE at a folder "
                "that can be written."
            ) from error


def _size(path: Path) -> int:
    return sum(file.stat().st_size for file in [path, *path.rglob("*")] if file.is_file())


def _stamp(folder: Path) -> tuple[int, int] | None:
    """What tells one writing of an artifact from another; None if it is absent."""
    with suppress(OSError):
        stat = (folder / RECORD).stat()
        return stat.st_ino, stat.st_mtime_ns
    return None


def _read_if_whole(folder: Path) -> Artifact | None:
    with suppress(OSError, ValueError, KeyError):
        return read_artifact(folder)
    return None


def write_artifact(folder: Path, arrays: Arrays, info: Mapping[str, Any], seconds: float) -> None:
    """Write an artifact's two files into `folder` and flush them to disk."""
    from safetensors.numpy import save

    content = save({name: np.asarray(array, order="C") for name, array in arrays.items()})
    record = {"info": info, "seconds": seconds, "sha256": hashlib.sha256(content).hexdigest()}
    record["checksum"] = hashlib.sha256(canonical(record).encode()).hexdigest()
    for name, data in ((ARRAYS, content), (RECORD, json.dumps(record, indent=1, allow_nan=False).encode())):
        _write_through(folder / name, data)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it holds either its old content or all of the new one.

    Raises
    ------
    ArtifactError
        If it cannot be written (no permission, no space).
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        _write_through(partial, data)
        os.replace(partial, path)
    except OSError as error:
        raise ArtifactError(f"expected to write {path}, got {error.strerror or error}; free space or name another folder.") from error
    finally:
        with suppress(OSError):
            partial.unlink()


def _write_through(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def read_artifact(folder: Path) -> Artifact:
    """Read and verify an artifact.

    Raises
    ------
    ValueError, KeyError, OSError
        If a file is missing, is not what was written, or its checksum differs.
    """
    from safetensors.numpy import load

    record = json.loads((folder / RECORD).read_text())
    if not isinstance(record, dict):
        raise ValueError(f"{RECORD} holds no object")
    checksum = record.pop("checksum")
    content = (folder / ARRAYS).read_bytes()
    if checksum != hashlib.sha256(canonical(record).encode()).hexdigest():
        raise ValueError(f"checksum of {RECORD}")
    if record["sha256"] != hashlib.sha256(content).hexdigest():
        raise ValueError(f"checksum of {ARRAYS}")
    return Artifact(frozen(load(content)), record["info"], record["seconds"], cached=True)


def frozen(arrays: Arrays) -> Arrays:
    """Read-only views of the arrays."""
    views = {name: array.view() for name, array in arrays.items()}
    for view in views.values():
        view.flags.writeable = False
    return views
