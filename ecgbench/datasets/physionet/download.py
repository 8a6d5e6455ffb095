"""Downloading a database's files from a mirror. A file gets its name only once it is complete and its checksum right."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ecgbench.datasets._names import abbreviated
from ecgbench.datasets._registry import MIRROR, DatasetEntry
from ecgbench.datasets.physionet.needed_files import folder_of, needed_files
from ecgbench.datasets.physionet.threads import run_jobs
from ecgbench.datasets.physionet.transfer import (
    Connection,
    Count,
    Patience,
    Stopped,
    Tally,
    UnwritableError,
    open_session,
    transfer,
    writing,
)
from ecgbench.datasets.records.checksums import SUMS, read_sums, sha256
from ecgbench.errors import DataError, InputError
from ecgbench.printable import printable
from ecgbench.texts import web_address

LOCK_NOTICE_AFTER = 2.0
"""Seconds to wait for the folder's lock before telling the user."""

MAX_LISTED_FAILURES = 3
"""Most files that an error message or a warning lists."""


@dataclass(frozen=True)
class Downloaded:
    """What a download did.

    Attributes
    ----------
    folder : of the database
    fetched : number of files that were transferred; SHA256SUMS.txt is not counted
    whole : number of files that were here before, with the right checksum
    bytes : number of bytes transferred
    """

    folder: Path
    fetched: int
    whole: int
    bytes: int


def download(
    entry: DatasetEntry,
    root: Path,
    edition: str | None = None,
    mirror: str | None = None,
    records: Sequence[str] = (),
    jobs: int = 8,
    allow_unlisted: bool = False,
    patience: Patience | None = None,
) -> Downloaded:
    """Download the files that a dataset needs, but those that are here with the right checksum; a partial download is resumed.

    Each file is compared with the SHA-256 in the database's SHA256SUMS.txt before it gets its name. Two processes can download into the
    same folder: the second waits for the first.

    Parameters
    ----------
    root : folder that gets the records, laid out as `<slug>/<version>/`
    edition : by default the dataset's first
    mirror : URL below which `<slug>/<version>/` lies; by default PhysioNet's
    records : names or globs of records, to fetch only these and the files that are no record's
    jobs : files that are fetched at the same time
    allow_unlisted : also fetch needed files that SHA256SUMS.txt does not list; only their length is checked
    patience : how often a transfer is tried, and the waiting times

    Raises
    ------
    InputError
        If the dataset needs no files, a pattern matches no record, or an argument is invalid.
    DataError
        If files are not at the mirror, stay incomplete, have another SHA-256, are not listed, or cannot be written.
    """
    folder, source = folder_of(entry, root, edition), _source(entry, edition, mirror, jobs)
    with _locked(folder), open_session(jobs) as session:
        connection = Connection(session, patience or Patience(), threading.Event())
        _fetch_list(source, folder, connection)
        needed = needed_files(entry, folder, edition, records)
        unlisted = [path for path, expected in needed.items() if expected is None]
        named = abbreviated(unlisted, MAX_LISTED_FAILURES)
        if unlisted and allow_unlisted:
            say(f"warning: {len(unlisted)} files have no sum in {folder / SUMS}, only their length is checked: {named}")
        wanted = {path: expected for path, expected in needed.items() if allow_unlisted or expected is not None}
        done = _fetch_files(entry.key, source, folder, wanted, jobs, connection)
    if unlisted and not allow_unlisted:
        raise DataError(
            f"expected a SHA-256 of every file in {folder / SUMS}, got none of {named}; all others are here; delete the list if "
            "it is not whole, or fetch these unchecked with --allow-unlisted."
        )
    return done


def _source(entry: DatasetEntry, edition: str | None, mirror: str | None, jobs: int) -> str:
    """URL of the database's folder."""
    mirror, numbers = MIRROR if mirror is None else mirror, entry.numbers(edition)
    if jobs < 1:
        raise InputError(f"expected at least 1 job, got {jobs}; name a positive number.")
    return f"{web_address(mirror).rstrip('/')}/{quote(numbers.slug)}/{quote(numbers.version)}/"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a database's folder, across processes."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=LOCK_NOTICE_AFTER)
        except Timeout:
            say(f"waiting for another download into {folder}")
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _fetch_list(source: str, folder: Path, connection: Connection) -> None:
    """Fetch SHA256SUMS.txt, unless it is here and valid."""
    from tqdm import tqdm

    path = folder / SUMS
    if path.exists():
        try:
            _check_list(path)
        except DataError as error:
            say(f"fetching the list anew: {error}")
        else:
            return
    with tqdm(desc=SUMS, unit="B", unit_scale=True, leave=False) as bar:
        transfer(source + SUMS, path, _check_list, connection, bar.update)


def _check_list(path: Path) -> None:
    for _ in read_sums(path):
        pass


def _fetch_files(name: str, source: str, folder: Path, needed: Mapping[str, str | None], jobs: int, connection: Connection) -> Downloaded:
    """Fetch the files that are absent or damaged, in threads. Failures are reported after all other files have been fetched."""
    from tqdm import tqdm

    tally = Tally()
    outcomes: dict[str, bool | Exception] = {}

    def fetch(path: str) -> bool:
        try:
            return _fetch_file(source + quote(path), folder / path, needed[path], connection, tally.add)
        except UnwritableError:
            connection.stop.set()
            raise

    with tqdm(total=len(needed), desc=name, unit="file", leave=False) as bar:

        def finished(path: str, outcome: bool | Exception) -> None:
            bar.update()
            outcomes[path] = outcome
            if isinstance(outcome, UnwritableError) or not isinstance(outcome, bool | DataError | Stopped):
                raise outcome

        run_jobs(fetch, list(needed), jobs, finished, lambda: bar.set_postfix_str(f"{tally.total / 1e6:.1f} MB"), connection.stop)
    _refuse_failed(name, len(needed), {path: outcome for path, outcome in outcomes.items() if isinstance(outcome, DataError)})
    fetched = sum(outcome is True for outcome in outcomes.values())
    return Downloaded(folder, fetched, len(needed) - fetched, tally.total)


def _refuse_failed(name: str, needed: int, failed: Mapping[str, DataError]) -> None:
    if failed:
        reasons = " ".join(f"{path}: {error}" for path, error in list(failed.items())[:MAX_LISTED_FAILURES])
        raise DataError(
            f"expected {needed} files of {name}, got {needed - len(failed)}, and {len(failed)} that failed, among them {reasons} "
            "The same command fetches what is missing."
        )


def _fetch_file(url: str, target: Path, expected: str | None, connection: Connection, count: Count) -> bool:
    """Fetch a file unless it is here with the expected SHA-256; returns whether it was fetched."""
    if target.is_file() and (expected is None or sha256(target) == expected):
        return False

    def check(path: Path) -> None:
        if expected is not None and (actual := sha256(path)) != expected:
            raise DataError(f"expected SHA-256 {expected} of {url}, got {actual}; name another --mirror.")

    transfer(url, target, check, connection, count)
    return True


def say(text: str) -> None:
    """Print a line on stderr without disturbing a progress bar."""
    from tqdm import tqdm

    tqdm.write(printable(text), file=sys.stderr)
