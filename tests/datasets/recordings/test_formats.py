"""Recordings of each format are what another library wrote, to its quantisation, with annotations in their places."""

from __future__ import annotations

from pathlib import Path

import edfio
import h5py
import numpy as np
import pytest

import ecgbench
from ecgbench.errors import DataError, InputError
from tests.datasets.recordings.files import (
    FS,
    LEADS,
    LENGTH,
    PLACES,
    SYMBOLS,
    signal_of,
    write_beats,
    write_csv,
    write_edf,
    write_hdf5,
    write_mat,
    write_mat73,
)

STEP16, STEP24, SINGLE = 8 / 65535, 8 / (2**24 - 1), 4e-7
"""Quantisation in mV: of 16 and 24 bits over 8 mV, and of float32."""

FORMS = {
    "uV.edf": (lambda path: write_edf(path, "uV"), STEP16, {}),
    "mV.edf": (lambda path: write_edf(path, "mV"), STEP16, {}),
    "V.edf": (lambda path: write_edf(path, "V"), STEP16, {}),
    "a.bdf": (write_edf, STEP24 + SINGLE, {}),
    "a.csv": (write_csv, SINGLE, {"record_fs": FS, "annotations": "beats.csv"}),
    "a.h5": (write_hdf5, SINGLE, {}),
    "a.mat": (write_mat, SINGLE, {}),
    "v73.mat": (write_mat73, SINGLE, {}),
}


