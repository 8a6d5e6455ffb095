"""The first page: an overview of all datasets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from ecgbench.leaderboard.pages.dataset_page import OPTIONS
from ecgbench.leaderboard.pages.facts.entry_facts import description
from ecgbench.leaderboard.pages.glance.answers import cards
from ecgbench.leaderboard.pages.glance.table import first_view, glance_table
from ecgbench.leaderboard.pages.oracles import why_shown
from ecgbench.leaderboard.pages.sections.agreement_table import agreement_table
from ecgbench.leaderboard.pages.sections.anchor import anchor_facts, recipes_table
from ecgbench.leaderboard.pages.sections.architectures import architectures_facts
from ecgbench.leaderboard.pages.sections.family_section import ahead
from ecgbench.leaderboard.pages.tables import NOTHING, escaped, heading, linked, number, rank_range, ranking, table, with_interval
from ecgbench.leaderboard.pages.template import generated, render_page
from ecgbench.leaderboard.statistics.analysis import Analysis, Variant, number_at
from ecgbench.leaderboard.statistics.board import Board
from ecgbench.leaderboard.statistics.controls.oracles import OracleCheck
from ecgbench.leaderboard.statistics.orders.agreement import Agreement, dataset_agreement
from ecgbench.leaderboard.statistics.orders.architectures import Architectures
from ecgbench.leaderboard.statistics.patients.resampled import overall_intervals
from ecgbench.leaderboard.statistics.ranking import families, family_name, family_title, in_order, overall
from ecgbench.methods import METHODS


def overview_page(
    analyses: Sequence[Analysis],
    agreements: Mapping[str, Agreement],
    checks: Sequence[OracleCheck] = (),
    architectures: Sequence[Architectures] = (),
) -> str:
    """The page of all datasets, as markdown.

    Parameters
    ----------
    analyses : of all boards
    agreements : by board, how far its metrics agree
    checks : whether metrics prefer their oracle controls, on all simulated datasets
    architectures : those that are compared with each other, by dataset and options
    """
    boards = [analysis.board for analysis in analyses]
    default = [analysis for analysis in analyses if analysis.board.default and analysis.board.compared]
    context = {
        "generated": generated("scores/"),
        "scope": _scope(default, architectures) if default else "",
        "cards": cards(default),
        "glance": glance_table(view) if (view := first_view(default)) else None,
        "anchor": anchor_facts(default),
        "architectures": [architectures_facts(found) for found in architectures],
        "recipes": recipes_table(analyses),
        "ahead": _ahead(default),
        "datasets": _links(board for board in boards if not board.is_stand_in),
        "study": any(board.of_study for board in boards),
        "families": [_family([one for one in default if family in one.board.places], family, checks) for family in _families(default)],
        "controls": _controls(boards),
        "agreements": [{"dataset": one.board.name, "table": agreement_table(agreements[one.board.name])} for one in default],
        "methods": _methods(boards),
        "metrics": _metrics(boards),
        "stand_ins": _links(stand_ins) if (stand_ins := [board for board in boards if board.is_stand_in]) else "",
    }
    return render_page("overview.md.j2", context)


def _scope(analyses: Sequence[Analysis], compared: Sequence[Architectures]) -> str:
    """How many methods, datasets and networks the answers are about, and what is not known."""
    methods = {method for analysis in analyses for method in analysis.board.files}
    real = [analysis.board for analysis in analyses if not analysis.board.embedded]
    names = " and ".join(_sorts(real)) or "simulated ECGs only"
    networks = ", ".join(f"`{name}`" for name in sorted({board.identity.model for board in real}))
    explained = f", explaining {networks}" if networks else ""
    beside = "".join(f"; {_of_architectures(found)}" for found in _largest(compared))
    return f"{len(methods)} methods on {names}{explained}{beside}. Other networks are not known."


def _largest(compared: Sequence[Architectures]) -> list[Architectures]:
    """Of each dataset's recipes the one by which most architectures were trained."""
    found: dict[str, Architectures] = {}
    for one in compared:
        if one.folder not in found or len(one.anchors) > len(found[one.folder].anchors):
            found[one.folder] = one
    return list(found.values())


def _of_architectures(found: Architectures) -> str:
    """Whether a method may be the best for all architectures of a dataset."""
    named = " or ".join(f"`{method}`" for method in found.best) or "no method"
    linked_count = f"[{len(found.anchors)} architectures](#does-the-order-depend-on-the-architecture)"
    return f"for all of {linked_count} on {found.folder}, {named} may be the best"


def _sorts(boards: Sequence[Board]) -> list[str]:
    """Databases of one lead, and of several."""
    found: dict[int, list[str]] = {}
    for board in boards:
        found.setdefault(board.dataset.protocol.leads if board.dataset else 1, []).append(f"[{board.name}]({board.name}.md)")
    return [f"{', '.join(names)} ({leads} lead{'s' if leads > 1 else ''})" for leads, names in sorted(found.items())]


def _families(analyses: Iterable[Analysis]) -> tuple[str, ...]:
    return families(in_order({column.name: column for analysis in analyses for column in analysis.board.columns}.values()))


