"""Stand-in for LUDB: it has the database's form, says what it shows, and marks waves where they are."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from ecgbench import load_dataset
from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import DATASETS, SimulatedSize, verify
from ecgbench.datasets.records.windows.wave_marks import parts_of, read_waves
from ecgbench.datasets.simulator.databases.ludb import SAID, plan_ludb, simulate_ludb
from ecgbench.errors import DataError, InputError, MissingDataError
from ecgbench.metrics import METRICS
from ecgbench.pipeline import model_of
from ecgbench.protocol import LUDB, LUDB_100HZ, LUDB_FOLDS, LUDB_LABELS, PTBXL_LEADS, WAVE_CRITERIA
from tests.datasets.records.wfdb_files import wfdb
from tests.datasets.simulator.databases.test_database_writer import contents

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:wfdb", "ignore::DeprecationWarning:pandas")
COUNT = 16
FOLDER = Path("ludb", "1.0.1")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ludb")
    simulate_ludb(folder / FOLDER, LUDB, SimulatedSize(records=COUNT))
    return folder


@pytest.fixture
def copied(root: Path, tmp_path: Path) -> Path:
    shutil.copytree(root / FOLDER, tmp_path / FOLDER)
    return tmp_path


def test_files_are_named_and_listed_as_the_databases(root: Path) -> None:
    folder = root / FOLDER
    suffixes = {"hea", "dat", "i", "ii", "iii", "avr", "avl", "avf", "v1", "v2", "v3", "v4", "v5", "v6"}
    assert {path.name for path in (folder / "data").iterdir()} == {f"{number}.{one}" for number in range(1, COUNT + 1) for one in suffixes}
    found = verify(DATASETS["ludb"], root)
    assert found.complete
    assert len(found.whole) == COUNT * len(suffixes) + 1


def test_headers_are_the_databases(root: Path) -> None:
    for number in range(1, COUNT + 1):
        record = wfdb.rdrecord(str(root / FOLDER / "data" / str(number)))
        assert (record.fs, record.sig_len, record.sig_name) == (500, 5000, [lead.lower() for lead in PTBXL_LEADS])
        age, sex, begin, *stated = record.comments
        assert re.fullmatch(r"<age>: \d\d", age)
        assert sex in ("<sex>: F", "<sex>: M")
        assert begin == "<diagnoses>:"
        known = {statement: label.name for label in LUDB_LABELS for statement in label.statements}
        assert tuple(known[one.rstrip(". ")] for one in stated) == plan_ludb(number, 0).labels


def test_every_label_that_the_database_says_is_in_every_fold() -> None:
    plans = [plan_ludb(number, 0) for number in range(1, LUDB_FOLDS * len(SAID) + 1)]
    found = {((plan.number - 1) % LUDB_FOLDS, label) for plan in plans for label in plan.labels}
    assert found == {(fold, label) for fold in range(LUDB_FOLDS) for label in SAID}


@pytest.mark.parametrize(("edition", "numbers"), [("1.0.1", LUDB), ("1.0.1@100hz", LUDB_100HZ)])
def test_stand_in_loads_and_is_marked(root: Path, store_of_module: ArtifactStore, edition: str, numbers: object) -> None:
    dataset = load_dataset("ludb", root, split="fold1", edition=edition, store=store_of_module)
    assert dataset.simulated
    assert "**This stands on a part of LUDB**: 16 of its 200 records are listed." in dataset.notes
    assert dataset.test.record.tolist() == ["1", "6", "11", "16"]
    for side in (dataset.train, dataset.test):
        for i, record in enumerate(side.record):
            assert tuple(LUDB.classes[label] for label in np.flatnonzero(side.y[i])) == plan_ludb(int(record), 0).labels
            for label in np.flatnonzero(side.y[i]):
                mask, criterion = side.mask(i, int(label)), WAVE_CRITERIA.get(LUDB.classes[label])
                outside = [place for place, lead in enumerate(PTBXL_LEADS) if criterion is None or lead not in criterion.leads]
                assert mask.any() == (criterion is not None)
                assert not mask[outside].any()


@pytest.fixture(scope="module")
def store_of_module(tmp_path_factory: pytest.TempPathFactory) -> ArtifactStore:
    return ArtifactStore(tmp_path_factory.mktemp("store"))


def test_marks_lie_on_the_waves(root: Path) -> None:
    """Within marked QRS complexes the leads are steeper than between the other marks, in records in sinus rhythm."""
    plans = [plan_ludb(number, 0) for number in range(1, COUNT + 1)]
    sinus = [plan for plan in plans if not {"NSR", "SB", "STach", "SA"}.isdisjoint(plan.labels)]
    assert len(sinus) > 2
    for plan in sinus:
        path = root / FOLDER / "data" / str(plan.number)
        within, between = [], []
        for lead, signal in zip(PTBXL_LEADS, wfdb.rdrecord(str(path)).p_signal.T, strict=True):
            waves, unmarked = read_waves(path, lead, 500)
            slope, complexes = np.abs(np.gradient(signal)), np.zeros(5000, dtype=bool)
            for onset, offset in parts_of(waves, "QRS"):
                complexes[onset : offset + 1] = True
            marked = slice(waves[0].onset, waves[-1].offset)
            within.append(slope[complexes].mean())
            between.append(slope[marked][~complexes[marked]].mean())
            assert not unmarked
        assert np.mean(within) > 2 * np.mean(between), plan


def test_fibrillating_record_has_no_p_wave_and_a_baseline_in_its_mask(root: Path, store_of_module: ArtifactStore) -> None:
    assert "AF" in plan_ludb(1, 0).labels
    waves, _ = read_waves(root / FOLDER / "data" / "1", "II", 500)
    assert {wave.kind for wave in waves} == {"QRS", "T"}
    mask = load_dataset("ludb", root, split="fold1", store=store_of_module).test.mask(0, LUDB.classes.index("AF"))
    assert 0.1 < mask.mean() < 0.6


def test_localisation_is_best_for_the_waves_themselves_and_undefined_without_any(root: Path, store_of_module: ArtifactStore) -> None:
    windows = load_dataset("ludb", root, split="fold1", store=store_of_module).train
    index, target = np.nonzero(windows.y)
    masks = windows.take(index).masks(target)
    carried = np.array([LUDB.classes[label] in WAVE_CRITERIA for label in target])
    score = METRICS["pointing_game"].function(masks.astype(np.float32), masks)
    assert 0 < carried.sum() < len(carried)
    assert (score[carried] == 1).all()
    assert np.isnan(score[~carried]).all()


def test_same_seed_writes_the_same_bytes_and_fewer_records_do_not_change_them(root: Path, tmp_path: Path) -> None:
    simulate_ludb(tmp_path / FOLDER, LUDB_100HZ, SimulatedSize(records=10))
    few = {path: data for path, data in contents(tmp_path / FOLDER).items() if path.startswith("data")}
    assert len(few) == 140
    assert few.items() <= contents(root / FOLDER).items()


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (SimulatedSize(windows=2), "expected no number of windows, .* got 2; name --records"),
        (SimulatedSize(records=9), "expected records as a whole number from 10 on, got 9; name another"),
        (SimulatedSize(records=201), "expected at most 200 records, as LUDB has, got 201; name fewer"),
    ],
)
def test_wrong_sizes_are_refused(size: SimulatedSize, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        simulate_ludb(tmp_path / FOLDER, LUDB, size)
    assert list(tmp_path.iterdir()) == []


# What the loader refuses


def test_absent_records_are_refused_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"expected headers in .*data, got none; fetch them: ecgbench download ludb"):
        load_dataset("ludb", tmp_path)


def test_absent_marks_are_refused_with_the_command(copied: Path, store: ArtifactStore) -> None:
    (copied / FOLDER / "data" / "3.v2").unlink()
    with pytest.raises(MissingDataError, match=r"expected .*3\.v2, got no such file; fetch it: ecgbench download ludb"):
        load_dataset("ludb", copied, store=store)


def test_header_without_statements_is_refused(copied: Path, store: ArtifactStore) -> None:
    header = copied / FOLDER / "data" / "3.hea"
    header.write_text(header.read_text().partition("#<diagnoses>")[0])
    with pytest.raises(DataError, match=r'expected a comment "<diagnoses>:" and diagnoses behind it in .*3\.hea, got none'):
        load_dataset("ludb", copied, store=store)


def test_record_that_no_number_names_is_refused(copied: Path, store: ArtifactStore) -> None:
    shutil.copy(copied / FOLDER / "data" / "3.hea", copied / FOLDER / "data" / "three.hea")
    with pytest.raises(DataError, match=r"expected a record named by its number, like 1, got .*three\.hea; remove it"):
        load_dataset("ludb", copied, store=store)


def test_fold_without_records_is_refused(copied: Path, store: ArtifactStore) -> None:
    for path in (copied / FOLDER / "data").iterdir():
        if path.stem in ("2", "7", "12"):
            path.unlink()
    with pytest.raises(DataError, match=r"expected records to train and to test with in .*, got 0 of 13 in fold2; download the rest"):
        load_dataset("ludb", copied, split="fold2", store=store)


def test_all_are_tested_on_by_other_databases_models_and_none_is_trained_on(root: Path, store_of_module: ArtifactStore) -> None:
    dataset = load_dataset("ludb", root, store=store_of_module)
    assert (dataset.split, dataset.edition, len(dataset.train), len(dataset.test)) == ("transfer", "1.0.1@100hz", 0, COUNT)
    with pytest.raises(
        DataError, match=r'expected training windows of ludb some of which .* got none in its split "transfer"; name another'
    ):
        model_of(dataset, 1, store_of_module)


def test_statements_that_are_no_label_are_counted(copied: Path, store: ArtifactStore) -> None:
    with open(copied / FOLDER / "data" / "3.hea", "a") as header:
        header.write("#Early repolarization syndrome. \n")
    notes = load_dataset("ludb", copied, store=store).notes
    assert "1 statements of 1 kinds that are none of the labels were passed over." in notes
