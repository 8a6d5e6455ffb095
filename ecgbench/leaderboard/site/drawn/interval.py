"""An interval as a small picture within a cell."""

from __future__ import annotations

import math

from markupsafe import Markup

from ecgbench.leaderboard.pages.glance.words import place

WIDTH, HEIGHT = 120, 16
"""Pixels."""

_MARGIN = 5
_MIDDLE = HEIGHT // 2


def interval_picture(value: float, low: float, high: float, ends: tuple[float, float], filled: bool, control: float = math.nan) -> Markup:
    """A line with an interval, its value as a dot, and a stroke where the best control lies; colours are those of the page's style.

    Parameters
    ----------
    value, low, high : the estimate and its interval, whose ends are nan where there is none
    ends : values at the left and the right end of the line; the first may be the larger one
    filled : whether the dot is
    control : the best control's value, nan for none
    """
    parts = [_stroke("line", _MARGIN, WIDTH - _MARGIN)]
    if not math.isnan(low):
        left, right = sorted((_at(low, ends), _at(high, ends)))
        parts.append(_stroke("ci", left, right))
    if not math.isnan(control):
        parts.append(Markup('<path class="control" d="M{:g} 1v{:d}"/>').format(_at(control, ends), HEIGHT - 2))
    dot = "dot" if filled else "dot open"
    parts.append(Markup('<circle class="{}" cx="{:g}" cy="{:d}" r="3.5"/>').format(dot, _at(value, ends), _MIDDLE))
    return Markup('<svg class="interval" width="{}" height="{}" aria-hidden="true">{}</svg>').format(WIDTH, HEIGHT, Markup("").join(parts))


def _stroke(kind: str, left: float, right: float) -> Markup:
    return Markup('<path class="{}" d="M{:g} {:d}H{:g}"/>').format(kind, left, _MIDDLE, right)


def _at(value: float, ends: tuple[float, float]) -> float:
    return round(_MARGIN + (WIDTH - 2 * _MARGIN) * min(max(place(value, ends), 0.0), 1.0), 1)
