"""Transfer of one file over HTTP, with retries and resumption. The file gets its name after it has passed its check."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, final

from ecgbench.datasets.physionet.answer import Body, is_page, read_head
from ecgbench.datasets.physionet.pace import Pace
from ecgbench.datasets.physionet.part import drop_part, finish, opened_part, part_of, part_size, writing
from ecgbench.datasets.physionet.session import Connection, Patience, RetryableError, ask, network
from ecgbench.errors import DataError

if TYPE_CHECKING:
    from requests import Response

Count = Callable[[int], object]

CHUNK = 1 << 18
"""Most bytes that are read from a connection at once."""


class Tally:
    """A count of transferred bytes that several threads add to."""

    def __init__(self) -> None:
        self.total = 0
        self._lock = threading.Lock()

    def add(self, count: int) -> None:
        """Add to the count."""
        with self._lock:
            self.total += count


class UnreachableError(DataError):
    """The network fails to bring a file, after all tries, which may hold for the mirror's other files too."""


class Stopped(Exception):  # noqa: N818
    """A transfer ended because `Connection.stop` was set."""


def transfer(url: str, target: Path, check: Callable[[Path], None], connection: Connection, count: Count, summed: bool = True) -> None:
    """Fetch a file into `.<name>.part` beside it, and rename that once it is complete and has passed the check.

    Parameters
    ----------
    check : raises a DataError if the file is not the right one; it is then fetched once more from its first byte
    count : called with the number of bytes of each piece that arrives
    summed : whether the check compares a checksum. Then a part that an earlier, interrupted transfer left is resumed, since a mixture of
        two versions does not pass. Otherwise a part is resumed only where the server says that the file is still the same

    Raises
    ------
    DataError
        If the file is not at the URL, or fails its check twice.
    UnreachableError
        If it is still incomplete after all tries, or comes too slowly.
    UnwritableError
        If it cannot be written.
    """
    part = part_of(target)
    with writing(part):
        part.parent.mkdir(parents=True, exist_ok=True)
    for last in (False, True):
        _Attempts(url, part, connection, count, summed).until_complete()
        try:
            check(part)
            break
        except DataError:
            drop_part(part)
            if last:
                raise
    finish(part, target)


@final
class _Attempts:
    """The attempts to fetch a file, and what one must know of the others: which version the part is of, and how long the file is."""

    def __init__(self, url: str, part: Path, connection: Connection, count: Count, summed: bool) -> None:
        self.url, self.part, self.connection, self.count, self.summed = url, part, connection, count, summed
        self.version, self.total = "", None

    total: int | None

    def until_complete(self) -> None:
        """Try until the part is as long as announced; an attempt that gets on starts the count of tries anew."""
        patience = self.connection.patience
        failed, reached = 0, part_size(self.part)
        while True:
            try:
                return self._attempt()
            except RetryableError as error:
                size = part_size(self.part)
                failed = 1 if size >= reached + patience.progress else failed + 1
                reached = max(reached, size)
                if failed >= patience.tries:
                    raise UnreachableError(
                        f"expected {self.url} whole, got {error} in {failed} attempts; look at the connection or name another --mirror."
                    ) from error
                if self.connection.stop.wait(_pause(failed, error.wait, patience)):
                    raise Stopped from error

    def _attempt(self) -> None:
        offset = part_size(self.part)
        if offset and not (self.summed or self.version):
            drop_part(self.part)  # nothing would tell whether the rest is of the same version
            offset = 0
        asked = {"Range": f"bytes={offset}-", **({"If-Range": self.version} if self.version else {})} if offset else {}
        with closing(ask(self.connection, self.url, asked)) as response:
            try:
                body = read_head(self.url, response, offset)
            except RetryableError:
                if response.status_code in (206, 416):
                    self._forget()
                raise
            if body is None and not self.summed:
                self._forget()
                raise RetryableError("no rest of a file that is not whole", wait=0)
            if body is not None:  # else the part has the file's full length already; the check decides whether it is the file
                self._receive(response, body)

    def _forget(self) -> None:
        """Fetch from the first byte next time."""
        drop_part(self.part)
        self.version, self.total = "", None

    def _receive(self, response: Response, body: Body) -> None:
        if body.start and self._is_other(body):
            self._forget()
            raise RetryableError("another version of the file", wait=0)
        if not self.summed and is_page(response):
            raise DataError(
                f"expected {self.url}, got a page of HTML; look there whether it asks for an account, or name another --mirror."
            )
        if (body.total or 0) > self.connection.largest:
            raise DataError(self._too_long(body.total))
        if not body.start:
            self.version, self.total = body.version, body.total
        self._write(response, body.start)
        size = part_size(self.part)
        if body.total is not None and size != body.total:
            if size > body.total:
                drop_part(self.part)
            raise RetryableError(f"{size} of {body.total} bytes")

    def _is_other(self, body: Body) -> bool:
        """Whether the body is not the rest of the version that the part is of."""
        if self.total is not None and self.total != body.total:
            return True
        if not self.summed:
            return body.version != self.version
        return bool(body.version and self.version and body.version != self.version)

    def _write(self, response: Response, start: int) -> None:
        patience, size = self.connection.patience, start
        with opened_part(self.part, append=start > 0) as file, Pace(patience.least, patience.window, response.raw.shutdown) as pace:
            while chunk := self._read(response, pace):
                if self.connection.stop.is_set():
                    raise Stopped
                size += len(chunk)
                if size > self.connection.largest:
                    break
                file.write(chunk)
                file.flush()
                self.count(len(chunk))
                pace.add(len(chunk))
        if size > self.connection.largest:
            drop_part(self.part)
            raise DataError(self._too_long(None))

    def _read(self, response: Response, pace: Pace) -> bytes:
        try:
            with network():
                chunk: bytes = response.raw.read1(CHUNK, decode_content=False)
        except (RetryableError, DataError) as error:
            self._refuse_slow(pace, error)
            raise
        if not chunk:
            self._refuse_slow(pace, None)
        return chunk

    def _refuse_slow(self, pace: Pace, error: Exception | None) -> None:
        if pace.slow is None:
            return
        patience = self.connection.patience
        raise UnreachableError(
            f"expected at least {patience.least:g} bytes/s of {self.url}, got {pace.slow} bytes in {patience.window:g} s; "
            "try again later or name another --mirror."
        ) from error

    def _too_long(self, said: int | None) -> str:
        got = "more" if said is None else f"{said}"
        return f"expected at most {self.connection.largest} bytes of {self.url}, got {got}; name another --mirror."


def _pause(failed: int, asked: float | None, patience: Patience) -> float:
    """Seconds to wait: as many as the server asked for, else doubled each time, with jitter so that transfers don't retry all at once."""
    if asked is not None:
        return min(max(asked, 0.0), patience.longest)
    return min(patience.first * 2.0 ** (failed - 1), patience.longest) * secrets.SystemRandom().uniform(0.5, 1.0)
