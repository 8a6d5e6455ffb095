"""Effect of each correction of the study's protocol on values and ranks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ecgbench.leaderboard.pages.tables import NOTHING, arrow, label, number, table
from ecgbench.leaderboard.statistics.analysis import Variant
from ecgbench.leaderboard.statistics.correlation import spearman
from ecgbench.leaderboard.statistics.ranking import AGREEING, VARIANT, Column, plain_ranks
from ecgbench.leaderboard.study.orders import Pair
from ecgbench.methods import METHODS
from ecgbench.protocol import FIGURE_METRICS


def figure_columns(pair: Pair) -> list[Column]:
    """Our columns of the metrics that the study's figure has."""
    known = {metric for metrics in FIGURE_METRICS.values() for metric in metrics}
    return [column for column in pair.ours.board.columns if column.entry.key in known]


def methods_table(pair: Pair) -> str:
    """Corrected methods on the metrics that are the same in both protocols."""
    columns = [column for column in figure_columns(pair) if not column.entry.study]
    changes = [changed_values(pair, column) for column in columns]
    rows = [
        [label(*variant), *(_change(change, variant) for change in changes)]
        for variant in pair.ours.board.places.index
        if _corrected(variant[0])
    ]
    header = ["variant", *(f"{column.name.replace('_', ' ')}&nbsp;{arrow(column)}" for column in columns)]
    return table(header, rows)


def metrics_table(found: Sequence[Pair]) -> str:
    """Corrected metrics over the methods that are the same in both protocols."""
    corrected = [(pair, column) for pair in found for column in pair.ours.board.columns if column.entry.study]
    rows = [[column.name.replace("_", " "), pair.dataset, *_moved(pair, column)] for pair, column in corrected]
    return table(["metric", "dataset", "variants", "mean change", "largest change", "ranks changed", "Spearman"], rows, numbers_from=2)


def values_table(pair: Pair) -> str:
    """Every value and rank by both protocols."""
    columns = figure_columns(pair)
    changes = [changed_values(pair, column) for column in columns]
    rows = [[label(*variant), *(_change(change, variant) for change in changes)] for variant in pair.ours.board.places.index]
    header = ["variant", *(f"{column.name.replace('_', ' ')}&nbsp;{arrow(column)}" for column in columns)]
    return table(header, rows)


def changed_values(pair: Pair, column: Column) -> pd.DataFrame:
    """Means and ranks of a metric by both protocols: ranked variants to which it applies x study, ours, study_rank, our_rank."""
    board = pair.ours.board
    variants = [variant for variant in board.places.index if column.applies(variant[1]) and variant[0] not in board.unranked]
    cells = {variant: (pair.study.summary(variant, column), pair.ours.summary(variant, column)) for variant in variants}
    means = {variant: (before.mean, after.mean) for variant, (before, after) in cells.items() if before is not None and after is not None}
    index = pd.MultiIndex.from_tuples(list(means), names=VARIANT)
    frame = pd.DataFrame(list(means.values()), index=index, columns=["study", "ours"], dtype="float64").dropna()
    ranks = plain_ranks(frame, column.entry.higher_is_better)
    return frame.assign(study_rank=ranks["study"], our_rank=ranks["ours"])


def _change(frame: pd.DataFrame, variant: Variant) -> str:
    if variant not in frame.index:
        return NOTHING
    study, ours, before, after = (float(value) for value in frame.loc[[variant]].to_numpy()[0])
    ranks = f"#{before:.0f}" if before == after else f"#{before:.0f} → #{after:.0f}"
    return f"{number(study)} → {number(ours)} ({ranks})"


def _corrected(method: str) -> bool:
    return method in METHODS and bool(METHODS[method].study)


def _moved(pair: Pair, column: Column) -> list[str]:
    """How a metric's correction moved the methods that weren't corrected."""
    frame = changed_values(pair, column)
    frame = frame[[not _corrected(method) for method in frame.index.get_level_values("source")]]
    if frame.empty:
        return [NOTHING] * 5
    change = (frame["ours"] - frame["study"]).abs().round(AGREEING)
    ranks = plain_ranks(frame[["study", "ours"]], column.entry.higher_is_better).to_numpy()
    alike = float(spearman(ranks[:, :1], ranks[:, 1:])[0])
    moved = int(np.count_nonzero(ranks[:, 0] != ranks[:, 1]))
    return [str(len(frame)), number(float(change.mean())), number(float(change.max())), str(moved), number(alike, 2)]
