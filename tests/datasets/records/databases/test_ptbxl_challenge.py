"""ptbxl in the Challenge's edition: headers that are refused by name, folds from PTB-XL's table, oddities that are counted."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.errors import DataError, MissingDataError
from tests.datasets.small_ptbxl import (
    CHALLENGE,
    FOLDS,
    GROUP,
    OTHER,
    OWN,
    load,
    records_of,
    row,
    signal_of,
    write_challenge,
    write_table,
)

SECOND = GROUP / "HR00002"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_challenge(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def folder(tmp_path: Path, whole: Path) -> Path:
    """A database that the test may spoil, with the table of folds."""
    folder = Path(shutil.copytree(whole, tmp_path / "root" / OTHER))
    (folder.parents[1] / OWN).mkdir(parents=True)
    write_table(folder.parents[1] / OWN, [row(number, fold) for number, fold in FOLDS.items()])
    return folder


@pytest.fixture
def root(folder: Path) -> Path:
    return folder.parents[1]


def diagnoses(folder: Path, line: str) -> None:
    """Give the second record another line of diagnoses."""
    path = (folder / SECOND).with_suffix(".hea")
    path.write_text(path.read_text().replace("# Dx: 426783006,39732003", line))


def test_folds_and_patients_come_from_the_table(root: Path, store: ArtifactStore) -> None:
    dataset = load(root, store, CHALLENGE)
    assert records_of(dataset) == (["HR00001", "HR00003"], ["HR00002", "HR00004"])
    assert (dataset.train.patient.tolist(), dataset.test.patient.tolist()) == (["1001", "1003"], ["1002", "1004"])


def test_signal_is_what_was_written(root: Path, store: ArtifactStore) -> None:
    assert np.array_equal(load(root, store, CHALLENGE).test.raw(0), signal_of(2, 5000).T.astype(np.float32))


@pytest.mark.parametrize(
    ("line", "labels"),
    [
        ("# Dx: 426783006", {"NSR"}),
        ("#Dx: 426783006", {"NSR"}),
        ("#Dx:426783006", {"NSR"}),
        ("#  Dx:  426783006, 39732003  ", {"NSR", "LAD"}),
        ("# Dx: 59118001,733534002,63593006", {"CRBBB", "LBBB", "PAC"}),
        ("# Dx: 713427006,164909002,284470004", {"CRBBB", "LBBB", "PAC"}),
        ("# Dx: 164934002,164934002", {"TAb"}),
    ],
)
def test_labels_are_said_by_the_line_of_diagnoses(folder: Path, root: Path, store: ArtifactStore, line: str, labels: set[str]) -> None:
    diagnoses(folder, line)
    dataset = load(root, store, CHALLENGE)
    assert {dataset.classes[i] for i in np.flatnonzero(dataset.test.y[0])} == labels


def test_windows_line_ends_do_not_matter(folder: Path, root: Path, store: ArtifactStore) -> None:
    path = (folder / SECOND).with_suffix(".hea")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load(root, store, CHALLENGE).test.y.sum(axis=1).tolist() == [2, 2]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("# Dx: NSR", '"NSR"'),
        ("# Dx: 426783006,unknown", '"426783006,unknown"'),
        ("# Dx: 426783006,", '"426783006,"'),
        ("# Dx: 4.2e8", '"4\\.2e8"'),
        ("# Dx: -426783006", '"-426783006"'),
        ("# Dx:", "none"),
        ("# Dx: ", "none"),
        ("# dx 426783006", "none"),
        ("# Notes", "none"),
    ],
)
def test_header_without_codes_is_refused_by_name(folder: Path, root: Path, store: ArtifactStore, line: str, said: str) -> None:
    diagnoses(folder, line)
    with pytest.raises(DataError, match=rf"expected SNOMED CT codes in .*HR00002\.hea, such as .*, got {said}; download it again"):
        load(root, store, CHALLENGE)


def test_header_that_is_no_text_is_refused_by_name(folder: Path, root: Path, store: ArtifactStore) -> None:
    (folder / SECOND).with_suffix(".hea").write_bytes(b"\xff\xfe\x81" * 9)
    with pytest.raises(DataError, match=r"expected a readable header .*HR00002\.hea, got .*; download it again"):
        load(root, store, CHALLENGE)


def test_unknown_codes_are_passed_over_and_counted(folder: Path, root: Path, store: ArtifactStore) -> None:
    diagnoses(folder, "# Dx: 426783006,164865005,1,164865005")
    dataset = load(root, store, CHALLENGE)
    assert dataset.test.y[0].sum() == 1
    assert "SNOMED CT codes that are none of the labels were passed over: 1 1, 164865005 2." in dataset.notes


def test_records_without_labels_are_left_out_and_counted(folder: Path, root: Path, store: ArtifactStore) -> None:
    diagnoses(folder, "# Dx: 164865005")
    dataset = load(root, store, CHALLENGE)
    assert records_of(dataset) == (["HR00001", "HR00003"], ["HR00004"])
    assert "1 records have none of the labels and are left out." in dataset.notes
    assert not any("does not list" in note for note in dataset.notes)


def test_records_that_the_table_does_not_list_are_left_out_and_counted_once(folder: Path, root: Path, store: ArtifactStore) -> None:
    write_table(root / OWN, [row(number, fold) for number, fold in FOLDS.items() if number != 2])
    dataset = load(root, store, CHALLENGE)
    assert records_of(dataset) == (["HR00001", "HR00003"], ["HR00004"])
    assert "1 records with labels are left out, since PTB-XL's table does not list them any more." in dataset.notes
    assert "0 records have none of the labels and are left out." in dataset.notes


def test_rows_of_the_table_without_a_header_are_passed_over(folder: Path, root: Path, store: ArtifactStore) -> None:
    for suffix in (".hea", ".mat"):
        (folder / SECOND).with_suffix(suffix).unlink()
    assert records_of(load(root, store, CHALLENGE)) == (["HR00001", "HR00003"], ["HR00004"])


def test_absent_table_is_named_with_both_remedies(root: Path, store: ArtifactStore) -> None:
    (root / OWN / "ptbxl_database.csv").unlink()
    remedies = r"fetch it .*`ecgbench download ptbxl .*--split random"
    with pytest.raises(MissingDataError, match=rf"expected the folds .* in {root / OWN}/ptbxl_database\.csv, got no such file; {remedies}"):
        load(root, store, CHALLENGE)
    dataset = load(root, store, CHALLENGE, "random")
    train, test = records_of(dataset)
    assert sorted([*train, *test]) == [f"HR{number:05d}" for number in FOLDS]
    assert np.array_equal(dataset.train.patient, dataset.train.record)


@pytest.mark.parametrize(("fold", "empty"), [(10, "train"), (1, "test")])
def test_one_side_alone_is_refused(root: Path, store: ArtifactStore, fold: int, empty: str) -> None:
    write_table(root / OWN, [row(number, fold) for number in FOLDS])
    with pytest.raises(DataError, match=rf"expected records to {empty} with in .*, got none of 4; download the rest"):
        load(root, store, CHALLENGE)


def test_absent_signal_is_named_with_the_command_that_fetches_it(folder: Path, root: Path, store: ArtifactStore) -> None:
    (folder / SECOND).with_suffix(".mat").unlink()
    command = rf"ecgbench download ptbxl --edition challenge-2021 --dir {root}"
    with pytest.raises(MissingDataError, match=rf"expected .*HR00002\.mat, got no such file; fetch it: {command}$"):
        load(root, store, CHALLENGE)


def test_absent_headers_are_named_with_the_command_that_fetches_them(folder: Path, root: Path, store: ArtifactStore) -> None:
    for path in (folder / GROUP).glob("*.hea"):
        path.unlink()
    command = rf"ecgbench download ptbxl --edition challenge-2021 --dir {root}"
    with pytest.raises(MissingDataError, match=rf"expected headers in {folder}/training/ptb-xl, got none; fetch them: {command}$"):
        load(root, store, CHALLENGE)


def truncated(folder: Path) -> None:
    path = (folder / SECOND).with_suffix(".mat")
    path.write_bytes(path.read_bytes()[:-100])


def renamed(folder: Path) -> None:
    for suffix in (".hea", ".mat"):
        (folder / SECOND).with_suffix(suffix).rename((folder / GROUP / "HR2").with_suffix(suffix))


def copied(folder: Path) -> None:
    shutil.copytree(folder / GROUP, folder / GROUP.with_name("g2"))


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "truncated signal": (truncated, r"expected a readable WFDB record .*HR00002, got .*; download the record again"),
    "record in two groups": (copied, r"expected every record once in .*, got .*g1/HR00001\.hea and .*g2/HR00001\.hea; remove one"),
    "named otherwise": (renamed, r"expected a record named like HR00001, got .*HR2\.hea; remove it or download"),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_bad_record_is_refused_by_name(folder: Path, root: Path, store: ArtifactStore, case: str) -> None:
    damage, message = DAMAGES[case]
    damage(folder)
    with pytest.raises(DataError, match=message):
        load(root, store, CHALLENGE)
