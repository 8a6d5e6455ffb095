"""Names, times and intervals in a few characters, for markdown and for text that a pointer shows."""

from __future__ import annotations

import math

from ecgbench.leaderboard.pages.tables import NOTHING, number

BAR = 16
"""Characters of an interval in a line of text."""


def duration(seconds: float) -> str:
    """A time in the unit in which it has few digits, two of them counting; a dash for nan."""
    if math.isnan(seconds):
        return NOTHING
    return f"{float(f'{seconds:.2g}'):g}&nbsp;s" if seconds >= 0.995 else f"{float(f'{1000 * seconds:.2g}'):g}&nbsp;ms"


def bar(value: float, low: float, high: float, ends: tuple[float, float], beaten: bool) -> str:
    """An interval as characters of equal width, from the first of the ends on the left to the second.

    Parameters
    ----------
    value, low, high : the estimate and its interval, whose ends are nan where there is none
    ends : values at the left and the right end of the line; the first may be the larger one
    beaten : whether the dot is filled
    """
    at = [min(max(round((BAR - 1) * place(one, ends)), 0), BAR - 1) for one in (value, low, high) if not math.isnan(one)]
    characters = ["━" if min(at) <= i <= max(at) else "·" for i in range(BAR)]
    characters[at[0]] = "●" if beaten else "○"
    return "".join(characters)


def place(value: float, ends: tuple[float, float]) -> float:
    """How far a value lies on the way from the first end, 0, to the second, 1."""
    return (value - ends[0]) / (ends[1] - ends[0])


def exactly(value: float, low: float, high: float) -> str:
    """An estimate with its interval, three decimals each."""
    between = "" if math.isnan(low) else f" ({number(low)}..{number(high)})"
    return number(value) + between
