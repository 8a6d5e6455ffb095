"""Scores of a method's maps, a batch of windows at a time, raw and absolute ones together, from the store where they are there."""

from __future__ import annotations

import inspect
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ecgbench.artifacts import Arrays, Artifact, ArtifactStore, artifact_key
from ecgbench.inputs import protocol_options
from ecgbench.metrics import MetricEntry
from ecgbench.models import evaluator
from ecgbench.pipeline.compute.maps import Maps, array_digest
from ecgbench.pipeline.compute.models import TrainedModel
from ecgbench.pipeline.compute.perturbed_scores import Perturbation, Task
from ecgbench.pipeline.grid.cells import Cell, split_metric
from ecgbench.types import EvaluateSteps, Explained, Scores


@dataclass(frozen=True)
class Scorer:
    """Scores the maps of one dataset and seed.

    Attributes
    ----------
    model : what the metrics evaluate
    explained : the explained windows
    seed : of the metrics' random numbers
    protocol : "ours" or "study"
    store : where scores and shared evaluations are kept
    """

    model: TrainedModel
    explained: Explained
    seed: int
    protocol: str
    store: ArtifactStore
    _fresh: dict[str, Artifact] = field(default_factory=dict, init=False, repr=False, compare=False)

    def scores(self, cell: Cell, maps: Maps) -> Scores:
        """The cell's score of each explained window."""
        perturbing, held = split_metric(cell.metric)[0].perturb is not None, []
        for key, part in zip(maps.keys, maps.parts, strict=True):
            held += [self._perturbed(cell, maps, key, part)] if perturbing else self._batch(cell, maps, key, part)
        values = np.concatenate([artifact.arrays[cell.variant] for artifact in held if cell.variant in artifact.arrays])
        return Scores(values, sum(artifact.seconds for artifact in held), all(artifact.cached for artifact in held))

    def fill(self, wanted: Sequence[tuple[Cell, Maps]]) -> None:
        """Score maps by metrics that perturb, as far as the store lacks the scores: all maps of a batch of windows in one evaluation."""
        for number, part in enumerate(wanted[0][1].parts if wanted else ()):
            missing = self._missing(self._task(cell, maps, maps.keys[number], part) for cell, maps in wanted)
            if missing:
                # Another process that is about to do the same waits.
                with self.store.locked("together", artifact_key("together", scores=sorted(task.key for task in missing))):
                    self._fill(self._missing(missing), part)

    def _missing(self, tasks: Iterable[Task]) -> list[Task]:
        distinct = {task.key: task for task in tasks}
        return [task for key, task in distinct.items() if self.store.get("scores", key) is None]

    def _fill(self, tasks: Sequence[Task], part: slice) -> None:
        if not tasks:
            return
        began = time.perf_counter()
        found = self._perturbation(part).scores(tasks)
        seconds = (time.perf_counter() - began) / len(tasks)
        for task, arrays in zip(tasks, found, strict=True):
            with self.store.locked("scores", task.key):
                self._fresh[task.key] = self.store.put("scores", task.key, arrays, task.info, seconds)

    def _perturbed(self, cell: Cell, maps: Maps, maps_key: str, part: slice) -> Artifact:
        """The batch's scores by a metric that perturbs."""
        task = self._task(cell, maps, maps_key, part)
        if task.key in self._fresh:
            return self._fresh.pop(task.key)
        return self.store.compute("scores", task.key, lambda: (self._perturbation(part).scores([task])[0], task.info))

    def _task(self, cell: Cell, maps: Maps, maps_key: str, part: slice) -> Task:
        entry, kind = split_metric(cell.metric)
        supply = self._supply(("x", "target", "seed", "multilabel"), kind, part)
        key = artifact_key("scores", maps=maps_key, **_identity(entry, supply, self.protocol), shared="")
        return Task(key, entry, maps.values[part], {"metric": cell.metric, "method": cell.method})

    def _perturbation(self, part: slice) -> Perturbation:
        supply = self._supply(("x", "target", "evaluate", "seed", "multilabel"), "", part)
        return Perturbation(protocol=self.protocol, **supply)

    def _batch(self, cell: Cell, maps: Maps, maps_key: str, part: slice) -> list[Artifact]:
        """The batch's scores, and the shared evaluations that they rest on."""
        entry, kind = split_metric(cell.metric)
        shared_key, shared = self._shared(entry, part)
        supply = self._supply(entry.needs, kind, part) | {name: artifact.arrays for name, artifact in shared.items()}
        key = artifact_key("scores", maps=maps_key, **_identity(entry, supply, self.protocol), shared=shared_key)

        def compute() -> tuple[Arrays, dict[str, Any]]:
            raw = maps.values[part]
            given = {name: _twice(value) for name, value in supply.items()}
            options = {} if entry.shared is not None else protocol_options(entry.study, self.protocol)
            scores = entry.function(np.concatenate([raw, np.abs(raw)]), **given, **options)
            return {"raw": scores[: len(raw)], "abs": scores[len(raw) :]}, {"metric": cell.metric, "method": cell.method}

        return [self.store.compute("scores", key, compute), *shared.values()]

    def _shared(self, entry: MetricEntry, part: slice) -> tuple[str, dict[str, Artifact]]:
        """What does not depend on the maps, once for all methods, and its key; neither for a metric that shares nothing."""
        if entry.shared is None:
            return "", {}
        function, supply = entry.shared, self._supply(tuple(inspect.signature(entry.shared).parameters), "", part)
        key = artifact_key("shared", model=self.model.digest, precision=self.model.precision, **_identity(entry, supply, self.protocol))

        def compute() -> tuple[Arrays, dict[str, Any]]:
            return function(**supply, **protocol_options(entry.study, self.protocol)), {"metric": entry.key}

        return key, {"shared": self.store.compute("shared", key, compute)}

    def _supply(self, needs: tuple[str, ...], kind: str, part: slice) -> dict[str, Any]:
        """What a metric needs, by the name under which it takes it."""
        windows, target = self.explained.windows, self.explained.target
        sources: Mapping[str, Any] = {
            "mask": lambda: windows.take(np.arange(part.start, part.stop)).masks(target[part], kind),
            "x": lambda: windows.x[part],
            "target": lambda: target[part],
            "evaluate": lambda: self._evaluate,
            "seed": lambda: self.seed,
            "multilabel": lambda: windows.y.ndim == 2,
        }
        return {name: sources[name]() for name in needs if name in sources}

    @cached_property
    def _evaluate(self) -> EvaluateSteps:
        return evaluator(self.model.module)


def _identity(entry: MetricEntry, supply: Mapping[str, Any], protocol: str) -> dict[str, Any]:
    """What an artifact's key says of a metric and of what it was given; the model is identified elsewhere."""
    arrays = {name: array_digest(value) for name, value in supply.items() if isinstance(value, np.ndarray)}
    numbers = {name: value for name, value in supply.items() if isinstance(value, int | bool)}
    return {"metric": entry.key, "version": entry.version, "options": protocol_options(entry.study, protocol), **arrays, **numbers}


def _twice(value: Any) -> Any:
    """Per-window arrays for raw and absolute maps, one behind the other; anything else as it is."""
    if isinstance(value, np.ndarray):
        return np.concatenate([value, value])
    if isinstance(value, Mapping):
        return {name: _twice(array) for name, array in value.items()}
    return value
