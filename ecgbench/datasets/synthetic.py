"""The embedded dataset: simulated ECGs whose causal samples are known, because every abnormal window has a counterfactual twin."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from ecgbench.artifacts import Arrays, artifact_key
from ecgbench.datasets._registry import DATASETS
from ecgbench.datasets.records.counterfactuals.donors import FindBeats, WindowBeats
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.records.windows.cut import beat_spans, window_label
from ecgbench.datasets.records.windows.stored_windows import from_artifact, to_arrays
from ecgbench.datasets.records.windows.waves import window_regions
from ecgbench.datasets.simulator import rhythm
from ecgbench.datasets.simulator.patients import ALL_RANGES, draw_patient
from ecgbench.datasets.simulator.rhythm import SVEB, VEB, Beats, N, Patient
from ecgbench.progress import progress
from ecgbench.protocol import (
    SHIFTS,
    SYNTHETIC,
    SYNTHETIC_ABNORMAL_SHARES,
    SYNTHETIC_CLASS_SHARES,
    SYNTHETIC_MIXED_SHARE,
    SYNTHETIC_SEED,
    SYNTHETIC_WINDOWS,
)
from ecgbench.types import Continued, Dataset, Regions, Signals, Spans, Targets, Windows

NOTES = (
    "Simulated ECGs, no recordings: a beat model with known truth, not a substitute for real data.",
    "The causal mask is where a window differs from its counterfactual twin, in which normal beats stand in the abnormal beats' places.",
    "A record's windows are separate draws of one patient; they do not continue each other.",
)


@dataclass(frozen=True)
class SimulatedWindow:
    """One simulated window.

    Attributes
    ----------
    signal : (time,) whole microvolts
    twin : the counterfactual, with normal beats in the abnormal beats' places
    beats : the beats of the signal, with those before and after the window that reach into it
    """

    signal: Int64[np.ndarray, " time"]
    twin: Int64[np.ndarray, " time"]
    beats: Beats


def wave_regions(request: Request, windows: Windows, target: Targets) -> Regions:
    """Regions of simulated windows: a beat reaches from where the simulator lets its first wave begin to where the last one ends."""
    found = np.zeros(windows.signal.shape, dtype=np.uint8)
    for i, (record, start) in enumerate(zip(windows.record.tolist(), windows.start.tolist(), strict=True)):
        beats, length = simulate_window(record, start).beats, windows.signal.shape[2]
        extent = rhythm.extents(beats, patient_of(record))
        core = np.stack([np.ceil(extent[:, 0] * SYNTHETIC.fs), np.floor(extent[:, 1] * SYNTHETIC.fs) + 1], axis=1).astype(np.int64)
        order = np.argsort(beats.time)
        peak = np.rint(beats.time * SYNTHETIC.fs).astype(np.int64)
        found[i] = window_regions(peak[order], beats.class_[order] == target[i], core[order], length)
    return found


def continued_windows(request: Request, windows: Windows) -> Continued:
    """The windows with the longest of `SHIFTS` more samples, of the same beats, normal ones behind them, and the same noise."""
    continued = [continuation(str(record), int(start)) for record, start in zip(windows.record, windows.start, strict=True)]
    return _millivolts(np.stack(continued)[:, None])


def window_beats(request: Request) -> FindBeats:
    """What finds the beats of simulated windows."""
    return simulated_beats


def simulated_beats(windows: Windows) -> list[WindowBeats]:
    """The beats of simulated windows, drawn again."""
    drawn = [simulate_window(str(record), int(start)).beats for record, start in zip(windows.record, windows.start, strict=True)]
    orders = [np.argsort(beats.time) for beats in drawn]
    return [WindowBeats(beats.time[order] * SYNTHETIC.fs, beats.class_[order] == N) for beats, order in zip(drawn, orders, strict=True)]


@DATASETS.register(
    version=1,
    reference="doi:10.1109/TBME.2003.808805",
    protocol=SYNTHETIC,
    title="Simulated ECGs with known causes",
    licence="MIT",
    source="embedded",
    megabytes=0,
    labels=("aami",),
    regions=wave_regions,
    continued=continued_windows,
    embedded=True,
    beats=window_beats,
    by_default=True,
)
def synthetic(request: Request) -> Dataset:
    """Load synthetic: one lead, windows of 8 s, simulated patients either for training or for testing.

    It is a dataset of its own; `simulated` marks simulated stand-ins for real databases and is therefore False.
    """
    train_key = _key(SYNTHETIC.train, SYNTHETIC_WINDOWS["train"])
    test_key = _key(SYNTHETIC.test, SYNTHETIC_WINDOWS["test"])
    return Dataset(
        name="synthetic",
        train=_load(request, SYNTHETIC.train, "train", train_key),
        test=_load(request, SYNTHETIC.test, "test", test_key),
        classes=SYNTHETIC.classes,
        fs=SYNTHETIC.fs,
        leads=("simulated lead",),
        labels=request.labels,
        split=request.split,
        edition=request.edition,
        key=artifact_key("dataset", train=train_key, test=test_key),
        notes=NOTES,
    )


def _key(names: Sequence[str], count: int) -> str:
    shares = [SYNTHETIC_CLASS_SHARES, SYNTHETIC_ABNORMAL_SHARES, SYNTHETIC_MIXED_SHARE]
    identity = {"dataset": "synthetic", "records": list(names), "windows": count, "seed": SYNTHETIC_SEED, "shares": shares}
    return artifact_key("windows", version=rhythm.VERSION, fs=SYNTHETIC.fs, window=SYNTHETIC.window, ranges=ALL_RANGES, **identity)


def _load(request: Request, names: Sequence[str], side: str, key: str) -> Windows:
    def build() -> tuple[Arrays, dict[str, object]]:
        return to_arrays(simulate_windows(names, SYNTHETIC_WINDOWS[side], f"synthetic {side}"))

    # The key of the windows themselves, which models are found by, is the same with their twins and without.
    return from_artifact(request.store.compute("windows", artifact_key("windows", twins=1, of=key), build))


def simulate_windows(names: Sequence[str], count: int, what: str) -> Windows:
    """Simulate the first `count` windows of each named record."""
    starts = np.arange(count) * SYNTHETIC.window
    simulated = []
    for name in progress(names, what, "record"):
        simulated += [simulate_window(name, start) for start in starts.tolist()]
    signal = np.stack([window.signal for window in simulated])[:, None]
    twin = np.stack([window.twin for window in simulated])[:, None]
    spans = tuple(_spans(window.beats) for window in simulated)
    changed = signal != twin
    return Windows(
        signal=_millivolts(signal),
        y=np.array([window_label(beats[:, 2]) for beats in spans], dtype=np.int64),
        record=np.repeat(np.array(names), count),
        patient=np.repeat(np.array(names), count),
        start=np.tile(starts, len(names)),
        spans=spans,
        causal=changed,
        twin=np.where(changed.any(axis=(1, 2), keepdims=True), _millivolts(twin), np.float32(np.nan)),
    )


def _millivolts(microvolts: Int64[np.ndarray, "n leads time"]) -> Signals:
    signal: Signals = (microvolts / 1000).astype(np.float32)
    return signal


def simulate_window(record: str, start: int) -> SimulatedWindow:
    """The window of a record that begins at sample `start`, the same however many others are drawn."""
    patient = patient_of(record)
    generator = rhythm.identity_generator("synthetic", record, start, SYNTHETIC_SEED)
    fs, window = SYNTHETIC.fs, SYNTHETIC.window
    beats = rhythm.layout(patient, generator, window / fs, draw_abnormal(generator))
    noise = rhythm.noise(patient, generator, fs, window)
    signal = rhythm.microvolts(rhythm.render(beats, patient, fs, window) + noise)
    twin = rhythm.microvolts(rhythm.render(beats.twin(), patient, fs, window) + noise)
    return SimulatedWindow(signal, twin, beats)


def continuation(record: str, start: int) -> Int64[np.ndarray, " longer"]:
    """A window as `simulate_window` simulates it, in whole microvolts, and what follows it."""
    patient, before = patient_of(record), rhythm.identity_generator("synthetic", record, start, SYNTHETIC_SEED)
    fs, more = SYNTHETIC.fs, max(SHIFTS)
    longer = SYNTHETIC.window + more
    abnormal, generator = draw_abnormal(before), copy.deepcopy(before)
    beats = rhythm.layout(patient, generator, SYNTHETIC.window / fs, abnormal)
    beats = rhythm.followed(beats, patient, before, longer / fs)
    return rhythm.microvolts(rhythm.render(beats, patient, fs, longer) + rhythm.noise(patient, generator, fs, SYNTHETIC.window, more))


def patient_of(record: str) -> Patient:
    """The patient whose record it is."""
    return draw_patient(rhythm.identity_generator("synthetic", record, SYNTHETIC_SEED))


def draw_abnormal(generator: np.random.Generator) -> list[int]:
    """Classes of a window's abnormal beats; none in a normal window."""
    class_ = int(generator.choice((N, SVEB, VEB), p=SYNTHETIC_CLASS_SHARES))
    if class_ == N:
        return []
    count = 1 + int(generator.choice(3, p=SYNTHETIC_ABNORMAL_SHARES))
    mixed = count == 3 and generator.random() < SYNTHETIC_MIXED_SHARE
    return [class_] * (count - mixed) + [SVEB + VEB - class_] * mixed


def _spans(beats: Beats) -> Spans:
    sample = np.rint(beats.time * SYNTHETIC.fs).astype(np.int64)
    inside = (sample >= 0) & (sample < SYNTHETIC.window)
    return beat_spans(sample[inside], beats.class_[inside], SYNTHETIC.window)
