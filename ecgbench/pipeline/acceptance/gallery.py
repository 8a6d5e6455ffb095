"""The gallery: of each method's maps the best, the median and the worst, so small that they are kept with the accepted results."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

from ecgbench.datasets import DATASETS
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.address import RAW, Address, MapsAddress, metric_names, split_metric
from ecgbench.protocol import GALLERY_LEVELS, GALLERY_METRICS
from ecgbench.results import gallery_name
from ecgbench.types import PerWindow

MICROVOLTS = 1000
"""Microvolts in a millivolt."""


def gallery(run: Run, of: MapsAddress) -> dict[str, np.ndarray]:
    """What a page draws of a source's maps, by `gallery_name`; nothing for sources without a gallery, later seeds, or where no map scores.

    The variant with the better mean is taken, scored by the first of `GALLERY_METRICS` that the dataset has cells of, and of a window the
    lead with the largest attribution.

    Returns
    -------
    window : (3,) int64, places of the best, the median and the worst map among the explained windows
    score : (3,) float32
    lead : (3,) int64
    signal : (3, time) int16, microvolts
    map : (3, time) int8, in shares of the window's largest absolute value over all leads
    mask : (3, time) bool, spans of the label's beats; all false where no beat is annotated
    variant, metric : () str
    """
    if not run.source(of.source).has_gallery or of.seed != DATASETS[of.dataset].protocol.seeds[0]:
        return {}
    metric = next(name for name in GALLERY_METRICS if name in metric_names(of.dataset))
    variant, scores = _better(run, of, metric)
    chosen = best_median_worst(scores, split_metric(metric)[0].higher_is_better)
    if not chosen.size:
        return {}
    maps = run.maps(of).values[chosen]
    explained = run.explained(of.of_model)
    windows = explained.windows.take(chosen)
    place = np.arange(len(chosen)), np.abs(maps).max(axis=2).argmax(axis=1)
    arrays = {
        "window": chosen,
        "score": scores[chosen].astype(np.float32),
        "lead": place[1],
        "signal": np.round(windows.signal[place] * MICROVOLTS).clip(*_limits(np.int16)).astype(np.int16),
        "map": _levels(maps if variant == RAW else np.abs(maps))[place],
        "mask": windows.true_masks(explained.target[chosen])[place],
        "variant": np.array(variant),
        "metric": np.array(metric),
    }
    return {gallery_name(what, of.seed): array for what, array in arrays.items()}


def _better(run: Run, of: MapsAddress, metric: str) -> tuple[str, PerWindow]:
    """The variant with the better mean, and its scores."""
    found = {}
    for variant in run.source(of.source).variants:
        found[variant] = run.scores(Address(of.dataset, of.model, of.source, variant, metric, of.seed)).values
    sign = 1 if split_metric(metric)[0].higher_is_better else -1
    means = {variant: sign * np.nanmean(values) for variant, values in found.items() if not np.isnan(values).all()}
    best = max(means, key=lambda variant: means[variant], default=RAW)
    return best, found[best]


def best_median_worst(scores: PerWindow, higher_is_better: bool) -> Int64[np.ndarray, " chosen"]:
    """Indices of the best, the median and the worst defined score (of an even number the better of the two in the middle)."""
    defined = np.flatnonzero(~np.isnan(scores))
    order = defined[np.argsort(-scores[defined] if higher_is_better else scores[defined], kind="stable")]
    return order[[0, (len(order) - 1) // 2, -1]] if order.size else order


def _levels(maps: np.ndarray) -> np.ndarray:
    """Maps (n, leads, time) as int8, the largest absolute value of each as `GALLERY_LEVELS`."""
    largest = np.abs(maps).max(axis=(1, 2), keepdims=True)
    levels: np.ndarray = np.round(maps / np.where(largest > 0, largest, 1) * GALLERY_LEVELS).astype(np.int8)
    return levels


def _limits(dtype: type[np.int16]) -> tuple[int, int]:
    return np.iinfo(dtype).min, np.iinfo(dtype).max
