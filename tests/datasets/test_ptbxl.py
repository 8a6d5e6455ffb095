"""ptbxl on real records: 500 of its own edition at both rates, ten of the Challenge's."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import load_dataset
from ecgbench.types import Dataset, Windows

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # wfdb 4.3.1 uses what pandas 3.1 deprecates
    import wfdb

SAID = {
    "AF": {"AFIB"},
    "AFL": {"AFLT"},
    "CRBBB": {"CRBBB"},
    "IAVB": {"1AVB"},
    "IRBBB": {"IRBBB"},
    "LAD": {"axis LAD", "axis ALAD"},
    "LAnFB": {"LAFB"},
    "LBBB": {"CLBBB"},
    "LQRSV": {"LVOLT"},
    "NSIVCB": {"IVCD"},
    "NSR": {"SR", "NORM"},
    "PAC": {"PAC", "SVARR"},
    "PR": {"PACE"},
    "LPR": {"LPR"},
    "LQT": {"LNGQT"},
    "QAb": {"QWAVE"},
    "RAD": {"axis RAD", "axis ARAD"},
    "SA": {"SARRH"},
    "SB": {"SBRAD"},
    "STach": {"STACH"},
    "TAb": {"NDT", "TAB_", "LOWT"},
    "TInv": {"INVT"},
}
"""Labels in their order, and what says them in PTB-XL's table."""

RATES = {"1.0.3@100hz": (100, 1000, "records100", "lr"), "1.0.3": (500, 5000, "records500", "hr")}
EDITIONS = (*RATES, "challenge-2021")
SPLITS = ("standard", "random")
LISTED = 500

rates = pytest.mark.parametrize("edition", RATES)
splits = pytest.mark.parametrize("split", SPLITS)

Load = Callable[..., Dataset]


