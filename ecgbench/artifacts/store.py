"""What callers rely on, wherever artifacts are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from ecgbench.artifacts._artifact import Arrays, Artifact

Entries = Mapping[str, tuple[Arrays, dict[str, Any], float]]
"""New entries of a collection by name: their arrays, their info, and the seconds that each took."""


@runtime_checkable
class Store(Protocol):
    """Artifacts by stage and key. A store pickles, and two are equal if they keep their artifacts in the same place and the same way."""

    @property
    def computing(self) -> bool:
        """Whether what is absent may be computed; otherwise the store is only read."""

    def compute(
        self,
        stage: str,
        key: str,
        function: Callable[[], tuple[Arrays, dict[str, Any]]],
        renew: bool = False,
        attached: Path | None = None,
    ) -> Artifact:
        """The artifact under `key`, from the store or else by calling `function`, which returns its arrays and its info.

        One of several processes and threads that ask at a time computes it; where they could not exclude each other, all return what
        the first of them wrote.

        Parameters
        ----------
        renew : compute it even where the store holds it; a store that is only read has what it holds
        attached : a file in `scratch(stage, key)` that `function` writes and that is moved to the artifact

        Raises
        ------
        ArtifactError
            If the store cannot be written (no permission, no space) or locked; nothing half-written stays.
        NotStoredError
            If it is absent or damaged and the store is only read.
        """

    def get(self, stage: str, key: str) -> Artifact | None:
        """The artifact under `key`, or None if it is absent or damaged (then it is set aside; refused where the store is only read)."""

    def put(
        self, stage: str, key: str, arrays: Arrays, info: dict[str, Any], seconds: float = 0.0, attached: Path | None = None
    ) -> Artifact:
        """Write an artifact; one that is already there is replaced."""

    def collect(
        self, stage: str, key: str, names: Iterable[str], compute: Callable[[tuple[str, ...]], Entries], renew: bool = False
    ) -> Artifact:
        """The entries `names` of a collection, from the store, or as far as they are missing by calling `compute` with their names.

        `compute` may return further entries, which are stored too. Each entry of the artifact has its own seconds and says whether it
        was cached.

        Parameters
        ----------
        renew : compute all of them even where the store holds them; a store that is only read has what it holds

        Raises
        ------
        ArtifactError
            If `compute` does not return an entry that it was asked for, or the store cannot be written.
        NotStoredError
            If an entry is absent and the store is only read.
        """

    def merge(self, stage: str, key: str, entries: Entries) -> Artifact:
        """Add entries that were computed elsewhere to a collection, and return those it has now by these names.

        An entry that is already there stays: its writer was first. The artifact's lock, which this takes, must not be held.
        """

    def locked(self, stage: str, key: str) -> AbstractContextManager[None]:
        """Hold the lock of one artifact, across processes and threads. A thread that holds it must not ask for it again."""

    def scratch(self, stage: str, key: str) -> Path:
        """Local folder for work that must survive a kill before its artifact is whole (a training's last epoch)."""

    def attached(self, stage: str, key: str, name: str) -> Path:
        """Local path of a file that is attached to an artifact, verified: its checksum, once a process while the file is the same.

        Raises
        ------
        NotStoredError
            If the artifact is absent.
        ArtifactError
            If no file of that name is attached to it.
        """

    def content_digest(self, stage: str, key: str) -> str | None:
        """SHA-256 over stage, key, arrays, info and attached files, hexadecimal; None if the artifact is absent.

        It tells whether two stores hold the same values: seconds and what computed them do not change it.
        """

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Stage and key of every artifact, sorted."""

    def size(self, stage: str, key: str) -> int:
        """Bytes that an artifact takes, its attached files included."""

    def prune(self, stage: str | None = None) -> int:
        """Remove what was set aside and what killed processes left, and a stage's artifacts if one is named; returns the bytes freed.

        Nothing else may use the store meanwhile.
        """
