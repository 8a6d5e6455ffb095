"""MIT-BIH Arrhythmia Database: 44 two-lead records of half an hour, beats annotated by cardiologists."""

from __future__ import annotations

import numpy as np

from ecgbench.artifacts import artifact_key
from ecgbench.datasets._registry import DATASETS, Request
from ecgbench.datasets._wfdb import Side, load_records
from ecgbench.protocol import BEAT_RULES, MITDB
from ecgbench.types import Dataset


@DATASETS.register(
    version=1,
    reference="doi:10.1109/51.932724",
    protocol=MITDB,
    title="MIT-BIH Arrhythmia Database",
    licence="ODC-By 1.0",
    source="https://physionet.org/content/mitdb/1.0.0/",
    megabytes=88,
    labels=("aami", "study"),
    splits=("standard", "patient"),
)
def mitdb(request: Request) -> Dataset:
    """Load mitdb: lead 0, windows of 8 s, DS1 for training and DS2 for testing."""
    folder = request.root / MITDB.slug / MITDB.version
    rule = BEAT_RULES[request.labels]
    train = load_records(folder, MITDB.train[request.split], MITDB, rule, request.store, "mitdb train")
    test = load_records(folder, MITDB.test[request.split], MITDB, rule, request.store, "mitdb test")
    return Dataset(
        name="mitdb",
        train=train.windows,
        test=test.windows,
        classes=MITDB.classes,
        fs=MITDB.fs,
        leads=("lead 0",),
        labels=request.labels,
        split=request.split,
        edition=request.edition,
        key=artifact_key("dataset", train=train.key, test=test.key),
        notes=_notes(train, test),
        simulated=(folder / "SIMULATED").exists(),
    )


def _notes(train: Side, test: Side) -> tuple[str, ...]:
    shared = np.intersect1d(train.windows.patient, test.windows.patient)
    notes = [
        f"{train.left_out} training and {test.left_out} test windows left out as unclassifiable.",
        f"{train.without_beat} training and {test.without_beat} test windows hold no beat and count as normal.",
        "Lead 0 is MLII in all records but 114 (V5).",
    ]
    if shared.size:
        notes.append(f"Patients on both sides of the split: {', '.join(shared)} (`--split patient` leaves them out of the test set).")
    return tuple(notes)
