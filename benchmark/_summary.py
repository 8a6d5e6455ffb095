"""What ends a run: cross-checks, health and scores as tables, the verdict, what their signs mean, and where to see more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmark._refused import refusals

if TYPE_CHECKING:
    from benchmark.conftest import Outcomes

LEGEND = """+ higher is better, - lower is better; * the best of the ranked methods; a control is made without looking at the model.
A place is the share of ranked variants with a better mean, from 0 (best) to 1, over the metrics of a family and then over families.
ecgbench leaderboard --open shows the accepted results with their intervals, and which methods can be told apart."""


def summary(outcomes: Outcomes) -> Iterator[tuple[str, bool]]:
    """The lines, and whether each tells of what went wrong."""
    from ecgbench.pipeline import health_tables, score_tables, verdicts

    if not outcomes.others:
        why = outcomes.skipped[0] if outcomes.skipped else NOTHING
        yield f"ecgbench: no cell was computed: {why}", True
    for line in [*(f"beside its oracle: {line}" for line in outcomes.crosschecks), *refusals(outcomes.cells.values())]:
        yield line, False
    means = {cell: float("nan") if found["mean"] is None else found["mean"] for cell, found in outcomes.cells.items()}
    for table in [*health_tables(outcomes.health), *score_tables(means), *verdicts(means)]:
        yield f"\n{table}", False
    if means:
        yield f"\n{LEGEND}\n{_counts(outcomes)}", False
    if outcomes.not_accepted:
        yield f"ecgbench: {outcomes.not_accepted}", True


def _counts(outcomes: Outcomes) -> str:
    from ecgbench.pipeline import new_cells, replaced_cells

    option, found = outcomes.config.option, list(outcomes.cells.values())
    cached, status = sum(value["cached"] for value in found), Counter(value["status"] for value in found)
    new = status["no_baseline"]
    compared = f"{new} with no accepted result"
    if option.update_scores:
        compared = "not all accepted" if outcomes.not_accepted else f"{status['updated']} accepted now"
    told = [*new_cells(new, option.scores), *replaced_cells(outcomes.written)]
    return "\n".join([f"ecgbench: {len(found)} cells, {cached} cached, {compared}", *told])


NOTHING = "the selection holds no cell; see --dataset, --method, --metric, --seeds and -k"
