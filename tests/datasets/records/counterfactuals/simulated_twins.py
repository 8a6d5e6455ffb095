"""Simulated records of one patient whose exact twin is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecgbench.datasets.records.counterfactuals.annotated_signal import AnnotatedSignal
from ecgbench.datasets.simulator import rhythm
from ecgbench.datasets.simulator.databases.annotated_records import lay_out
from ecgbench.datasets.simulator.patients import draw_patient

FS, SECONDS, COUNT = 250, 8, 30
LENGTH = FS * SECONDS


@dataclass(frozen=True)
class Known:
    """A record and what it would be without its ectopic beats, both in mV."""

    record: AnnotatedSignal
    twin: np.ndarray


def known_record(seed: int, variability: float | None = None, noise: float = 1.0) -> Known:
    """A record of 30 windows; the rhythm's variability is in mean intervals, the noise in the patient's own."""
    generator = np.random.default_rng(seed)
    patient = draw_patient(generator)
    if variability is not None:
        patient = replace(patient, variability=variability * patient.interval)
    beats = lay_out(patient, generator, SECONDS, COUNT, {})
    disturbance = noise * rhythm.noise(patient, generator, FS, COUNT * LENGTH)
    signal, twin = (rhythm.render(each, patient, FS, COUNT * LENGTH) + disturbance for each in (beats, beats.twin()))
    sample = np.rint(beats.time * FS).astype(np.int64)
    order = np.flatnonzero((sample >= 0) & (sample < COUNT * LENGTH))
    order = order[np.argsort(sample[order])]
    record = AnnotatedSignal(signal.astype(np.float32)[None], FS, sample[order], beats.class_[order], np.empty(0, dtype=np.int64))
    return Known(record, twin.astype(np.float32)[None])


def ectopic_beats(record: AnnotatedSignal) -> list[int]:
    """Indices of the beats that can be exchanged."""
    return np.flatnonzero(record.between_normal & ~record.normal).tolist()


def window_of(record: AnnotatedSignal, beat: int) -> int:
    """Start of the window that holds a beat."""
    return int(record.sample[beat]) // LENGTH * LENGTH
