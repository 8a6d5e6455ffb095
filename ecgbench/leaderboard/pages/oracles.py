"""Why metrics do not count, in words and figures, and the page of all checks against oracle controls."""

from __future__ import annotations

from collections.abc import Sequence

from ecgbench.leaderboard.pages.tables import NOTHING, arrow, label, number, signed, table, with_interval
from ecgbench.leaderboard.pages.template import generated, render_page
from ecgbench.leaderboard.statistics.controls.oracles import OracleCheck
from ecgbench.leaderboard.statistics.ranking import Column

PATH = "oracles.md"


def why_shown(column: Column, checks: Sequence[OracleCheck]) -> str:
    """Why a metric is shown and does not count, as the end of a sentence; empty if it counts.

    Parameters
    ----------
    column : the metric
    checks : of all simulated datasets
    """
    if column.ranked:
        return ""
    if column.of_part:
        return "these are results of a part of the database"
    if column.entry.aside:
        return column.entry.aside
    failed = [_failure(check) for check in checks if check.column.entry.key == column.entry.key and not check.passed]
    return "; ".join(failed) or "no accepted results of a simulated dataset show that it prefers the cause to a map that knows nothing"


def _failure(check: OracleCheck) -> str:
    gain = check.gain
    between = f"gain {signed(gain.value)}, {signed(gain.low)}..{signed(gain.high)}"
    return (
        f"on {check.board}, `{check.oracle}`, which is the answer itself, gets {number(check.score)}, and `{gain.control}`, which knows "
        f"neither the model nor the answer, {number(check.blind_score)} ({between})"
    )


def oracles_page(checks: Sequence[OracleCheck]) -> str:
    """The page of all checks, as markdown."""
    return render_page("oracles.md.j2", {"generated": generated("scores/"), "table": _table(checks, "metrics/") if checks else ""})


def metric_checks(checks: Sequence[OracleCheck], key: str) -> str:
    """The checks of one metric as a table; empty if there are none."""
    own = [check for check in checks if check.column.entry.key == key]
    return _table(own, "") if own else ""


def _table(checks: Sequence[OracleCheck], folder: str) -> str:
    header = ["metric", "dataset", "oracle control", "best blind control", "gain", "best method", "worst method", "counts"]
    return table(header, [_row(check, folder) for check in checks], numbers_from=len(header))


def _row(check: OracleCheck, folder: str) -> list[str]:
    column, gain = check.column, check.gain
    name = column.name.replace("_", " ")
    found = [f"{label(*variant)} {number(mean)}" for variant, mean in (check.methods[:1] + check.methods[-1:])] or [NOTHING, NOTHING]
    return [
        f"[{name}]({folder}{column.entry.key}.md)&nbsp;{arrow(column)}",
        check.board,
        f"`{check.oracle}` {number(check.score)}",
        f"`{gain.control}` {number(check.blind_score)}",
        with_interval(gain.value, gain.low, gain.high),
        *found,
        _verdict(check),
    ]


def _verdict(check: OracleCheck) -> str:
    if check.column.ranked:
        return "yes"
    return f"no: {check.column.entry.aside}" if check.column.entry.aside else "**no**: the oracle control does not win"
