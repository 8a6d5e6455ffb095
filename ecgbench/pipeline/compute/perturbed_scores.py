"""Scores of metrics that watch the outputs while a window is perturbed: all maps of a batch of windows are evaluated together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ecgbench.artifacts import Arrays
from ecgbench.inputs import protocol_options
from ecgbench.metrics import MetricEntry
from ecgbench.types import Attributions, EvaluateSteps, Signals, Steps, Targets


@dataclass(frozen=True)
class Task:
    """What is to be scored: one method's maps of a batch of windows by one metric.

    Attributes
    ----------
    key : of the scores' artifact
    entry : the metric, one with `perturb`
    maps : (n, leads, time), signed
    info : what the artifact says of them
    """

    key: str
    entry: MetricEntry
    maps: Attributions
    info: dict[str, Any]


@dataclass(frozen=True)
class Perturbation:
    """A batch of windows, and with what its maps are scored.

    Attributes
    ----------
    x : (n, leads, time)
    target : (n,)
    evaluate : the model
    seed : of the metrics' random numbers
    multilabel : whether a window can have several labels
    protocol : "ours" or "study"
    """

    x: Signals
    target: Targets
    evaluate: EvaluateSteps
    seed: int
    multilabel: bool
    protocol: str

    def scores(self, tasks: Sequence[Task]) -> list[Arrays]:
        """Scores of each task's maps, raw and absolute, from one evaluation of all."""
        plans = [self._steps(task) for task in tasks]
        curves = self.evaluate.stepwise(self.x, Steps.joined(plans))
        ends = np.cumsum([len(plan) for plan in plans])
        parts = np.split(curves, ends[:-1])
        return [self._scored(task, plan, part) for task, plan, part in zip(tasks, plans, parts, strict=True)]

    def _steps(self, task: Task) -> Steps:
        """What is zeroed for the raw maps and then for the absolute ones."""
        options = protocol_options(task.entry.study, self.protocol)
        assert task.entry.perturb is not None, "a task is of a metric that perturbs"
        plans = [task.entry.perturb(maps, self.x, self.seed, **options) for maps in (task.maps, np.abs(task.maps))]
        return Steps.joined(plans)

    def _scored(self, task: Task, plan: Steps, curves: np.ndarray) -> Arrays:
        target = self.target[plan.window]
        given = {"curves": curves, "steps": plan.count, "target": target, "multilabel": self.multilabel}
        raw, absolute = np.split(task.entry.function(**{name: given[name] for name in task.entry.needs}), 2)
        return {"raw": raw, "abs": absolute}
