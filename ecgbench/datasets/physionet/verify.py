"""Whether a database's files are here and what its publishers made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ecgbench.datasets._registry import DatasetEntry, fetch_command
from ecgbench.datasets.physionet.needed_files import folder_of, needed_files, needed_paths
from ecgbench.datasets.records.checksums import SUMS, sha256
from ecgbench.errors import MissingDataError


@dataclass(frozen=True)
class Verification:
    """The files that a dataset needs, by what became of them: paths below the database's folder, each in one of the four.

    Attributes
    ----------
    whole : have the SHA-256 that SHA256SUMS.txt gives them
    missing : are not here
    damaged : have another SHA-256
    unlisted : are here, and SHA256SUMS.txt gives no sum for them
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
    from tqdm import tqdm

    folder = folder_of(entry, root, edition)
    if not (folder / SUMS).is_file():
        raise MissingDataError(f"expected {folder / SUMS}, got no such file; fetch it: {fetch_command(entry.numbers(edition), root)}")
    found: dict[str, list[str]] = {"whole": [], "missing": [], "damaged": [], "unlisted": []}
    for path, expected in tqdm(needed_files(entry, folder, edition).items(), desc=entry.key, unit="file", leave=False):
        found[_state(folder / path, expected)].append(path)
    return Verification(**{state: tuple(paths) for state, paths in found.items()})


def files_here(entry: DatasetEntry, folder: Path, edition: str | None = None) -> tuple[int, int]:
    """How many of the files that a dataset needs are here, whatever they hold, and how many it needs."""
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
