"""What the cross-check compares: scores under the study's options of a metric, under ours, and by the metric's oracle."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from importlib.metadata import version

import numpy as np

import ecgbench
from ecgbench.artifacts import artifact_key
from ecgbench.datasets import DATASETS
from ecgbench.pipeline import ModelAddress, array_digest, split_metric, stored_entry
from ecgbench.protocol import PROTOCOLS
from ecgbench.types import OracleCase

WINDOWS = 4
"""Explained windows that are compared, the first ones of the dataset's first seed that the metric is defined for."""


@dataclass(frozen=True)
class Crossed:
    """A metric on a dataset's model, to be compared with its oracle."""

    dataset: str
    model: str
    metric: str

    @property
    def id(self):
        return f"{self.dataset}-{self.model}-{self.metric}"

    @property
    def entry(self):
        return split_metric(self.metric)[0]

    @property
    def flags(self):
        return {"dataset": self.dataset, "model": self.model, "metric": self.metric}

    @property
    def of_model(self):
        return ModelAddress(self.dataset, self.model, DATASETS[self.dataset].protocol.seeds[0])


def crosschecks(cells):
    """What is compared behind some cells: every metric that declares an oracle, where windows have the values that it is asked about."""
    found = dict.fromkeys(Crossed(cell.dataset, cell.model, cell.metric) for cell in cells)
    return [crossed for crossed in found if crossed.entry.oracle is not None and _fits(crossed)]


def _fits(crossed):
    """Whether a window has as many values as the study's options take of it; shorter ones have no score by the study."""
    numbers = DATASETS[crossed.dataset].protocol
    return crossed.entry.study.get("k", 1) <= numbers.leads * numbers.window


def crosscheck(run, crossed):
    """Scores of the first explained windows: ours anew in every run, except where nothing is computed."""
    entry, (_, kind) = crossed.entry, split_metric(crossed.metric)
    model, explained = run.model(crossed.of_model), run.explained(crossed.of_model)
    first = _compared(explained, entry, kind)
    if not len(first):
        return {name: np.empty(0) for name in (*PROTOCOLS, "oracle")}
    windows, target = explained.windows.take(first), explained.target[first]
    mask = windows.masks(target, kind)

    def compute():
        from ecgbench.models import OnImages, plain_evaluator

        maps = untied(ecgbench.explain(model.module, windows.x, target, "saliency"))
        given = {"mask": mask, "x": windows.x, "model": model.module, "target": target}
        found = {protocol: ecgbench.score(entry.key, maps, **given, protocol=protocol) for protocol in PROTOCOLS}
        case = OracleCase(maps, mask, windows.x, target, model.module, OnImages(model.module).eval(), plain_evaluator(model.module))
        return {**found, "oracle": oracle_scores(run, entry, case)}, {"metric": entry.key}

    key = artifact_key("crosscheck", model=model.digest, precision=model.precision, x=array_digest(windows.x), target=target.tolist())
    name = f"{crossed.metric}@{artifact_key('crosscheck', **_versions(entry), mask=array_digest(mask))[:16]}"
    return stored_entry(run.options.store, "crosscheck", key, name, compute, renew=True).arrays


def untied(maps):
    """The maps with equal values of a window moved apart by the least steps, later samples up: oracles order them as they please."""
    flat = maps.reshape(len(maps), -1).copy()
    for values in flat:
        order = np.argsort(values, kind="stable")
        for before, after in itertools.pairwise(order):
            values[after] = max(values[after], np.nextafter(values[before], np.inf))
    return flat.reshape(maps.shape)


def _compared(explained, entry, kind):
    """The first explained windows; for a metric that needs a mask, those with samples in it and outside: others tell no maps apart."""
    usable = np.ones(len(explained.target), dtype=bool)
    if "mask" in entry.needs:
        masks = explained.windows.masks(explained.target, kind)
        usable = masks.any(axis=(1, 2)) & ~masks.all(axis=(1, 2))
    return np.flatnonzero(usable)[:WINDOWS]


def oracle_scores(run, entry, case):
    """The oracle's scores, from the store where it gave them before."""
    key = artifact_key("oracle", x=array_digest(case.x), target=case.target.tolist(), attributions=array_digest(case.attributions))
    name = f"{entry.key}@{artifact_key('oracle', **_versions(entry), mask=array_digest(case.mask))[:16]}"

    def compute():
        return {"scores": np.asarray(entry.oracle(case), dtype=np.float64)}, {"metric": entry.key}

    return stored_entry(run.options.store, "oracle", key, name, compute).arrays["scores"]


def _versions(entry):
    return {"quantus": version("quantus"), "metric": entry.key, "version": entry.version}
