"""incartdb on made records: patients come from the headers, lead II is taken, what is bad is refused by name."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import load_dataset
from ecgbench.errors import DataError, MissingDataError
from ecgbench.protocol import INCARTDB
from ecgbench.types import Dataset
from tests.datasets.records.wfdb_files import write

FS, WINDOW, SAMPLES = 257, 2056, 2 * 2056 + 7
NAMES = [f"I{number:02d}" for number in range(1, 76)]
BEATS = [(100, "N"), (500, "V"), (900, "+"), (2500, "A"), (4115, "V")]
FOLDER = Path("incartdb", "1.0.0")


def signal_of(name: str) -> np.ndarray:
    return np.random.default_rng(int(name[1:])).integers(-2000, 2000, (SAMPLES, 12)) / 1000


def patient_of(name: str) -> int:
    """Two records each: I37, the last for training, and I38, the first for testing, are one patient's."""
    return (int(name[1:]) + 1) // 2


def write_record(folder: Path, name: str, signal: np.ndarray, fs: float = FS, beats: list[tuple[int, str]] = BEATS) -> None:
    write(folder, name, signal, beats, fs)
    comments = ("#<age>: 65 <sex>: F <diagnoses> Acute MI", f"# patient {patient_of(name)}", "# PVCs, noise")
    with open(folder / f"{name}.hea", "a") as file:
        file.write("\n".join([*comments, ""]))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Root of all 75 records of two windows and a rest."""
    root = tmp_path_factory.mktemp("whole")
    for name in NAMES:
        write_record(root / FOLDER, name, signal_of(name))
    return root


@pytest.fixture(scope="module")
def load(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Dataset]:
    store = ArtifactStore(tmp_path_factory.mktemp("store"))
    return cache(lambda **options: load_dataset("incartdb", whole, store=store, **options))


@pytest.fixture
def root(whole: Path, tmp_path: Path) -> Path:
    """Root of records that the test may spoil."""
    return Path(shutil.copytree(whole, tmp_path / "root"))


def sides(dataset: Dataset) -> tuple[list[str], list[str]]:
    train, test = ([*dict.fromkeys(side.record.tolist())] for side in (dataset.train, dataset.test))
    return train, test


def test_dataset_is_described(load: Callable[..., Dataset]) -> None:
    dataset = load()
    assert (dataset.name, dataset.classes, dataset.fs, dataset.leads) == ("incartdb", ("N", "SVEB", "VEB", "F"), FS, ("II",))
    assert (dataset.labels, dataset.split, dataset.edition, dataset.simulated) == ("aami", "standard", "", False)
    assert dataset.train.signal.shape == (74, 1, WINDOW)


def test_records_1_to_37_are_for_training_and_the_others_for_testing(load: Callable[..., Dataset]) -> None:
    assert sides(load()) == (NAMES[:37], NAMES[37:])
    assert [*INCARTDB.train, *INCARTDB.test] == NAMES


def test_lead_ii_is_taken(load: Callable[..., Dataset]) -> None:
    for side in (load().train, load().test):
        for i, name in enumerate(side.record.tolist()):
            start = int(side.start[i])
            assert np.array_equal(side.raw(i)[0], signal_of(name)[start : start + WINDOW, 1].astype(np.float32))


def test_windows_are_labelled_by_their_beats(load: Callable[..., Dataset]) -> None:
    test = load().test
    assert test.start[:2].tolist() == [0, WINDOW]
    assert test.y[:2].tolist() == [2, 1]
    assert [spans.tolist() for spans in test.spans[:2]] == [[[0, 300, 0], [300, WINDOW, 2]], [[0, WINDOW, 1]]]


def test_patients_come_from_the_headers(load: Callable[..., Dataset]) -> None:
    for side in (load().train, load().test):
        assert side.patient.tolist() == [f"patient {patient_of(name)}" for name in side.record.tolist()]


def test_standard_split_says_which_patients_are_on_both_sides(load: Callable[..., Dataset]) -> None:
    assert "Patients on both sides of the split: patient 19 (`--split patient` leaves them out of the test set)." in load().notes


def test_split_by_patient_leaves_out_of_the_test_set_who_is_trained_on_and_nothing_else(load: Callable[..., Dataset]) -> None:
    dataset = load(split="patient")
    assert sides(dataset) == (NAMES[:37], NAMES[38:])
    assert not set(dataset.train.patient) & set(dataset.test.patient)
    assert not any("both sides" in note for note in dataset.notes)
    assert dataset.key != load().key
    assert np.array_equal(dataset.train.signal, load().train.signal)


def test_label_rules_differ(load: Callable[..., Dataset]) -> None:
    """The study takes the rhythm mark for a normal beat."""
    assert [len(load(labels=labels).test.spans[0]) for labels in ("aami", "study")] == [2, 3]


def edit(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes()))


def without_patient(data: bytes) -> bytes:
    return re.sub(rb"# patient \d+\n", b"", data)


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "no patient": (edit("I02.hea", without_patient), r'expected a comment like "# patient 1" in .*/I02\.hea, got none; download'),
    "no patient at the end": (edit("I75.hea", without_patient), r"in .*/I75\.hea, got none; download"),
    "patient of no number": (
        edit("I02.hea", lambda data: data.replace(b"patient 1", b"patient one")),
        r"in .*/I02\.hea, got none; download",
    ),
    "truncated signal": (edit("I02.dat", lambda data: data[:-100]), r"/I02\b.*; download"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_record_is_refused_by_name(root: Path, store: ArtifactStore, case: str) -> None:
    damage, message = REFUSED[case]
    damage(root / FOLDER)
    with pytest.raises(DataError, match=message) as caught:
        load_dataset("incartdb", root, store=store)
    assert not isinstance(caught.value, MissingDataError)
    assert [stage for stage, _ in store if stage == "windows"] == []


@pytest.mark.parametrize("name", ["I01.hea", "I38.dat", "I75.atr"])
def test_missing_file_is_named_with_the_command_that_fetches_it(root: Path, store: ArtifactStore, name: str) -> None:
    (root / FOLDER / name).unlink()
    with pytest.raises(
        MissingDataError, match=rf"expected .*/{name}, .*got no such file; fetch it: ecgbench download incartdb --dir {root}$"
    ):
        load_dataset("incartdb", root, store=store)


def test_unreadable_header_is_a_data_error(root: Path, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path, **_: object) -> str:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_text", denied)
    with pytest.raises(DataError, match=r"expected a readable file .*/I01\.hea, got Permission denied; mend its permissions"):
        load_dataset("incartdb", root, store=store)


def test_header_in_another_encoding_is_read(root: Path, store: ArtifactStore) -> None:
    with open(root / FOLDER / "I01.hea", "ab") as file:
        file.write("# Bigéminie\n".encode("latin-1"))
    assert load_dataset("incartdb", root, store=store).train.patient[0] == "patient 1"
