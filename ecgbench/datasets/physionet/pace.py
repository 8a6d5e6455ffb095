"""Ending what a server drags out: a handshake or an answer's head that does not end, and a body whose bytes come too slowly."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, final

Answer = TypeVar("Answer")


@final
class Limit:
    """The time that a call which waits for a socket may take, counted from `start`.

    Parameters
    ----------
    what : the call waits for, for the error
    """

    def __init__(self, seconds: float, what: str) -> None:
        self._seconds, self._what = seconds, what
        self._passed = threading.Event()
        self._timer: threading.Timer | None = None

    def start(self, sock: socket.socket) -> None:
        """Count from now; the socket is shut down when the time has passed, which ends the call."""

        def stop() -> None:
            self._passed.set()
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

        self._timer = threading.Timer(self._seconds, stop)
        self._timer.daemon = True
        self._timer.start()

    def during(self, call: Callable[[], Answer]) -> Answer:
        """What the call returns; a TimeoutError if it was ended."""
        try:
            return call()
        except Exception:
            if not self._passed.is_set():
                raise
        finally:
            if self._timer is not None:
                self._timer.cancel()
        raise TimeoutError(f"no whole {self._what} within {self._seconds:g} s")


class Bounded:
    """Goes before urllib3's class of a connection: the timeout for a byte is one for a whole handshake or head of an answer too.

    Of TLS Python itself bounds the whole handshake; what a proxy answers before that it bounds byte by byte.
    """

    def _new_conn(self: Any) -> Any:
        sock = super()._new_conn()  # type: ignore[misc]
        self._handshake.start(sock)
        return sock

    def connect(self: Any) -> None:
        """Connect, and agree with a proxy and on TLS."""
        self._handshake = Limit(self.timeout, "handshake")
        self._handshake.during(super().connect)  # type: ignore[misc]

    def getresponse(self: Any) -> Any:
        """Read the head of an answer."""
        limit = Limit(self.timeout, "head of an answer")
        limit.start(self.sock)
        return limit.during(super().getresponse)  # type: ignore[misc]


@final
class Pace:
    """Watches, while it is entered, that bytes come at a least rate; calls `end` where they do not.

    Attributes
    ----------
    slow : bytes that came in the window in which there were too few; None as long as there were enough
    """

    def __init__(self, least: float, window: float, end: Callable[[], object]) -> None:
        self.slow: int | None = None
        self._came = 0
        self._least, self._window, self._end = least * window, window, end
        self._ended = threading.Event()

    def add(self, count: int) -> None:
        """Count bytes that came."""
        self._came += count

    def __enter__(self) -> Pace:
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()

    def _watch(self) -> None:
        before = 0
        while not self._ended.wait(self._window):
            came, before = self._came - before, self._came
            if came < self._least:
                self.slow = came
                with suppress(OSError, RuntimeError, ValueError):  # the connection is closed or given back already
                    self._end()
                return
