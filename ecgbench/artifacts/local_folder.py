"""The folder of artifacts: what is there is read, what is not is computed once, what is damaged is set aside."""

from __future__ import annotations

import errno
import os
import shutil
import time
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, final

from ecgbench.artifacts._artifact import Arrays, Artifact, check_entry_names, collection, computed, value_digest
from ecgbench.artifacts._attached import attach, attached_paths, check_attached, drop, paths_of
from ecgbench.artifacts._encoding import decode, encode
from ecgbench.artifacts._files import STALE_PAUSES, make_folder, publish, token, writing
from ecgbench.artifacts._layout import DAMAGED, LOCKS, SUFFIX, UNFINISHED, artifact_paths, default_root, is_place, leftovers, size, stamp
from ecgbench.artifacts._locks import Locking, lock
from ecgbench.artifacts.store import Entries, Store
from ecgbench.errors import ArtifactError, NotStoredError
from ecgbench.printable import printable

DAMAGE = (errno.ENOENT, errno.EIO)
"""What the system answers where an artifact, or a file attached to it, is damaged."""


class DamagedArtifactWarning(UserWarning):
    """An artifact's content does not match its checksum; it was set aside."""


@final
@dataclass(frozen=True)
class ArtifactStore(Store):
    """Artifacts below one folder, `<stage>/<key>.safetensors`. It holds nothing open, so that it pickles and threads may share it.

    Attributes
    ----------
    root : the folder; by default `ECGBENCH_CACHE`, else below the user's cache folder
    computing : whether what is absent may be computed; otherwise the store is only read
    locking : "native" locks of the operating system. Where the folder's file system has none, "soft" makes files stand for them, which
        may stay if a process is killed, and "none" lets several processes compute the same thing: the first is believed. An entry of a
        collection may then be lost to another writer, and is computed again.
    """

    root: Path = field(default_factory=default_root)
    computing: bool = True
    locking: Locking = "native"

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root).absolute())

    def compute(
        self,
        stage: str,
        key: str,
        function: Callable[[], tuple[Arrays, dict[str, Any]]],
        renew: bool = False,
        attached: Path | None = None,
    ) -> Artifact:
        """The artifact under `key`, from the store or else by calling `function`."""
        path = self._path(stage, key)
        if not self.computing:
            return self._stored(stage, key)
        before = stamp(path)
        found = None if renew else _read_if_whole(path)
        if found is not None:
            return found
        with self.locked(stage, key):
            if not renew or stamp(path) != before:
                found = self._read_or_set_aside(path)
            if found is not None:
                return found
            began = time.perf_counter()
            arrays, info = function()
            return self._write(path, computed(arrays, info, time.perf_counter() - began), renew, attached)

    def get(self, stage: str, key: str) -> Artifact | None:
        """The artifact under `key`, or None if it is absent or damaged."""
        path = self._path(stage, key)
        found = _read_if_whole(path)
        if found is not None or not path.exists():
            return found
        if not self.computing:
            raise NotStoredError(stage, key, f"a damaged one in {path}")
        with self.locked(stage, key):
            return self._read_or_set_aside(path)

    def put(
        self, stage: str, key: str, arrays: Arrays, info: dict[str, Any], seconds: float = 0.0, attached: Path | None = None
    ) -> Artifact:
        """Write an artifact; one that is already there is replaced."""
        path = self._path(stage, key)
        self._check_computing(stage, key)
        return self._write(path, computed(arrays, info, seconds), replacing=True, attached=attached)

    def collect(
        self, stage: str, key: str, names: Iterable[str], compute: Callable[[tuple[str, ...]], Entries], renew: bool = False
    ) -> Artifact:
        """The entries `names` of a collection, from the store, or as far as they are missing by calling `compute`."""
        path, wanted = self._path(stage, key), sorted(set(names))
        check_entry_names(wanted)
        stale = wanted if renew and self.computing else []
        held = _without(_entries(path, self.get(stage, key)), stale)
        missing = [name for name in wanted if name not in held]
        if missing:
            self._check_computing(stage, key, f"none of its entries {', '.join(missing)}")
            with self.locked(stage, key):
                held = _without(_entries(path, self._read_or_set_aside(path)), stale)
                missing = [name for name in wanted if name not in held]
                held |= self._add(path, held, compute(tuple(missing)) if missing else {}, missing)
        return collection({name: held[name] for name in wanted})

    def merge(self, stage: str, key: str, entries: Entries) -> Artifact:
        """Add entries that were computed elsewhere to a collection, and return those it has now by these names."""
        path = self._path(stage, key)
        self._check_computing(stage, key)
        with self.locked(stage, key):
            held = _entries(path, self._read_or_set_aside(path))
            held |= self._add(path, held, entries, entries)
        return collection({name: held[name] for name in entries})

    def locked(self, stage: str, key: str) -> AbstractContextManager[None]:
        """Hold the lock of one artifact, across processes and threads."""
        self._check_computing(stage, key)
        self._path(stage, key)
        return lock(self.root / LOCKS / f"{stage}.{key}.lock", self.locking)

    def scratch(self, stage: str, key: str) -> Path:
        """Folder for work that must survive a kill before its artifact is whole."""
        self._check_computing(stage, key)
        self._path(stage, key)
        folder = self.root / UNFINISHED / f"{stage}-{key}"
        with writing(folder):
            make_folder(folder)
        return folder

    def attached(self, stage: str, key: str, name: str) -> Path:
        """Path of a file that is attached to an artifact, verified."""
        found, path = self._stored(stage, key), self._path(stage, key)
        if name not in found.attached:
            raise ArtifactError(f"expected {name} attached to {path}, got {', '.join(found.attached) or 'nothing'}; name another file.")
        return paths_of(path, found.attached)[name]

    def content_digest(self, stage: str, key: str) -> str | None:
        """SHA-256 over stage, key, arrays, info and attached files; None if the artifact is absent."""
        found = self.get(stage, key)
        return None if found is None else value_digest(stage, key, found)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Stage and key of every artifact, sorted."""
        yield from ((path.parent.name, path.stem) for path in artifact_paths(self.root))

    def size(self, stage: str, key: str) -> int:
        """Bytes that an artifact takes, its attached files included."""
        path = self._path(stage, key)
        return sum(map(size, {path} | attached_paths(path)))

    def prune(self, stage: str | None = None) -> int:
        """Remove what was set aside and what killed processes left, and a stage's artifacts if one is named; returns the bytes freed."""
        if not self.computing:
            raise ArtifactError(f"expected a store that may be written, got {self.root} only to be read; prune it without --check-only.")
        doomed = set(leftovers(self.root))
        for path in artifact_paths(self.root):
            if path.parent.name == stage:
                doomed |= {path} | attached_paths(path)
        freed = 0
        for path in filter(Path.exists, doomed):
            with writing(path):
                freed += size(path)
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        return freed

    def _path(self, stage: str, key: str) -> Path:
        if not is_place(stage, key):
            raise ArtifactError(f'expected a stage and a key of letters, digits, "_" and "-", got "{stage}" and "{key}"; name others.')
        return self.root / stage / f"{key}{SUFFIX}"

    def _stored(self, stage: str, key: str) -> Artifact:
        found = self.get(stage, key)
        if found is None:
            raise NotStoredError(stage, key, f"none in {self.root}")
        return found

    def _check_computing(self, stage: str, key: str, got: str = "none") -> None:
        if not self.computing:
            raise NotStoredError(stage, key, f"{got} in {self.root}")

    def _add(self, path: Path, held: dict[str, Artifact], entries: Entries, expected: Iterable[str]) -> dict[str, Artifact]:
        """Write a collection with further entries, and return those that it had not."""
        check_entry_names(entries)
        lacking = sorted(set(expected) - set(entries))
        if lacking:
            raise ArtifactError(
                f"expected the entries {', '.join(lacking)} to be computed, got {', '.join(entries) or 'none'}; return them."
            )
        new = {name: computed(*entry) for name, entry in entries.items() if name not in held}
        if new:
            self._write(path, collection(held | new), replacing=True)
        return new

    def _write(self, path: Path, artifact: Artifact, replacing: bool, attached: Path | None = None) -> Artifact:
        """Write an artifact, attached files first; returns what is there then, which may be another writer's unless it is replaced."""
        superseded, found = attached_paths(path), artifact
        with writing(path):
            if attached is not None:
                found = artifact = replace(artifact, attached={attached.name: attach(attached, path)})
            own = set(paths_of(path, artifact.attached).values())
            try:
                data = encode(artifact)
                if not publish(path, data, replacing):
                    found = self._read_patiently(path) or artifact
                    if found is artifact:
                        publish(path, data, replacing=True)
            except BaseException:
                drop(own - attached_paths(path))
                raise
        drop((superseded | own) - set(paths_of(path, found.attached).values()))
        return found

    def _read_patiently(self, path: Path) -> Artifact | None:
        """What another writer has just written, as soon as this machine sees it; None if it is damaged or does not appear."""
        for pause in (0.0, *STALE_PAUSES):
            time.sleep(pause)
            found = self._read_or_set_aside(path)
            if found is not None:
                return found
        return None

    def _read_or_set_aside(self, path: Path) -> Artifact | None:
        """What is there if it is whole; the artifact's lock must be held."""
        if not path.exists():
            return None
        try:
            return _read(path)
        except (ValueError, KeyError) as error:
            self._set_aside(path, error)
        except OSError as error:
            if error.errno not in DAMAGE:  # such as no right to read it: it may be whole
                raise ArtifactError(f"expected to read {path}, got {error.strerror or error}; mend that or name another store.") from error
            self._set_aside(path, error)
        return None

    def _set_aside(self, path: Path, error: Exception) -> None:
        aside = self.root / DAMAGED / f"{path.stem[:12]}.{token()}"
        with writing(aside):
            make_folder(aside)
            attached = attached_paths(path)
            try:
                os.replace(path, aside / path.name)
            except FileNotFoundError:  # another process without locks has set it aside
                aside.rmdir()
                return
            for file in filter(Path.exists, attached):
                os.replace(file, aside / file.name)
        warnings.warn(
            printable(
                f"expected the artifact {path} to match its checksum, got damaged content ({error}); it was moved to {aside} "
                "and is computed anew."
            ),
            DamagedArtifactWarning,
            stacklevel=4,
        )


def _read(path: Path) -> Artifact:
    artifact = decode(path.read_bytes())
    check_attached(path, artifact.attached)
    return artifact


def _read_if_whole(path: Path) -> Artifact | None:
    """What is there if it is whole, read again if it was replaced meanwhile."""
    before = None
    while (now := stamp(path)) not in (None, before):
        with suppress(OSError, ValueError, KeyError):
            return _read(path)
        before = now
    return None


def _without(held: dict[str, Artifact], names: Collection[str]) -> dict[str, Artifact]:
    """The entries but those of these names."""
    return {name: entry for name, entry in held.items() if name not in names}


def _entries(path: Path, held: Artifact | None) -> dict[str, Artifact]:
    """Entries of the collection at a path, none if it is absent."""
    if held is None:
        return {}
    if not held.entries:
        raise ArtifactError(f"expected a collection in {path}, got an artifact without entries; name another key.")
    return dict(held.entries)
