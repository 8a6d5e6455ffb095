"""The page that sets the study's protocol beside ours: orders, what each correction changed, values."""

from __future__ import annotations

from collections.abc import Sequence

from ecgbench.leaderboard.pages.dataset_page import cited, generated
from ecgbench.leaderboard.pages.overview import agreement_table, datasets_table
from ecgbench.leaderboard.pages.study_changes import CORRECTED_METHODS, CORRECTED_METRICS, methods_table, metrics_table, values_table
from ecgbench.leaderboard.pages.tables import NOTHING, label, table, with_interval
from ecgbench.leaderboard.statistics.agreement import metric_agreement
from ecgbench.leaderboard.statistics.analysis import Analysis
from ecgbench.leaderboard.statistics.study_orders import (
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
ORDERS = """\
By the study's rule, plain ranks of means rounded to three digits are averaged, faithfulness correlation counting for absolute maps too; by
ours, scaled ranks among all variants. Both are over the metrics that count in our families. Of the study's orders its figure names the best
three of each family (**bold**); the rest of the order is **inferred** from an analysis notebook of its authors that was deleted since."""
TAUS = """\
Kendall's tau-b of two orders of the twelve published variants, with its 95 % interval (patients drawn again; the published order stands
still): 1 is the same order, 0 none, -1 the opposite. Drawing patients adds noise to an order, so that an interval lies rather low and may
end below the value. The published order is over four datasets, of which these are {datasets}."""


def study_page(analyses: Sequence[Analysis]) -> str | None:
    """The page as markdown; None if no dataset was computed by both protocols."""
    found = pairs({analysis.board.name: analysis for analysis in analyses})
    if not found:
        return None
    parts = [generated("scores/"), "# The study beside us", _subject(found), "## Orders", ORDERS]
    parts += [_orders(found, family) for family in INFERRED_ORDERS]
    parts += ["## Agreement with the published order", TAUS.format(datasets=", ".join(pair.dataset for pair in found)), _taus(found)]
    parts += ["## What each correction changed", "### Methods", CORRECTED_METHODS, *map(methods_table, found)]
    parts += ["### Metrics", CORRECTED_METRICS, metrics_table(found), "## Do datasets and metrics agree?", *_agreements(found)]
    return "\n\n".join(part for part in [*parts, "## All values", *map(values_table, found)] if part) + "\n"


def _subject(found: Sequence[Pair]) -> str:
    names = [(pair.study.board.name, pair.ours.board.name) for pair in found]
    boards = "; ".join(f"[{study}]({study}.md) and [{ours}]({ours}.md)" for study, ours in names)
    return (
        f"The study ({cited(STUDY_REFERENCE)}) compared eleven methods by eight metrics, as its published code computes them. Here its "
        "protocol runs beside ours on the same windows and the same models (its labels, its recipe): its options everywhere, Captum's own "
        f"LRP, DeepSHAP, DeepLIFT and KernelSHAP. Pages: {boards}. Why ours differs: [decisions](../docs/decisions.md). "
        "[All leaderboards](README.md)."
    )


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
    return "\n\n".join([f"### {family.capitalize()}", table(["variant", *columns], rows)])


def _taus(found: Sequence[Pair]) -> str:
    rows = []
    for family in INFERRED_ORDERS:
        for pair in found:
            study, ours = places_by_study(pair.study, family), places_by_ours(pair.ours, family)
            known = published(family)
            rows.append([family, pair.dataset, *map(_shown, (tau(known, study), tau(known, ours), tau(study, ours)))])
    return table(["family", "dataset", "study's protocol with published", "ours with published", "study's with ours"], rows, numbers_from=2)


def _shown(found: Tau) -> str:
    return with_interval(*found, digits=2)


def _agreements(found: Sequence[Pair]) -> list[str]:
    """By the study's protocol: Kendall between datasets for each family, Spearman between metrics for each dataset."""
    parts = [
        "By the study's protocol, over all ranked variants, in our places: Kendall's tau-b between datasets, Spearman between metrics."
    ]
    for family in INFERRED_ORDERS:
        shown = datasets_table({pair.dataset: pair.study for pair in found}, family)
        parts += [f"**{family.capitalize()}**", shown] if shown else []
    tables = {pair.dataset: agreement_table(metric_agreement(pair.study)) for pair in found}
    return parts + [f"<details><summary>Metrics on {name}</summary>\n\n{shown}\n\n</details>" for name, shown in tables.items()]
