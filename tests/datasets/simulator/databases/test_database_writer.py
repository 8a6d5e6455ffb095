"""Writing a database: whole or not at all, never over another, every file with its checksum."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from ecgbench.datasets.simulator.databases.database_writer import Annotations, Storage, new_database, write_annotations, write_record
from ecgbench.errors import InputError
from tests.datasets.records.wfdb_files import wfdb

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:wfdb", "ignore::DeprecationWarning:pandas")
STORAGE = Storage("212", gain=200, zero=1024, bits=11)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "root" / "slug" / "1.0.0"


def write_database(folder: Path) -> None:
    with new_database(folder, "Simulated.") as partial:
        write_record(partial / "sub" / "b", np.arange(20).reshape(2, 10), ("x", "y"), 250, STORAGE, ("#<age>: 65", "# patient 1"))
        write_annotations(partial / "sub" / "b", Annotations(np.array([2, 2, 7]), ("+", "N", "V"), ("(N", "", "")))
        write_record(partial / "a", np.array([[5000, -5000, 0]]), ("x",), 250, STORAGE)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_every_file_but_the_list_itself_has_its_sum(folder: Path) -> None:
    write_database(folder)
    found = contents(folder)
    listed = found.pop("SHA256SUMS.txt").decode()
    assert listed == "".join(f"{hashlib.sha256(found[path]).hexdigest()} {path}\n" for path in sorted(found))
    assert set(found) == {"RECORDS", "SIMULATED", "a.dat", "a.hea", "sub/b.atr", "sub/b.dat", "sub/b.hea"}
    assert found["SIMULATED"] == b"Simulated.\n"
    assert found["RECORDS"] == b"a\nsub/b\n"


def test_nothing_lies_beside_what_was_written(folder: Path, tmp_path: Path) -> None:
    write_database(folder)
    assert list(folder.parent.iterdir()) == [folder]


def test_record_reads_back(folder: Path) -> None:
    write_database(folder)
    record, marks = wfdb.rdrecord(str(folder / "sub" / "b"), physical=False), wfdb.rdann(str(folder / "sub" / "b"), "atr")
    assert (record.fs, record.sig_name, record.units, record.adc_gain) == (250, ["x", "y"], ["mV", "mV"], [200, 200])
    assert (record.fmt, record.baseline, record.adc_res) == (["212"] * 2, [1024] * 2, [11] * 2)
    np.testing.assert_array_equal(record.d_signal.T - 1024, np.arange(20).reshape(2, 10))
    assert record.checksum == [int(lead.sum()) % 65536 for lead in record.d_signal.T]
    assert (marks.sample.tolist(), marks.symbol, [note.rstrip("\0") for note in marks.aux_note]) == (
        [2, 2, 7],
        ["+", "N", "V"],
        ["(N", "", ""],
    )


def test_comments_are_written_as_they_are(folder: Path) -> None:
    write_database(folder)
    assert (folder / "sub" / "b.hea").read_text().endswith("\n#<age>: 65\n# patient 1\n")


def test_values_beyond_the_converter_are_cut_off(folder: Path) -> None:
    write_database(folder)
    np.testing.assert_array_equal(wfdb.rdrecord(str(folder / "a"), physical=False).d_signal[:, 0], [2047, 1, 1024])


@pytest.mark.parametrize("content", [{}, {"100.dat": b"real"}])
def test_existing_database_is_refused_and_left_as_it_is(folder: Path, content: dict[str, bytes]) -> None:
    folder.mkdir(parents=True)
    for name, data in content.items():
        (folder / name).write_bytes(data)
    with pytest.raises(InputError, match=r"expected no .*1\.0\.0 yet, got one; .*name another folder"):
        write_database(folder)
    assert contents(folder) == content
    assert list(folder.parent.iterdir()) == [folder]


def test_database_that_appears_meanwhile_is_left_as_it_is(folder: Path) -> None:
    with pytest.raises(InputError, match="expected no "), new_database(folder, "Simulated."):
        folder.mkdir()
    assert list(folder.parent.iterdir()) == [folder]
    assert contents(folder) == {}


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, OSError])
def test_interrupted_writing_leaves_nothing(folder: Path, tmp_path: Path, error: type[BaseException]) -> None:
    def interrupted() -> None:
        with new_database(folder, "Simulated.") as partial:
            (partial / "a").write_text("a")
            raise error

    with pytest.raises(InputError if error is OSError else error):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_other_versions_beside_an_interrupted_one_stay(folder: Path) -> None:
    other = folder.with_name("0.9.0") / "a"
    other.parent.mkdir(parents=True)
    other.write_text("a")
    with pytest.raises(KeyboardInterrupt), new_database(folder, "Simulated."):
        raise KeyboardInterrupt
    assert list(folder.parent.iterdir()) == [other.parent]
    assert other.read_text() == "a"


def test_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"expected to write .*, got Not a directory; free space or name another folder"):
        write_database(tmp_path / "file" / "slug" / "1.0.0")
