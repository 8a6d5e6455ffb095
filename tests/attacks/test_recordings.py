"""Files of recordings that are damaged or lie: every outcome is finite values, or a refusal in one line and in little memory."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

import ecgbench
from ecgbench.datasets.recordings.recording import Recording
from ecgbench.errors import DataError, EcgbenchError
from ecgbench.untrusted.hdf5_arrays import hdf5_arrays
from ecgbench.untrusted.mat_arrays import mat_arrays
from tests.datasets.recordings.files import FS, write_csv, write_edf, write_hdf5, write_mat, write_mat73
from tests.datasets.records.wfdb_files import BEATS, signal_of, write

pytestmark = pytest.mark.slow

WRITERS = {"a.edf": write_edf, "a.bdf": write_edf, "a.csv": write_csv, "a.h5": write_hdf5, "a.mat": write_mat, "v73.mat": write_mat73}
ROOM = 1 << 26
"""Bytes that reading a file of some 50 kB may take."""


@contextmanager
def little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < ROOM
    finally:
        tracemalloc.stop()


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """The content cut off, with bytes changed, mostly in its head, or with a part twice or left out."""
    kind, place = rng.integers(4), int(rng.integers(len(content)))
    if kind == 0:
        return content[:place]
    if kind == 1:
        values = np.frombuffer(content, dtype=np.uint8).copy()
        near = min(len(content), int(rng.choice([200, 2000, len(content)])))
        values[rng.integers(0, near, size=rng.integers(1, 9))] = rng.integers(0, 256)
        return values.tobytes()
    count = int(rng.integers(1, 600))
    return content[:place] + content[place + count :] if kind == 2 else content[: place + count] + content[place:]


def outcome(path: Path) -> Recording | str:
    """What is read, or what the refusal says."""
    try:
        return ecgbench.read_recording(path, **({"record_fs": FS} if path.suffix == ".csv" else {}))
    except EcgbenchError as error:
        return str(error)


@pytest.mark.parametrize("name", WRITERS)
def test_damaged_file_is_read_with_finite_values_or_refused_in_one_line(tmp_path, tries, name):
    path = tmp_path / name
    WRITERS[name](path)
    whole, refused = path.read_bytes(), 0
    made = tries(600)
    for number in made:
        path.write_bytes(damaged(whole, np.random.default_rng(number)))
        with little_memory():
            found = outcome(path)
        if isinstance(found, str):
            assert found.startswith("expected "), number
            assert "\n" not in found, number
            refused += 1
        else:
            assert np.isfinite(found.signal).all(), number
            assert len(found.sample) == len(found.symbol), number
    assert refused > len(made) / 10


@pytest.mark.parametrize("ending", ["hea", "dat", "atr"])
def test_damaged_wfdb_record_is_read_with_finite_values_or_refused_in_one_line(tmp_path, tries, ending):
    write(tmp_path, "a", signal_of(), BEATS)
    whole, refused = (tmp_path / f"a.{ending}").read_bytes(), 0
    made = tries(300)
    for number in made:
        (tmp_path / f"a.{ending}").write_bytes(damaged(whole, np.random.default_rng(number)))
        with little_memory():
            found = outcome(tmp_path / "a")
        if isinstance(found, str):
            assert "\n" not in found, number
            refused += 1
        else:
            assert np.isfinite(found.signal).all(), number
    assert refused > len(made) / 10


def test_wfdb_header_that_states_more_samples_than_there_are_is_refused_in_little_memory(tmp_path):
    write(tmp_path, "a", signal_of(), BEATS)
    header = (tmp_path / "a.hea").read_text()
    for stated in (701, 4_000_000_000, 99_999_999_999):
        (tmp_path / "a.hea").write_text(header.replace(" 350\n", f" {stated}\n", 1))
        with little_memory(), pytest.raises(DataError, match=r"expected at most as many samples in .*/a\.hea as a\.dat has bytes, 1400"):
            ecgbench.read_recording(tmp_path / "a")


def mat_element(kind: int, data: bytes) -> bytes:
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def mat_matrix(class_: int, shape: tuple[int, ...], name: bytes, values: bytes) -> bytes:
    head = mat_element(6, struct.pack("<II", class_, 0)) + mat_element(5, struct.pack(f"<{len(shape)}i", *shape)) + mat_element(1, name)
    return mat_element(14, head + values)


MAT_HEAD = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM"


def test_cells_within_cells_are_refused_before_they_end_the_process(tmp_path):
    inner = mat_matrix(4, (1, 1), b"", mat_element(4, b"a\0"))
    for _ in range(20):
        inner = mat_matrix(1, (1, 1), b"", inner)
    (tmp_path / "a.mat").write_bytes(MAT_HEAD + mat_matrix(1, (1, 1), b"leads", inner))
    with pytest.raises(ValueError, match="leads that is neither an array of numbers, nor text, nor a cell of texts"):
        mat_arrays(tmp_path / "a.mat")


LIES = {
    "dimensions": MAT_HEAD + mat_matrix(6, (1 << 30, 1 << 30), b"signal", mat_element(9, bytes(80))),
    "negative dimensions": MAT_HEAD + mat_matrix(6, (-1, 10), b"signal", mat_element(9, bytes(80))),
    "fewer values": MAT_HEAD + mat_matrix(6, (10, 100), b"signal", mat_element(9, bytes(80))),
    "length of an element": MAT_HEAD + struct.pack("<II", 14, 0xFFFFFFF0),
    "length of values": MAT_HEAD + mat_matrix(6, (2, 5), b"signal", struct.pack("<II", 9, 0xFFFFFFF0) + bytes(80)),
    "packed zeros": MAT_HEAD + mat_element(15, zlib.compress(struct.pack("<II", 14, 0xFFFFFFF0) + bytes(1 << 20))),
    "packed in packed": MAT_HEAD + mat_element(15, zlib.compress(mat_element(15, zlib.compress(bytes(99))))),
    "structure": MAT_HEAD + mat_matrix(2, (1, 1), b"signal", b""),
    "function": MAT_HEAD + mat_matrix(16, (1, 1), b"signal", mat_element(1, b"@")),
}


@pytest.mark.parametrize("lie", LIES)
def test_mat_file_that_lies_is_refused_in_little_memory(tmp_path, lie):
    (tmp_path / "a.mat").write_bytes(LIES[lie])
    with little_memory(), pytest.raises(ValueError, match=r"."):
        mat_arrays(tmp_path / "a.mat")


def test_hdf5_arrays_that_were_never_written_or_lie_elsewhere_are_refused(tmp_path):
    (tmp_path / "secret.bin").write_bytes(bytes(8000))
    write_hdf5(tmp_path / "other.h5")
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("claims", shape=(1000, 1 << 20), dtype="f8", chunks=(1, 1 << 20), compression="gzip")
        file.create_dataset("empty", shape=(1 << 40,), dtype="f8", chunks=(1 << 16,))
        file.create_dataset("texts", shape=(1 << 22,), dtype=h5py.string_dtype(), chunks=(1 << 12,))
        file.create_dataset("file", shape=(1000,), dtype="f8", external=[(str(tmp_path / "secret.bin"), 0, 8000)])
        layout = h5py.VirtualLayout(shape=(3, 2000), dtype="f8")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "signal", shape=(3, 2000))
        file.create_virtual_dataset("virtual", layout)
        file["link"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "signal")
        file["soft"] = h5py.SoftLink("/file")
        file.create_group("group")
        file["long"] = ["x" * 300]
    for name in ("claims", "empty", "texts", "file", "virtual", "link", "soft", "group", "long"):
        with pytest.raises(ValueError, match=name if name != "long" else "a text of 300 letters"):
            hdf5_arrays(path, [name])


def test_heap_of_texts_that_claims_more_than_the_file_has_is_refused_before_hdf5_takes_memory_for_it(tmp_path):
    path = tmp_path / "a.h5"
    write_hdf5(path)
    content = path.read_bytes()
    place = content.index(b"GCOL") + 8
    for size in (len(content), 1 << 31, 1 << 62):
        path.write_bytes(content[:place] + struct.pack("<Q", size) + content[place + 8 :])
        with pytest.raises(ValueError, match="leads of texts that are not where the file says"):
            hdf5_arrays(path, ["leads"])


def test_packed_zeros_of_many_times_their_size_are_read_or_refused_in_bounds(tmp_path):
    """A file of 20 kB that unpacks to 20 MB is no more than it says."""
    scipy.io.savemat(tmp_path / "a.mat", {"signal": np.zeros((1, 2_500_000)), "fs": 250.0}, do_compression=True)
    assert (tmp_path / "a.mat").stat().st_size < 100_000
    assert "got a flat lead" in outcome(tmp_path / "a.mat")
