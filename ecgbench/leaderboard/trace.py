"""One cell of the pages traced back to its windows: the score of each, and the cell's numbers computed from them again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tabulate import tabulate

from ecgbench.datasets import DATASETS, DatasetEntry
from ecgbench.errors import InputError, UnknownKeyError
from ecgbench.leaderboard.pages.facts.provenance import these_models
from ecgbench.leaderboard.pages.sections.models_section import of_other_models, recipe_interval
from ecgbench.leaderboard.pages.sections.skill_section import skill_text
from ecgbench.leaderboard.pages.tables import NOTHING, chance_levels, gained, number, rank_range, with_interval
from ecgbench.leaderboard.statistics.analysis import Analysis, Variant, analyse
from ecgbench.leaderboard.statistics.board import Board, read_board
from ecgbench.leaderboard.statistics.ranking import Column, family_name
from ecgbench.leaderboard.statistics.scores.strata import named_strata
from ecgbench.leaderboard.statistics.scores.summary import Summary
from ecgbench.metrics import METRICS, MetricEntry
from ecgbench.registry import Registry, unknown
from ecgbench.results import sample_name

UNDEFINED = "undefined"


@dataclass(frozen=True)
class Trace:
    """A cell of the pages, traced back to its windows.

    Attributes
    ----------
    name : what the cell is, in a line
    windows : a row a window, one seed after another: seed, record, patient, start, class, score (nan where undefined); of explained
        predictions the stratum before the score
    numbers : what the pages show of the cell over all seeds, as they show it, by what it is
    """

    name: str
    windows: pd.DataFrame
    numbers: Mapping[str, str]

    @property
    def text(self) -> str:
        """Both as tables for the terminal."""
        scores = [UNDEFINED if math.isnan(score) else f"{score:.6g}" for score in self.windows["score"]]
        rows = self.windows.assign(score=scores).astype(str).to_numpy().tolist()
        aligned = ["right" if name in ("seed", "start", "score") else "left" for name in self.windows.columns]
        listed = tabulate(rows, headers=list(self.windows.columns), disable_numparse=True, colalign=aligned)
        return "\n\n".join([self.name, listed, tabulate(list(self.numbers.items()), tablefmt="plain", disable_numparse=True)])

    @property
    def csv(self) -> bytes:
        """The windows as comma-separated values; an undefined score is an empty field."""
        return self.windows.to_csv(index=False, lineterminator="\n").encode()


def trace(
    scores: Path,
    dataset: str,
    method: str,
    metric: str,
    variant: str = "raw",
    seed: int | None = None,
    metrics: Registry[MetricEntry] = METRICS,
    datasets: Registry[DatasetEntry] = DATASETS,
) -> Trace:
    """Trace a cell of the pages back to its windows.

    Parameters
    ----------
    scores : folder of the accepted results
    dataset : name of a folder in it, such as "mitdb" or "ptbxl@100hz"
    method : a method or a control that has results there
    metric : name of the metric in the cells, such as "auc" or "auc_causal"
    variant : "raw" or "abs"
    seed : of the model whose windows are listed; all of them by default. The numbers are over all, as on the pages
    metrics, datasets : where the results' metrics and datasets are declared

    Raises
    ------
    ResultsError
        If results are absent, unreadable or don't belong together.
    UnknownKeyError
        If there are no results of that dataset, method or metric.
    InputError
        If there are none of that variant or seed.
    """
    board = read_board(scores, dataset, metrics, datasets)
    seeds = _seeds(board, method, metric, variant)
    if seed is not None and seed not in seeds:
        raise InputError(f"expected a seed of {method} among {', '.join(map(str, seeds))}, got {seed}; choose one of these.")
    analysis, column = analyse(board), next(column for column in board.columns if column.name == metric)
    direction = "higher" if column.entry.higher_is_better else "lower"
    name = f"{board.title}: {method}, {variant} maps, {metric} ({family_name(column.family)}, {direction} is better)"
    listed = [_windows(analysis, (method, variant), metric, one) for one in (seeds if seed is None else [seed])]
    return Trace(name, pd.concat(listed, ignore_index=True), _numbers(analysis, (method, variant), column))


def _seeds(board: Board, method: str, metric: str, variant: str) -> list[int]:
    """Seeds of the cells of a method, metric and variant."""
    if method not in board.everything:
        raise UnknownKeyError(unknown("methods and controls", method, board.everything))
    cells = board.everything[method].cells
    if metric not in (known := {cell.metric for cell in cells}):
        raise UnknownKeyError(unknown("metrics", metric, known))
    variants = {cell.variant for cell in cells if cell.metric == metric}
    if variant not in variants:
        raise InputError(f"expected a variant of {method} among {', '.join(sorted(variants))}, got {variant}; choose one of these.")
    return sorted(cell.seed for cell in cells if (cell.metric, cell.variant) == (metric, variant))


def _windows(analysis: Analysis, variant: Variant, metric: str, seed: int) -> pd.DataFrame:
    """The windows of one seed, with a dash for what the archive lacks."""
    values, board = analysis.windows.values[*variant, metric, seed], analysis.board
    nothing = np.full(len(values), NOTHING)
    record, start = (board.samples[variant[0]].get(sample_name(what, seed), nothing) for what in ("record", "start"))
    classes = [board.class_name(int(class_)) for class_ in analysis.windows.target[seed]]
    patient = analysis.windows.patient[seed]
    found = {"seed": seed, "record": record, "patient": patient, "start": start, "class": classes}
    of_predictions = {"stratum": named_strata(analysis.windows, seed)} if analysis.board.of_predictions else {}
    return pd.DataFrame({**found, **of_predictions, "score": values})


def _numbers(analysis: Analysis, variant: Variant, column: Column) -> dict[str, str]:
    cell = analysis.cells[*variant, column.name]
    return {
        **_of_cell(cell),
        **_of_models(analysis, variant, column, cell),
        **_of_classes(analysis, variant, column),
        **_of_place(analysis, variant, column),
    }


def _of_cell(cell: Summary) -> dict[str, str]:
    return {
        "mean": UNDEFINED if math.isnan(cell.mean) else number(cell.mean),
        "spread over seeds": number(cell.spread),
        "balanced mean": number(cell.balanced),
        "windows": f"{cell.windows} of {cell.seeds} seed{'' if cell.seeds == 1 else 's'}, {cell.undefined} undefined",
    }


def _of_models(analysis: Analysis, variant: Variant, column: Column, cell: Summary) -> dict[str, str]:
    """The mean's interval over these models' patients, and the one over models of their recipe, with what so few models can tell."""
    few = of_other_models(analysis)
    of_recipe = recipe_interval(analysis, variant, column) or NOTHING
    return {
        f"95 % interval for {these_models(analysis.board)}": NOTHING
        if math.isnan(cell.low)
        else f"{number(cell.low)}..{number(cell.high)}",
        "95 % interval for models of this recipe": f"{of_recipe} ({few})" if few else of_recipe,
    }


def _of_classes(analysis: Analysis, variant: Variant, column: Column) -> dict[str, str]:
    return {
        f"mean of class {analysis.board.class_name(class_).removeprefix('class ')}": f"{number(mean)} of {defined}, {lost} undefined"
        for class_, (mean, defined, lost) in analysis.classes(variant, column).items()
    }


def _of_place(analysis: Analysis, variant: Variant, column: Column) -> dict[str, str]:
    """How the variant stands among the others: in the metric, and in its family."""
    family, control, name = column.family, analysis.best_control(column), family_name(column.family)
    return {
        "rank in the metric": rank_range(analysis, family, variant, column.name),
        "chance": number(chance_levels(analysis.board).get(column.name, math.nan)),
        "best blind control": NOTHING if control is None else f"{number(control[1])} ({control[0]})",
        "skill": skill_text(analysis, variant, column),
        "gain": gained(analysis.gain(variant, column)).replace("&nbsp;", " ") or NOTHING,
        f"place in {name}": with_interval(analysis.place(family, variant), *analysis.interval(family, variant, "place")),
        f"rank in {name}": rank_range(analysis, family, variant),
        f"group in {name}": analysis.groups(family).get(variant, NOTHING),
    }
