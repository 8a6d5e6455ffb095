"""ptbxl's own edition: bad records and tables that are refused by name, and oddities that are passed over and counted."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets.records import whole_records
from ecgbench.datasets.records.databases.ptbxl_tables import labels_of
from ecgbench.errors import ArtifactError, DataError, MissingDataError
from ecgbench.protocol import PTBXL
from tests.datasets.small_ptbxl import (
    FOLDS,
    LEADS,
    OWN,
    changed_table,
    load,
    records_of,
    row,
    signal_of,
    write_own,
    write_signal,
    write_table,
)

SECOND = Path("records100", "00000", "00002_lr")

Damage = Callable[[Path], object]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_own(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def folder(tmp_path: Path, whole: Path) -> Path:
    """A database that the test may spoil."""
    return Path(shutil.copytree(whole, tmp_path / "root" / OWN))


@pytest.fixture
def root(folder: Path) -> Path:
    return folder.parents[1]


def other_record(samples: int = 1000, count: int = 12, fs: float = 100, leads: Sequence[str] = LEADS, unit: str = "mV") -> Damage:
    return lambda folder: write_signal(folder / SECOND, signal_of(2, samples, count), fs, leads, unit)


def edited(suffix: str, change: Callable[[bytes], bytes]) -> Damage:
    def apply(folder: Path) -> None:
        path = (folder / SECOND).with_suffix(suffix)
        path.write_bytes(change(path.read_bytes()))

    return apply


def table(**values: object) -> Damage:
    return lambda folder: changed_table(folder, 2, **values)


def text(name: str, content: bytes) -> Damage:
    return lambda folder: (folder / name).write_bytes(content)


SWAPPED = ("II", "I", *LEADS[2:])
CODES = r"expected SCP codes .* for record 2 in .*ptbxl_database\.csv, got .*download it again"
AGAIN = r".*; download"

REFUSED: dict[str, tuple[Damage, str]] = {
    "wrong rate": (other_record(fs=500), rf"expected sampling rate in Hz 100 in .*00002_lr\.hea, got 500{AGAIN}"),
    "missing lead": (other_record(count=11), rf"expected leads I II .*V6 in .*00002_lr\.hea, got I II .*V5{AGAIN}"),
    "other lead order": (other_record(leads=SWAPPED), rf"expected leads I II III .* in .*00002_lr\.hea, got II I III{AGAIN}"),
    "too long": (other_record(samples=1001), rf"expected samples 1000 in .*00002_lr\.hea, got 1001{AGAIN}"),
    "too short": (other_record(samples=999), rf"expected samples 1000 in .*00002_lr\.hea, got 999{AGAIN}"),
    "wrong units": (other_record(unit="mmHg"), r"expected a signal in mV, uV or V in .*00002_lr\.hea, got mmHg; choose another lead\."),
    "truncated signal": (edited(".dat", lambda data: data[:-100]), rf"expected a readable WFDB record .*00002_lr, got{AGAIN}"),
    "empty signal": (edited(".dat", lambda data: b""), rf"00002_lr.*{AGAIN}"),
    "unnamed leads": (
        edited(".hea", lambda data: re.sub(rb"(\.dat 16) .*", rb"\1", data)),
        rf"expected leads I .* in .*00002_lr\.hea, got UNNAMED UNNAMED{AGAIN}",
    ),
    "empty header": (edited(".hea", lambda data: b""), rf"00002_lr.*{AGAIN}"),
    "text header": (edited(".hea", lambda data: b"<html>404 Not Found</html>\n"), rf"00002_lr.*{AGAIN}"),
    "header of another file": (edited(".hea", lambda data: data.replace(b"2_lr.dat", b"9_lr.dat")), rf"00002_lr.*{AGAIN}"),
    "empty table": (text("ptbxl_database.csv", b""), rf"expected a table in .*ptbxl_database\.csv, got{AGAIN}"),
    "table of no record": (lambda folder: write_table(folder, []), rf"expected records in .*ptbxl_database\.csv, got an empty{AGAIN}"),
    "table not UTF-8": (text("ptbxl_database.csv", b"ecg_id,\xff\n1,2\n"), rf"expected a table in .*ptbxl_database\.csv, got{AGAIN}"),
    "ragged table": (text("ptbxl_database.csv", b"ecg_id\n1\n2,3\n"), rf"expected a table in .*ptbxl_database\.csv, got{AGAIN}"),
    "web page for a table": (text("ptbxl_database.csv", b"<html>\n404\n"), rf"expected columns .* in .*ptbxl_database\.csv, got{AGAIN}"),
    "statements without codes": (
        text("scp_statements.csv", b"description\nnormal ECG\n"),
        rf"expected a column of SCP codes, such as \w+, in .*scp_statements\.csv, got none{AGAIN}",
    ),
    "empty statements": (text("scp_statements.csv", b""), rf"expected a table in .*scp_statements\.csv, got{AGAIN}"),
    "record twice": (table(ecg_id=1), rf"expected every ecg_id once in .*ptbxl_database\.csv, got 1 twice{AGAIN}"),
    "record without number": (table(ecg_id=""), rf"expected whole numbers as ecg_id in .*ptbxl_database\.csv, got nan{AGAIN}"),
    "record of no whole number": (table(ecg_id=2.5), rf"expected whole numbers as ecg_id in .*ptbxl_database\.csv, got 2\.5{AGAIN}"),
    "record of another number": (table(ecg_id="two"), rf"expected whole numbers as ecg_id in .*ptbxl_database\.csv, got two{AGAIN}"),
    "record of too great a number": (table(ecg_id=1e30), rf"expected whole numbers as ecg_id in .*ptbxl_database\.csv, got 1e\+30{AGAIN}"),
    "infinite patient": (table(patient_id="inf"), rf"for record 2 in .*ptbxl_database\.csv, got inf and 10{AGAIN}"),
    "patient of no whole number": (table(patient_id=1.5), rf"for record 2 in .*ptbxl_database\.csv, got 1\.5 and 10{AGAIN}"),
    "no patient": (table(patient_id=""), rf"a patient and a fold of 1 to 10 for record 2 in .*ptbxl_database\.csv, got nan{AGAIN}"),
    "patient of no number": (table(patient_id="x"), rf"for record 2 in .*ptbxl_database\.csv, got x and 10{AGAIN}"),
    "no fold": (table(strat_fold=""), rf"for record 2 in .*ptbxl_database\.csv, got 1002\.0 and nan{AGAIN}"),
    "fold 11": (table(strat_fold=11), rf"for record 2 in .*ptbxl_database\.csv, got 1002\.0 and 11{AGAIN}"),
    "fold 0": (table(strat_fold=0), rf"for record 2 in .*ptbxl_database\.csv, got 1002\.0 and 0{AGAIN}"),
    "fold of no number": (table(strat_fold="ten"), rf"for record 2 in .*ptbxl_database\.csv, got 1002\.0 and ten{AGAIN}"),
    "no file's name": (table(filename_lr=""), rf"expected filename_lr of record 2 in .*ptbxl_database\.csv, got none{AGAIN}"),
    "codes in a list": (table(scp_codes="['SR']"), CODES),
    "codes of nobody": (table(scp_codes=""), CODES),
    "codes None": (table(scp_codes="None"), CODES),
    "codes cut off": (table(scp_codes="{'SR': 0.0, 'NO"), CODES),
    "codes that are a call": (table(scp_codes="dict(SR=0)"), CODES),
    "codes that are numbers": (table(scp_codes="{1: 0.0, 'SR': 0.0}"), CODES),
    "codes that are no keys": (table(scp_codes="{[]: 0.0}"), CODES),
    "codes nested too deep": (table(scp_codes="(" * 10_000), CODES),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_database_is_refused_by_name_and_leaves_nothing_in_the_store(folder: Path, root: Path, store: ArtifactStore, case: str) -> None:
    damage, message = REFUSED[case]
    damage(folder)
    with pytest.raises(DataError, match=message) as caught:
        load(root, store)
    assert not isinstance(caught.value, MissingDataError)
    assert len(list(store.root.rglob("*signal.f32"))) == len(list(store.root.glob("windows/*.signal.f32"))) <= 1


def test_missing_column_is_named(folder: Path, root: Path, store: ArtifactStore) -> None:
    path = folder / "ptbxl_database.csv"
    whole = path.read_text()
    for column in ("ecg_id", "patient_id", "scp_codes", "heart_axis", "strat_fold", "filename_lr"):
        path.write_text(whole.replace(column, "renamed"))
        with pytest.raises(DataError, match=rf"expected columns .* in .*ptbxl_database\.csv, got none of {column}; download it again"):
            load(root, store)


@pytest.mark.parametrize("name", [f"{SECOND}.hea", f"{SECOND}.dat", "ptbxl_database.csv", "scp_statements.csv"])
def test_missing_file_is_named_with_the_command_that_fetches_it(folder: Path, root: Path, store: ArtifactStore, name: str) -> None:
    (folder / name).unlink()
    command = rf"ecgbench download ptbxl --edition 1\.0\.3@100hz --dir {root}"
    with pytest.raises(MissingDataError, match=rf"expected {folder / name}, got no such file; fetch it: {command}$"):
        load(root, store)


@pytest.mark.parametrize(("split", "fold", "empty"), [("standard", 1, "test"), ("standard", 10, "train"), ("random", 10, "test")])
def test_one_record_cannot_be_split(folder: Path, root: Path, store: ArtifactStore, split: str, fold: int, empty: str) -> None:
    write_table(folder, [row(2, fold)])
    with pytest.raises(DataError, match=rf"expected records to {empty} with in {folder}, got none of 1; download the rest"):
        load(root, store, split=split)


def test_record_numbers_and_folds_written_with_a_decimal_point_are_read(folder: Path, root: Path, store: ArtifactStore) -> None:
    key = load(root, store).key
    write_table(folder, [row(i, fold) | {"ecg_id": float(i), "strat_fold": float(fold)} for i, fold in FOLDS.items()])
    assert records_of(load(root, store)) == (["00001", "00003"], ["00002", "00004"])
    assert load(root, store).key == key


@pytest.mark.parametrize("split", ["standard", "random"])
def test_database_of_records_without_labels_is_refused(folder: Path, root: Path, store: ArtifactStore, split: str) -> None:
    write_table(folder, [row(i, fold) | {"scp_codes": "{'ABQRS': 0.0}"} for i, fold in FOLDS.items()])
    with pytest.raises(DataError, match=rf"expected records to train with in {folder}, got none of 0; download"):
        load(root, store, split=split)


def test_records_without_labels_are_left_out_and_counted_and_need_no_files(folder: Path, root: Path, store: ArtifactStore) -> None:
    changed_table(folder, 4, scp_codes="{'ABQRS': 0.0}", filename_lr="records100/absent")
    dataset = load(root, store)
    assert records_of(dataset) == (["00001", "00003"], ["00002"])
    assert "1 records have none of the labels and are left out." in dataset.notes


def test_files_without_a_row_are_passed_over(folder: Path, root: Path, store: ArtifactStore) -> None:
    write_table(folder, [row(i, fold) for i, fold in FOLDS.items() if i != 3])
    assert records_of(load(root, store)) == (["00001"], ["00002", "00004"])


def test_unknown_codes_are_passed_over_and_counted(folder: Path, root: Path, store: ArtifactStore) -> None:
    changed_table(folder, 2, scp_codes="{'SBRAD': 0.0, 'WHAT': 15.0}")
    dataset = load(root, store)
    assert dataset.classes[int(dataset.test.y[0].argmax())] == "SB"
    assert dataset.test.y[0].sum() == 1
    assert "SCP codes that scp_statements.csv does not know were passed over: WHAT 1." in dataset.notes


def test_statements_that_were_saved_again_with_their_rows_numbers_know_the_same_codes(
    folder: Path, root: Path, store: ArtifactStore
) -> None:
    wanted, path = load(root, store).notes, folder / "scp_statements.csv"
    pd.read_csv(path).to_csv(path)
    assert load(root, store).notes == wanted


LABELS = {
    "{'NORM': 0.0}": "NSR",
    "{'SR': 100.0, 'NORM': 80.0}": "NSR",
    "{'SBRAD': 0.0, 'NDT': 0.0}": "SB TAb",
    "{'LOWT': 100.0}": "TAb",
    "{'TAB_': 0.0, 'INVT': 0.0}": "TAb TInv",
    "{'AFIB': 0.0, 'SVARR': 0.0}": "AF PAC",
    "{'ILBBB': 100.0, 'CLBBB': 0.0, 'sr': 0.0}": "LBBB",
}
AXES = {"": "", "LAD": " LAD", "ALAD": " LAD", "RAD": " RAD", "ARAD": " RAD", "AXL": "", "MID": "", "SAG": ""}


def test_labels_follow_from_codes_and_axis_together() -> None:
    expected = {(codes, axis): set((LABELS[codes] + AXES[axis]).split()) for codes in LABELS for axis in AXES}
    found = {(codes, axis): {PTBXL.classes[i] for i in labels_of(ast.literal_eval(codes), axis)} for codes, axis in expected}
    assert found == expected


@pytest.mark.parametrize(("codes", "axis"), list(zip(LABELS, AXES, strict=False)))
def test_labels_are_read_from_the_table_at_whatever_likelihood(
    folder: Path, root: Path, store: ArtifactStore, codes: str, axis: str
) -> None:
    changed_table(folder, 2, scp_codes=codes, heart_axis=axis)
    dataset = load(root, store)
    assert {dataset.classes[i] for i in np.flatnonzero(dataset.test.y[0])} == set((LABELS[codes] + AXES[axis]).split())


def test_record_with_invalid_samples_is_left_out_and_counted(folder: Path, root: Path, store: ArtifactStore) -> None:
    signal = signal_of(2)
    signal[500, 7] = np.nan
    write_signal(folder / SECOND, signal)
    dataset = load(root, store)
    assert records_of(dataset) == (["00001", "00003"], ["00004"])
    assert np.array_equal(dataset.test.raw(0), signal_of(4).T.astype(np.float32))
    assert "1 records are left out, since they hold samples that are marked invalid." in dataset.notes


def test_side_of_records_with_invalid_samples_alone_is_refused(folder: Path, root: Path, store: ArtifactStore) -> None:
    for number in (2, 4):
        write_signal(folder / f"records100/00000/{number:05d}_lr", np.full((1000, 12), np.nan))
    with pytest.raises(DataError, match=r"expected records with valid samples in .* for ptbxl test, got none of 2; download them again"):
        load(root, store)


def test_flat_lead_is_kept_and_counted(folder: Path, root: Path, store: ArtifactStore) -> None:
    signal = signal_of(2)
    signal[:, 3] = 0.25
    write_signal(folder / SECOND, signal)
    dataset = load(root, store)
    assert records_of(dataset) == (["00001", "00003"], ["00002", "00004"])
    assert "1 records have a lead that is flat throughout; it stays so." in dataset.notes
    assert not dataset.test.inputs(np.array([0]))[0, 3].any()


def test_whole_database_has_no_note_of_what_was_left_out(root: Path, store: ArtifactStore) -> None:
    notes = load(root, store).notes
    assert not [note for note in notes if "invalid" in note or "flat" in note or "passed over" in note or "both sides" in note]


def test_full_disk_is_an_artifact_error_that_leaves_nothing(root: Path, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_records, "os", SimpleNamespace(fsync=full))
    with pytest.raises(ArtifactError, match=r"expected to write .*signal\.f32, got No space left on device; free space there"):
        load(root, store)
    assert not list(store.root.rglob("*signal.f32*"))
    assert [stage for stage, _ in store] == ["source"]
