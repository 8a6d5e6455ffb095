"""Statistics of one board: intervals, class-balanced means, intervals of ranks, groups, comparison with controls."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np
import pandas as pd

from ecgbench.leaderboard.statistics.board import Board
from ecgbench.leaderboard.statistics.models import BoardModels, CrossFitted, analyse_models, crossfitted_choices
from ecgbench.leaderboard.statistics.patients.groups import Comparison, comparison
from ecgbench.leaderboard.statistics.patients.resampled import MeanDraws, RankDraws, place_draws, rank_intervals, resampled_means
from ecgbench.leaderboard.statistics.ranking import Column, families
from ecgbench.leaderboard.statistics.scores.gains import Gain, smallest_gains
from ecgbench.leaderboard.statistics.scores.skill import skill_scores
from ecgbench.leaderboard.statistics.scores.summary import Summary, summaries
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores, class_means, window_scores

Variant = tuple[str, str]


@dataclass(frozen=True)
class Analysis:
    """A board with the statistics of its scores.

    Attributes
    ----------
    board : the accepted results
    windows : the per-window scores
    cells : by method or control, variant and metric
    means : resampled means
    draws, ranks : by family, resampled ranks and their intervals; without families in which nothing is ranked
    comparisons : by family, which methods can be told apart; without families in which fewer than two can be compared
    """

    board: Board
    windows: WindowScores
    cells: Mapping[tuple[str, str, str], Summary]
    means: MeanDraws
    draws: Mapping[str, RankDraws]
    ranks: Mapping[str, pd.DataFrame]
    comparisons: Mapping[str, Comparison]

    def summary(self, variant: Variant, column: Column) -> Summary | None:
        """Statistics of a variant in a metric; None if it has no cells of it."""
        return self.cells.get((*variant, column.name))

    def place(self, family: str, variant: Variant) -> float:
        """A variant's place in a family; nan if it is not ranked there."""
        return number_at(self.board.places, variant, family)

    def interval(self, family: str, variant: Variant, what: str) -> tuple[float, float]:
        """Interval of a variant's "place" or "rank" in a family, or of its rank in a metric; nan, nan where it has none."""
        return self._rank_intervals.get((family, what), {}).get(variant, (math.nan, math.nan))

    def count_ranked(self, column: Column) -> int:
        """How many variants have an interval of their rank in a metric."""
        return sum(not math.isnan(low) for low, _ in self._rank_intervals.get((column.family, column.name), {}).values())

    @cached_property
    def _rank_intervals(self) -> Mapping[tuple[str, str], Mapping[Variant, tuple[float, float]]]:
        """By family and what is ranked, then by variant: as `ranks` has them, which is slow to ask for single numbers."""
        found = {}
        for family, ranks in self.ranks.items():
            for what in ranks.columns.unique(0):
                bounds = ranks[what][["low", "high"]].to_numpy().tolist()
                found[family, what] = {(str(a), str(b)): (low, high) for (a, b), (low, high) in zip(ranks.index, bounds, strict=True)}
        return found

    def groups(self, family: str) -> dict[Variant, str]:
        """Letters of the groups that the variant which stands for a method is in: variants that share one cannot be told apart."""
        found = self.comparisons.get(family)
        if found is None:
            return {}
        lettered = list(zip(ascii_uppercase + ascii_lowercase, found.groups, strict=False))
        return {variant: "".join(letter for letter, group in lettered if variant[0] in group) for variant in found.order}

    @cached_property
    def models(self) -> BoardModels | None:
        """Statistics over models and patients; None where nothing has the scores of every seed."""
        return analyse_models(self.board, self.windows, self.means)

    @cached_property
    def choices(self) -> Mapping[str, CrossFitted]:
        """By family, the cross-fitted choice of variants, where it could be made."""
        return {} if self.models is None else crossfitted_choices(self.windows, self.board.columns, self.board.places)

    @cached_property
    def skills(self) -> Mapping[tuple[str, str, str], Summary]:
        """By method or control, variant and metric, statistics of the skill of its scores; without metrics that have none."""
        found = skill_scores(self.windows, self.board.columns)
        return summaries(found)

    @cached_property
    def skilled(self) -> frozenset[str]:
        """Names of the metrics whose scores have skill."""
        return frozenset(name for _, _, name in self.skills)

    def skill(self, variant: Variant, column: Column) -> Summary | None:
        """Statistics of the skill of a variant's scores in a metric; None where there is none."""
        return self.skills.get((*variant, column.name))

    @cached_property
    def gains(self) -> Mapping[tuple[str, str, str], Gain]:
        """By method or control, variant and metric, the gain over the best blind control; not of blind ones themselves."""
        return smallest_gains(self.windows, self.board.columns, self.board.blind)

    def gain(self, variant: Variant, column: Column) -> Gain | None:
        """The gain of a variant over the best blind control of a metric; None for a blind one, or where there is nothing to compare."""
        return self.gains.get((*variant, column.name))

    def best_control(self, column: Column) -> tuple[str, float] | None:
        """The blind control with the best mean of a metric, and that mean; None if there is none."""
        sign = 1 if column.entry.higher_is_better else -1
        found = [
            (sign * cell.mean, control)
            for control in self.board.blind
            if (cell := self.cells.get((control, "raw", column.name))) and not math.isnan(cell.mean)
        ]
        return (max(found)[1], sign * max(found)[0]) if found else None

    def beaten(self, variant: Variant, column: Column) -> bool:
        """Whether a method's variant is not shown to be better than every blind control."""
        gain = self.gain(variant, column)
        return gain is not None and variant[0] in self.board.files and not gain.shown

    def fails_controls(self, variant: Variant, family: str) -> bool:
        """Whether no metric of a family that counts shows a method's variant to be better than every blind control."""
        counted = [column for column in self.board.columns if column.family == family and column.ranked]
        return variant[0] in self.board.blind or all(self.beaten(variant, column) for column in counted)

    def tells_of_methods(self, family: str) -> bool:
        """Whether some ranked variant is better than every blind control: otherwise places in the family order noise."""
        if family not in self.board.places:
            return False
        ranked = self.board.places[family].dropna().index
        return not all(self.fails_controls(variant, family) for variant in ranked)

    def classes(self, variant: Variant, column: Column) -> dict[int, tuple[float, int, int]]:
        """Mean over seeds and windows, number of defined and of undefined windows, of each class."""
        names = [(*variant, column.name, seed) for seed in self.windows.seeds]
        held = [(self.windows.values[name], self.windows.target[name[3]]) for name in names if name in self.windows.values]
        if not held:
            return {}
        return class_means(np.concatenate([values for values, _ in held]), np.concatenate([target for _, target in held]))


def analyse(board: Board) -> Analysis:
    """Compute the statistics of a board."""
    return analysis_of(board, window_scores(board))


def analysis_of(board: Board, windows: WindowScores, compares: bool = True) -> Analysis:
    """Compute the statistics of a board from its per-window scores, or from some of them.

    Parameters
    ----------
    board : whose places are those of these scores
    windows : the scores
    compares : whether methods are compared in pairs, which takes the longest
    """
    means = resampled_means(windows)
    draws = place_draws(means, board.columns, board.places)
    of = families(board.columns) if compares else ()
    compared = {family: comparison(windows, board.columns, board.places, family) for family in of}
    return Analysis(
        board=board,
        windows=windows,
        cells=summaries(windows),
        means=means,
        draws=draws,
        ranks={family: rank_intervals(found) for family, found in draws.items()},
        comparisons={family: found for family, found in compared.items() if found is not None},
    )


def number_at(frame: pd.DataFrame, variant: Variant, column: Any) -> float:
    """A variant's number in a column of a frame of variants; nan if it is not among them."""
    return float(frame[column].get(variant, math.nan))
