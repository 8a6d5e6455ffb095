"""Trials of metrics that are computed in two parts, and of what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from ecgbench.metrics import PASSES_FS, MetricEntry
from ecgbench.models import plain_evaluator
from ecgbench.needs import METRIC_NEEDS, ScoredBatch, supplied
from ecgbench.pipeline.compute.perturbed_scores import Perturbation
from ecgbench.testing._made_up import Case, locked, made_up, others_of, source_of_maps, twins_of
from ecgbench.testing._metrics import network_of, scores_of
from ecgbench.testing._report import require
from ecgbench.types import Steps


def parts_are_asked_for(entry: MetricEntry) -> None:
    """What the first part gives is asked for, and nothing is asked for that there is no part for."""
    for need, part in (("shared", entry.shared), ("curves", entry.perturb)):
        asked = need in entry.needs
        name = "perturb" if need == "curves" else "shared"
        got = f"{need} in needs {asked}, {name} declared {part is not None}"
        require(
            asked == (part is not None), entry, f'"{need}" in needs where {name} is declared and nowhere else', got, "declare both or none"
        )


def shared_part_is_of_each_window_alone(entry: MetricEntry) -> None:
    """What is shared are arrays with a row for each window that depends on that window alone."""
    if entry.shared is None:
        return
    case = made_up()
    whole = _shared(entry, case)
    for name, array in whole.items():
        rows = getattr(array, "shape", ("none",))[:1]
        require(rows == (len(case.x),), entry, f"shared {name} as an array (n, ...)", rows, "return a row for each window")
    for i in range(len(case.x)):
        alone = _shared(entry, case.take(slice(i, i + 1)))
        same = all(np.allclose(alone[name], array[i : i + 1], rtol=1e-9, atol=1e-9) for name, array in whole.items())
        require(same, entry, "shared arrays of each window alone", f"others of window {i} alone", "compute them window by window")


def shared_part_is_not_written_into(entry: MetricEntry) -> None:
    """Read-only shared arrays are enough, so that all methods meet the same ones."""
    if entry.shared is None or entry.perturb is not None:
        return
    case = made_up()
    shared = {name: locked(array) for name, array in _shared(entry, case).items()}
    given = supplied(entry.key, entry.needs, METRIC_NEEDS, _batch(entry, case, shared))
    found = entry.function(case.maps, **given)
    same = np.allclose(found, scores_of(entry, case), rtol=1e-9, atol=1e-12)
    require(same, entry, "the scores of ecgbench.score from the shared arrays", found, "let the function add nothing of its own")


def steps_are_of_each_window_alone(entry: MetricEntry) -> None:
    """What is replaced step by step lies within the window, and depends on each window alone."""
    if entry.perturb is None:
        return
    case = made_up()
    steps = _steps(entry, case)
    _require_intervals(entry, steps, case)
    for i in range(len(case.x)):
        alone = _steps(entry, case.take(slice(i, i + 1)))
        count = int(alone.count[0])
        same = count == steps.count[i] and np.array_equal(alone.onset[0, :count], steps.onset[i, :count])
        require(same, entry, "steps that depend on each window alone", f"others of window {i} alone", "plan them window by window")


def _steps(entry: MetricEntry, case: Case) -> Steps:
    steps: Steps = Perturbation(entry, [case.maps], _batch(entry, case), {}).steps
    return steps


def _require_intervals(entry: MetricEntry, steps: Steps, case: Case) -> None:
    rows = np.array_equal(steps.window, np.arange(len(case.x)))
    require(rows, entry, "a row of steps for each map, in order", steps.window, "set window to the map's index")
    within = (steps.onset >= 0).all() and (steps.onset <= steps.offset).all() and (steps.offset <= case.x.shape[2]).all()
    require(within, entry, "intervals from onset to offset within the window", "others", "mend onset and offset")
    behind = np.arange(steps.onset.shape[1]) >= steps.count[:, None]
    ordered = np.array_equal(steps.offset == steps.onset, behind) and (steps.count > 0).all()
    require(ordered, entry, "steps that zero something, empty ones behind the last", "others", "leave out steps that zero nothing")


def passes_are_those_that_are_declared(entry: MetricEntry) -> None:
    """As many rows pass through the model as it declares."""
    for time in (48, 160):
        case, rows = made_up(time=time, windows=1), [0]
        model = network_of(entry, case)
        scores_of(entry, case, model)  # a network is asked once whether it gives the same logits twice
        model.register_forward_pre_hook(lambda module, inputs, rows=rows: rows.append(len(inputs[0])))
        scores_of(entry, case, model, batch_size=1)  # of larger batches the last one is filled up
        declared = entry.passes(time)
        right = abs(sum(rows) - declared) <= max(1, 0.1 * declared)
        got = f"{sum(rows)} passed"
        require(right, entry, f"{declared:g} rows of a window of {time} samples", got, "declare passes as a function of the samples")


def _batch(entry: MetricEntry, case: Case, shared: Mapping[str, Any] | None = None) -> ScoredBatch:
    known: dict[str, Any] = {"explain": source_of_maps, "twin": twins_of(case), "donor": twins_of(case), "fs": PASSES_FS, "shared": shared}
    known["other_maps"] = others_of(case)
    known["other_shared"] = None if shared is None else {name: array[:, None] for name, array in shared.items()}
    return ScoredBatch(case.x, case.target, case.mask, evaluator=partial(plain_evaluator, network_of(entry, case)), **known)


def _shared(entry: MetricEntry, case: Case) -> dict[str, np.ndarray]:
    assert entry.shared is not None, "only metrics that share come here"
    return dict(entry.shared(**supplied(entry.key, entry.shared_needs, METRIC_NEEDS, _batch(entry, case))))


TRIALS = (
    parts_are_asked_for,
    shared_part_is_of_each_window_alone,
    shared_part_is_not_written_into,
    steps_are_of_each_window_alone,
)
