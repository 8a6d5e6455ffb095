"""Whether a metric prefers the answer itself to maps that know neither the model nor the answer.

On a simulated dataset one control, the metric's oracle control, knows what the metric asks for. A metric that gives a blind control's maps
as good a score measures something else, and does not count for the place. It counts only if the oracle control's gain over every blind
control is above 0 with its whole interval, on every simulated dataset that has accepted results.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.ranking import Column
from ecgbench.leaderboard.statistics.scores.gains import Gain


@dataclass(frozen=True)
class OracleCheck:
    """One metric on one simulated dataset.

    Attributes
    ----------
    board : name of the dataset's board
    column : the metric
    oracle : its oracle control
    score : that control's mean
    gain : over the best blind control
    blind_score : mean of that blind control
    methods : method and variant with their means, the best first, of those that look at the model and to which the metric applies
    """

    board: str
    column: Column
    oracle: str
    score: float
    gain: Gain
    blind_score: float
    methods: tuple[tuple[Variant, float], ...]

    @property
    def passed(self) -> bool:
        """Whether the oracle control is told to be better than every blind one."""
        return not math.isnan(self.gain.low) and self.gain.shown


def oracle_checks(analyses: Iterable[Analysis]) -> tuple[OracleCheck, ...]:
    """Checks of all metrics on all simulated datasets in their default identity, by dataset and metric.

    A metric whose oracle control has no accepted score there is left out.
    """
    boards = [one for one in analyses if one.board.embedded and one.board.default and one.board.compared]
    checks = [_check(analysis, column) for analysis in boards for column in analysis.board.columns]
    return tuple(check for check in checks if check is not None)


def misdeclared(checks: Sequence[OracleCheck]) -> list[str]:
    """What metrics declare against what their checks say, a line each; empty if all is well."""
    lines = []
    for name in dict.fromkeys(check.column.entry.key for check in checks):
        own = [check for check in checks if check.column.entry.key == name]
        entry, failed = own[0].column.entry, [f"{check.column.name} on {check.board}" for check in own if not check.passed]
        if entry.ranked and failed:
            lines.append(
                f"expected {name} not to be ranked, got ranked=True: it fails its oracle in {', '.join(failed)}; declare ranked=False."
            )
        if not entry.ranked and not entry.aside and not failed:
            lines.append(
                f"expected {name} to be ranked or a reason, got ranked=False: it passes its oracle; declare `aside` or ranked=True."
            )
    return lines


def _check(analysis: Analysis, column: Column) -> OracleCheck | None:
    oracle: Variant = (column.oracle_control, "raw")
    cell, gain = analysis.summary(oracle, column), analysis.gain(oracle, column)
    if cell is None or gain is None:
        return None
    blind = analysis.cells[gain.control, "raw", column.name]
    methods = _methods(analysis, column)
    return OracleCheck(analysis.board.name, column, oracle[0], cell.mean, gain, blind.mean, methods)


def _methods(analysis: Analysis, column: Column) -> tuple[tuple[Variant, float], ...]:
    board, sign = analysis.board, -1 if column.entry.higher_is_better else 1
    means = {
        (source, variant): cell.mean
        for (source, variant, metric), cell in analysis.cells.items()
        if metric == column.name and source in board.files and source not in {*board.blind, *board.unranked}
        if column.applies(variant) and not math.isnan(cell.mean)
    }
    return tuple(sorted(means.items(), key=lambda item: (sign * item[1], item[0])))
