"""The embedded 12-lead dataset: simulated ECGs with the labels of ptbxl, which are known to the sample by twins without a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from ecgbench.artifacts import Arrays, artifact_key
from ecgbench.datasets._registry import DATASETS
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.records.windows.stored_windows import from_artifact, to_arrays
from ecgbench.datasets.simulator import counterfactual, rhythm
from ecgbench.datasets.simulator.counterfactual import ecg_steps, without
from ecgbench.datasets.simulator.diagnoses import FINDINGS, IMPLIED, RHYTHMS, goes_with
from ecgbench.datasets.simulator.patients import ALL_RANGES
from ecgbench.progress import progress
from ecgbench.protocol import (
    PTBXL_LEADS,
    SYNTHETIC12,
    SYNTHETIC12_NORMAL,
    SYNTHETIC12_NORMAL_TURNS,
    SYNTHETIC12_SECOND_SHARE,
    SYNTHETIC12_SEED,
    SYNTHETIC12_WINDOWS,
)
from ecgbench.types import Dataset, Targets, Twins, Windows

NOTES = (
    "Simulated ECGs, no recordings: a beat model with known truth, not a substitute for real data.",
    "The twin of a window and a label is the same ECG without that label (and without a label that implies it): same patient, noise and "
    "other findings. The causal mask is where the two differ.",
    "Normal sinus rhythm has no twin and is not explained.",
    "A record's windows are separate draws of one patient; they do not continue each other.",
)

ABNORMAL = tuple(name for name in SYNTHETIC12.classes if name != SYNTHETIC12_NORMAL)

TURNS = (*ABNORMAL, *(SYNTHETIC12_NORMAL,) * SYNTHETIC12_NORMAL_TURNS)
"""The label that a window certainly has, taken in turns over all windows of all patients."""

HIDING = frozenset({"LQT", "TAb"})
"""Labels that the stand-in for ptbxl has together, though one hides the other: where T is flat, its delay does not show."""

RECORDS = (*SYNTHETIC12.train, *SYNTHETIC12.test)

NO_BEATS = np.empty((0, 3), dtype=np.int64)


@dataclass(frozen=True)
class Side:
    """One side of the split and the key of its artifact."""

    windows: Windows
    key: str


def make_twins(request: Request, windows: Windows, target: Targets) -> Twins:
    """The twin of each window and one of its labels; nan where that is the normal one. There are no shams.

    Parameters
    ----------
    request : of this dataset
    windows : n windows, the same one as often as several of its labels are asked for
    target : (n,) int64 label whose twin is made
    """
    twin = np.full_like(windows.signal, np.nan)
    for i, class_ in enumerate(target):
        label = SYNTHETIC12.classes[class_]
        if label != SYNTHETIC12_NORMAL:
            twin[i] = simulate_window(str(windows.record[i]), int(windows.start[i]), without(names_of(windows, i), label))
    return Twins(twin, np.full_like(twin, np.nan))


@DATASETS.register(
    version=1,
    reference="doi:10.1109/TBME.2003.808805",
    protocol=SYNTHETIC12,
    title="Simulated 12-lead ECGs with known causes",
    licence="MIT",
    source="embedded",
    megabytes=0,
    labels=("snomed",),
    embedded=True,
    twins=make_twins,
)
def synthetic12(request: Request) -> Dataset:
    """Load synthetic12: 12 leads, windows of 10 s, simulated patients either for training or for testing.

    It is a dataset of its own; `simulated` marks simulated stand-ins for real databases and is therefore False.
    """
    train = _load(request, SYNTHETIC12.train, "train")
    test = _load(request, SYNTHETIC12.test, "test")
    return request.answer("synthetic12", train, test, PTBXL_LEADS, NOTES)


def _load(request: Request, names: Sequence[str], side: str) -> Side:
    count = SYNTHETIC12_WINDOWS[side]

    def build() -> tuple[Arrays, dict[str, object]]:
        return to_arrays(simulate_windows(names, count, f"synthetic12 {side}"))

    identity = {"dataset": "synthetic12", "records": list(names), "windows": count, "seed": SYNTHETIC12_SEED}
    versions = [rhythm.VERSION, counterfactual.VERSION, list(TURNS), SYNTHETIC12_SECOND_SHARE]
    key = artifact_key("windows", versions=versions, fs=SYNTHETIC12.fs, window=SYNTHETIC12.window, ranges=ALL_RANGES, **identity)
    return Side(from_artifact(request.store.compute("windows", key, build)), key)


def simulate_windows(names: Sequence[str], count: int, what: str) -> Windows:
    """Simulate the first `count` windows of each named record."""
    starts = [number * SYNTHETIC12.window for number in range(count)]
    labels, signals = [], []
    for name in progress(names, what, "record"):
        for start in starts:
            labels.append(draw_labels(name, start, count))
            signals.append(simulate_window(name, start, labels[-1]))
    y = np.array([[name in of_window for name in SYNTHETIC12.classes] for of_window in labels], dtype=np.uint8)
    records = np.repeat(np.array(names), count)
    spans = (NO_BEATS,) * len(y)
    return Windows(np.stack(signals), y, record=records, patient=records, start=np.tile(starts, len(names)), spans=spans)


def draw_labels(record: str, start: int, count: int) -> tuple[str, ...]:
    """Labels of a window in the order of their integers: the one whose turn it is, in some windows a second finding, and a rhythm."""
    generator = rhythm.identity_generator("synthetic12", record, start, SYNTHETIC12_SEED, "labels")
    turn = RECORDS.index(record) * count + start // SYNTHETIC12.window
    first = TURNS[turn % len(TURNS)]
    drawn = [first, *IMPLIED.get(first, ())]
    others = [label for label in (FINDINGS if first in RHYTHMS else ABNORMAL) if goes_with(label, drawn) and {label, first} != HIDING]
    if others and first != SYNTHETIC12_NORMAL and generator.random() < SYNTHETIC12_SECOND_SHARE:
        second = str(generator.choice(others))
        drawn += [second, *IMPLIED.get(second, ())]
    if not set(drawn) & set(RHYTHMS):
        drawn.append(SYNTHETIC12_NORMAL)
    return tuple(sorted(drawn, key=SYNTHETIC12.classes.index))


def names_of(windows: Windows, i: int) -> tuple[str, ...]:
    """Names of a window's labels, in the order of their integers."""
    return tuple(SYNTHETIC12.classes[class_] for class_ in np.flatnonzero(windows.y[i]))


def simulate_window(record: str, start: int, labels: Sequence[str]) -> Float32[np.ndarray, "leads time"]:
    """A window of a record in mV, (leads, time), as it is with these labels."""
    identity = ("synthetic12", record, SYNTHETIC12_SEED)
    steps = ecg_steps(identity, (*identity, start), labels, SYNTHETIC12.fs)
    return (steps / counterfactual.GAIN).astype(np.float32)
