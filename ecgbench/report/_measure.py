"""Maps and scores of every source on one network: what one method cannot do is a row with its reason, and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecgbench.errors import EcgbenchError, InputError
from ecgbench.metrics import METRICS, MetricEntry
from ecgbench.pipeline.compute.scores import batch_scores
from ecgbench.pipeline.compute.sources.map_sources import MapSource, registered_sources
from ecgbench.pipeline.compute.sources.maps import Maps, joined
from ecgbench.pipeline.compute.subject import Subject
from ecgbench.pipeline.grid.address import MapsAddress, metric_names, split_metric
from ecgbench.pipeline.grid.selection import matching
from ecgbench.printable import shortened
from ecgbench.progress import progress
from ecgbench.protocol import OWN
from ecgbench.report._own_subject import OwnSubject
from ecgbench.types import PerWindow

OF_ONE_MODEL = frozenset({"other_maps", "other_shared"})
"""Needs of metrics that a single network cannot meet."""

Stored = Callable[[Sequence[str]], dict[tuple[str, str], PerWindow]]


@dataclass(frozen=True)
class Refusal:
    """What a method, or a metric on its maps, could not do.

    Attributes
    ----------
    source : key of the method or control
    metric : name of the metric; empty where there are no maps at all
    reason : in a sentence
    """

    source: str
    metric: str
    reason: str


@dataclass(frozen=True)
class Measured:
    """What is known of one source's maps.

    Attributes
    ----------
    source : where the maps come from
    maps : of all explained windows
    health : see `ecgbench.pipeline.compute.sources.health`, with the seconds that explaining a window took
    illness : what is wrong with the maps, or an empty text
    scores : (n,) by variant and metric
    """

    source: MapSource
    maps: Maps
    health: dict[str, float]
    illness: str
    scores: dict[tuple[str, str], PerWindow]


def chosen_sources(subject: Subject, methods: Sequence[str] | None) -> list[MapSource]:
    """The methods that are asked for, and all controls that the windows allow: without these no score means anything.

    Raises
    ------
    UnknownKeyError
        If a pattern matches no method.
    """
    every = [source for source in registered_sources() if source.has_maps_of(subject.spec)]
    if methods is None:
        return every
    keys = matching("methods", methods, [source.key for source in registered_sources()])
    return [source for source in every if source.key in keys or _is_control(source)]


def chosen_metrics(subject: Subject, metrics: Sequence[str] | None) -> list[str]:
    """Names of the metrics whose needs the windows meet: those that are asked for, or all that are computed by default.

    Raises
    ------
    UnknownKeyError
        If a pattern matches no metric.
    InputError
        If no metric is left.
    """
    if isinstance(subject, OwnSubject):
        possible = [entry.key for entry in METRICS if set(entry.given_needs) | set(entry.situation_needs) <= subject.met]
    else:
        possible = [name for name in metric_names(subject.dataset.name) if not OF_ONE_MODEL & split_metric(name)[0].asks]
    if metrics is None:
        return [name for name in possible if _by_default(split_metric(name)[0])]
    wanted = matching("metrics", metrics, dict.fromkeys([*METRICS.keys(), *possible]))
    found = [name for name in possible if name in wanted]
    if not found:
        raise InputError(f"expected a metric whose needs these windows meet, got {', '.join(wanted)}; choose among {', '.join(possible)}.")
    return found


def _by_default(entry: MetricEntry) -> bool:
    """Donors are dear on a board of many; where they are all that a user can give, they are what orders the methods."""
    return entry.by_default or (entry.ranked and "donor" in entry.asks)


def measure_all(subject: Subject, sources: Sequence[MapSource], metrics: Sequence[str]) -> tuple[list[Measured], list[Refusal]]:
    """Measure one source after the other; what is in the store is taken from there."""
    found: list[Measured] = []
    refused: list[Refusal] = []
    for source in (shown := progress(sources, "methods", "method")):
        shown.set_postfix_str(source.key)
        try:
            found.append(_measured(subject, source, metrics, refused))
        except Exception as error:  # what a method raises on a network that nobody here knows is its own affair
            refused.append(Refusal(source.key, "", reason_of(error)))
    if not any(not _is_control(one.source) for one in found):
        listed = "; ".join(f"{one.source}: {one.reason}" for one in refused[:3])
        raise InputError(f"expected a method that applies to this network, got none ({listed}); see ecgbench.explain.")
    return found, refused


def reason_of(error: Exception) -> str:
    """What an error says, in a line; of one that nobody raised on purpose its kind too."""
    text = shortened(" ".join(str(error).split()))
    return text if isinstance(error, EcgbenchError) else f"{type(error).__name__}: {text}"


def _measured(subject: Subject, source: MapSource, metrics: Sequence[str], refused: list[Refusal]) -> Measured:
    of = MapsAddress(subject.dataset.name, OWN, source.key, subject.seed)
    numbers = range(len(subject.parts))
    batches = [source.maps(of, subject, number) for number in numbers]
    maps = joined(batches)
    health = source.health(maps.health)
    if health:
        health = {**health, **source.agreement(subject, maps.values), "seconds_a_window": round(maps.seconds / len(maps.values), 6)}

    def stored(names: Sequence[str]) -> dict[tuple[str, str], PerWindow]:
        parts = [batch_scores(source, subject, number, batches[number], names) for number in numbers]
        places = [(variant, name) for name in names for variant in source.variants]
        return {place: np.concatenate([part[place[1]][0].arrays[place[0]] for part in parts]) for place in places}

    asked = [name for name in metrics if source.applies(split_metric(name)[0])]
    return Measured(source, maps, health, source.illness(maps.health, subject.protocol), _scores(source.key, stored, asked, refused))


def _scores(source: str, stored: Stored, metrics: Sequence[str], refused: list[Refusal]) -> dict[tuple[str, str], PerWindow]:
    """All metrics at once, which share their passes; where one fails, each by itself."""
    try:
        return stored(metrics)
    except Exception:
        found: dict[tuple[str, str], Any] = {}
        for name in metrics:
            try:
                found |= stored([name])
            except Exception as error:
                refused.append(Refusal(source, name, reason_of(error)))
        return found


def _is_control(source: MapSource) -> bool:
    return "control" in source.provenance()