@pytest.fixture(scope="module")
def root(unpacked: Callable[[str], Path]) -> Path:
    unpacked("ptb-xl")
    return unpacked("challenge-2021")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ArtifactStore:
    return ArtifactStore(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def load(root: Path, store: ArtifactStore) -> Load:
    return cache(lambda edition, split="standard": load_dataset("ptbxl", root, split=split, edition=edition, store=store))


@pytest.fixture(scope="module")
def table(root: Path) -> dict[str, dict[str, str]]:
    """Lines of the table that have one of the labels, by record, as the csv module reads them."""
    with open(root / "ptb-xl" / "1.0.3" / "ptbxl_database.csv", newline="") as file:
        lines = {f"{int(line['ecg_id']):05d}": line for line in csv.DictReader(file)}
    assert len(lines) == LISTED
    return {record: line for record, line in lines.items() if any(labels_said(line))}


def labels_said(line: dict[str, str]) -> list[bool]:
    said = {*re.findall(r"'(\w+)':", line["scp_codes"]), f"axis {line['heart_axis']}"}
    return [bool(said & names) for names in SAID.values()]


def by_record(dataset: Dataset, what: str) -> dict[str, np.ndarray]:
    """Of both sides together, `what` of each record, whose name is its number's five digits."""
    both = [
        (name[-5:], value) for side in (dataset.train, dataset.test) for name, value in zip(side.record, getattr(side, what), strict=True)
    ]
    found = dict(both)
    assert len(found) == len(both)
    return found


@rates
def test_windows_are_whole_records_of_twelve_leads_mapped_from_a_file(load: Load, edition: str) -> None:
    for windows in (load(edition).train, load(edition).test):
        check_whole_records(windows, edition)


def check_whole_records(windows: Windows, edition: str) -> None:
    assert windows.signal.shape == (len(windows), 12, RATES[edition][1])
    assert (windows.signal.dtype, windows.y.dtype, windows.y.shape) == (np.float32, np.uint8, (len(windows), 22))
    assert isinstance(windows.signal, np.memmap)
    assert not windows.signal.flags.writeable
    assert set(windows.y.ravel().tolist()) == {0, 1}
    assert windows.y.any(axis=1).all()
    assert not windows.start.any()
    assert not any(len(spans) for spans in windows.spans)


@rates
def test_dataset_is_described(load: Load, edition: str) -> None:
    dataset = load(edition)
    assert dataset.leads == ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
    assert (dataset.name, dataset.classes, dataset.fs) == ("ptbxl", tuple(SAID), RATES[edition][0])
    assert (dataset.labels, dataset.split, dataset.edition, dataset.simulated) == ("snomed", "standard", edition, False)


def test_notes_say_that_500_records_are_a_part_and_what_is_left_out(load: Load) -> None:
    notes = load("1.0.3").notes
    assert "**This stands on a part of PTB-XL**: 500 of its 21,799 records are listed." in notes
    assert "12 records have none of the labels and are left out." in notes
    assert "422 records are for training, 66 for testing." in notes


def test_editions_and_splits_have_keys_of_their_own(load: Load) -> None:
    keys = {load(edition, split).key for edition in EDITIONS for split in SPLITS}
    assert len(keys) == len(EDITIONS) * len(SPLITS)


@splits
def test_each_record_has_the_labels_and_the_patient_that_the_table_says(load: Load, table: dict[str, dict[str, str]], split: str) -> None:
    y, patients = by_record(load("1.0.3", split), "y"), by_record(load("1.0.3", split), "patient")
    assert {record: labels.astype(bool).tolist() for record, labels in y.items()} == {
        record: labels_said(line) for record, line in table.items()
    }
    assert {record: str(patient) for record, patient in patients.items()} == {
        record: line["patient_id"].removesuffix(".0") for record, line in table.items()
    }


@splits
def test_both_rates_have_the_same_records_labels_and_patients(load: Load, split: str) -> None:
    low, high = (load(edition, split) for edition in RATES)
    for side in ("train", "test"):
        for what in ("record", "patient", "y"):
            assert np.array_equal(getattr(getattr(low, side), what), getattr(getattr(high, side), what))


@rates
def test_standard_split_tests_on_fold_10_and_keeps_patients_together(load: Load, table: dict[str, dict[str, str]], edition: str) -> None:
    dataset = load(edition)
    assert dataset.test.record.tolist() == [record for record, line in table.items() if line["strat_fold"] == "10"]
    assert dataset.train.record.tolist() == [record for record, line in table.items() if line["strat_fold"] != "10"]
    assert not set(dataset.train.patient) & set(dataset.test.patient)
    assert not any("both sides" in note for note in dataset.notes)


@pytest.mark.parametrize("edition", EDITIONS)
def test_random_split_is_scikit_learns_by_record(load: Load, table: dict[str, dict[str, str]], edition: str) -> None:
    dataset = load(edition, "random")
    records = [f"HR{number:05d}" for number in range(1, 11)] if edition == "challenge-2021" else list(table)
    train, test = train_test_split(range(len(records)), test_size=0.2, random_state=42)
    assert dataset.train.record.tolist() == [records[i] for i in sorted(train)]
    assert dataset.test.record.tolist() == [records[i] for i in sorted(test)]


def test_random_split_says_how_many_patients_it_crosses(load: Load) -> None:
    dataset = load("1.0.3", "random")
    crossed = len(set(dataset.train.patient) & set(dataset.test.patient))
    assert crossed
    assert f"{crossed} patients have records on both sides of the split." in dataset.notes


@splits
def test_ten_records_are_alike_in_both_editions(load: Load, split: str) -> None:
    for what in ("y", "signal"):
        challenge, own = by_record(load("challenge-2021", split), what), by_record(load("1.0.3", split), what)
        assert sorted(challenge) == [f"{number:05d}" for number in range(1, 11)]
        assert all(np.array_equal(value, own[record]) for record, value in challenge.items()), what


def test_challenge_takes_folds_and_patients_from_ptb_xls_table(load: Load, table: dict[str, dict[str, str]]) -> None:
    dataset = load("challenge-2021")
    assert {name[-5:] for name in dataset.test.record} == {f"{i:05d}" for i in range(1, 11) if table[f"{i:05d}"]["strat_fold"] == "10"}
    assert {record: f"{patient}.0" for record, patient in by_record(dataset, "patient").items()} == {
        f"{i:05d}": table[f"{i:05d}"]["patient_id"] for i in range(1, 11)
    }


def test_challenge_under_the_random_split_takes_every_record_for_a_patient_of_its_own(load: Load) -> None:
    for side in (load("challenge-2021", "random").train, load("challenge-2021", "random").test):
        assert np.array_equal(side.patient, side.record)


@rates
def test_signal_is_what_wfdb_reads_in_millivolts(load: Load, root: Path, edition: str) -> None:
    _, _, folder, rate = RATES[edition]
    signals = by_record(load(edition), "signal")
    for number in (1, 9, 137, 222, 500):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            record = wfdb.rdrecord(str(root / "ptb-xl" / "1.0.3" / folder / "00000" / f"{number:05d}_{rate}"))
        found = signals[f"{number:05d}"]
        assert np.array_equal(found, record.p_signal.T.astype(np.float32)), number
        assert np.ptp(found) > 0.1, number


def test_inputs_are_standardised_per_lead_in_the_order_asked_for(load: Load) -> None:
    test, index = load("1.0.3@100hz").test, np.array([41, 3, 3, 65])
    inputs = test.inputs(index)
    assert inputs.dtype == np.float32
    for x, i in zip(inputs, index, strict=True):
        for lead in range(12):
            row = np.array(test.signal[i, lead])
            assert np.array_equal(x[lead], (row - np.mean(row)) / (np.std(row) + np.float32(1e-6)))


@pytest.mark.parametrize("edition", EDITIONS)
def test_cached_dataset_equals_the_built_one_without_a_call_of_wfdb(
    root: Path, store: ArtifactStore, load: Load, monkeypatch: pytest.MonkeyPatch, edition: str
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("wfdb was called")

    built = load(edition)
    monkeypatch.setattr(wfdb, "rdrecord", forbidden)
    again = load_dataset("ptbxl", root, edition=edition, store=store)
    assert (again.key, again.notes) == (built.key, built.notes)
    for side in ("train", "test"):
        for what in ("signal", "y", "record", "patient", "start"):
            assert np.array_equal(getattr(getattr(again, side), what), getattr(getattr(built, side), what))


def test_protocol_chooses_the_split(root: Path, store: ArtifactStore, load: Load) -> None:
    for protocol, split in (("ours", "standard"), ("study", "random")):
        dataset = load_dataset("ptbxl", root, edition="challenge-2021", protocol=protocol, store=store)
        assert (dataset.split, dataset.key) == (split, load("challenge-2021", split).key)
