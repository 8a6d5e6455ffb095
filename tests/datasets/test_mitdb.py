"""mitdb against the golden digests, made by the study's own code with plain loops (shared/reference/README.md)."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import load_dataset
from ecgbench.datasets._wfdb import Record, cut, read_record
from ecgbench.errors import InputError, MissingDataError, UnknownKeyError
from ecgbench.protocol import BEAT_RULES, MITDB, UNCLASSIFIABLE
from ecgbench.types import Dataset, Windows

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # wfdb 4.3.1 uses what pandas 3.1 deprecates
    import wfdb

NAMES = (*MITDB.train, *MITDB.test)
LABELS = ("aami", "study")

every_record = pytest.mark.parametrize("name", NAMES)
rules = pytest.mark.parametrize("labels", LABELS)


@pytest.fixture(scope="module")
def golden(reference: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((reference / "mitdb_windows.json").read_text())
    return found


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ArtifactStore:
    return ArtifactStore(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def datasets(records: Path, store: ArtifactStore) -> dict[str, Dataset]:
    return {labels: load_dataset("mitdb", records, labels, store=store) for labels in LABELS}


@cache
def _read(root: Path, name: str) -> Record:
    return read_record(root / MITDB.slug / MITDB.version, name, 0, 360)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def digests(windows: Windows) -> dict[str, Any]:
    spans = [span.tolist() for span in windows.spans]
    return {
        "windows": len(windows),
        "labels": {str(label): count for label, count in sorted(Counter(windows.y.tolist()).items())},
        "signal_sha256": sha256(windows.signal.astype("<f4").tobytes()),
        "labels_sha256": sha256(windows.y.astype("<i8").tobytes()),
        "spans_sha256": sha256(json.dumps(spans, separators=(",", ":")).encode()),
    }


def of_record(dataset: Dataset, name: str) -> Windows:
    side = dataset.train if name in MITDB.train else dataset.test
    return side.take(np.flatnonzero(side.record == name))


def expected(golden: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: golden[name][key] for key in ("windows", "labels", "signal_sha256", "labels_sha256", "spans_sha256")}


@rules
def test_split_is_the_golden_one(golden: dict[str, Any], labels: str) -> None:
    assert {name: entry["split"] for name, entry in golden[labels].items()} == {
        name: "train" if name in MITDB.train else "test" for name in NAMES
    }


@rules
@every_record
def test_cut_record_equals_the_golden_digests(records: Path, golden: dict[str, Any], labels: str, name: str) -> None:
    windows = cut(_read(records, name), MITDB.window, BEAT_RULES[labels], name)
    assert digests(windows) == expected(golden[labels], name)


@every_record
def test_loaded_record_equals_the_golden_digests_under_the_studys_rule(
    datasets: dict[str, Dataset], golden: dict[str, Any], name: str
) -> None:
    assert digests(of_record(datasets["study"], name)) == expected(golden["study"], name)


@every_record
def test_loaded_record_under_aami_lacks_exactly_its_unclassifiable_windows(
    records: Path, datasets: dict[str, Dataset], golden: dict[str, Any], name: str
) -> None:
    loaded = of_record(datasets["aami"], name)
    whole = cut(_read(records, name), MITDB.window, BEAT_RULES["aami"], name)
    kept = whole.take(np.flatnonzero(whole.y != UNCLASSIFIABLE))
    assert digests(loaded) == digests(kept)
    assert loaded.start.tolist() == kept.start.tolist()
    assert len(whole) - len(loaded) == golden["aami"][name]["labels"].get(str(UNCLASSIFIABLE), 0)


@pytest.mark.parametrize(("labels", "train", "test"), [("aami", (4946, 4), (4945, 5)), ("study", (4950, 0), (4950, 0))])
def test_dataset_says_how_many_windows_it_leaves_out(
    datasets: dict[str, Dataset], labels: str, train: tuple[int, int], test: tuple[int, int]
) -> None:
    dataset = datasets[labels]
    assert (len(dataset.train), len(dataset.test)) == (train[0], test[0])
    assert f"{train[1]} training and {test[1]} test windows left out as unclassifiable." in dataset.notes


def test_windows_without_a_beat_stay_normal_and_are_counted(records: Path, datasets: dict[str, Dataset]) -> None:
    train, flutter = datasets["aami"].train, _read(records, "207")
    beats = {int(s) // 2880 for s, symbol in zip(flutter.sample, flutter.symbol, strict=True) if symbol in "NLRejBAaJSnVErF/fQ?"}
    empty = [i for i, spans in enumerate(train.spans) if not len(spans)]
    assert [start // 2880 for start in train.start[empty].tolist()] == sorted(set(range(225)) - beats)
    assert (set(train.record[empty]), set(train.y[empty].tolist())) == ({"207"}, {0})
    assert f"{len(empty)} training and 0 test windows hold no beat and count as normal." in datasets["aami"].notes


def test_dataset_is_described(datasets: dict[str, Dataset]) -> None:
    dataset = datasets["aami"]
    assert (dataset.name, dataset.classes, dataset.fs, dataset.leads) == ("mitdb", ("N", "SVEB", "VEB", "F"), 360, ("lead 0",))
    assert (dataset.labels, dataset.split, dataset.edition, dataset.simulated) == ("aami", "standard", "", False)
    assert dataset.train.signal.shape[1:] == (1, 2880)
    assert (dataset.train.signal.dtype, dataset.train.y.dtype, dataset.train.start.dtype) == (np.float32, np.int64, np.int64)


def test_lead_is_mlii_in_all_records_but_114(golden: dict[str, Any]) -> None:
    assert {name for name, entry in golden["study"].items() if entry["lead"] != "MLII"} == {"114"}


def test_records_201_and_202_are_one_patient_on_both_sides_and_a_note_says_so(datasets: dict[str, Dataset]) -> None:
    dataset = datasets["aami"]
    assert set(dataset.train.patient[dataset.train.record == "201"]) == set(dataset.test.patient[dataset.test.record == "202"]) == {"201"}
    assert set(dataset.train.patient) & set(dataset.test.patient) == {"201"}
    assert any("Patients on both sides of the split: 201" in note for note in dataset.notes)


def test_patient_split_leaves_202_out_and_nothing_else(records: Path, datasets: dict[str, Dataset], store: ArtifactStore) -> None:
    dataset = load_dataset("mitdb", records, split="patient", store=store)
    standard = datasets["aami"]
    assert not set(dataset.train.patient) & set(dataset.test.patient)
    assert set(standard.test.record) - set(dataset.test.record) == {"202"}
    assert np.array_equal(dataset.test.signal, standard.test.signal[standard.test.record != "202"])
    assert np.array_equal(dataset.train.signal, standard.train.signal)
    assert dataset.split == "patient"
    assert dataset.key != standard.key
    assert not any("both sides" in note for note in dataset.notes)


def test_standardised_windows_equal_the_golden_inputs(datasets: dict[str, Dataset], reference: Path) -> None:
    test = datasets["study"].test
    with np.load(reference / "mitdb_attributions.npz") as golden:
        found = [np.flatnonzero((test.record == r) & (test.start == s))[0] for r, s in zip(golden["record"], golden["start"], strict=True)]
        taken = test.take(np.array(found))
        assert taken.y.tolist() == golden["y"].tolist()
        assert taken.x.dtype == np.float32
        np.testing.assert_allclose(taken.x[:, 0], golden["x"], rtol=0, atol=2e-6)


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
    records: Path, datasets: dict[str, Dataset], store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("wfdb was called")

    for name in ("rdheader", "rdrecord", "rdann"):
        monkeypatch.setattr(wfdb, name, forbidden)
    again, built = load_dataset("mitdb", records, "study", store=store), datasets["study"]
    assert (again.key, again.notes) == (built.key, built.notes)
    for side in ("train", "test"):
        assert digests(getattr(again, side)) == digests(getattr(built, side))
        assert getattr(again, side).patient.tolist() == getattr(built, side).patient.tolist()


def test_label_rules_have_keys_of_their_own(datasets: dict[str, Dataset]) -> None:
    assert datasets["aami"].key != datasets["study"].key


@pytest.mark.parametrize(("protocol", "labels"), [("ours", "aami"), ("study", "study")])
def test_protocol_chooses_the_label_rule(
    records: Path, datasets: dict[str, Dataset], store: ArtifactStore, protocol: str, labels: str
) -> None:
    assert load_dataset("mitdb", records, protocol=protocol, store=store).key == datasets[labels].key


def test_file_simulated_marks_the_dataset(records: Path, datasets: dict[str, Dataset], store: ArtifactStore, tmp_path: Path) -> None:
    folder = tmp_path / MITDB.slug / MITDB.version
    folder.mkdir(parents=True)
    for path in (records / MITDB.slug / MITDB.version).iterdir():
        (folder / path.name).symlink_to(path)
    (folder / "SIMULATED").touch()
    assert load_dataset("mitdb", tmp_path, store=store).simulated


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("labels", "amii", 'expected labels of mitdb among aami, study, got "amii"'),
        ("labels", "", 'expected labels of mitdb among aami, study, got ""'),
        ("split", "random", 'expected split of mitdb among standard, patient, got "random"'),
        ("split", "", 'expected split of mitdb among standard, patient, got ""'),
        ("edition", "2.0", 'expected edition of mitdb among , got "2.0"'),
        ("protocol", "theirs", 'expected protocol ours or study, got "theirs"'),
    ],
)
def test_option_that_is_not_offered_is_refused(tmp_path: Path, option: str, value: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load_dataset("mitdb", tmp_path, **{option: value})


def test_unknown_dataset_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownKeyError, match='expected a key of datasets, got "mitbd"; did you mean mitdb'):
        load_dataset("mitbd", tmp_path)


def test_absent_database_is_named_with_the_command_that_fetches_it(tmp_path: Path, store: ArtifactStore) -> None:
    with pytest.raises(
        MissingDataError, match=rf"expected {tmp_path}/mitdb/1\.0\.0/101\.hea, got no such file; fetch it: .*mitdb/1\.0\.0/"
    ):
        load_dataset("mitdb", tmp_path, store=store)
