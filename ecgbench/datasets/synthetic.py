"""The embedded dataset: simulated ECGs whose causal samples are known, because every abnormal window has a counterfactual twin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from ecgbench import protocol as numbers
from ecgbench.artifacts import Arrays, artifact_key
from ecgbench.datasets._registry import DATASETS
from ecgbench.datasets.records.cut import beat_spans, window_label
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.records.stored_windows import from_artifact, to_arrays
from ecgbench.datasets.simulator import rhythm
from ecgbench.datasets.simulator.patients import ALL_RANGES, draw_patient
from ecgbench.datasets.simulator.rhythm import SVEB, VEB, Beats, N, Patient
from ecgbench.protocol import SYNTHETIC
from ecgbench.types import Dataset, Spans, Windows

NOTES = (
    "Simulated ECGs, no recordings: a beat model with known truth, not a substitute for real data.",
    "The causal mask is where a window differs from its counterfactual twin, in which normal beats stand in the abnormal beats' places.",
    "A record's windows are separate draws of one patient; they do not continue each other.",
)


@dataclass(frozen=True)
class Draw:
    """One simulated window.

    Attributes
    ----------
    signal, twin : (time,) whole microvolts, with and without the abnormal beats
    beats : as they were laid out, those outside the window included
    """

    signal: Int64[np.ndarray, " time"]
    twin: Int64[np.ndarray, " time"]
    beats: Beats


@DATASETS.register(
    version=1,
    reference="doi:10.1109/TBME.2003.808805",
    protocol=SYNTHETIC,
    title="Simulated ECGs with known causes",
    licence="MIT",
    source="embedded",
    megabytes=0,
    labels=("aami",),
    embedded=True,
)
def synthetic(request: Request) -> Dataset:
    """Load synthetic: one lead, windows of 8 s, simulated patients either for training or for testing.

    It is a dataset of its own; `simulated` marks simulated stand-ins for real databases and is therefore False.
    """
    keys, sides = {}, {}
    for side, names in (("train", SYNTHETIC.train), ("test", SYNTHETIC.test)):
        keys[side] = _key(names, numbers.SYNTHETIC_WINDOWS[side])
        sides[side] = _load(request, names, side, keys[side])
    return Dataset(
        name="synthetic",
        train=sides["train"],
        test=sides["test"],
        classes=SYNTHETIC.classes,
        fs=SYNTHETIC.fs,
        leads=("simulated lead",),
        labels=request.labels,
        split=request.split,
        edition=request.edition,
        key=artifact_key("dataset", **keys),
        notes=NOTES,
    )


def _key(names: Sequence[str], count: int) -> str:
    shares = [numbers.SYNTHETIC_CLASS_SHARES, numbers.SYNTHETIC_ABNORMAL_SHARES, numbers.SYNTHETIC_MIXED_SHARE]
    what = {"dataset": "synthetic", "records": list(names), "windows": count, "seed": numbers.SYNTHETIC_SEED, "shares": shares}
    return artifact_key("windows", version=rhythm.VERSION, fs=SYNTHETIC.fs, window=SYNTHETIC.window, ranges=ALL_RANGES, **what)


def _load(request: Request, names: Sequence[str], side: str, key: str) -> Windows:
    def build() -> tuple[Arrays, dict[str, object]]:
        return to_arrays(simulate_windows(names, numbers.SYNTHETIC_WINDOWS[side], f"synthetic {side}"))

    return from_artifact(request.store.compute("windows", key, build))


def simulate_windows(names: Sequence[str], count: int, progress: str) -> Windows:
    """Simulate the first `count` windows of each named record."""
    from tqdm import tqdm

    starts = np.arange(count) * SYNTHETIC.window
    draws = [simulate_window(name, int(start)) for name in tqdm(names, desc=progress, unit="record", leave=False) for start in starts]
    signal, twin = (np.stack(rows)[:, None] for rows in ([draw.signal for draw in draws], [draw.twin for draw in draws]))
    spans = tuple(_spans(draw.beats) for draw in draws)
    return Windows(
        signal=(signal / 1000).astype(np.float32),
        y=np.array([window_label(beats[:, 2]) for beats in spans], dtype=np.int64),
        record=np.repeat(np.array(names), count),
        patient=np.repeat(np.array(names), count),
        start=np.tile(starts, len(names)),
        spans=spans,
        causal=signal != twin,
    )


def simulate_window(record: str, start: int) -> Draw:
    """The window of a record that begins at sample `start`, the same however many others are drawn."""
    patient = patient_of(record)
    generator = rhythm.identity_generator("synthetic", record, start, numbers.SYNTHETIC_SEED)
    fs, window = SYNTHETIC.fs, SYNTHETIC.window
    beats = rhythm.layout(patient, generator, window / fs, draw_abnormal(generator))
    noise = rhythm.noise(patient, generator, fs, window)
    signal, twin = (rhythm.microvolts(rhythm.render(b, patient, fs, window) + noise) for b in (beats, beats.twin()))
    return Draw(signal, twin, beats)


def patient_of(record: str) -> Patient:
    """The patient whose record it is."""
    return draw_patient(rhythm.identity_generator("synthetic", record, numbers.SYNTHETIC_SEED))


def draw_abnormal(generator: np.random.Generator) -> list[int]:
    """Classes of a window's abnormal beats; none in a normal window."""
    class_ = int(generator.choice((N, SVEB, VEB), p=numbers.SYNTHETIC_CLASS_SHARES))
    if class_ == N:
        return []
    count = 1 + int(generator.choice(3, p=numbers.SYNTHETIC_ABNORMAL_SHARES))
    mixed = count == 3 and generator.random() < numbers.SYNTHETIC_MIXED_SHARE
    return [class_] * (count - mixed) + [SVEB + VEB - class_] * mixed


def _spans(beats: Beats) -> Spans:
    sample = np.rint(beats.time * SYNTHETIC.fs).astype(np.int64)
    inside = (sample >= 0) & (sample < SYNTHETIC.window)
    return beat_spans(sample[inside], beats.class_[inside], SYNTHETIC.window)
