"""Downloading a database's files from a mirror. A file gets its name only once it is complete and its checksum right."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from ecgbench.datasets._names import abbreviated
from ecgbench.datasets._registry import MIRROR, DatasetEntry
from ecgbench.datasets.physionet.file_form import check_form
from ecgbench.datasets.physionet.needed_files import folder_of, needed_files
from ecgbench.datasets.physionet.part import UnwritableError, writing
from ecgbench.datasets.physionet.pins import refuse_forged
from ecgbench.datasets.physionet.session import Connection, Patience, open_session
from ecgbench.datasets.physionet.threads import run_jobs
from ecgbench.datasets.physionet.transfer import Count, Stopped, Tally, UnreachableError, transfer
from ecgbench.datasets.records.files.checksums import SUMS, sha256
from ecgbench.datasets.simulator.stand_in import SIMULATED
from ecgbench.errors import DataError, InputError
from ecgbench.printable import printable
from ecgbench.progress import progress
from ecgbench.protocol import DatasetProtocol
from ecgbench.untrusted.texts import web_address

LOCK_NOTICE_AFTER = 2.0
"""Seconds to wait for the folder's lock before telling the user."""

MAX_LISTED_FAILURES = 3
"""Most files that an error message or a warning lists."""

LEAST_LARGEST, LARGEST_SHARE = 64e6, 2
"""Bytes that any file can have, and how many times the size of all needed files together one of them can have."""


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
    allow_unlisted : also fetch needed files of which no SHA-256 is known; only their length and form are checked
    patience : how often a transfer is tried, and the waiting times

    Raises
    ------
    InputError
        If the dataset needs no files, a pattern matches no record, or an argument is invalid.
    DataError
        If files are not at the mirror, stay incomplete, have another SHA-256, are not listed, or cannot be written; at once, without
        waiting for all others, where one file after the other fails for the network.
    """
    folder, source = folder_of(entry, root, edition), _source(entry, edition, mirror, jobs)
    with _locked(folder), open_session(jobs) as session:
        largest = int(max(LEAST_LARGEST, LARGEST_SHARE * entry.edition(edition).megabytes * 1e6))
        connection = Connection(session, patience or Patience(), threading.Event(), largest)
        place = _Place(source, folder, fresh=_fetch_list(source, folder, entry.numbers(edition), connection))
        needed = needed_files(entry, folder, edition, records)
        unlisted = [path for path, expected in needed.items() if expected is None]
        named = abbreviated(unlisted, MAX_LISTED_FAILURES)
        if unlisted and allow_unlisted:
            say(f"warning: {len(unlisted)} files have no sum in {folder / SUMS}, only their length and form are checked: {named}")
        wanted = {path: expected for path, expected in needed.items() if allow_unlisted or expected is not None}
        done = _fetch_files(entry.key, place, wanted, jobs, connection)
    if unlisted and not allow_unlisted:
        raise DataError(
            f"expected a SHA-256 of every file in {folder / SUMS}, got none of {named}; all others are here; delete the list if "
            "it is not whole, or fetch these unchecked with --allow-unlisted."
        )
    return done


@dataclass(frozen=True)
class _Place:
    """Where a database's files come from and go to.

    Attributes
    ----------
    source : URL of the database's folder
    folder : the folder here
    fresh : whether the list of checksums was fetched just now
    """

    source: str
    folder: Path
    fresh: bool


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


def _fetch_list(source: str, folder: Path, numbers: DatasetProtocol, connection: Connection) -> bool:
    """Fetch SHA256SUMS.txt, unless it is here and valid; returns whether it was fetched."""

    def check(path: Path) -> None:
        refuse_forged(numbers, path)

    path = folder / SUMS
    if path.exists():
        try:
            check(path)
        except DataError as error:
            say(f"fetching the list anew: {error}")
        else:
            return False
    with progress(what=SUMS, unit="B", unit_scale=True) as bar:
        transfer(source + SUMS, path, check, connection, bar.update, summed=False)
    return True


def _fetch_files(name: str, place: _Place, needed: Mapping[str, str | None], jobs: int, connection: Connection) -> Downloaded:
    """Fetch the files that are absent or damaged, in threads. A failure is reported after all other files have been fetched.

    Where the network fails one file after the other, the mirror is given up: each of thousands of files would be waited for in vain.
    """
    tally = Tally()
    outcomes: dict[str, bool | Exception] = {}
    with progress(what=name, unit="file", total=len(needed)) as bar:

        def finished(path: str, outcome: bool | Exception) -> None:
            bar.update()
            outcomes[path] = outcome
            if isinstance(outcome, UnwritableError) or not isinstance(outcome, bool | DataError | Stopped):
                raise outcome
            if isinstance(outcome, UnreachableError) and _is_silent(outcomes, connection.patience.files):
                silent = f" and none of the last {connection.patience.files}, so that the mirror is given up"
                _refuse_failed(name, len(needed), outcomes, silent)

        for wave in _waves(needed):
            here = replace(connection, stop=threading.Event())
            fetch = _fetcher(place, needed, here, tally.add)
            run_jobs(fetch, wave, jobs, finished, lambda: bar.set_postfix_str(f"{tally.total / 1e6:.1f} MB"), here.stop)
            if isinstance(outcomes.get(SIMULATED), DataError):
                break  # no file of a simulated database may come without its mark
    fetched, whole = (sum(outcome is wanted for outcome in outcomes.values()) for wanted in (True, False))
    _refuse_failed(name, len(needed), outcomes)
    return Downloaded(place.folder, fetched, whole, tally.total)


def _waves(needed: Mapping[str, str | None]) -> list[list[str]]:
    """The paths in the order in which they are fetched: the mark of simulated records, all others, what is checked by its header."""
    last = [path for path, expected in needed.items() if expected is None and not path.endswith(".hea")]
    first = [path for path in needed if path == SIMULATED]
    return [first, [path for path in needed if path not in {*first, *last}], [path for path in last if path not in first]]


def _fetcher(place: _Place, needed: Mapping[str, str | None], connection: Connection, count: Count) -> Callable[[str], bool]:
    def fetch(path: str) -> bool:
        try:
            return _fetch_file(place, path, needed[path], connection, count)
        except UnwritableError:
            connection.stop.set()
            raise

    return fetch


def _is_silent(outcomes: dict[str, bool | Exception], files: int) -> bool:
    """Whether each of the last files that were asked for failed for the network."""
    asked = (outcome for outcome in reversed(outcomes.values()) if outcome is not False)
    last = list(islice(asked, files))
    return len(last) == files and all(isinstance(outcome, UnreachableError) for outcome in last)


def _refuse_failed(name: str, count: int, outcomes: Mapping[str, bool | Exception], silent: str = "") -> None:
    failed = {path: outcome for path, outcome in outcomes.items() if isinstance(outcome, DataError)}
    if failed:
        here = sum(outcome is True or outcome is False for outcome in outcomes.values())
        reasons = " ".join(f"{path}: {error}" for path, error in list(failed.items())[:MAX_LISTED_FAILURES])
        raise DataError(
            f"expected {count} files of {name}, got {here}{silent}, and {len(failed)} that failed, among them {reasons} "
            "The same command fetches what is missing."
        )


def _fetch_file(place: _Place, path: str, expected: str | None, connection: Connection, count: Count) -> bool:
    """Fetch a file unless it is here as it must be; returns whether it was fetched."""
    url, target = place.source + quote(path), place.folder / path

    def check(found: Path) -> None:
        if expected is None:
            check_form(found, target)
        elif (actual := sha256(found)) != expected:
            stale = "" if place.fresh else f" or, if the mirror has another list since, remove {place.folder / SUMS}"
            raise DataError(f"expected SHA-256 {expected} of {url}, got {actual}; name another --mirror{stale}.")

    if target.is_file() and _passes(check, target):
        return False
    transfer(url, target, check, connection, count, summed=expected is not None)
    return True


def _passes(check: Callable[[Path], None], path: Path) -> bool:
    try:
        check(path)
    except DataError:
        return False
    return True


def say(text: str) -> None:
    """Print a line on stderr without disturbing a progress bar."""
    from tqdm import tqdm

    tqdm.write(printable(text), file=sys.stderr)