def _ahead(analyses: Sequence[Analysis]) -> str:
    """The first group of each family on each dataset."""
    shown = [family for family in _families(analyses) if not all(one.board.describes(family) for one in analyses)]
    rows = [
        [f"[{a.board.name}]({a.board.name}.md)", *(ahead(a, family) if family in a.board.places else NOTHING for family in shown)]
        for a in analyses
    ]
    return table(["dataset", *map(family_name, shown)], rows, numbers_from=99)


def _links(boards: Iterable[Board]) -> str:
    rows = []
    for board in boards:
        kind = "simulated" if board.embedded or board.is_stand_in else "real, a part of the records" if board.part else "real"
        seeds = ", ".join(map(str, board.seeds))
        named = {name: getattr(board.identity, name) for name in OPTIONS}
        options = ", ".join(f"{name} {value}" for name, value in named.items() if value != "")
        rows.append([f"[{board.name}]({board.name}.md)", board.title, kind, options, seeds, str(len(board.files))])
    return table(["page", "dataset", "ECGs", "options", "seeds", "methods"], rows, numbers_from=5)


def _family(analyses: Sequence[Analysis], family: str, checks: Sequence[OracleCheck]) -> dict[str, Any]:
    """Places and agreement of a family; where it has no order, why."""
    ordered = [analysis for analysis in analyses if analysis.board.orders(family)]
    shown = {analysis.board.name: analysis for analysis in ordered}
    columns = {column.name: column for analysis in analyses for column in analysis.board.columns if column.family == family}
    return {
        "title": family_title(family),
        "places": places_table(ordered, family) if ordered else "",
        "agreement": datasets_table(shown, family),
        "described": all(analysis.board.describes(family) for analysis in analyses),
        "reasons": [] if ordered else [(heading(column, "metrics/"), why_shown(column, checks)) for column in columns.values()],
    }


def places_table(analyses: Sequence[Analysis], family: str) -> str:
    """Places of every variant on every dataset, best first, and their mean over the real ones that tell methods from blind controls."""
    real = [analysis for analysis in analyses if not analysis.board.embedded and analysis.tells_of_methods(family)]
    means = overall({analysis.board.name: analysis.board.places[family] for analysis in real or analyses})
    variants = sorted({variant for analysis in analyses for variant in analysis.board.places.index})
    draws = [analysis.draws[family] for analysis in real if family in analysis.draws]
    bounds = overall_intervals(draws) if draws and len(draws) == len(real) else pd.DataFrame()
    rows, submitted = [], {method for analysis in analyses for method in analysis.board.submitted}
    for variant, position, mean in ranking(means.reindex(pd.MultiIndex.from_tuples(variants))):
        between = [_overall(mean, variant, bounds)] if real else []
        rows.append(
            [position, linked(*variant, submitted=submitted), *between, *(_place(analysis, family, variant) for analysis in analyses)]
        )
    header = ["#", "variant", *(["overall"] if real else []), *(analysis.board.name for analysis in analyses)]
    return table(header, rows, numbers_from=2)


def _overall(mean: str, variant: Variant, bounds: pd.DataFrame) -> str:
    if mean == NOTHING or variant not in bounds.index:
        return mean
    low, high = (number_at(bounds, variant, ("place", bound)) for bound in ("low", "high"))
    return with_interval(float(mean), low, high)


def _place(analysis: Analysis, family: str, variant: Variant) -> str:
    place = analysis.place(family, variant)
    if math.isnan(place):
        return NOTHING
    letters = analysis.groups(family).get(variant, "")
    return f"{number(place)}<br><sub>#&nbsp;{rank_range(analysis, family, variant)}{f'&nbsp;{letters}' if letters else ''}</sub>"


def datasets_table(analyses: Mapping[str, Analysis], family: str) -> str:
    """How far datasets agree on the places in a family; empty where fewer than two rank anything in it."""
    drawn = {name: analysis for name, analysis in analyses.items() if family in analysis.draws}
    if len(drawn) < 2:
        return ""
    places = {name: analysis.board.places[family] for name, analysis in drawn.items()}
    return agreement_table(dataset_agreement(places, {name: analysis.draws[family] for name, analysis in drawn.items()}))


def _controls(boards: Sequence[Board]) -> str:
    found = {key: results.provenance for board in boards for key, results in board.controls.items()}
    if not found:
        return ""
    rows = [
        [f"`{key}`", escaped(found[key]["control"]), "upper bound" if found[key].get("bound") else "to be beaten"] for key in sorted(found)
    ]
    return table(["control", "what it does", "what it is for"], rows, numbers_from=9)


def _methods(boards: Sequence[Board]) -> str:
    shown = sorted({method for board in boards if board.compared for method in board.files})
    rows = [[f"[`{method}`](methods/{method}.md)", _first_line(method)] for method in shown]
    return table(["method", "what it is"], rows, numbers_from=9)


def _first_line(method: str) -> str:
    return description(METHODS[method].function).partition("\n")[0] if method in METHODS else "handed in, or of another package"


def _metrics(boards: Sequence[Board]) -> str:
    entries = {column.entry.key: column.entry for board in boards if board.compared for column in board.columns}
    rows = [
        [f"[{key.replace('_', ' ')}](metrics/{key}.md)", family_name(entry.family), description(entry.function)]
        for key, entry in sorted(entries.items())
    ]
    return table(["metric", "family", "what it is"], rows, numbers_from=9)
