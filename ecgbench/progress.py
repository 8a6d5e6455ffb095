"""How far a long computation is: a bar on a terminal, and in a log a line now and then."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tqdm import tqdm

SECONDS_PER_LINE = 30.0
"""Time between two lines of a log; what takes less says nothing there."""

LINE = "{desc}: {n_fmt} of {total_fmt}, {elapsed} passed, {rate_fmt}{postfix}"
"""A line of a log, as tqdm fills it."""

_OF_BARS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\r\n]")


def progress(items: Iterable[Any] | None = None, what: str = "", unit: str = "it", delay: float = 0.0, **more: Any) -> tqdm[Any]:
    """The items, or nothing, with a bar or lines on standard error that say how many have passed.

    Parameters
    ----------
    what : is computed
    unit : of the items
    delay : seconds before a bar is drawn
    more : as tqdm has it, such as total, initial, leave (default False), unit_scale
    """
    from tqdm import tqdm

    return tqdm(items, what, unit=unit, **{"leave": False, **_manner(delay), **more})


def _manner(delay: float) -> dict[str, Any]:
    """How progress is shown on what standard error is."""
    stream = sys.stderr
    if stream is None or stream.closed:
        return {"disable": True}
    if stream.isatty():
        return {"delay": delay}
    seldom = {"mininterval": SECONDS_PER_LINE, "maxinterval": 2 * SECONDS_PER_LINE, "delay": max(delay, SECONDS_PER_LINE)}
    return {"file": _Lines(stream), "bar_format": LINE, **seldom}


class _Lines:
    """What tqdm writes, without what moves a terminal's cursor: a line now and then."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._last = time.monotonic()

    def write(self, text: str) -> None:
        """Write a line, unless the last was just now; one that nobody reads is lost, since progress is no result."""
        said, now = _OF_BARS.sub("", text).strip(), time.monotonic()
        if said and now - self._last >= SECONDS_PER_LINE:
            self._last = now
            with suppress(OSError):
                self._stream.write(f"{said}\n")
                self._stream.flush()

    def flush(self) -> None:
        """Nothing waits."""
