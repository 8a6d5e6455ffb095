"""Attributions of the explained windows, a batch of windows at a time, from the store where they are there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.artifacts import Arrays, Artifact, ArtifactStore, artifact_key
from ecgbench.inputs import protocol_options
from ecgbench.methods import METHODS, Explanation, explanation
from ecgbench.models import forward
from ecgbench.pipeline.compute.health import defined_mean, map_health
from ecgbench.pipeline.compute.models import TrainedModel
from ecgbench.protocol import AGREEMENT_WINDOWS, STUDY, DatasetProtocol
from ecgbench.results import map_correlation
from ecgbench.types import Attributions, Explained, Logits, Signals, Targets

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Maps:
    """Attributions of one method on the explained windows, with what is known about them.

    Attributes
    ----------
    values : (n, leads, time), signed
    keys, parts : the artifacts that hold them, and which windows each holds
    health : see `map_health`
    seconds : time that computing them took
    cached : whether all came from the store
    """

    values: Attributions
    keys: tuple[str, ...]
    parts: Sequence[slice]
    health: Mapping[str, float]
    seconds: float
    cached: bool


@dataclass(frozen=True)
class Mapper:
    """Explains the windows of one dataset and seed.

    Attributes
    ----------
    model : what is explained
    explained : the explained windows
    numbers : the dataset's, from which methods take their options
    seed : of the methods' random numbers
    protocol : "ours" or "study"
    store : where maps are kept
    """

    model: TrainedModel
    explained: Explained
    numbers: DatasetProtocol
    seed: int
    protocol: str
    store: ArtifactStore

    def maps(self, method: str) -> Maps:
        """The method's signed maps of the explained windows."""
        parts = batches(len(self.explained.target), self.numbers.window_batch)
        held = [self._batch(method, part) for part in parts]
        artifacts = [artifact for _, artifact in held]
        found = {name: np.concatenate([artifact.arrays[name] for artifact in artifacts]) for name in artifacts[0].arrays}
        values = found.pop("maps")
        seconds = sum(artifact.seconds for artifact in artifacts)
        return Maps(
            values, tuple(key for key, _ in held), parts, map_health(values, found), seconds, all(artifact.cached for artifact in artifacts)
        )

    def given(self, values: Attributions) -> Maps:
        """Maps (n, leads, time) of the explained windows that were made elsewhere."""
        parts = batches(len(values), self.numbers.window_batch)
        return Maps(values, tuple(self._given_key(values[part], part) for part in parts), parts, map_health(values, {}), 0.0, cached=False)

    def agreement(self, method: str, maps: Maps) -> dict[str, float]:
        """Mean correlation of the first windows' maps with those that the method gives them otherwise.

        Returns
        -------
        seed_agreement : with another seed, for stochastic methods
        class_agreement : of the other class that has the highest logit, if the model has several; a method that ignores the class has 1
        A mean is over the windows where both maps vary, since a constant one correlates with nothing; it is left out if there are none.
        """
        x, target = self.explained.windows.x[:AGREEMENT_WINDOWS], self.explained.target[:AGREEMENT_WINDOWS]

        def compute() -> tuple[Arrays, dict[str, Any]]:
            others = self._others(method, x, target)
            return {name: map_correlation(maps.values[: len(x)], other) for name, other in others.items()}, {"method": method}

        key = artifact_key("agreement", agreement=1, **self._identity(method, x, target))
        arrays = self.store.compute("agreement", key, compute).arrays
        return {name: value for measure in sorted(arrays) for name, value in defined_mean(measure, arrays[measure]).items()}

    def _given_key(self, values: Attributions, part: slice) -> str:
        x, target = self.explained.windows.x[part], self.explained.target[part]
        model = {"model": self.model.digest, "precision": self.model.precision}
        return artifact_key("given", maps=array_digest(values), x=array_digest(x), target=target.tolist(), **model)

    def _others(self, method: str, x: Signals, target: Targets) -> dict[str, Attributions]:
        """The windows' maps with another seed and of another class, as far as there are any."""
        found = {}
        if METHODS[method].stochastic:
            found["seed_agreement"] = self._explain(method, x, target, self.seed + 1).maps
        logits = forward(self._network, x)
        if logits.shape[1] > 1:
            found["class_agreement"] = self._explain(method, x, runners_up(logits, target), self.seed).maps
        return found

    def _batch(self, method: str, part: slice) -> tuple[str, Artifact]:
        x, target = self.explained.windows.x[part], self.explained.target[part]
        key = artifact_key("attributions", **self._identity(method, x, target))

        def compute() -> tuple[Arrays, dict[str, Any]]:
            found = self._explain(method, x, target, self.seed)
            total = {} if found.total is None else {"total": found.total}
            return {"maps": found.maps, **total, **found.measures}, {"method": method}

        return key, self.store.compute("attributions", key, compute)

    def _explain(self, method: str, x: Signals, target: Targets, seed: int) -> Explanation:
        return explanation(self._network, x, target, method, seed, self.protocol, **self._options(method))

    @property
    def _network(self) -> torch.nn.Module:
        """What is explained; libraries' ways get the network with all channels, since they need not treat a dead one as nothing."""
        return self.model.module if self.protocol == STUDY else self.model.network

    def _options(self, method: str) -> dict[str, Any]:
        return {option: getattr(self.numbers, name) for option, name in METHODS[method].of_dataset.items()}

    def _identity(self, method: str, x: Signals, target: Targets) -> dict[str, Any]:
        """What maps depend on."""
        entry = METHODS[method]
        return {
            "method": method,
            "version": entry.version,
            "options": {**protocol_options(entry.study, self.protocol), **self._options(method)},
            "model": self.model.digest,
            "precision": self.model.precision,
            "seed": self.seed if entry.stochastic else None,
            "x": array_digest(x),
            "target": target.tolist(),
        }


def runners_up(logits: Logits, target: Targets) -> Targets:
    """The class with the highest logit among those that are not explained, (n,)."""
    others: Logits = np.where(np.arange(logits.shape[1]) == target[:, None], -np.inf, logits)
    classes: Targets = others.argmax(axis=1)
    return classes


def batches(count: int, size: int) -> list[slice]:
    """Slices of the explained windows that one artifact holds each."""
    return [slice(first, min(first + size, count)) for first in range(0, count, size)]


def array_digest(array: np.ndarray) -> str:
    """SHA-256 of an array's values in C order."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
