"""Databases of WFDB records with beat annotations, split by record: what mitdb, svdb and incartdb have in common."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from ecgbench.datasets._registry import Request
from ecgbench.datasets.records.wfdb_reader import SUFFIXES, Side, load_records
from ecgbench.errors import InputError
from ecgbench.protocol import BEAT_RULES, DatasetProtocol
from ecgbench.types import Dataset

PATIENT = "patient"
"""Split that leaves the test set without the patients who are trained on."""


def annotated_files(numbers: DatasetProtocol, listed: Collection[str]) -> list[str]:
    """Paths of the files of all records of the split."""
    return [name + suffix for name in (*numbers.train, *numbers.test) for suffix in SUFFIXES]


def load_annotated(request: Request, name: str, lead: str, patients: Mapping[str, str], *notes: str) -> Dataset:
    """Windows of a database's training and test records, labelled by their beats.

    Parameters
    ----------
    name : the dataset's key
    lead : what the page calls the lead
    patients : patient of each record that doesn't stand for a patient of its own
    notes : what a reader must know beside the counts of windows
    """
    numbers, rule = request.numbers, BEAT_RULES[request.labels]
    trained_on = {patients.get(record, record) for record in numbers.train}
    tested = [record for record in numbers.test if request.split != PATIENT or patients.get(record, record) not in trained_on]
    if not tested:
        raise InputError(
            f'expected test records of {name} of patients who are not trained on, got none; take split "standard", or other records.'
        )
    train, test = (
        load_records(request.folder, names, numbers, patients, rule, request.store, f"{name} {side}")
        for side, names in (("train", numbers.train), ("test", tested))
    )
    return request.answer(name, train, test, (lead,), (*_counts(train, test), *notes, *_shared_patients(train, test)))


def _counts(train: Side, test: Side) -> tuple[str, str]:
    return (
        f"{train.left_out} training and {test.left_out} test windows left out as unclassifiable.",
        f"{train.without_beat} training and {test.without_beat} test windows hold no beat and count as normal.",
    )


def _shared_patients(train: Side, test: Side) -> tuple[str, ...]:
    shared = np.intersect1d(train.windows.patient, test.windows.patient)
    if not shared.size:
        return ()
    return (f"Patients on both sides of the split: {', '.join(shared)} (`--split patient` leaves them out of the test set).",)
