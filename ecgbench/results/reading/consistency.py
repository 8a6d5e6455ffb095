"""What accepted results say twice must agree: every number that follows from per-window scores is computed from them again.

Scores are kept as float32 and their means, which were computed before they were rounded, as float64. So a mean may differ by what rounding
its scores can move it: half the distance to the next float32 of each, averaged. An interval's ends are quantiles of such means, and may
differ by the most that one score was moved. To both is added `SUMS`, since sums of the same numbers differ in their last bits between
processors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from jaxtyping import Float64

from ecgbench.results.bootstrap.interval import mean_intervals
from ecgbench.results.reading.archive import sample_name, score_digest, score_name
from ecgbench.results.reading.facts import check_facts
from ecgbench.results.reading.window_arrays import check_common, check_windows
from ecgbench.results.records import Cell, SourceResults

SUMS = 1e-12
"""By how much sums of up to 100,000 numbers may differ between processors, relative to the largest."""

Arrays = Mapping[str, np.ndarray]


def check_results(results: SourceResults, arrays: Arrays) -> None:
    """Refuse results whose cells are not what their per-window scores say, or that contradict themselves in what they say beside.

    Raises
    ------
    ValueError
        If there is no cell, or one without scores, without its seed's model, or twice; if windows differ in number between arrays of a
        seed; or if a number is another than the one that follows.
    """
    check_facts(results)
    places = [(cell.variant, cell.metric, cell.seed) for cell in results.cells]
    if not places or len(set(places)) < len(places):
        raise ValueError(f"{'one cell twice' if places else 'no cell'} instead of one per variant, metric and seed")
    seeds = sorted({cell.seed for cell in results.cells})
    for seed in seeds:
        if str(seed) not in results.models:
            raise ValueError(f"cells of seed {seed} without its model")
        check_windows(results, arrays, seed)
        _check_cells([cell for cell in results.cells if cell.seed == seed], arrays, arrays[sample_name("patient", seed)])
    check_common(results, arrays, seeds)


def _check_cells(cells: Sequence[Cell], arrays: Arrays, patient: np.ndarray) -> None:
    """Refuse cells of one seed that are not what their scores say."""
    values = np.stack([_scores(cell, arrays, len(patient)) for cell in cells]).astype(np.float64)
    if np.isinf(values).any():
        raise ValueError("infinite per-window scores")
    intervals = mean_intervals(values, patient)
    moved = _spacing(np.nan_to_num(values)) / 2
    for cell, scores, rounding, interval in zip(cells, values, moved, intervals, strict=True):
        _check_cell(cell, scores, rounding, interval)


def _spacing(values: np.ndarray) -> np.ndarray:
    """Distance of float32 values to the next larger ones."""
    distance: np.ndarray = np.spacing(np.abs(values).astype(np.float32))
    return distance.astype(np.float64)


def _scores(cell: Cell, arrays: Arrays, windows: int) -> np.ndarray:
    name = score_name(cell.variant, cell.metric, cell.seed)
    if name not in arrays:
        raise ValueError(f"no per-window scores under {name}")
    if len(scores := arrays[name]) != windows:
        raise ValueError(f"{len(scores)} scores under {name}, and {windows} windows")
    if score_digest(scores) != cell.digest:
        raise ValueError(f"scores under {name} whose digest is not the accepted one")
    return scores


def _check_cell(cell: Cell, scores: np.ndarray, rounding: np.ndarray, interval: np.ndarray) -> None:
    """Refuse a cell that is not what its scores (n,) say, which may have been rounded by so much each."""
    defined = ~np.isnan(scores)
    count = int(defined.sum())
    mean = float(scores[defined].mean()) if count else None
    sums = SUMS * float(np.abs(scores[defined]).max(initial=0))
    of_mean = float(rounding[defined].mean()) + sums if count else 0.0
    of_interval = float(rounding[defined].max(initial=0)) + sums
    low, high = (None if np.isnan(end) else float(end) for end in interval)
    follows: dict[str, tuple[float | None, float]] = {
        "n": (count, 0),
        "undefined": (len(scores) - count, 0),
        "value": (mean, of_mean),
        "low": (low, of_interval),
        "high": (high, of_interval),
    }
    for field, (expected, within) in follows.items():
        said = getattr(cell, field)
        if not _agree(said, expected, within):
            name = score_name(cell.variant, cell.metric, cell.seed)
            raise ValueError(f"{field} {_text(said)} of {name}, whose per-window scores give {_text(expected)}")


def _agree(said: float | None, expected: float | None, within: float) -> bool:
    if said is None or expected is None:
        return said is expected
    return abs(said - expected) <= within


def _text(number: float | None) -> str:
    return "none" if number is None else f"{number:.17g}"


Bounds = Callable[[str], tuple[float, float] | None]
"""Lowest and highest possible score by the name of a cell's metric; None for one that is not registered here."""


def unknown_bounds(metric: str) -> None:
    """Bounds where no metric is known."""


def check_bounds(results: SourceResults, arrays: Arrays, bounds: Bounds) -> None:
    """Refuse per-window scores and chance levels outside their metric's bounds.

    Raises
    ------
    ValueError
        If there are any.
    """
    levels = {
        f"the chance level of {name} of seed {seed}": (name, np.array([level]))
        for seed, of_seed in results.chance.items()
        for name, level in of_seed.items()
    }
    names = {score_name(cell.variant, cell.metric, cell.seed): cell.metric for cell in results.cells}
    scores: dict[str, tuple[str, Float64[np.ndarray, " _"]]] = {
        name: (metric, arrays[name].astype(np.float64)) for name, metric in names.items()
    }
    for what, (metric, values) in {**scores, **levels}.items():
        if (limits := bounds(metric)) is not None:
            low, high = limits
            within = float(_spacing(np.array(limits)).max())
            outside = values[(values < low - within) | (values > high + within)]
            if outside.size:
                raise ValueError(f"{outside[0]:.9g} in {what}, whose metric goes from {low:g} to {high:g}")
