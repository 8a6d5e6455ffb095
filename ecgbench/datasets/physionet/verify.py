"""Comparing a database's files with their published checksums."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ecgbench.datasets._registry import DatasetEntry, fetch_command
from ecgbench.datasets.physionet.needed_files import folder_of, needed_files, needed_paths
from ecgbench.datasets.records.files.checksums import SUMS, sha256
from ecgbench.errors import MissingDataError
from ecgbench.progress import progress


@dataclass(frozen=True)
class Verification:
    """The paths of the files that a dataset needs, below the database's folder, each in one of four groups.

    Attributes
    ----------
    whole : files with the SHA-256 that SHA256SUMS.txt lists
    missing : files that are not here
    damaged : files with another SHA-256
    unlisted : files that are here, but whose SHA-256 is not in SHA256SUMS.txt
    """

    whole: tuple[str, ...]
    missing: tuple[str, ...]
    damaged: tuple[str, ...]
    unlisted: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every needed file is whole."""
        return not (self.missing or self.damaged or self.unlisted)


def verify(entry: DatasetEntry, root: Path, edition: str | None = None) -> Verification:
    """Compare every file that a dataset needs with SHA256SUMS.txt.

    Parameters
    ----------
    root : folder of the records, laid out as `<slug>/<version>/`
    edition : by default the dataset's first

    Raises
    ------
    InputError
        If the dataset needs no files.
    MissingDataError
        If SHA256SUMS.txt is absent.
    DataError
        If it is damaged, or a file cannot be read.
    """
    folder = folder_of(entry, root, edition)
    if not (folder / SUMS).is_file():
        raise MissingDataError(f"expected {folder / SUMS}, got no such file; fetch it: {fetch_command(entry.numbers(edition), root)}")
    found: dict[str, list[str]] = {"whole": [], "missing": [], "damaged": [], "unlisted": []}
    for path, expected in progress(needed_files(entry, folder, edition).items(), entry.key, "file"):
        found[_state(folder / path, expected)].append(path)
    return Verification(**{state: tuple(paths) for state, paths in found.items()})


def files_here(entry: DatasetEntry, folder: Path, edition: str | None = None) -> tuple[int, int]:
    """How many of the files that a dataset needs are here, whatever their content, and how many it needs."""
    if not folder.is_dir():
        return 0, 0
    paths = needed_paths(entry, folder, edition)
    return sum((folder / path).is_file() for path in paths), len(paths)


def _state(path: Path, expected: str | None) -> str:
    if not path.is_file():
        return "missing"
    if expected is None:
        return "unlisted"
    return "whole" if sha256(path) == expected else "damaged"
