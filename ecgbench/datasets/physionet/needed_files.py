"""Which of a database's files a dataset needs, and their sums."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from ecgbench.datasets._registry import DatasetEntry
from ecgbench.datasets.records.checksums import SUMS, ListedPaths, inside, sums_of
from ecgbench.datasets.simulator.stand_in import SIMULATED
from ecgbench.errors import InputError

SHOWN = 5
"""Names that a message shows at each end of a long list."""


def folder_of(entry: DatasetEntry, root: Path, edition: str | None = None) -> Path:
    """Folder of an edition's files.

    Raises
    ------
    InputError
        If the dataset needs no files or is own data, or has no edition of that name.
    """
    numbers = entry.numbers(edition)
    if entry.files is None:
        kind = "lies in files" if entry.embedded else "can be fetched and has a list of sums"
        why = "needs no files" if entry.embedded else f"is own data ({entry.source})"
        raise InputError(f"expected a dataset that {kind}, got {entry.key}, which {why}; load it as it is.")
    return root / numbers.slug / numbers.version


def needed_files(entry: DatasetEntry, folder: Path, edition: str | None = None, records: Sequence[str] = ()) -> dict[str, str | None]:
    """Paths below the database's folder that a dataset needs, each with its SHA-256, or None where SHA256SUMS.txt lists none.

    Parameters
    ----------
    folder : of the database, where its SHA256SUMS.txt is
    records : names or globs of records, to take only these and the files that are no record's; all if there is none

    Raises
    ------
    InputError
        If a pattern matches no record.
    DataError
        If SHA256SUMS.txt is damaged, or a path leads out of the folder.
    """
    path = folder / SUMS
    paths = needed_paths(entry, folder, edition)
    sums = sums_of(path, {*paths, SIMULATED})
    if SIMULATED in sums and SIMULATED not in paths:
        paths.append(SIMULATED)
    return {path: sums.get(path) for path in _of_records(entry, paths, records)}


def needed_paths(entry: DatasetEntry, folder: Path, edition: str | None) -> list[str]:
    """Paths that a dataset needs, by what SHA256SUMS.txt lists if it is here."""
    assert entry.files is not None
    found = entry.files(entry.numbers(edition), ListedPaths(folder / SUMS))
    return [inside(path) for path in dict.fromkeys(found)]


def _of_records(entry: DatasetEntry, paths: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """Paths of the records that a pattern matches, and all that belong to no record: one is where its header is."""
    names = {path: PurePosixPath(path).stem for path in paths}
    records = dict.fromkeys(name for path, name in names.items() if path.endswith(".hea"))
    for pattern in patterns:
        if not any(fnmatchcase(record, pattern) for record in records):
            raise InputError(f'expected records of {entry.key}, got "{pattern}"; choose among {_shown(sorted(records))}.')
    chosen = {record for record in records if not patterns or any(fnmatchcase(record, pattern) for pattern in patterns)}
    return [path for path, name in names.items() if name in chosen or name not in records]


def _shown(names: Sequence[str]) -> str:
    """All names, or the first and last of many."""
    if len(names) <= 2 * SHOWN:
        return ", ".join(names)
    return f"{', '.join(names[:SHOWN])} ... {', '.join(names[-SHOWN:])} ({len(names)} records)"
