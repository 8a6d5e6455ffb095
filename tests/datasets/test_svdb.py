"""svdb: what its own records show beside the golden windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecgbench.datasets import load_dataset
from ecgbench.datasets.records.files.wfdb_reader import read_record
from ecgbench.datasets.records.windows.cut import cut
from ecgbench.errors import InputError
from ecgbench.protocol import BEAT_RULES, SVDB
from ecgbench.types import Dataset


@pytest.fixture(scope="module")
def root(unpacked: Callable[[str], Path]) -> Path:
    return unpacked("svdb")


def test_split_takes_half_of_the_78_records_by_their_numbers() -> None:
    numbers = [int(record) for record in (*SVDB.train, *SVDB.test)]
    assert (len(SVDB.train), len(SVDB.test)) == (39, 39)
    assert numbers == sorted(set(numbers))
    assert (numbers[0], int(SVDB.train[-1]), int(SVDB.test[0]), numbers[-1]) == (800, 855, 856, 894)


def test_split_takes_every_record_of_the_database(root: Path) -> None:
    listed = (root / SVDB.slug / SVDB.version / "RECORDS").read_text().split()
    assert [*SVDB.train, *SVDB.test] == sorted(listed)


def test_beat_right_behind_the_end_of_860_is_no_fault_and_belongs_to_no_window(root: Path) -> None:
    record = read_record(root / SVDB.slug / SVDB.version, "860", 0, 128)
    assert record.sample[-1] == record.signal.shape[1] == 225 * SVDB.window
    spans = cut(record, SVDB.window, BEAT_RULES["study"], "860").spans
    assert sum(map(len, spans)) == len(set(record.sample.tolist())) - 1


def test_records_are_patients_of_their_own(load_real: Callable[..., Dataset]) -> None:
    dataset = load_real("svdb", labels="aami")
    for side in (dataset.train, dataset.test):
        assert np.array_equal(side.patient, side.record)
    assert not any("both sides" in note for note in dataset.notes)


def test_split_by_patient_is_not_offered(root: Path) -> None:
    with pytest.raises(InputError, match='expected split of svdb among standard, got "patient"'):
        load_dataset("svdb", root, split="patient")
