"""What a header or an annotation file says of its record is heeded: converted, compared, or refused by its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ecgbench
from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets.records.files.wfdb_reader import read_record
from ecgbench.errors import DataError, MissingDataError
from tests.datasets.records.wfdb_files import BEATS, FS, load, signal_of, wfdb, windows_in, write

SIGNAL = signal_of()
pytestmark = [
    pytest.mark.usefixtures("registries_restored"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # wfdb 4.3.1 uses what pandas 3.1 deprecates
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One record, `a`, below a root."""
    folder = tmp_path / "root" / "mitdb" / "1.0.0"
    write(folder, "a", SIGNAL, BEATS)
    return folder


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


def header(folder: Path, old: str, new: str, name: str = "a") -> None:
    """Replace text in a header."""
    path = folder / f"{name}.hea"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(("unit", "gain"), [("mV", 1000), ("uV", 1), ("UV", 1), ("V", 1_000_000)])
def test_voltages_of_any_unit_are_read_in_millivolts(folder: Path, unit: str, gain: float) -> None:
    header(folder, "1000.0(0)/mV", f"{gain}(0)/{unit}")
    np.testing.assert_allclose(read_record(folder, "a", 1, FS).signal[0], SIGNAL[:, 1], rtol=1e-6)


def test_annotations_that_count_in_steps_of_their_own_are_brought_to_samples(folder: Path) -> None:
    wanted = read_record(folder, "a", 0, FS)
    sample = np.array([2 * sample for sample, _ in BEATS])
    wfdb.wrann("a", "atr", sample, symbol=[symbol for _, symbol in BEATS], fs=2 * FS, write_dir=str(folder))
    found = read_record(folder, "a", 0, FS)
    assert (found.sample.tolist(), found.symbol) == (wanted.sample.tolist(), wanted.symbol)


def labels_of_its_own(folder: Path) -> None:
    table = pd.DataFrame({"label_store": [1, 2], "symbol": ["v", "r"], "description": ["ventricular", "conduction delay"]})
    wfdb.wrann("a", "atr", np.array([40, 150]), label_store=np.array([2, 1]), custom_labels=table, write_dir=str(folder))


def behind_the_end_mark(folder: Path) -> None:
    path = folder / "a.atr"
    path.write_bytes(path.read_bytes() + bytes([20, 4]) + b"\0\0")


def damaged(folder: Path) -> None:
    data = bytearray((folder / "a.dat").read_bytes())
    data[400] ^= 16
    (folder / "a.dat").write_bytes(data)


REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "no voltage": (lambda folder: header(folder, "/mV", "/mmHg"), r"signal in mV, uV or V in .*a\.hea, got mmHg"),
    "header of another record": (lambda folder: header(folder, "a 2", "b 2"), r"header of record a in .*a\.hea, got that of record b"),
    "skew": (lambda folder: header(folder, "a.dat 16 ", "a.dat 16:5 "), r"begin together in .*a\.hea, got a skew of 5 samples"),
    "samples a frame": (lambda folder: header(folder, "a.dat 16 ", "a.dat 16x2 "), r"one sample of each signal a frame in .*a\.hea, got 2"),
    "segments": (lambda folder: header(folder, "a 2", "a/2 2"), r"a\b.*(one segment|readable WFDB record)"),
    "file elsewhere": (lambda folder: header(folder, "a.dat", "../a.dat"), r"readable WFDB record .*a, got HeaderSyntaxError"),
    "checksum": (damaged, r"samples of L0 in .*a that add up to \d+, as its header states, got \d+: the file is damaged"),
    "labels of its own": (labels_of_its_own, r"WFDB's own annotation labels in .*a\.atr, got a table of labels of its own"),
    "behind the end mark": (behind_the_end_mark, r"nothing behind the end mark of .*a\.atr, got 4 bytes more"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_heeded_is_refused_by_its_name(folder: Path, store: ArtifactStore, case: str) -> None:
    damage, message = REFUSED[case]
    damage(folder)
    with pytest.raises(DataError, match=message):
        load(folder, store, names="a")
    assert windows_in(store) == []


def test_checksum_of_0_is_none(folder: Path) -> None:
    path = folder / "a.hea"
    lines = [line.split() for line in path.read_text().splitlines()]
    for line in lines[1:3]:
        line[6] = "0"
    path.write_text("\n".join(" ".join(line) for line in lines) + "\n")
    np.testing.assert_allclose(read_record(folder, "a", 0, FS).signal[0], SIGNAL[:, 0], rtol=1e-6)


def test_file_that_the_header_names_is_read_and_seen_to_change_and_missed(folder: Path, store: ArtifactStore) -> None:
    header(folder, "a.dat", "other.bin")
    (folder / "a.dat").rename(folder / "other.bin")
    first = load(folder, store, names="a")
    np.testing.assert_allclose(first.windows.signal[0, 0], SIGNAL[:100, 0], rtol=1e-6)
    write(folder / "new", "a", signal_of(seed=5), BEATS)
    (folder / "a.hea").write_text((folder / "new" / "a.hea").read_text().replace("a.dat", "other.bin"))
    (folder / "other.bin").write_bytes((folder / "new" / "a.dat").read_bytes())
    second = load(folder, store, names="a")
    assert second.key != first.key
    np.testing.assert_allclose(second.windows.signal[0, 0], signal_of(seed=5)[:100, 0], rtol=1e-6)
    (folder / "other.bin").unlink()
    with pytest.raises(MissingDataError, match=r"expected .*other\.bin, which .*a\.hea names, got no such file"):
        load(folder, store, names="a")


def test_signal_that_stands_twice_and_leads_of_several_names_are_noted(folder: Path, store: ArtifactStore) -> None:
    write(folder, "b", SIGNAL, BEATS)
    header(folder, "L0", "V5", name="b")
    ecgbench.register_records("what_headers_say", folder, train=["a"], test=["b"], fs=FS, window=100)
    notes = ecgbench.load_dataset("what_headers_say", store=store).notes
    assert "Records on both sides of the split hold the same signal: a and b; leave one of each out." in notes
    assert "Lead 0 is L0 in all records but b (V5)." in notes


def test_remedy_for_own_records_is_not_to_download_them(folder: Path, store: ArtifactStore) -> None:
    write(folder, "b", SIGNAL, BEATS)
    damaged(folder)
    ecgbench.register_records("damaged_records", folder, train=["a"], test=["b"], fs=FS, window=100)
    with pytest.raises(DataError, match="damaged; mend it, or register damaged_records without the record"):
        ecgbench.load_dataset("damaged_records", store=store)
