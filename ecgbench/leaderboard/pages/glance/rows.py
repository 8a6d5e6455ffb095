"""One row a method: its place where the question is where to look, the anchor's score where it is what the model rests on, and its cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.board import Board
from ecgbench.leaderboard.statistics.controls.controls_beaten import Beaten, controls_beaten
from ecgbench.leaderboard.statistics.orders.anchor import anchor
from ecgbench.leaderboard.statistics.patients.patient_places import chosen_variants
from ecgbench.leaderboard.statistics.ranking import Column, place_order
from ecgbench.metrics import LOCALISATION


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval over patients.

    Attributes
    ----------
    variant : "raw" or "abs" maps
    value, low, high : the estimate; the interval's ends are nan where there is none
    beaten : in how many metrics of the family the variant beats every blind control
    group : letters of its groups in the order that the value makes; empty where nothing is compared
    best : whether it may be the best
    """

    variant: str
    value: float
    low: float
    high: float
    beaten: Beaten
    group: str = ""
    best: bool = False


@dataclass(frozen=True)
class Row:
    """One method: where it looks, what it says of the model, and seconds a window (nan if unknown)."""

    method: str
    looks: Estimate | None
    rests: Estimate | None
    seconds: float


@dataclass(frozen=True)
class View:
    """What one board shows of all explained windows, or of those of one class.

    Attributes
    ----------
    analysis : of these windows
    class_name : empty for all classes
    rows : methods, by place in localisation
    anchor : the metric of `Row.rests`; None where the board has none
    """

    analysis: Analysis
    class_name: str
    rows: Sequence[Row]
    anchor: Column | None

    @property
    def board(self) -> Board:
        """The board."""
        return self.analysis.board

    @property
    def answers(self) -> tuple[bool, bool, int, int, str]:
        """How much it answers, to compare: real ECGs before simulated ones, both questions before one, then methods and models."""
        board = self.board
        return not board.embedded, self.anchor is not None, len(self.rows), len(board.seeds), board.name


def views(analysis: Analysis, by_class: Mapping[int, Analysis]) -> list[View]:
    """What a board shows of all classes, then of each that is given; without views in which no method is ranked.

    Parameters
    ----------
    analysis : of all classes
    by_class : of the windows of single classes
    """
    found = [view_of_all(analysis)]
    found += [view(of_class, analysis.board.class_name(class_)) for class_, of_class in by_class.items()]
    return [one for one in found if one.rows]


def view_of_all(analysis: Analysis) -> View:
    """What a board shows of all classes."""
    found = anchor(analysis)
    best = () if found is None or found.compared.best_of_these is None else found.compared.best_of_these.candidates
    names = [] if found is None else [method for (method, _), may_be in zip(found.compared.variants, best, strict=False) if may_be]
    return view(analysis, "", frozenset(names))


def view(analysis: Analysis, class_name: str, may_be_best: frozenset[str] = frozenset()) -> View:
    """One row for each method that is ranked in localisation or by the anchor.

    Parameters
    ----------
    analysis : of the windows that are shown
    class_name : of their class, empty for all
    may_be_best : methods that may be the best by the anchor
    """
    board, column = analysis.board, anchor_column(analysis.board)
    stands = dict(chosen_variants(board.places[LOCALISATION])) if LOCALISATION in board.places else {}
    looks = {method: _looks(analysis, (method, variant)) for method, variant in stands.items()}
    rests = {} if column is None else _rests(analysis, column, may_be_best)
    order = [method for method, variant in place_order(board.places[LOCALISATION]) if stands.get(method) == variant] if stands else []
    rows = [
        Row(method, looks.get(method), rests.get(method), seconds_a_window(board, method))
        for method in dict.fromkeys([*order, *sorted(rests)])
    ]
    return View(analysis, class_name, rows, column)


def anchor_column(board: Board) -> Column | None:
    """The metric that counts of which a family says that the overview gives its order; None where the board has none."""
    named = [column for column in board.columns if column.ranked and column.entry.key == column.entry.question.anchor]
    return named[0] if named else None


def _looks(analysis: Analysis, variant: Variant) -> Estimate:
    place, between = analysis.place(LOCALISATION, variant), analysis.interval(LOCALISATION, variant, "place")
    letters = analysis.groups(LOCALISATION).get(variant, "")
    return Estimate(variant[1], place, *between, controls_beaten(analysis, variant, LOCALISATION), letters)


def _rests(analysis: Analysis, column: Column, may_be_best: frozenset[str]) -> Mapping[str, Estimate]:
    """Of each ranked method the signed maps' score by the anchor, or the absolute ones' where only these have one."""
    found = {}
    for method in sorted(set(analysis.board.files) - set(analysis.board.unranked)):
        for variant in ("abs", "raw"):
            cell = analysis.summary((method, variant), column)
            if cell is not None and column.applies(variant) and not math.isnan(cell.mean):
                beaten = controls_beaten(analysis, (method, variant), column.family)
                found[method] = Estimate(variant, cell.mean, cell.low, cell.high, beaten, best=method in may_be_best)
    return found


def seconds_a_window(board: Board, method: str) -> float:
    """Seconds that a method takes for a window, the mean over seeds; nan where they are not known."""
    known = [health["seconds_a_window"] for health in board.files[method].health.values() if "seconds_a_window" in health]
    mean = float(np.mean(sorted(known))) if known else 0.0
    return mean if mean > 0 else math.nan
