"""The figures of a dataset's pages, drawn by `ecgbench.leaderboard.figures.charts` from an analysis."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ecgbench.leaderboard.figures.charts import Interval, Panel, cost_figure, critical_difference, heat_map, interval_figure
from ecgbench.leaderboard.figures.drawing import Drawing
from ecgbench.leaderboard.figures.gallery import gallery_figure
from ecgbench.leaderboard.figures.kept_windows import keeps_windows
from ecgbench.leaderboard.pages.tables import arrow, chance_levels
from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.board import Board
from ecgbench.leaderboard.statistics.patients.groups import LEVEL
from ecgbench.leaderboard.statistics.ranking import Column, families, family_name, place_order

FOLDER = "figures"

ONE_ECG = f"{FOLDER}/one_ecg.svg"
"""One ECG with the maps of four methods, which is text and needs no renderer."""

_LEAST = 1e-9
"""Half width that an interval has at least, so that scores that are all the same have one colour."""


def dataset_figures(analysis: Analysis) -> Iterator[tuple[str, Drawing]]:
    """Figures of a dataset, one after another, with their paths below the pages' folder."""
    board = analysis.board
    for family in families(board.columns):
        if family in analysis.ranks:
            yield figure_path(board.name, f"scores-{slug(family)}"), _scores(analysis, family)
        if draws_intervals(analysis, family):
            draw = _intervals if board.orders(family) else _unordered
            yield figure_path(board.name, f"intervals-{slug(family)}"), draw(analysis, family)
        if family in analysis.comparisons:
            compared = analysis.comparisons[family]
            places = {method: float(compared.places[method]) for method, _ in compared.order}
            diagram = Drawing(critical_difference, (places, compared.groups, compared.adjusted.to_numpy(), LEVEL))
            yield figure_path(board.name, f"groups-{slug(family)}"), diagram
    if known := costs(analysis):
        seconds = {method: _seconds(board.files[method].health) for method in board.files}
        yield figure_path(board.name, "cost"), Drawing(cost_figure, (seconds, known))
    for method in board.files:
        if has_gallery(board, method) and (gallery := gallery_figure(board, method)) is not None:
            yield gallery_path(board.name, method), gallery


def has_gallery(board: Board, method: str) -> bool:
    """Whether a method's maps are drawn: of the dataset's own architecture, where some are kept; of others the explorer shows them."""
    return board.name == board.identity.folder and keeps_windows(board, method)


def figure_path(board: str, name: str) -> str:
    """Path of a figure below the pages' folder."""
    return f"{FOLDER}/{board}/{name}.svg"


def gallery_path(board: str, method: str) -> str:
    """Path of a method's gallery below the pages' folder."""
    return f"{FOLDER}/{board}/gallery/{method}.png"


def slug(family: str) -> str:
    """A family's name as part of a path: "localisation (causal)" is "localisation-causal"."""
    return family.replace(" ", "-").replace("(", "").replace(")", "")


def plain(variant: Variant) -> str:
    """Name of a variant in a figure."""
    return f"{variant[0]} (abs)" if variant[1] == "abs" else variant[0]


def draws_intervals(analysis: Analysis, family: str) -> bool:
    """Whether a figure shows a family's intervals: where something is ranked, or where nothing can be, since no metric counts."""
    return family in analysis.ranks or bool(_without_order(analysis, family))


def _without_order(analysis: Analysis, family: str) -> list[Column]:
    """Metrics of a family of which none counts, without those that are shown beside others only; none of a family that has an order."""
    if analysis.board.orders(family):
        return []
    return [column for column in analysis.board.columns if column.family == family and not column.entry.aside]


def score_rows(analysis: Analysis, family: str) -> list[Variant]:
    """Rows of a family's heat map: the ranked variants in the order of the table, below them the controls."""
    controls: list[Variant] = [(key, "raw") for key in sorted(analysis.board.controls)]
    return place_order(analysis.board.places[family].dropna()) + controls


