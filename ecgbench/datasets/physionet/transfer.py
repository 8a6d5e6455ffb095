"""One file over HTTP: tried again, resumed where it stopped, checked, and only then given its name."""

from __future__ import annotations

import os
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

from ecgbench.errors import DataError

if TYPE_CHECKING:
    from requests import Response, Session

Count = Callable[[int], object]

CHUNK = 1 << 18
"""Bytes that are taken from a connection at most at once."""

PASSING = (408, 429)
"""Statuses below 500 that pass by themselves."""


@dataclass(frozen=True)
class Patience:
    """How often a file is tried without a byte of progress, and how long is waited.

    Attributes
    ----------
    tries : attempts in a row
    first, longest : s before the second attempt, doubled for each further one, and at most, whatever a server asks for
    connect, read : s until a connection, or the next byte, is given up
    """

    tries: int = 6
    first: float = 1.0
    longest: float = 60.0
    connect: float = 15.0
    read: float = 60.0


@dataclass(frozen=True)
class Connection:
    """What all transfers of a download share.

    Attributes
    ----------
    session : the connections to the server
    patience : how often and how long
    stop : set where every transfer has to end
    """

    session: Session
    patience: Patience
    stop: threading.Event


class Tally:
    """Bytes that came, counted in any thread."""

    def __init__(self) -> None:
        self.total = 0
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        """Count some more."""
        with self._lock:
            self.total += count


class UnwritableError(DataError):
    """A file cannot be written (no space, no permission), nor can any other."""


class Stopped(Exception):  # noqa: N818
    """A transfer ended because it was told to."""


class _Passing(Exception):  # noqa: N818
    """What may go well when it is tried again, after `wait` seconds if a server said so."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


def open_session(jobs: int) -> Session:
    """A session of at most `jobs` connections to a host."""
    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.headers.update({"User-Agent": "ecgbench", "Accept-Encoding": "identity"})
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=jobs))
    return session


def transfer(url: str, target: Path, check: Callable[[Path], None], connection: Connection, count: Count) -> None:
    """Fetch a file. What has come so far is in `.<name>.part` beside it and survives a kill; only what passes the check gets the name.

    Parameters
    ----------
    check : raises a DataError if the file it is given is not the right one; that is then fetched once more from nothing
    count : called with the bytes that came, again and again

    Raises
    ------
    DataError
        If the file is not at the URL, does not come whole however often it is tried, or comes wrong twice.
    UnwritableError
        If it cannot be written.
    """
    part = target.with_name(f".{target.name}.part")
    with writing(part):
        part.parent.mkdir(parents=True, exist_ok=True)
    for last in (False, True):
        _load(url, part, connection, count)
        try:
            check(part)
            break
        except DataError:
            part.unlink()
            if last:
                raise
    with writing(target):
        with open(part, "r+b") as file:
            os.fsync(file.fileno())
        os.replace(part, target)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what keeps a file from being written into an error with the remedy."""
    try:
        yield
    except OSError as error:
        raise UnwritableError(
            f"expected to write {path}, got {error.strerror or error}; free space there, mend the permissions or name another folder "
            "with --dir."
        ) from error


def _load(url: str, part: Path, connection: Connection, count: Count) -> None:
    """Attempts until the part is as long as announced; those that bring new bytes are not counted."""
    failed, reached = 0, _size(part)
    while True:
        try:
            return _attempt(url, part, connection, count)
        except _Passing as error:
            failed = 1 if _size(part) > reached else failed + 1
            reached = max(reached, _size(part))
            if failed >= connection.patience.tries:
                raise DataError(
                    f"expected {url} whole, got {error} in {failed} attempts; look at the connection or name another --mirror."
                ) from error
            if connection.stop.wait(_pause(failed, error.wait, connection.patience)):
                raise Stopped from error


def _pause(failed: int, asked: float | None, patience: Patience) -> float:
    """Seconds to wait: what the server asked for, else doubled each time and spread, so that not all transfers come back at once."""
    if asked is not None:
        return min(max(asked, 0.0), patience.longest)
    return min(patience.first * 2.0 ** (failed - 1), patience.longest) * secrets.SystemRandom().uniform(0.5, 1.0)


def _attempt(url: str, part: Path, connection: Connection, count: Count) -> None:
    offset = _size(part)
    with _network():
        asked = {"Range": f"bytes={offset}-"} if offset else {}
        limits = (connection.patience.connect, connection.patience.read)
        response = connection.session.get(url, headers=asked, stream=True, timeout=limits)
    with closing(response):
        start, total = _extent(response)
        if response.status_code == 416 and offset and total == offset:
            return  # it is as long as the file, so that the check can say whether it is the file
        if offset and (response.status_code == 416 or (response.status_code == 206 and start != offset)):
            part.unlink()
            raise _Passing("a range that was not asked for", wait=0)
        _refuse(url, response)
        _receive(response, part, start or 0, total, connection.stop, count)


def _extent(response: Response) -> tuple[int | None, int | None]:
    """First byte of the body within the file, and bytes of the file, as far as the response says so."""
    length = response.headers.get("Content-Length", "")
    if response.status_code == 200:
        return 0, int(length) if length.isdecimal() else None
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", response.headers.get("Content-Range", ""))
    start, total = match.groups() if match else (None, None)
    return int(start) if start else None, int(total) if total and total.isdecimal() else None


def _refuse(url: str, response: Response) -> None:
    status = f"{response.status_code} {response.reason}".strip()
    if response.status_code >= 500 or response.status_code in PASSING:
        raise _Passing(f"status {status}", _retry_after(response))
    if response.status_code in (401, 403):
        raise DataError(f"expected {url}, got status {status}; look there whether it asks for an account, or name another --mirror.")
    if response.status_code not in (200, 206):
        raise DataError(f"expected {url}, got status {status}; name another --mirror or --edition.")


def _retry_after(response: Response) -> float | None:
    """Seconds that the server asks to wait, from now."""
    said = response.headers.get("Retry-After", "")
    if said.isdecimal():
        return float(said)
    try:
        return parsedate_to_datetime(said).timestamp() - time()
    except ValueError:
        return None


def _receive(response: Response, part: Path, start: int, total: int | None, stop: threading.Event, count: Count) -> None:
    if total is None and not getattr(response.raw, "chunked", False):
        raise DataError(f"expected {response.url} with its length, got none, so that a cut file would pass; name another --mirror.")
    with writing(part), open(part, "ab" if start else "wb") as file:
        while chunk := _read(response):
            if stop.is_set():
                raise Stopped
            file.write(chunk)
            file.flush()
            count(len(chunk))
    size = _size(part)
    if total is not None and size != total:
        if size > total:
            part.unlink()
        raise _Passing(f"{size} of {total} bytes")


def _read(response: Response) -> bytes:
    with _network():
        chunk: bytes = response.raw.read1(CHUNK, decode_content=False)
        return chunk


@contextmanager
def _network() -> Iterator[None]:
    """Turn what a connection can fail with into what is tried again, or into an error if that would not help."""
    import requests
    import urllib3

    try:
        yield
    except (requests.TooManyRedirects, ValueError) as error:
        raise DataError(f"expected a file that can be fetched, got {error}; name another --mirror.") from error
    except (OSError, urllib3.exceptions.HTTPError) as error:  # requests' own errors are OSErrors
        raise _Passing(_reason(error)) from error


def _reason(error: BaseException) -> str:
    """What the innermost error says, without the layers around it."""
    while error.__context__ is not None:
        error = error.__context__
    return str(error) or type(error).__name__


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
