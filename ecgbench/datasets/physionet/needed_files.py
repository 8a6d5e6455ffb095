"""Which of a database's files a dataset needs, and their checksums."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from ecgbench.datasets._names import both_ends
from ecgbench.datasets._registry import DatasetEntry
from ecgbench.datasets.physionet.pins import with_pinned
from ecgbench.datasets.records.files.checksums import SUMS, ListedPaths, checked_path, sums_of
from ecgbench.datasets.simulator.stand_in import SIMULATED
from ecgbench.errors import InputError


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
    """Paths below the database's folder that a dataset needs, each with its SHA-256, or None where no list has one.

    A checksum that the benchmark itself fixes stands before that of the database's SHA256SUMS.txt.

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
    sums = with_pinned(entry.numbers(edition), sums_of(path, {*paths, SIMULATED}))
    if SIMULATED in sums and SIMULATED not in paths:
        paths.append(SIMULATED)
    return {path: sums.get(path) for path in _of_records(entry, paths, records)}


def needed_paths(entry: DatasetEntry, folder: Path, edition: str | None) -> list[str]:
    """Paths that a dataset needs; which ones can depend on the paths in SHA256SUMS.txt, if that is here."""
    assert entry.files is not None
    found = entry.files(entry.numbers(edition), ListedPaths(folder / SUMS))
    return [checked_path(path) for path in dict.fromkeys(found)]


def _of_records(entry: DatasetEntry, paths: Sequence[str], patterns: Sequence[str]) -> list[str]:
    """Paths of the records that match a pattern, and all paths that are no record's. A record is a name that has a header."""
    names = {path: PurePosixPath(path).stem for path in paths}
    records = dict.fromkeys(name for path, name in names.items() if path.endswith(".hea"))
    for pattern in patterns:
        if not any(fnmatchcase(record, pattern) for record in records):
            raise InputError(f'expected records of {entry.key}, got "{pattern}"; choose among {both_ends(sorted(records))}.')
    chosen = {record for record in records if not patterns or any(fnmatchcase(record, pattern) for pattern in patterns)}
    return [path for path, name in names.items() if name in chosen or name not in records]
