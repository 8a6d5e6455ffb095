"""One family of metrics on one dataset: who is ahead, the table, and which methods differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ecgbench.leaderboard.pages.facts.provenance import these_models
from ecgbench.leaderboard.pages.glance.answers import MOST_NAMED
from ecgbench.leaderboard.pages.oracles import why_shown
from ecgbench.leaderboard.pages.page_figures import draws_intervals, figure_path, slug
from ecgbench.leaderboard.pages.sections.models_section import models_section, seeds_table
from ecgbench.leaderboard.pages.sections.skill_section import skill_section
from ecgbench.leaderboard.pages.sections.variant_choice import variant_choice
from ecgbench.leaderboard.pages.tables import family_table, heading, label, linked, number
from ecgbench.leaderboard.pages.template import render_page
from ecgbench.leaderboard.statistics.analysis import Analysis
from ecgbench.leaderboard.statistics.board import Board
from ecgbench.leaderboard.statistics.controls.oracles import OracleCheck
from ecgbench.leaderboard.statistics.declared import seen_answers
from ecgbench.leaderboard.statistics.patients.groups import LEVEL, Comparison
from ecgbench.leaderboard.statistics.ranking import family_name, family_title


def ahead(analysis: Analysis, family: str, folder: str = "methods/") -> str:
    """The methods of the first group of a family, as a sentence.

    Parameters
    ----------
    analysis : of one dataset
    family : one of its families
    folder : of the methods' pages, as seen from the page
    """
    compared = analysis.comparisons.get(family)
    found = None if compared is None else _first_group(analysis, family, compared, folder)
    board = analysis.board
    context = {
        "ahead": found,
        "most": MOST_NAMED,
        "models": these_models(board),
        "described": board.describes(family),
        "ordered": board.orders(family),
        "part": board.part,
    }
    return render_page("sections/ahead.md.j2", context).strip()


def _first_group(analysis: Analysis, family: str, compared: Comparison, folder: str) -> dict[str, Any]:
    """The methods of the first group that are better than every blind control, and what is said of them."""
    variants, first = dict(compared.order), compared.groups[0]
    better = [method for method in first if not analysis.fails_controls((method, variants[method]), family)]
    return {
        "names": [linked(method, variants[method], folder, analysis.board.submitted) for method in better],
        "everyone": len(first) == len(compared.order) and len(better) == len(first),
        "of_all": compared.ahead_of_all,
        "of_next": len(better) == len(first),
        "patients": compared.patients,
    }


def family_section(analysis: Analysis, family: str, checks: Sequence[OracleCheck]) -> dict[str, Any]:
    """What the template of a family's section asks for."""
    board = analysis.board
    columns = [column for column in board.columns if column.family == family]
    compared = analysis.comparisons.get(family)
    return {
        "name": family_name(family),
        "slug": slug(family),
        "title": family_title(family),
        "question": columns[0].entry.question.question,
        "mask": columns[0].kind,
        "models": these_models(board),
        "ahead": ahead(analysis, family),
        "counted": ", ".join(column.entry.key.replace("_", " ") for column in columns if column.ranked),
        "shown": [(heading(column), why_shown(column, checks)) for column in columns if not column.ranked],
        "figures": _figures(analysis, family),
        "table": family_table(analysis, family),
        "skill": skill_section(analysis, family),
        "gaps": _gaps(board, family),
        "unranked": [(method, _why_unranked(board, method)) for method in board.unranked],
        "compared": None if compared is None else _comparison(compared),
        "choice": variant_choice(analysis, family),
        "told": models_section(analysis, family),
        "seeds": seeds_table(analysis, family),
    }


def _figures(analysis: Analysis, family: str) -> dict[str, str]:
    drawn = {"scores": family in analysis.ranks, "intervals": draws_intervals(analysis, family), "groups": True}
    return {what: figure_path(analysis.board.name, f"{what}-{slug(family)}") if there else "" for what, there in drawn.items()}


def _why_unranked(board: Board, method: str) -> str:
    """Why a method is shown and not ranked; empty where it is shown for comparison."""
    if method in board.copies:
        return f"its maps or scores are those of `{board.copies[method]}`"
    seen = seen_answers(board.files[method])
    return f"by its author's word it saw {seen}" if seen else ""


def _gaps(board: Board, family: str) -> list[dict[str, str]]:
    """Variants that are not ranked in a family, and which cells they lack."""
    found = []
    for variant, lacking in sorted(board.gaps[family].items()):
        if variant[0] not in board.unranked:
            cells = "; ".join(f"{name.replace('_', ' ')} of seed {', '.join(map(str, seeds))}" for name, seeds in lacking.items())
            found.append({"variant": label(*variant), "cells": cells})
    return found


def _comparison(compared: Comparison) -> dict[str, Any]:
    """What the comparison rests on, and what it could have found."""
    found = compared.attainable
    return {
        "patients": compared.patients,
        "pairs": len(compared.order) * (len(compared.order) - 1) // 2,
        "level": f"{LEVEL:g}",
        "difference": number(found.difference, 2) if found.possible else "",
        "smallest": f"{found.smallest:.2g}",
        "left_out": compared.left_out,
        "undefined": [f"{metric.replace('_', ' ')} of {count}" for metric, count in compared.without.items() if count],
        "against_order": compared.against_order,
    }
