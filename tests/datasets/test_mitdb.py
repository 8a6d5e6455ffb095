"""mitdb: what its own records show beside the golden windows, and what every annotated database refuses."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import load_dataset
from ecgbench.errors import InputError, MissingDataError, UnknownKeyError
from ecgbench.protocol import MITDB
from ecgbench.types import Dataset
from tests.datasets.golden import LABELS, digests, golden_windows, read

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # wfdb 4.3.1 uses what pandas 3.1 deprecates
    import wfdb


@pytest.fixture(scope="module")
def datasets(load_real: Callable[..., Dataset]) -> dict[str, Dataset]:
    return {labels: load_real("mitdb", labels=labels) for labels in LABELS}


def test_windows_without_a_beat_stay_normal_and_are_counted(records: Path, datasets: dict[str, Dataset]) -> None:
    train, flutter = datasets["aami"].train, read(records, "mitdb", "207")
    beats = {int(s) // 2880 for s, symbol in zip(flutter.sample, flutter.symbol, strict=True) if symbol in "NLRejBAaJSnVErF/fQ?"}
    empty = [i for i, spans in enumerate(train.spans) if not len(spans)]
    assert [start // 2880 for start in train.start[empty].tolist()] == sorted(set(range(225)) - beats)
    assert (set(train.record[empty]), set(train.y[empty].tolist())) == ({"207"}, {0})
    assert f"{len(empty)} training and 0 test windows hold no beat and count as normal." in datasets["aami"].notes


def test_lead_is_mlii_in_all_records_but_114(reference: Path) -> None:
    assert {name for name, entry in golden_windows(reference, "mitdb")["study"].items() if entry["lead"] != "MLII"} == {"114"}


def test_records_201_and_202_are_one_patient_on_both_sides_and_a_note_says_so(datasets: dict[str, Dataset]) -> None:
    dataset = datasets["aami"]
    assert set(dataset.train.patient[dataset.train.record == "201"]) == set(dataset.test.patient[dataset.test.record == "202"]) == {"201"}
    assert set(dataset.train.patient) & set(dataset.test.patient) == {"201"}
    assert any("Patients on both sides of the split: 201" in note for note in dataset.notes)


def test_patient_split_leaves_202_out_and_nothing_else(records: Path, datasets: dict[str, Dataset], real_store: ArtifactStore) -> None:
    dataset = load_dataset("mitdb", records, split="patient", store=real_store)
    standard = datasets["aami"]
    assert not set(dataset.train.patient) & set(dataset.test.patient)
    assert set(standard.test.record) - set(dataset.test.record) == {"202"}
    assert np.array_equal(dataset.test.signal, standard.test.signal[standard.test.record != "202"])
    assert np.array_equal(dataset.train.signal, standard.train.signal)
    assert dataset.split == "patient"
    assert dataset.key != standard.key
    assert not any("both sides" in note for note in dataset.notes)


def test_standardised_windows_equal_numpys_formula_row_by_row(datasets: dict[str, Dataset]) -> None:
    test = datasets["study"].test
    x = test.x
    for i in range(0, len(test), 97):
        row = test.raw(i)[0]
        assert np.array_equal(x[i, 0], (row - np.mean(row)) / (np.std(row) + np.float32(1e-6)))


def test_masks_are_the_union_of_the_spans_of_the_label(datasets: dict[str, Dataset]) -> None:
    test = datasets["study"].test
    for i in np.flatnonzero(test.y)[::53].tolist():
        expected = np.zeros((1, 2880), dtype=bool)
        for onset, offset, class_ in test.spans[i].tolist():
            expected[:, onset:offset] |= class_ == test.y[i]
        assert expected.any()
        assert np.array_equal(test.mask(i, int(test.y[i])), expected)


def test_cached_dataset_equals_the_built_one_without_a_call_of_wfdb(
    records: Path, datasets: dict[str, Dataset], real_store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("wfdb was called")

    for name in ("rdrecord", "rdann"):
        monkeypatch.setattr(wfdb, name, forbidden)
    again, built = load_dataset("mitdb", records, "study", store=real_store), datasets["study"]
    assert (again.key, again.notes) == (built.key, built.notes)
    for side in ("train", "test"):
        assert digests(getattr(again, side)) == digests(getattr(built, side))
        assert getattr(again, side).patient.tolist() == getattr(built, side).patient.tolist()


def test_protocol_chooses_the_label_rule(records: Path, datasets: dict[str, Dataset], real_store: ArtifactStore) -> None:
    keys = {protocol: load_dataset("mitdb", records, protocol=protocol, store=real_store).key for protocol in ("ours", "study")}
    assert keys == {"ours": datasets["aami"].key, "study": datasets["study"].key}


def test_file_simulated_marks_the_dataset(records: Path, datasets: dict[str, Dataset], real_store: ArtifactStore, tmp_path: Path) -> None:
    folder = tmp_path / MITDB.slug / MITDB.version
    folder.mkdir(parents=True)
    for path in (records / MITDB.slug / MITDB.version).iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "SIMULATED").touch()
    assert load_dataset("mitdb", tmp_path, store=real_store).simulated


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("labels", "", 'expected labels of mitdb among aami, study, got ""'),
        ("split", "", 'expected split of mitdb among standard, patient, got ""'),
        ("edition", "2.0", 'expected edition of mitdb among none, got "2.0"'),
        ("protocol", "theirs", 'expected protocol ours or study, got "theirs"'),
    ],
)
def test_option_that_is_not_offered_is_refused(tmp_path: Path, option: str, value: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_dataset("mitdb", tmp_path, **{option: value})


def test_unknown_dataset_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownKeyError, match='expected a key of datasets, got "mitbd"; did you mean mitdb'):
        load_dataset("mitbd", tmp_path)


def test_absent_database_is_named_with_the_command_that_fetches_it(tmp_path: Path, real_store: ArtifactStore) -> None:
    with pytest.raises(
        MissingDataError,
        match=rf"expected {tmp_path}/mitdb/1\.0\.0/101\.hea, got no such file; fetch it: ecgbench download mitdb --dir {tmp_path}$",
    ):
        load_dataset("mitdb", tmp_path, store=real_store)
