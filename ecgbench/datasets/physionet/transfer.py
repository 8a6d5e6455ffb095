"""Transfer of one file over HTTP, with retries and resumption. The file gets its name after it has passed its check."""

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
"""Most bytes that are read from a connection at once."""

RETRYABLE_STATUSES = (408, 429)
"""HTTP statuses below 500 after which a request is worth another try (timeout, too many requests)."""


@dataclass(frozen=True)
class Patience:
    """How often a transfer is tried, and the waiting times.

    Attributes
    ----------
    tries : attempts in a row that bring no new byte
    first : s to wait before the second attempt; doubled for each further one
    longest : s to wait at most, even if the server asks for more
    connect, read : timeouts in s for a connection and for the next byte
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
    session : the HTTP session
    patience : numbers of tries and waiting times
    stop : set when all transfers have to end
    """

    session: Session
    patience: Patience
    stop: threading.Event


class Tally:
    """A count of transferred bytes that several threads add to."""

    def __init__(self) -> None:
        self.total = 0
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        """Add to the count."""
        with self._lock:
            self.total += count


class UnwritableError(DataError):
    """A file cannot be written (no space, no permission), which will hold for the other files too."""


class Stopped(Exception):  # noqa: N818
    """A transfer ended because `Connection.stop` was set."""


class _RetryableError(Exception):
    """A failure that may not occur again on another try, `wait` seconds later if the server said so."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


def open_session(jobs: int) -> Session:
    """An HTTP session that keeps up to `jobs` connections to a host."""
    import requests
    from requests.adapters import HTTPAdapter

    session = requests.Session()
    session.headers.update({"User-Agent": "ecgbench", "Accept-Encoding": "identity"})
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=jobs))
    return session


def transfer(url: str, target: Path, check: Callable[[Path], None], connection: Connection, count: Count) -> None:
    """Fetch a file into `.<name>.part` beside it, and rename that once it is complete and has passed the check.

    A part that an earlier, interrupted transfer left is resumed.

    Parameters
    ----------
    check : raises a DataError if the file is not the right one; it is then fetched once more from its first byte
    count : called with the number of bytes of each piece that arrives

    Raises
    ------
    DataError
        If the file is not at the URL, is still incomplete after all tries, or fails its check twice.
    UnwritableError
        If it cannot be written.
    """
    part = target.with_name(f".{target.name}.part")
    with writing(part):
        part.parent.mkdir(parents=True, exist_ok=True)
    for last in (False, True):
        _fetch_part(url, part, connection, count)
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
    """Turn an OSError from writing a file into an UnwritableError with the remedy."""
    try:
        yield
    except OSError as error:
        raise UnwritableError(
            f"expected to write {path}, got {error.strerror or error}; free space there, mend the permissions or name another folder "
            "with --dir."
        ) from error


def _fetch_part(url: str, part: Path, connection: Connection, count: Count) -> None:
    """Try until the part is as long as announced; an attempt that brings new bytes starts the count of tries anew."""
    failed, reached = 0, _size(part)
    while True:
        try:
            return _attempt(url, part, connection, count)
        except _RetryableError as error:
            failed = 1 if _size(part) > reached else failed + 1
            reached = max(reached, _size(part))
            if failed >= connection.patience.tries:
                raise DataError(
                    f"expected {url} whole, got {error} in {failed} attempts; look at the connection or name another --mirror."
                ) from error
            if connection.stop.wait(_pause(failed, error.wait, connection.patience)):
                raise Stopped from error


def _pause(failed: int, asked: float | None, patience: Patience) -> float:
    """Seconds to wait: as many as the server asked for, else doubled each time, with jitter so that transfers don't retry all at once."""
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
            return  # the part has the file's full length already; the check decides whether it is the file
        if offset and (response.status_code == 416 or (response.status_code == 206 and start != offset)):
            part.unlink()
            raise _RetryableError("a range that was not asked for", wait=0)
        _refuse(url, response)
        _receive(response, part, start or 0, total, connection.stop, count)


def _extent(response: Response) -> tuple[int | None, int | None]:
    """Offset of the body in the file, and length of the file, each None if the response does not tell it."""
    length = response.headers.get("Content-Length", "")
    if response.status_code == 200:
        return 0, int(length) if length.isdecimal() else None
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", response.headers.get("Content-Range", ""))
    start, total = match.groups() if match else (None, None)
    return int(start) if start else None, int(total) if total and total.isdecimal() else None


def _refuse(url: str, response: Response) -> None:
    status = f"{response.status_code} {response.reason}".strip()
    if response.status_code >= 500 or response.status_code in RETRYABLE_STATUSES:
        raise _RetryableError(f"status {status}", _retry_after(response))
    if response.status_code in (401, 403):
        raise DataError(f"expected {url}, got status {status}; look there whether it asks for an account, or name another --mirror.")
    if response.status_code not in (200, 206):
        raise DataError(f"expected {url}, got status {status}; name another --mirror or --edition.")


def _retry_after(response: Response) -> float | None:
    """Seconds from now that the server asks to wait, if it does."""
    retry_after = response.headers.get("Retry-After", "")
    if retry_after.isdecimal():
        return float(retry_after)
    try:
        return parsedate_to_datetime(retry_after).timestamp() - time()
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
        raise _RetryableError(f"{size} of {total} bytes")


def _read(response: Response) -> bytes:
    with _network():
        chunk: bytes = response.raw.read1(CHUNK, decode_content=False)
        return chunk


@contextmanager
def _network() -> Iterator[None]:
    """Turn errors of requests and urllib3 into a retryable error, or into a DataError where another try would not help."""
    import requests
    import urllib3

    try:
        yield
    except (requests.TooManyRedirects, ValueError) as error:
        raise DataError(f"expected a file that can be fetched, got {error}; name another --mirror.") from error
    except (OSError, urllib3.exceptions.HTTPError) as error:  # requests' own errors are OSErrors
        raise _RetryableError(_reason(error)) from error


def _reason(error: BaseException) -> str:
    """The message of the innermost error, without the layers that wrap it, on one line."""
    while error.__context__ is not None:
        error = error.__context__
    return " ".join(str(error).split()) or type(error).__name__


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
