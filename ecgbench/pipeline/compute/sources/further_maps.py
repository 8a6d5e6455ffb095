"""Further maps of a source: of the first windows of a model, in a changed situation, for metrics that compare them with its maps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool

from ecgbench.artifacts import Arrays, artifact_key
from ecgbench.metrics import MOST_WINDOWS, Changed, Situation
from ecgbench.needs import METRIC_NEEDS, FurtherMaps, ScoredBatch, supplied
from ecgbench.pipeline.compute.entries import long_entry
from ecgbench.pipeline.compute.sources.map_sources import MapSource, StoredMaps
from ecgbench.pipeline.compute.subject import Batch, Subject, array_digest
from ecgbench.types import Signals, Windows

BEYOND = f"beyond the first {MOST_WINDOWS}"
"""Why a window that qualifies has no further maps."""


@dataclass(frozen=True)
class ChangedBatch:
    """A batch of a model's windows in a situation.

    Attributes
    ----------
    batch : the windows as they are
    situation : what is changed
    given : what the situation may ask for of the batch
    """

    batch: Batch
    situation: Situation
    given: ScoredBatch

    def changed(self) -> Changed:
        """The batch's windows in the situation, whichever of them are asked for."""
        place = (self.situation.key, self.batch.part.start, self.batch.part.stop)
        return self.batch.subject.held(place, lambda: self.situation.change(**self._needed()))

    def _needed(self) -> dict[str, Any]:
        return supplied(self.situation.key, self.situation.needs, METRIC_NEEDS, self.given)


def chosen(before: int, changed: Changed) -> Bool[np.ndarray, "n further"]:
    """Which further maps are made: those of the first `MOST_WINDOWS` that qualify.

    Parameters
    ----------
    before : windows of the model that qualify in the batches before
    """
    qualifies = changed.reason == 0
    first = qualifies & (before + np.cumsum(qualifies) <= MOST_WINDOWS)
    found: Bool[np.ndarray, "n further"] = changed.asked & first[:, None]
    return found


def further_maps(source: MapSource, earlier: list[ChangedBatch], here: ChangedBatch, maps: StoredMaps) -> FurtherMaps:
    """A source's maps of a batch in a situation, from the store where they are there; nan where there is none.

    Parameters
    ----------
    earlier : the same model's batches before
    here : the batch
    maps : the source's maps of it
    """
    changed, model = here.changed(), here.batch.subject.model
    asked = chosen(sum(int((one.changed().reason == 0).sum()) for one in earlier), changed)
    name = f"{here.situation.key}@{artifact_key('further', asked=array_digest(asked), **identity(here))[:16]}"

    def compute() -> tuple[Arrays, dict[str, Any]]:
        said = {"source": source.key, "situation": here.situation.key, **model.computed_on}
        return {"maps": explained(source, here.batch, changed, asked)}, said

    found = np.full((*asked.shape, *here.batch.x.shape[1:]), np.nan)
    if asked.any():
        key = artifact_key("further", maps=maps.key, **model.identity)
        found[asked.T.nonzero()[::-1]] = long_entry(here.batch.subject.store, "further", key, name, compute).arrays["maps"]
    return found


def identity(here: ChangedBatch) -> dict[str, Any]:
    """What a source's further maps depend on beside its maps of the batch: among them the windows before, some of which come first."""
    subject, first = here.batch.subject, here.batch.part.start
    before = {"x": array_digest(subject.explained.windows.x[:first]), "target": subject.explained.target[:first].tolist()}
    asked: dict[str, Any] = {"fs": subject.dataset.fs} if "fs" in here.situation.needs else {}
    if "continued" in here.situation.needs:
        continued = here.batch.continued
        asked["continued"] = None if continued is None else array_digest(continued)
    return {"situation": here.situation.key, "version": here.situation.version, "seed": subject.seed, "before": before, **asked}


def reasons(parts: list[ChangedBatch]) -> dict[str, float]:
    """How many of a model's windows have further maps, or why the others have none.

    Parameters
    ----------
    parts : all batches of the model
    """
    found = dict.fromkeys((*parts[0].situation.reasons, BEYOND), 0.0)
    for part in parts:
        for number, reason in enumerate(part.situation.reasons):
            found[reason] += float((part.changed().reason == number).sum())
    first = next(iter(found))
    found[BEYOND] = max(found[first] - MOST_WINDOWS, 0.0)
    found[first] -= found[BEYOND]
    return found


def explained(source: MapSource, batch: Batch, changed: Changed, asked: Bool[np.ndarray, "n further"]) -> np.ndarray:
    """(maps, leads, time) of all that is asked, one further map of all windows after the other.

    Parameters
    ----------
    batch, changed : the windows as they are, and in the situation
    asked : see `chosen`
    """
    parts = []
    for place in range(asked.shape[1]):
        index = np.flatnonzero(asked[:, place])
        if index.size:
            subject = _by(batch.subject, 0 if changed.redrawn is None else int(changed.redrawn[place]))
            x, target = batch.x[index], batch.target[index]
            x = x if changed.x is None else np.ascontiguousarray(changed.x[index, place])
            target = target if changed.target is None else changed.target[index, place]
            windows = batch.windows.take(index)
            parts.append(source.maps_again(subject, windows if changed.x is None else _with_signal(windows, x), x, target))
    return np.concatenate(parts)


def _with_signal(windows: Windows, x: Signals) -> Windows:
    """The windows with another signal, standardised as they are; what was known of their beats and causes is left out."""
    mean, spread = windows.signal.mean(axis=-1, keepdims=True), windows.signal.std(axis=-1, keepdims=True)
    signal = (x * (spread + np.float32(1e-6)) + mean).astype(np.float32)
    nowhere = (np.empty((0, 3), dtype=np.int64),) * len(windows)
    return replace(windows, signal=signal, spans=nowhere, causal=None, twin=None, sham=None)


def _by(subject: Subject, number: int) -> Subject:
    """The same windows, explained of the trained model (0) or of one with re-drawn weights."""
    return subject if number == 0 else subject.redrawn(number)
