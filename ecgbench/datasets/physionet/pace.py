"""Ending what a server drags out: an answer's head that does not end, and a body whose bytes come too slowly."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar, final

Answer = TypeVar("Answer")


def within(seconds: float, call: Callable[[], Answer], end: Callable[[], object]) -> Answer:
    """What a call returns; if it takes longer, it is ended and a TimeoutError raised.

    Parameters
    ----------
    end : ends the call, which waits for a socket, by shutting that down
    """
    passed = threading.Event()

    def stop() -> None:
        passed.set()
        with suppress(OSError):
            end()

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        return call()
    except Exception:
        if not passed.is_set():
            raise
    finally:
        timer.cancel()
    raise TimeoutError(f"no whole head of an answer within {seconds:g} s")


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
