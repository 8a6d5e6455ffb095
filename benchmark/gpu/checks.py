"""Whether a device computes what the processor does, and the same every time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from benchmark.gpu.subjects import NETWORKS, Subject, Subjects
from ecgbench.errors import DeviceMemoryError
from ecgbench.methods import METHODS, explanation
from ecgbench.metrics import METRICS
from ecgbench.models import evaluator, forward, plain_evaluator
from ecgbench.types import Steps

EXACT, ROUNDED, WORSE, TWICE = 1e-7, 1e-3, 10.0, 1e-5
"""Largest differences, as shares of a map's largest value: in float64; in float32, or so many times the processor's own; of two calls."""

LOGITS, PROBABILITIES = 1e-3, 1e-5
"""Largest differences of curves."""


@dataclass(frozen=True)
class Check:
    """What came of a check.

    Attributes
    ----------
    name : of the check
    value, limit : what was found, and the most that passes
    note : what else is to be known
    """

    name: str
    value: float
    limit: float
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether it is within the limit; what is not a number is not."""
        return bool(self.value <= self.limit)

    def __str__(self) -> str:
        note = f"; {self.note}" if self.note else ""
        return f"{'ok  ' if self.passed else 'FAIL'} {self.name}: {self.value:.1e} (at most {self.limit:.0e}){note}"


def difference(found: np.ndarray, exact: np.ndarray) -> float:
    """Largest difference of two arrays of maps as a share of each map's largest value."""
    apart, size = (np.abs(values).max(axis=(1, 2)) for values in (found.astype(np.float64) - exact, exact))
    return float((apart / np.maximum(size, 1e-30)).max())


def float64(subjects: Subjects, device: str) -> Iterator[Check]:
    """The same numbers up to rounding, in float64, of every architecture and method: a wrong index or layout shows at once."""
    for network in NETWORKS[:1] if subjects.quick else NETWORKS:
        subject = subjects.trained(network).first(2)
        here, there = subject.on("cpu", torch.float64), subject.on(device, torch.float64)
        for entry in METHODS:
            exact, found = here.maps(entry.key), there.maps(entry.key)
            name = f"float64, {network}, {entry.key}"
            if exact is None or found is None:
                yield Check(name, 0.0 if exact is found else np.inf, 0.0, "not applicable")
            else:
                yield Check(name, difference(found, exact), EXACT)


def float32(subjects: Subjects, device: str) -> Iterator[Check]:
    """Float32 against the processor's float64, beside the processor's own rounding."""
    subject = subjects.trained(NETWORKS[0])
    exact, here, there = subject.on("cpu", torch.float64), subject.on("cpu"), subject.on(device)
    yield Check("float32, logits", float(np.abs(forward(there.model, there.x) - forward(exact.model, exact.x)).max()), LOGITS)
    for entry in METHODS:
        truth = exact.maps(entry.key)
        own, found = (difference(maps.maps(entry.key), truth) for maps in (here, there))
        yield Check(f"float32, {entry.key}", found, max(ROUNDED, WORSE * own), f"the processor is {own:.1e} off")


def twice(subjects: Subjects, device: str) -> Iterator[Check]:
    """The same bytes from the same call."""
    subject = subjects.trained(NETWORKS[0]).on(device)
    for entry in METHODS:
        one, other = (subject.maps(entry.key) for _ in range(2))
        same = np.array_equal(one, other)
        yield Check(f"twice, {entry.key}", difference(one, other), TWICE, "the same bytes" if same else "not the same bytes")


def steps_of(subject: Subject, few: bool) -> Steps:
    """What region perturbation zeroes of a subject's windows."""
    steps = METRICS["region_perturbation_morf"].perturb(subject.maps("saliency"), subject.x, 0)
    return Steps(steps.window, steps.onset[:, :6], steps.offset[:, :6]) if few else steps


def curves(subjects: Subjects, device: str) -> Iterator[Check]:
    """Logits after each step: incremental and by whole passes on the device, against incremental on the processor."""
    for subject in (subjects.trained(NETWORKS[0]), subjects.alive.first(2)):
        here, there, steps = subject.on("cpu"), subject.on(device), steps_of(subject, subjects.quick)
        known = evaluator(here.model).stepwise(here.x, steps)
        for kind, made in (("incremental", evaluator), ("whole passes", plain_evaluator)):
            found = made(there.model).stepwise(there.x, steps)
            yield Check(f"steps, {subject.name}, {kind}: logits", float(np.abs(found - known).max()), LOGITS)
            apart = np.abs(_probabilities(found) - _probabilities(known)).max()
            yield Check(f"steps, {subject.name}, {kind}: probabilities", float(apart), PROBABILITIES)


def _probabilities(logits: np.ndarray) -> np.ndarray:
    grown = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=-1, keepdims=True))


def memory(subjects: Subjects, device: str) -> Iterator[Check]:
    """Too many rows at once are halved until they fit; where nothing fits, one line says so. On a card, of which little is left to use."""
    if not device.startswith("cuda"):
        return
    subject = subjects.alive.on(device)
    enough = subject.maps("integrated_gradients", batch=32)
    torch.cuda.empty_cache()
    total = torch.cuda.get_device_properties(0).total_memory
    try:
        torch.cuda.set_per_process_memory_fraction(min(1.0, (2 << 30) / total))
        halved = subject.maps("integrated_gradients", batch=1 << 15)
        yield Check("memory, batches that are halved", difference(halved, enough), TWICE)
        torch.cuda.empty_cache()
        torch.cuda.set_per_process_memory_fraction((64 << 20) / total)
        yield Check("memory, none left", *_refusal(subject))
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def _refusal(subject: Subject) -> tuple[float, float, str]:
    """0 where what does not fit is refused in one line, else 1."""
    try:
        explanation(subject.model, np.repeat(subject.x, 64, 2), subject.target, "saliency")
    except DeviceMemoryError as error:
        return float("\n" in str(error)), 0.0, str(error)
    return 1.0, 0.0, "it fitted"
