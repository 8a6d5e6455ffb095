"""The gallery: maps of a few windows, the same for all methods, so small that they are kept with the accepted results."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

from ecgbench.datasets import DATASETS
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.address import RAW, Address, MapsAddress, metric_names, split_metric
from ecgbench.protocol import GALLERY_LEVELS, GALLERY_METRICS, GALLERY_MICROVOLTS, GALLERY_WINDOWS
from ecgbench.results import shown_name
from ecgbench.types import Explained, PerWindow, Spans

MICROVOLTS = 1000
"""Microvolts in a millivolt."""

DECIMALS = 3
"""Of probabilities that are compared; further ones depend on the processor."""


def gallery(run: Run, of: MapsAddress) -> dict[str, np.ndarray]:
    """What a page draws of a source's maps, by `shown_name`; nothing for sources without a gallery, later seeds, or where no map scores.

    The variant with the better mean is taken, scored by the first of `GALLERY_METRICS` that the dataset has cells of.

    Returns
    -------
    window : (k,) int64, places of the windows among the explained ones (see `surest`)
    score : (k,) float32, nan where it is undefined
    leads : (leads,) str, their names
    probability : (k, outputs) float32, what the model says
    signal : (k, leads * time) int16, microvolts, in steps of `GALLERY_MICROVOLTS`; leads stand behind each other
    map : (k, leads * time) int8, in shares of the window's largest absolute value over all leads
    mask : (k, leads * time) bool, spans of the label; all false where nothing is annotated
    beats : (b, 4) int64: row of the window, onset, offset (exclusive) and class of what is annotated in all leads
    variant, metric : () str
    """
    if not run.source(of.source).has_gallery or of.seed != DATASETS[of.dataset].protocol.seeds[0]:
        return {}
    metric = next(name for name in GALLERY_METRICS if name in metric_names(of.dataset))
    variant, scores = _better(run, of, metric)
    if np.isnan(scores).all():
        return {}
    chosen = surest(run.explained(of.of_model))
    maps = run.maps(of).values[chosen]
    arrays = {
        "window": chosen,
        "score": scores[chosen].astype(np.float32),
        "map": _levels(maps if variant == RAW else np.abs(maps)).reshape(len(chosen), -1),
        "variant": np.array(variant),
        "metric": np.array(metric),
        **_of_windows(run, of, chosen),
    }
    return {shown_name(what, of.seed): array for what, array in arrays.items()}


def surest(explained: Explained) -> Int64[np.ndarray, " chosen"]:
    """Windows that represent the explained ones: of each class in turn the one of a further patient that the model is surest of."""
    order = np.lexsort((np.arange(len(explained.target)), -np.round(explained.probability, DECIMALS))).tolist()
    classes = sorted(set(explained.target.tolist()), key=lambda class_: (-int((explained.target == class_).sum()), class_))
    chosen: list[int] = []
    while order and len(chosen) < GALLERY_WINDOWS:
        for class_ in classes:
            left = [window for window in order if explained.target[window] == class_]
            patients = {str(explained.windows.patient[window]) for window in chosen}
            further = [window for window in left if str(explained.windows.patient[window]) not in patients]
            if left and len(chosen) < GALLERY_WINDOWS:
                chosen.append((further or left)[0])
                order.remove(chosen[-1])
    return np.array(chosen, dtype=np.int64)


def _of_windows(run: Run, of: MapsAddress, chosen: Int64[np.ndarray, " chosen"]) -> dict[str, np.ndarray]:
    """What is the same for all methods."""
    explained, dataset = run.explained(of.of_model), run.dataset(of.dataset)
    windows = explained.windows.take(chosen)
    steps = np.round(windows.signal * (MICROVOLTS / GALLERY_MICROVOLTS)) * GALLERY_MICROVOLTS
    tested = run.choice(run.panel(of.of_model)).index[chosen]
    probability = run.outputs(of.of_model).probability(dataset.test.y.ndim == 2)[tested]
    return {
        "leads": np.array(dataset.leads),
        "probability": probability.astype(np.float32),
        "signal": steps.clip(*_limits(np.int16)).astype(np.int16).reshape(len(chosen), -1),
        "mask": windows.true_masks(explained.target[chosen]).reshape(len(chosen), -1),
        "beats": _beats(windows.spans),
    }


def _beats(spans: Sequence[Spans]) -> Int64[np.ndarray, "beats 4"]:
    """Row, onset, offset and class of the spans that hold for all leads."""
    found = [(row, *span) for row, of_window in enumerate(spans) for span in of_window.tolist() if len(span) == 3]
    return np.array(found, dtype=np.int64).reshape(-1, 4)


def _better(run: Run, of: MapsAddress, metric: str) -> tuple[str, PerWindow]:
    """The variant with the better mean, and its scores."""
    found = {}
    for variant in run.source(of.source).variants:
        found[variant] = run.scores(Address(of.dataset, of.model, of.source, variant, metric, of.seed)).values
    sign = 1 if split_metric(metric)[0].higher_is_better else -1
    means = {variant: sign * np.nanmean(values) for variant, values in found.items() if not np.isnan(values).all()}
    best = max(means, key=lambda variant: means[variant], default=RAW)
    return best, found[best]


def _levels(maps: np.ndarray) -> np.ndarray:
    """Maps (n, leads, time) as int8, the largest absolute value of each as `GALLERY_LEVELS`."""
    largest = np.abs(maps).max(axis=(1, 2), keepdims=True)
    levels: np.ndarray = np.round(maps / np.where(largest > 0, largest, 1) * GALLERY_LEVELS).astype(np.int8)
    return levels


def _limits(dtype: type[np.int16]) -> tuple[int, int]:
    return np.iinfo(dtype).min, np.iinfo(dtype).max
