"""The cases of a reader study: explained windows of a run, with the maps that are rated and what metrics say of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Bool, Int8

from ecgbench.errors import InputError
from ecgbench.leaderboard.figures.paper.ruling import full_colour
from ecgbench.metrics import METRICS
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.compute.sources.map_sources import MapSource
from ecgbench.pipeline.grid.address import RAW, MapsAddress, ModelAddress
from ecgbench.pipeline.score import score
from ecgbench.rating.chosen_maps import named_maps
from ecgbench.rating.ratings_file import Case
from ecgbench.rating.schedule import CATCH
from ecgbench.types import Attributions, PerWindow, Signals

LEVELS = 127
"""The level of a map's full colour."""

MICROVOLTS = 1000
"""Microvolts in a millivolt."""

BESIDE = ("auc",)
"""Metrics that stand beside the ratings, against the spans of the label's beats."""


def cases_of(run: Run, of: ModelAddress, maps: Sequence[str]) -> list[Case]:
    """The explained windows of a model, with the named maps and those of catch trials.

    Raises
    ------
    RefusedError
        If a method cannot explain the model.
    """
    sources, explained, dataset = named_maps(), run.explained(of), run.dataset(of.dataset)
    windows, target = explained.windows, explained.target
    mask = windows.true_masks(target)
    drawn = {name: _maps(run, of, *sources[name]) for name in dict.fromkeys([*maps, *CATCH])}
    said = {name: _scores(values, mask) for name, values in drawn.items()}
    signal = _checked_signal(windows.signal)
    return [
        Case(
            *(str(windows.record[i]), str(windows.patient[i]), dataset.classes[target[i]], int(windows.start[i])),
            *(float(dataset.fs), tuple(dataset.leads)),
            np.rint(signal[i] * MICROVOLTS).clip(-(1 << 15), (1 << 15) - 1).astype(np.int16),
            {name: _levels(values[i]) for name, values in drawn.items()},
            {name: {metric: float(of_metric[i]) for metric, of_metric in _defined(said[name], i)} for name in drawn},
        )
        for i in range(len(windows))
    ]


def _maps(run: Run, of: ModelAddress, source: MapSource, variant: str) -> Attributions:
    signed = run.maps(MapsAddress(of.dataset, of.model, source.key, of.seed)).values
    return signed if variant == RAW else np.abs(signed)


def _scores(maps: Attributions, mask: Bool[np.ndarray, "n leads time"]) -> dict[str, PerWindow]:
    return {METRICS[key].key: score(key, maps, mask=mask) for key in BESIDE}


def _defined(scores: dict[str, PerWindow], i: int) -> Iterator[tuple[str, PerWindow]]:
    yield from ((metric, values) for metric, values in scores.items() if not np.isnan(values[i]))


def _levels(values: np.ndarray) -> Int8[np.ndarray, "leads time"]:
    """A map in shares of what has the full colour, on one scale for all its leads."""
    levels: Int8[np.ndarray, "leads time"] = np.rint(np.clip(values / full_colour(values), -1, 1) * LEVELS).astype(np.int8)
    return levels


def _checked_signal(signal: Signals) -> Signals:
    if not np.isfinite(signal).all():
        raise InputError("expected finite windows to draw, got nan or infinity; leave these windows out.")
    return signal
