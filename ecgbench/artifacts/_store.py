"""The folder of artifacts: what is there is read, what is not is computed once, what is damaged is set aside."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ecgbench.artifacts._artifact import RECORD, Arrays, Artifact, frozen, read_artifact, write_artifact
from ecgbench.errors import ArtifactError, NotStoredError


class DamagedArtifactWarning(UserWarning):
    """An artifact's content does not match its checksum; it was set aside."""


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
    computing : whether what is absent may be computed; otherwise the store is only read
    """

    def __init__(self, root: Path | None = None, computing: bool = True) -> None:
        self.root = Path(root) if root is not None else default_root()
        self.computing = computing

    def compute(
        self,
        stage: str,
        key: str,
        function: Callable[[], tuple[Arrays, dict[str, Any]]],
        renew: bool = False,
        attached: Path | None = None,
    ) -> Artifact:
        """The artifact under `key`, from the store or else by calling `function`, which returns its arrays and its info.

        Parameters
        ----------
        renew : compute it even where the store holds it; a store that is only read has what it holds
        attached : a file on the store's disk (see `scratch`) that `function` writes and that is moved into the artifact's folder

        Raises
        ------
        ArtifactError
            If the store cannot be written (no permission, no space); nothing half-written stays.
        NotStoredError
            If it is absent or damaged and the store is only read.
        """
        if not self.computing:
            return self._stored(stage, key)
        folder = self.folder(stage, key)
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
            return self.put(stage, key, arrays, info, time.perf_counter() - began, attached)

    def get(self, stage: str, key: str) -> Artifact | None:
        """The artifact under `key`, or None if it is absent or damaged (then it is set aside; refused where the store is only read)."""
        folder = self.folder(stage, key)
        found = _read_if_whole(folder)
        if found is not None or not folder.is_dir():
            return found
        if not self.computing:
            raise NotStoredError(stage, key, f"a damaged one in {folder}")
        with self.locked(stage, key):
            return self._read_or_set_aside(folder)

    def put(
        self, stage: str, key: str, arrays: Arrays, info: dict[str, Any], seconds: float = 0.0, attached: Path | None = None
    ) -> Artifact:
        """Write an artifact; one that is already there is replaced."""
        self._check_computing(stage, key)
        folder = self.folder(stage, key)
        with self._writing(folder):
            folder.parent.mkdir(parents=True, exist_ok=True)
            partial = Path(tempfile.mkdtemp(prefix=f".{key[:12]}.", dir=folder.parent))
            try:
                if attached is not None:
                    os.replace(attached, partial / attached.name)
                write_artifact(partial, arrays, info, seconds)
                if folder.exists():
                    os.replace(folder, partial / "replaced")
                os.replace(partial, folder)
                shutil.rmtree(folder / "replaced", ignore_errors=True)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
        return Artifact(frozen(arrays), json.loads(json.dumps(info)), seconds, cached=False)

    def folder(self, stage: str, key: str) -> Path:
        """Where an artifact lies, or would."""
        return self.root / stage / key

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
        self._check_computing(stage, key)
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
        return _size(self.folder(stage, key))

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

    def _stored(self, stage: str, key: str) -> Artifact:
        found = self.get(stage, key)
        if found is None:
            raise NotStoredError(stage, key, f"none in {self.root}")
        return found

    def _check_computing(self, stage: str, key: str) -> None:
        if not self.computing:
            raise NotStoredError(stage, key, f"none in {self.root}")

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
