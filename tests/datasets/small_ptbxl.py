"""A database of a few made records in the form of PTB-XL (100 Hz) or of the Challenge's edition of it, and how tests load it."""

from __future__ import annotations

import csv
import struct
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import load_dataset
from ecgbench.types import Dataset

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # wfdb 4.3.1 uses what pandas 3.1 deprecates
    import wfdb

LOW, CHALLENGE = "1.0.3@100hz", "challenge-2021"
OWN, OTHER = Path("ptb-xl", "1.0.3"), Path("challenge-2021", "1.0.3")
GROUP = Path("training", "ptb-xl", "g1")

LEADS = ("I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")
SAMPLES = 1000
FOLDS = {1: 1, 2: 10, 3: 2, 4: 10}
"""Fold of each of the four records."""

Row = dict[str, object]


def row(number: int, fold: int) -> Row:
    return {
        "ecg_id": number,
        "patient_id": f"{1000 + number}.0",
        "scp_codes": "{'NORM': 100.0, 'SR': 0.0}",
        "heart_axis": "",
        "strat_fold": fold,
        "filename_lr": f"records100/00000/{number:05d}_lr",
        "filename_hr": f"records500/00000/{number:05d}_hr",
    }


def signal_of(number: int, samples: int = SAMPLES, leads: int = 12) -> np.ndarray:
    return np.random.default_rng(number).integers(-2000, 2000, (samples, leads)) / 1000


def write_table(folder: Path, rows: Sequence[Mapping[str, object]]) -> None:
    with open(folder / "ptbxl_database.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(row(1, 1)))
        writer.writeheader()
        writer.writerows(rows)


def changed_table(folder: Path, number: int, **values: object) -> None:
    """Write the table with other values in one record's row."""
    write_table(folder, [row(i, fold) | (values if i == number else {}) for i, fold in FOLDS.items()])


def write_signal(
    path: Path, signal: np.ndarray, fs: float = 100, leads: Sequence[str] = LEADS, unit: str = "mV", comments: Sequence[str] = ()
) -> None:
    """Write a record of format 16, whole microvolts."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = signal.shape[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        wfdb.wrsamp(
            path.name,
            fs,
            [unit] * count,
            list(leads[:count]),
            p_signal=signal,
            fmt=["16"] * count,
            adc_gain=[1000.0] * count,
            baseline=[0] * count,
            comments=list(comments),
            write_dir=str(path.parent),
        )


def write_own(root: Path) -> Path:
    """Write PTB-XL's own edition of the four records; returns its folder."""
    folder = root / OWN
    for number, fold in FOLDS.items():
        write_signal(folder / str(row(number, fold)["filename_lr"]), signal_of(number))
    write_table(folder, [row(number, fold) for number, fold in FOLDS.items()])
    (folder / "scp_statements.csv").write_text(",description\nNORM,normal ECG\nSR,sinus rhythm\nSBRAD,sinus bradycardia\nNDT,\n")
    return folder


def write_challenge(root: Path) -> Path:
    """Write the Challenge's edition of the four records, without a table of folds; returns its folder."""
    folder = root / OTHER
    for number in FOLDS:
        write_mat(folder / GROUP / f"HR{number:05d}", signal_of(number, 5000), "# Dx: 426783006,39732003")
    return folder


def write_mat(path: Path, signal: np.ndarray, diagnoses: str) -> None:
    """Write a header and a MATLAB level 4 file of 16-bit integers, as the Challenge does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples, leads = signal.shape
    values = np.rint(signal * 1000).astype("<i2")
    matrix = struct.pack("<5i", 30, leads, samples, 0, 4) + b"val\0"
    path.with_suffix(".mat").write_bytes(matrix + values.tobytes())
    lines = [f"{path.name} {leads} 500 {samples}"]
    sums = values.sum(axis=0, dtype=np.int16)
    for lead, first, total in zip(LEADS[:leads], values[0], sums, strict=True):
        lines.append(f"{path.name}.mat 16x1+24 1000.0(0)/mv 16 0 {first} {total} 0 {lead}")
    path.with_suffix(".hea").write_text("\n".join([*lines, "# Age: 60", "# Sex: Male", diagnoses, "# Rx: Unknown", ""]))


def load(root: Path, store: ArtifactStore, edition: str = LOW, split: str = "standard") -> Dataset:
    return load_dataset("ptbxl", root, edition=edition, split=split, store=store)


def records_of(dataset: Dataset) -> tuple[list[str], list[str]]:
    return dataset.train.record.tolist(), dataset.test.record.tolist()
