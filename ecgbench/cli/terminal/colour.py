"""Colour where a terminal shows it, and nowhere else."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

Style = Callable[[str], str]
"""What gives a printable text its colours."""

BOLD, RED = "1", "1;31"
"""What the terminal is told, as numbers of ECMA-48's SGR."""

_HEADING = re.compile(r"^[a-z ]+:", re.MULTILINE)
_REFUSED = re.compile(r"^ecgbench[a-z ]*:")


def is_coloured(stream: Any) -> bool:
    """Whether a stream shows colours: a terminal that is not dumb, unless `NO_COLOR` (https://no-color.org) or `FORCE_COLOR` is set."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"


def plain(text: str) -> str:
    """The text as it is."""
    return text


def as_help(text: str) -> str:
    """A help text with bold headings."""
    return _HEADING.sub(lambda found: _painted(found[0], BOLD), text)


def as_table(text: str) -> str:
    """A table whose first line, its header, is bold."""
    first, newline, rest = text.partition("\n")
    return _painted(first, BOLD) + newline + rest


def as_refusal(text: str) -> str:
    """A line of what went wrong, whose beginning, up to the colon, is red."""
    return _REFUSED.sub(lambda found: _painted(found[0], RED), text)


def _painted(text: str, how: str) -> str:
    return f"\x1b[{how}m{text}\x1b[0m"