@pytest.mark.parametrize("name", FORMS)
def test_recording_is_what_was_written(tmp_path: Path, name: str) -> None:
    write, step, given = FORMS[name]
    path = tmp_path / name
    wanted = write(path)
    write_beats(tmp_path / "a.beats.csv")
    found = ecgbench.read_recording(path, **given)
    assert (found.signal.dtype, found.fs, found.leads) == (np.float32, FS, LEADS)
    np.testing.assert_allclose(found.signal, wanted, atol=1.001 * step)
    assert (found.sample.tolist(), found.symbol) == (list(PLACES), SYMBOLS)
    some = ecgbench.read_recording(path, leads=["v1", "I"], **given)
    assert (some.leads, some.signal.tolist()) == (("V1", "I"), found.signal[[2, 0]].tolist())
    slower = ecgbench.read_recording(path, fs=100, **given)
    assert slower.signal.shape == (3, LENGTH * 100 // FS)
    assert np.abs(slower.sample - np.array(PLACES) * 100 / FS).max() <= 0.5


def test_edfio_s_own_files_and_plain_edf_are_read(tmp_path: Path) -> None:
    signals = [edfio.EdfSignal(lead, FS, label=name, physical_dimension="mV") for lead, name in zip(signal_of(), LEADS, strict=True)]
    edfio.Edf(signals).write(tmp_path / "plain.edf")
    found = ecgbench.read_recording(tmp_path / "plain.edf")
    np.testing.assert_allclose(found.signal, signal_of(), atol=6.1 / 65535)
    assert found.symbol == ()


def test_arrays_of_any_names_axes_units_and_one_lead_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    wanted = write_hdf5(path, signal=signal_of().T * 1000, unit="uV", fs=None)
    with h5py.File(path, "r+") as file:
        file.move("signal", "ecg/data")
    found = ecgbench.read_recording(path, arrays={"signal": "ecg/data"}, record_fs=FS)
    np.testing.assert_allclose(found.signal, wanted, atol=2e-6)
    write_mat(tmp_path / "one.mat", signal=signal_of()[1], leads=None, unit=None, symbol=np.array(["N  ", "V  ", "N  ", "PVC"]))
    one = ecgbench.read_recording(tmp_path / "one.mat", unit="V")
    np.testing.assert_allclose(one.signal, 1000 * signal_of()[1:2], rtol=1e-6)
    assert (one.leads, one.symbol) == (("lead 0",), ("N", "V", "N", "PVC"))


REFUSED = {
    "edf of pressures": (lambda path: write_edf(path, "mmHg"), "a.edf", {}, "expected a signal in mV, uV or V in .*, got mmHg"),
    "edf of another rate": (write_edf, "a.edf", {"record_fs": 500}, r"expected a rate of 500\.0, as was said, in .*, got 250\.0"),
    "edf cut off": (lambda path: (write_edf(path), path.write_bytes(path.read_bytes()[:-7])), "a.edf", {}, "whole EDF file .*Incomplete"),
    "edf that is none": (lambda path: path.write_bytes(b"0" * 300), "a.edf", {}, "expected an EDF file of 1 to 4096 signals"),
    "table of no rate": (
        write_csv,
        "a.csv",
        {},
        "expected the rate of .*, got none, as tables don't say it; name it in Hz with record_fs=",
    ),
    "table without names": (
        lambda path: write_csv(path, leads=("1", "2", "3")),
        "a.csv",
        {"record_fs": 250},
        "in the first line .* got 1,2,3",
    ),
    "decimal commas": (
        lambda path: path.write_text("I,II\n0,1,0,2\n"),
        "a.csv",
        {"record_fs": 250},
        "got 4 values beside 2 names: 0,1,0,2",
    ),
    "table with a gap": (lambda path: path.write_text("I,II\n1,2\n3,\n"), "a.csv", {"record_fs": 250}, "expected a table of numbers"),
    "table with a nan": (lambda path: path.write_text("I\n1\nnan\n"), "a.csv", {"record_fs": 250}, r"got 1 that are none \(NaN\)"),
    "table of one name twice": (
        lambda path: path.write_text("I,i\n1,2\n3,4\n"),
        "a.csv",
        {"record_fs": 250, "leads": ["I"]},
        "expected one lead I in .* got 2 of that name",
    ),
    "too large for float32": (lambda path: path.write_text("I\n1\n1e39\n"), "a.csv", {"record_fs": 250}, r"got 1 that are none \(NaN\)"),
    "flat lead": (lambda path: path.write_text("I\n1\n1\n"), "a.csv", {"record_fs": 250}, "expected an ECG in .*, got a flat lead"),
    "arrays without a signal": (lambda path: write_hdf5(path, signal=None), "a.h5", {}, 'expected an array "signal" in .*, got none'),
    "no rate": (lambda path: write_hdf5(path, fs=None), "a.h5", {}, 'expected a rate in .*, got None; write it as an array "fs"'),
    "as many leads as samples": (lambda path: write_hdf5(path, signal=np.eye(3)), "a.h5", {}, "as one axis of signal has, got 3"),
    "beat behind the end": (lambda path: write_hdf5(path, sample=[1, 2, 3, 2001]), "a.h5", {}, r"within 0\.\.2000, got sample 2001"),
    "half a sample": (lambda path: write_mat(path, sample=np.array([1, 2, 3, 4.5])), "a.mat", {}, "as whole numbers from 0, got"),
    "fewer symbols": (lambda path: write_hdf5(path, symbol=["N"]), "a.h5", {}, "expected sample and symbol in .* as many texts"),
    "complex numbers": (lambda path: write_mat(path, signal=signal_of() * 1j), "a.mat", {}, "real numbers, got complex128"),
    "another unit than is said": (write_mat, "a.mat", {"unit": "uV"}, "expected the unit uV, as was said, in .*, got mV"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_file_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    write, name, given, message = REFUSED[case]
    write(tmp_path / name)
    with pytest.raises(DataError, match=message) as caught:
        ecgbench.read_recording(tmp_path / name, **given)
    assert "\n" not in str(caught.value)


def test_leads_of_an_edf_file_may_differ_in_rate_where_only_those_of_one_are_read(tmp_path: Path) -> None:
    rates = {"I": 250, "Resp": 25}
    edfio.Edf([edfio.EdfSignal(np.sin(np.arange(10 * fs)), fs, label=name, physical_dimension="mV") for name, fs in rates.items()]).write(
        tmp_path / "a.edf"
    )
    assert ecgbench.read_recording(tmp_path / "a.edf", leads=["I"]).fs == 250
    with pytest.raises(DataError, match=r"expected leads of one rate in .*, got 25 and 250 Hz; name leads that have the same"):
        ecgbench.read_recording(tmp_path / "a.edf")


@pytest.mark.parametrize("samples", [77, 75, 3])
def test_rate_is_what_the_record_s_seconds_say_to_the_last_digit(tmp_path: Path, samples: int) -> None:
    signal = edfio.EdfSignal(np.sin(np.arange(10 * samples)), samples / 0.3, label="I", physical_dimension="mV")
    edfio.Edf([signal], data_record_duration=0.3).write(tmp_path / "a.edf")
    assert ecgbench.read_recording(tmp_path / "a.edf").fs == samples * 10 / 3


def test_recording_prints_itself_in_a_line(tmp_path: Path) -> None:
    write_edf(tmp_path / "a.edf")
    assert repr(ecgbench.read_recording(tmp_path / "a.edf")) == "Recording(fs=250.0, leads=('I', 'II', 'V1'))"


def test_annotations_beside_an_edf_file_take_the_place_of_its_own(tmp_path: Path) -> None:
    write_edf(tmp_path / "a.edf")
    (tmp_path / "a.beats.csv").write_text("symbol,sample\nV,700\nN,125\n")
    found = ecgbench.read_recording(tmp_path / "a.edf", annotations="beats.csv")
    assert (found.sample.tolist(), found.symbol) == ([125, 700], ("N", "V"))
    for text, message in (
        ("sample\n1\n", "expected columns sample and symbol"),
        ("sample,symbol\n-1,N\n", "got -1,N"),
        ("", "got nothing"),
    ):
        (tmp_path / "a.beats.csv").write_text(text)
        with pytest.raises(DataError, match=message):
            ecgbench.read_recording(tmp_path / "a.edf", annotations="beats.csv")


def test_recording_with_gaps_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.edf"
    write_edf(path, annotated=False)
    path.write_bytes(path.read_bytes().replace(b"+3\x14\x14", b"+9\x14\x14"))
    with pytest.raises(DataError, match=r"expected a recording without gaps in .*, got one of several parts \(EDF\+D\)"):
        ecgbench.read_recording(path)


def test_limits_that_are_none_are_refused_instead_of_returning_whole_numbers(tmp_path: Path) -> None:
    write_edf(tmp_path / "a.edf")
    content = (tmp_path / "a.edf").read_bytes()
    assert content.count(b"-4000   ") == 3
    for limit in (b"banana  ", b"4000    ", b"nan     ", b"1e999   "):
        (tmp_path / "a.edf").write_bytes(content.replace(b"-4000   ", limit))
        with pytest.raises(DataError, match="expected a whole EDF file"):
            ecgbench.read_recording(tmp_path / "a.edf")


def test_package_that_is_not_installed_is_named_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_edf(tmp_path / "a.edf")
    write_hdf5(tmp_path / "a.h5")
    monkeypatch.setattr("ecgbench.untrusted.extras.find_spec", lambda package: None)
    for name, package in (("a.edf", "edfio"), ("a.h5", "h5py")):
        message = rf"expected the package {package} to read .*, got none; install the extra formats: python -m pip install -c"
        with pytest.raises(InputError, match=message):
            ecgbench.read_recording(tmp_path / name)
