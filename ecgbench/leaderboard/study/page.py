"""The page that compares the study's protocol with ours: orders, the effect of each correction, all values."""

from __future__ import annotations

from collections.abc import Sequence

from ecgbench.leaderboard.pages.facts.entry_facts import cited
from ecgbench.leaderboard.pages.overview import datasets_table
from ecgbench.leaderboard.pages.sections.agreement_table import agreement_table
from ecgbench.leaderboard.pages.tables import NOTHING, label, table, with_interval
from ecgbench.leaderboard.pages.template import generated, render_page
from ecgbench.leaderboard.statistics.analysis import Analysis
from ecgbench.leaderboard.statistics.orders.agreement import metric_agreement
from ecgbench.leaderboard.statistics.ranking import family_name, family_title
from ecgbench.leaderboard.study.changes import methods_table, metrics_table, values_table
from ecgbench.leaderboard.study.orders import (
    Pair,
    Tau,
    pairs,
    places_by_ours,
    places_by_study,
    positions,
    published,
    tau,
    variant_index,
)
from ecgbench.protocol import INFERRED_ORDERS, PUBLISHED_FIRST, STUDY_REFERENCE

PATH = "study.md"


def study_page(analyses: Sequence[Analysis]) -> str | None:
    """The page as markdown; None if no dataset was computed by both protocols."""
    found = pairs({analysis.board.name: analysis for analysis in analyses})
    if not found:
        return None
    context = {
        "generated": generated("scores/"),
        "reference": cited(STUDY_REFERENCE),
        "pairs": [_pair(pair) for pair in found],
        "families": [_family(found, family) for family in INFERRED_ORDERS],
        "agreement": _taus(found),
        "metrics": metrics_table(found),
    }
    return render_page("study.md.j2", context)


def _pair(pair: Pair) -> dict[str, str]:
    return {
        "dataset": pair.dataset,
        "study": pair.study.board.name,
        "ours": pair.ours.board.name,
        "methods": methods_table(pair),
        "agreement": agreement_table(metric_agreement(pair.study)),
        "changes": values_table(pair),
    }


def _family(found: Sequence[Pair], family: str) -> dict[str, str]:
    studies = {pair.dataset: pair.study for pair in found}
    return {"title": family_title(family), "orders": _orders(found, family), "datasets": datasets_table(studies, family)}


def _orders(found: Sequence[Pair], family: str) -> str:
    """Ranks of the published variants, in the published order."""
    columns = {"published": [str(i + 1) for i in range(len(INFERRED_ORDERS[family]))]}
    for pair in found:
        columns[f"{pair.dataset}, study's"] = positions(places_by_study(pair.study, family))
        columns[f"{pair.dataset}, ours"] = positions(places_by_ours(pair.ours, family))
    rows = []
    for i, variant in enumerate(variant_index(family)):
        name = f"**{label(*variant)}**" if variant in PUBLISHED_FIRST[family] else label(*variant)
        rows.append([name, *(ranks[i] if ranks else NOTHING for ranks in columns.values())])
    return table(["variant", *columns], rows)


def _taus(found: Sequence[Pair]) -> str:
    rows = []
    for family in INFERRED_ORDERS:
        for pair in found:
            study, ours = places_by_study(pair.study, family), places_by_ours(pair.ours, family)
            known = published(family)
            rows.append([family_name(family), pair.dataset, *map(_shown, (tau(known, study), tau(known, ours), tau(study, ours)))])
    return table(["family", "dataset", "study's protocol with published", "ours with published", "study's with ours"], rows, numbers_from=2)


def _shown(found: Tau) -> str:
    return with_interval(*found, digits=2)
