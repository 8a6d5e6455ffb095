"""The page of one dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ecgbench.datasets import DatasetEntry
from ecgbench.leaderboard.pages.facts.class_patients import few_patients
from ecgbench.leaderboard.pages.facts.entry_facts import cited
from ecgbench.leaderboard.pages.facts.provenance import further_seeds, health_means, models_facts, provenance_facts, windows_facts
from ecgbench.leaderboard.pages.glance.answers import dataset_cards
from ecgbench.leaderboard.pages.glance.chips import chips, part_said
from ecgbench.leaderboard.pages.glance.numbers_file import numbers_path
from ecgbench.leaderboard.pages.page_figures import costs, figure_path, gallery_path, has_gallery
from ecgbench.leaderboard.pages.sections.architectures import architectures_facts
from ecgbench.leaderboard.pages.sections.family_section import family_section
from ecgbench.leaderboard.pages.sections.strata_section import strata_section
from ecgbench.leaderboard.pages.sections.twins_section import metric_facts, twinless_table
from ecgbench.leaderboard.pages.tables import escaped, table
from ecgbench.leaderboard.pages.template import generated, render_page
from ecgbench.leaderboard.statistics.analysis import Analysis
from ecgbench.leaderboard.statistics.board import Board
from ecgbench.leaderboard.statistics.controls.oracles import OracleCheck
from ecgbench.leaderboard.statistics.orders.architectures import Architectures
from ecgbench.leaderboard.statistics.ranking import families
from ecgbench.protocol import COMMON

OPTIONS = ("edition", "labels", "split", "protocol", "samples")
"""Parts of the identity that pages show."""


def dataset_page(analysis: Analysis, checks: Sequence[OracleCheck] = (), architectures: Sequence[Architectures] = ()) -> str:
    """The page of one folder of accepted results, as markdown.

    Parameters
    ----------
    analysis : of the folder's board
    checks : whether metrics prefer their oracle controls, on all simulated datasets
    architectures : those that are compared with each other, of all datasets
    """
    board = analysis.board
    galleries = [method for method in sorted(board.files) if has_gallery(board, method)]
    context = {
        "generated": generated(f"scores/{board.folder}"),
        "board": {**_board(board), "part_said": part_said(analysis), "numbers": numbers_path(board.name)},
        "chips": chips(analysis),
        "cards": dataset_cards(analysis),
        "families": [family_section(analysis, family, checks) for family in families(board.columns)],
        "architectures": [architectures_facts(found) for found in architectures if board.name in found.boards],
        "strata": strata_section(analysis),
        "cost": figure_path(board.name, "cost") if costs(analysis) else "",
        "galleries": [{"method": method, "figure": gallery_path(board.name, method)} for method in galleries],
        "refused": _refused(board),
        "windows": windows_facts(board),
        "twinless": twinless_table(board),
        "said": metric_facts(board),
        "few": few_patients(analysis),
        "models": models_facts(board),
        "health": health_means(board),
        "provenance": provenance_facts(board),
    }
    return render_page("dataset.md.j2", context)


def _refused(board: Board) -> str:
    """The methods that cannot explain these models, with their reasons, as a table; empty if there are none."""
    rows = []
    for method, reasons in board.refusals.items():
        for reason in dict.fromkeys(reasons.values()):
            seeds = [seed for seed, said in reasons.items() if said == reason]
            rows.append([f"`{method}`", ", ".join(seeds), escaped(reason)])
    return table(["method", "seeds", "why not"], rows, numbers_from=9) if rows else ""


def _board(board: Board) -> dict[str, Any]:
    return {
        "name": board.name,
        "title": board.title,
        "methods": len(board.files),
        "model": board.identity.model,
        "seeds": board.seeds,
        "options": [f"{name} `{value}`" for name in OPTIONS if (value := getattr(board.identity, name)) != ""],
        "data": _source(board.dataset) if board.dataset else "",
        "explained": _what_is_explained(board),
        "simulated": board.is_stand_in,
        "embedded": board.embedded,
        "part": board.part,
    }


def _what_is_explained(board: Board) -> str:
    if board.of_predictions:
        return "the predicted class, for test windows in which the model predicts something abnormal, be it right or wrong"
    return f"the true label, for test windows that {_recognised_by(board)} rightly and surely"


def _recognised_by(board: Board) -> str:
    """Whose classification decides what is explained, with its verb."""
    further = further_seeds(board)
    if further:
        return f"the models of seeds {', '.join(str(seed) for seed in board.seeds if seed not in further)} classify"
    return "all models classify" if board.identity.explained == COMMON and len(board.seeds) > 1 else "the model classifies"


def _source(dataset: DatasetEntry) -> str:
    source = f"<{dataset.source}>" if dataset.source.startswith("http") else dataset.source
    return f"{source}, {cited(dataset.reference)}, {dataset.licence}"
