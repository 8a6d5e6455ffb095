"""How a dataset's notes say on how many of a database's records it stands, and how a part of a database is told from its accepted notes."""

from __future__ import annotations

from collections.abc import Iterable

PART = 0.5
"""Share of a database's records below which a dataset stands on a part of it."""

_MARK = "**This stands on a part of "


def records_note(title: str, listed: int, total: int) -> str:
    """The note on the number of records.

    Parameters
    ----------
    title : of the database
    listed : number of records that are there
    total : number of records of the whole database
    """
    counts = f"{listed} of its {total:,} records are listed."
    return f"{_MARK}{title}**: {counts}" if listed < PART * total else counts


def part_of(notes: Iterable[str]) -> str:
    """On how many records a dataset stands, if that is a part of its database; empty if it is not."""
    return next((note.partition("**: ")[2] for note in notes if note.startswith(_MARK)), "")
