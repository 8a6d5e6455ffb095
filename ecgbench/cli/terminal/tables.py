"""Tables for a reader, or the same as JSON for a program."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ecgbench.cli.terminal.colour import as_table
from ecgbench.cli.terminal.speech import say

LEAST = 20
"""Characters that a column keeps, however narrow the terminal is."""

Rows = Sequence[Mapping[str, Any]]
"""Cells by the headings of their columns; all rows have the same."""


def add_json(verb: argparse.ArgumentParser) -> None:
    """Give a verb the option that asks for JSON instead of tables."""
    verb.add_argument("--json", action="store_true", help="print JSON instead of tables, for a program")


def show_rows(rows: Rows, as_json: bool) -> None:
    """Rows as a table, or as a JSON array of objects."""
    if as_json:
        say_json(rows)
    else:
        say_table(rows)


def say_table(rows: Rows) -> None:
    """Rows below their headings: wrapped to a terminal's width, and elsewhere each on one line, so that it can be searched for."""
    from tabulate import tabulate

    cells = [[as_cell(value) for value in row.values()] for row in rows]
    headings = list(rows[0]) if rows else []
    widest = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    say(str(tabulate(cells, headings, tablefmt="simple", disable_numparse=True, maxcolwidths=_limits(widest))), as_table)


def _limits(widths: Sequence[int]) -> list[int | None] | None:
    """How wide columns may be: where they don't fit into the terminal, the widest give way."""
    if sys.stdout is None or not sys.stdout.isatty() or not widths:
        return None
    room = shutil.get_terminal_size().columns - 2 * (len(widths) - 1)
    fitting = [most for most in range(LEAST, max(widths) + 1) if sum(min(width, most) for width in widths) <= room]
    most = max(fitting, default=LEAST)
    return [most if width > most else None for width in widths]


def say_json(value: Any) -> None:
    """A value as JSON text of ASCII characters alone; numbers that are not finite become null."""
    import msgspec

    found = msgspec.json.decode(msgspec.json.encode(value, enc_hook=_plain))
    say(json.dumps(found, indent=1).replace("\x7f", "\\u007f"))


def as_cell(value: Any) -> str:
    """A value as a table shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return " ".join(f"{name}={as_cell(one) or repr(one)}" for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return " ".join(map(as_cell, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    """What JSON has no form for: paths as texts, NumPy's numbers as numbers, entries by their keys."""
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item"):
        return value.item()
    return repr(value)
