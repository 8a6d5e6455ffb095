"""Skill: how far a score is on its way from what a map without information gets in the same window to the best score there is.

It is (score - chance) / (best - chance): 0 where the map says nothing, 1 where it cannot be better, below 0 where it points away. Chance is
the score of the control that the metric's family names for it, which is accepted for every window; so nothing has to be known of the mask.
Windows whose masks differ in size can be averaged then: a large mask makes any map's score look good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ecgbench.leaderboard.statistics.ranking import Column
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores
from ecgbench.types import PerWindow


def skill(score: PerWindow, chance: PerWindow, best: float) -> PerWindow:
    """Skill of each window.

    Parameters
    ----------
    score, chance : (n,) scores of a map and of one without information, nan where undefined
    best : the best possible score: the upper bound of a metric where higher is better, the lower one where lower is better

    Returns
    -------
    (n,) skill, at most 1; nan where either score is undefined, and where chance is the best score already
    """
    room = best - chance
    undefined = np.full(len(score), np.nan)
    found: PerWindow = np.divide(score - chance, room, out=undefined, where=room != 0)
    return found


def skill_scores(windows: WindowScores, shown: Sequence[Column]) -> WindowScores:
    """Skill of every score of the metrics that have it.

    A metric has it if its family names a control for chance, its best score is finite, and the control has scores of every seed.

    Parameters
    ----------
    windows : per-window scores of one dataset
    shown : columns of the metrics
    """
    values: dict[tuple[str, str, str, int], PerWindow] = {}
    for column in shown:
        control, best = (column.entry.question.chance_control, "raw"), _best(column)
        held = windows.variants(column.name)
        if control in held and np.isfinite(best):
            names = [(*variant, column.name, seed) for variant in held for seed in windows.seeds]
            values |= {name: skill(windows.values[name], windows.values[*control, *name[2:]], best) for name in names}
    return replace(windows, values=values)


def _best(column: Column) -> float:
    lowest, highest = column.entry.bounds
    return highest if column.entry.higher_is_better else lowest
