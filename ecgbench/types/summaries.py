"""Datasets and windows in a line, and datasets as a table for a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from ecgbench.printable import counted

if TYPE_CHECKING:
    from ecgbench.types import Dataset, Windows

MOST_NAMES = 12
"""Classes or leads that a line names."""

BESIDE = ("causal", "twin", "sham")
"""What windows may have beside their spans."""


def windows_text(windows: Windows) -> str:
    """How many windows of what form, of how many patients, and what is known of them."""
    n, leads, samples = windows.signal.shape
    known = ["spans", *(name for name in BESIDE if getattr(windows, name) is not None)]
    patients = len(np.unique(windows.patient))
    form = f"{counted(leads, 'lead')} and {counted(samples, 'sample')}"
    return f"<Windows: {counted(n, 'window')} of {form}, of {counted(patients, 'patient')}; with {', '.join(known)}>"


def dataset_text(dataset: Dataset) -> str:
    """What a dataset is and how many windows it has."""
    sides = f"{len(dataset.train):,} training and {len(dataset.test):,} test windows"
    samples, leads = dataset.test.signal.shape[2], f"{counted(len(dataset.leads), 'lead')} ({_named(dataset.leads)})"
    simulated = ", simulated" if dataset.simulated else ""
    form = f"{counted(samples, 'sample')} at {dataset.fs:g} Hz"
    return f"<Dataset {dataset.name}{simulated}: {sides} of {leads}, {form}; classes {_named(dataset.classes)}>"


def dataset_html(dataset: Dataset) -> str:
    """The same, with the windows of each class on either side of the split as a table."""
    train, test = (class_counts(side, len(dataset.classes)) for side in (dataset.train, dataset.test))
    rows = [_row("td", name, f"{a:,}", f"{b:,}") for name, a, b in zip(dataset.classes, train, test, strict=True)]
    notes = "".join(f"<li>{escape(note)}</li>" for note in dataset.notes)
    head = _row("th", "class", "training windows", "test windows")
    return f"<p>{escape(dataset_text(dataset)[1:-1])}</p><table>{head}{''.join(rows)}</table><ul>{notes}</ul>"


def class_counts(windows: Windows, classes: int) -> list[int]:
    """Windows of each class, or with each label."""
    held = windows.y if windows.y.ndim == 2 else windows.y[:, None] == np.arange(classes)
    return [int(count) for count in held.sum(axis=0, dtype=np.int64)]


def _row(kind: str, *cells: str) -> str:
    return f"<tr>{''.join(f'<{kind}>{escape(cell)}</{kind}>' for cell in cells)}</tr>"


def _named(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    return f"{shown} and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else shown
