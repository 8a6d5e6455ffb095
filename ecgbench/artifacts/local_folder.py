"""The folder of artifacts: what is there is read, what is not is computed once, what is damaged is set aside."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, final

from ecgbench.artifacts._abandoned import clear_beside, clear_once, drop_finished
from ecgbench.artifacts._artifact import Arrays, Artifact, check_entry_names, collection, computed, value_digest
from ecgbench.artifacts._attached import attach, attached_paths, drop, paths_of
from ecgbench.artifacts._damage import examine, read_if_whole, refusal, set_aside
from ecgbench.artifacts._encoding import encode
from ecgbench.artifacts._files import STALE_PAUSES, make_folder, publish, writing
from ecgbench.artifacts._layout import LOCKS, SUFFIX, artifact_paths, default_root, foreign, is_place, leftovers, size, stamp, unfinished
from ecgbench.artifacts._locks import Locking, lock
from ecgbench.artifacts._record import DamageError
from ecgbench.artifacts._travel import touch
from ecgbench.artifacts.store import Entries, Store
from ecgbench.errors import ArtifactError, NotStoredError


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
        self._clear_once()
        before = stamp(path)
        found = None if renew else read_if_whole(path)
        if found is not None:
            return found
        with self.locked(stage, key):
            if not renew or stamp(path) != before:
                found = self._read_or_set_aside(path)
            if found is not None:
                return found
            began = time.perf_counter()
            arrays, info = function()
            artifact, work = computed(arrays, info, time.perf_counter() - began), unfinished(self.root, stage, key)
            try:
                found = self._write(path, artifact, renew, attached)
            except BaseException:
                drop_finished(work, path)  # it may be in place, and only its folder not be flushed
                raise
            shutil.rmtree(work, ignore_errors=True)
            return found

    def get(self, stage: str, key: str) -> Artifact | None:
        """The artifact under `key`, or None if it is absent or damaged."""
        path = self._path(stage, key)
        self._clear_once()
        found = read_if_whole(path)
        if found is not None or not path.exists():
            return found
        if not self.computing:
            raise NotStoredError(stage, key, refusal(path))
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
        path = self._path(stage, key)
        self._clear_once()
        return self._held(path, self.root / LOCKS / f"{stage}.{key}.lock")

    def scratch(self, stage: str, key: str) -> Path:
        """Folder for work that must survive a kill before its artifact is whole."""
        self._check_computing(stage, key)
        self._path(stage, key)
        folder = unfinished(self.root, stage, key)
        with writing(folder):
            make_folder(folder)
        if folder.is_symlink():
            raise ArtifactError(f"expected {folder} as a folder of the store, got a link; remove it.")
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

    def fault(self, stage: str, key: str) -> DamageError | None:
        """What is wrong with an artifact that is there, None if it is whole; it stays where it is."""
        found = examine(self._path(stage, key))
        return found if isinstance(found, DamageError) else None

    def foreign(self) -> list[str]:
        """Names of what is in the folder and not a store's, sorted."""
        return foreign(self.root)

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

    @contextmanager
    def _held(self, path: Path, file: Path) -> Iterator[None]:
        with lock(file, self.locking):
            if self.locking == "native":
                clear_beside(path)
            yield

    def _clear_once(self) -> None:
        if self.computing and self.locking == "native":
            clear_once(self.root)

    def _path(self, stage: str, key: str) -> Path:
        if not is_place(stage, key):
            raise ArtifactError(f'expected a stage and a key of letters, digits, "_" and "-", got "{stage}" and "{key}"; name others.')
        touch(stage, key)
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
                data = encode(path.parent.name, path.stem, artifact)
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
        found = examine(path)
        if isinstance(found, DamageError):
            set_aside(self.root, path, found)
            return None
        return found


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