def _scores(analysis: Analysis, family: str) -> Drawing:
    """Heat map of a family's metrics that count."""
    columns = [column for column in analysis.board.columns if column.family == family and column.ranked]
    rows, controls = score_rows(analysis, family), len(analysis.board.controls)
    values = np.array([[_shown(analysis, variant, column) for column in columns] for variant in rows])
    behind = np.stack([_behind(analysis, rows, len(rows) - controls, column) for column in columns], axis=1)
    titles = [f"{column.entry.key.replace('_', ' ')} {arrow(column)}" for column in columns]
    return Drawing(heat_map, ([plain(variant) for variant in rows], titles, values, behind, controls))


def _shown(analysis: Analysis, variant: Variant, column: Column) -> float:
    cell = analysis.summary(variant, column)
    return cell.mean if cell is not None and column.applies(variant[1]) else math.nan


def _behind(analysis: Analysis, rows: Sequence[Variant], ranked: int, column: Column) -> np.ndarray:
    """How far each value is behind that of the best ranked variant, in half widths of these variants' intervals: their median."""
    values = np.array([_shown(analysis, variant, column) for variant in rows])
    cells = [analysis.summary(variant, column) for variant in rows[:ranked] if column.applies(variant[1])]
    widths = [cell.high - cell.low for cell in cells if cell is not None and not math.isnan(cell.high - cell.low)]
    if not widths or np.isnan(values[:ranked]).all():
        return np.full(len(values), np.nan)
    sign = 1 if column.entry.higher_is_better else -1
    half = float(np.median(widths)) / 2
    behind: np.ndarray = (np.nanmax(sign * values[:ranked]) - sign * values) / max(half, _LEAST)
    return behind


def _intervals(analysis: Analysis, family: str) -> Drawing:
    """Places and scores of a family with their intervals."""
    places = analysis.board.places[family].dropna()
    variants = place_order(places)
    columns = [column for column in analysis.board.columns if column.family == family and column.ranked]
    of_place = [Interval(float(places[variant]), *analysis.interval(family, variant, "place")) for variant in variants]
    panels = [Panel("place ↓", of_place), *(_panel(analysis, variants, column) for column in columns)]
    return Drawing(interval_figure, ([plain(variant) for variant in variants], panels))


def _unordered(analysis: Analysis, family: str) -> Drawing:
    """Scores of a family without places with their intervals, the variants by name."""
    variants = place_order(analysis.board.places[family])
    panels = [_panel(analysis, variants, column) for column in _without_order(analysis, family)]
    return Drawing(interval_figure, ([plain(variant) for variant in variants], panels, False))


def _panel(analysis: Analysis, variants: Sequence[Variant], column: Column) -> Panel:
    cells = [analysis.summary(variant, column) if column.applies(variant[1]) else None for variant in variants]
    rows = [None if cell is None else Interval(cell.mean, cell.low, cell.high) for cell in cells]
    chance, control = chance_levels(analysis.board).get(column.name), analysis.best_control(column)
    oracle = None if column.ranked else analysis.summary((column.oracle_control, "raw"), column)
    lines: Mapping[str, float] = {
        **({} if chance is None else {"chance": chance}),
        **({} if control is None else {"best blind control": control[1]}),
        **({} if oracle is None or math.isnan(oracle.mean) else {"the answer itself": oracle.mean}),
    }
    return Panel(f"{column.entry.key.replace('_', ' ')} {arrow(column)}", rows, lines)


def costs(analysis: Analysis) -> dict[str, dict[str, float]]:
    """By family, the place of the better variant of each method whose time is known."""
    board, places = analysis.board, {}
    for family in families(board.columns):
        best = board.places[family].dropna().groupby(level="source").min()
        known = {str(method): float(place) for method, place in best.items() if _seconds(board.files[str(method)].health) > 0}
        if known:
            places[family_name(family)] = known
    return places


def _seconds(health: Mapping[str, Mapping[str, float]]) -> float:
    known = [seed["seconds_a_window"] for seed in health.values() if "seconds_a_window" in seed]
    return float(np.mean(sorted(known))) if known else 0.0
