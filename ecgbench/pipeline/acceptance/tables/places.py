"""Where sources of maps stand by a run's mean scores: 0 is best, 1 worst."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from ecgbench.metrics import MetricEntry
from ecgbench.pipeline.compute.sources.map_sources import is_ranked
from ecgbench.pipeline.grid.address import RAW, Address, split_metric

Means = Mapping[Address, float]
"""Mean score of each computed cell, nan where it is undefined in all windows."""

Row = tuple[str, str]
"""Source and variant."""

Values = Mapping[tuple[Row, str], float]
"""Mean score of each variant by each metric."""

Places = Mapping[Row, float]
"""Place of each source's variant; nan where it has no score."""


def counts(row: Row, metric: MetricEntry) -> bool:
    """Whether a variant is ranked by a metric."""
    source, variant = row
    return is_ranked(source) and (variant == RAW or not metric.signed_only)


def over_seeds(means: Means) -> Values:
    """The mean over seeds of each variant by each metric; nan where one is undefined."""
    found: dict[tuple[Row, str], list[float]] = {}
    for cell, mean in means.items():
        found.setdefault(((cell.source, cell.variant), cell.metric), []).append(mean)
    return {place: float(np.mean(values)) for place, values in found.items()}


def rows_of(values: Values) -> list[Row]:
    """The variants that have values, as they came."""
    return list(dict.fromkeys(row for row, _ in values))


def places(values: Values, metrics: Sequence[str]) -> Places:
    """The mean over metrics of the share of ranked variants with a better score, equal ones counting half.

    Parameters
    ----------
    metrics : those of them that are ranked are taken, or where none is all
    """
    chosen = [metric for metric in metrics if split_metric(metric)[0].ranked] or list(metrics)
    by_metric = [_places_by(values, metric) for metric in chosen]
    return {row: _mean(found[row] for found in by_metric) for row in rows_of(values)}


def _places_by(values: Values, metric: str) -> Places:
    entry = split_metric(metric)[0]
    scores = {row: values.get((row, metric), float("nan")) for row in rows_of(values)}
    ranked = {row: score for row, score in scores.items() if counts(row, entry) and not np.isnan(score)}
    better = np.greater if entry.higher_is_better else np.less
    found = {}
    for row, score in scores.items():
        others = np.array([other for one, other in ranked.items() if one != row])
        placed = others.size and not np.isnan(score) and (counts(row, entry) or not is_ranked(row[0]))
        found[row] = float((better(others, score) + 0.5 * (others == score)).mean()) if placed else float("nan")
    return found


def _mean(values: Iterable[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def in_order(rows: Iterable[Row], found: Places) -> list[Row]:
    """The rows, ranked sources by their place, then the others by theirs; where there is no place, as they came."""
    return sorted(rows, key=lambda row: (not is_ranked(row[0]), np.isnan(found[row]), found[row]))
