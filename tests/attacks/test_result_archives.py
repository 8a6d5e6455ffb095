"""Archives of per-window scores that are malformed, or would fill the memory, are refused in one line before they are unpacked."""

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib

import numpy as np
import pytest

from ecgbench.results import read_pair, sample_name, score_digest
from ecgbench.results.records import LARGEST_TEXT
from tests.attacks.accepted import accepted, record, refused, saved

pytestmark = pytest.mark.slow

BYTES = 400 << 20
"""Memory that reading a file may take."""


@pytest.fixture
def path(tmp_path):
    return accepted(tmp_path)


# Malformed


def with_header(header, values=b""):
    """An .npy file with any header."""
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + values


def of(kind, shape, values=b""):
    return with_header(f"{{'descr': {kind!r}, 'fortran_order': False, 'shape': {shape}, }}", values)


MEMBERS = {
    "huge shape": of("<f4", "(1000000000000,)"),
    "negative shape": of("<f4", "(-4,)", bytes(16)),
    "many axes": of("<f4", "(1, 1, 1, 4)", bytes(16)),
    "objects": of("|O", "(4,)", b"cos\nsystem\n(S'true'\ntR."),
    "fields": of([("a", "<f4")], "(4,)", bytes(16)),
    "big end first": of(">f4", "(4,)", bytes(16)),
    "whole numbers": of("<i4", "(4,)", bytes(16)),
    "complex": of("<c8", "(4,)", bytes(32)),
    "no magic": bytes(144),
    "next version": b"\x93NUMPY\x09\x00" + of("<f4", "(4,)", bytes(16))[8:],
    "header of a program": with_header("__import__('os').system('true')"),
    "deep header": with_header("(" * 100),
    "header beyond the end": b"\x93NUMPY\x01\x00\xff\xff{",
    "too few values": of("<f4", "(4,)", bytes(12)),
    "too many values": of("<f4", "(4,)", bytes(20)),
    "nothing": b"",
    "texts": of("<U1", "(4,)", bytes(16)),
    "infinite": of("<f4", "(4,)", np.full(4, np.inf, dtype=np.float32).tobytes()),
}


def with_member(path, name, content):
    """The archive with other bytes under a name."""
    changed = io.BytesIO()
    with zipfile.ZipFile(path.with_suffix(".npz")) as old, zipfile.ZipFile(changed, "w") as new:
        for member in old.namelist():
            new.writestr(member, content if member == f"{name}.npy" else old.read(member))
    return changed.getvalue()


@pytest.mark.parametrize(
    "name", ["raw/auc/1", "samples/sketch/1", "samples/patient/2", "samples/target/1", "gallery/signal/1", "shown/signal/1"]
)
@pytest.mark.parametrize("member", MEMBERS.values(), ids=MEMBERS.keys())
def test_malformed_array_is_refused(path, name, member):
    record(path, with_member(path, name, member))
    assert refused(path)


def characters(*codes):
    return of("<U1", "(4,)", struct.pack("<4I", *codes))


@pytest.mark.parametrize("codes", [(0x110000, 49, 49, 49), (0xD800, 49, 49, 49), (10, 49, 49, 49)], ids=["none", "surrogate", "line"])
def test_text_that_nothing_can_show_is_refused(path, codes):
    record(path, with_member(path, "samples/patient/1", characters(*codes)))
    assert refused(path)


@pytest.mark.parametrize(
    "change",
    [
        {"samples/sketch/1": np.full((4, 16), np.nan, dtype=np.float32)},
        {"samples/sketch/1": np.zeros((3, 16), dtype=np.float32)},
        {"samples/target/1": np.array([-1, 2, 2, 2])},
        {"samples/start/1": np.array([-1, 2, 2, 2])},
        {"gallery/window/1": np.array([0, 1, 4])},
        {"gallery/window/1": np.array([0, 3, 1])},
        {"gallery/score/1": np.array([np.nan, 0.5, 0.1], dtype=np.float32)},
        {"gallery/signal/1": np.zeros((3, 0), dtype=np.int16)},
        {"gallery/mask/1": np.zeros((3, 2879), dtype=bool)},
        {"raw/auc/3": np.zeros(4, dtype=np.float32)},
        {"gallery/lead/1": None},
        {"shown/window/1": np.array([1, 4])},
        {"shown/window/1": np.array([1, 3])},
        {"shown/window/1": np.zeros(0, dtype=np.int64)},
        {"shown/leads/1": np.array(["I", "II", "III"])},
        {"shown/probability/1": np.full((2, 2), 1.5, dtype=np.float32)},
        {"shown/signal/1": np.zeros((2, 399), dtype=np.int16)},
        {"shown/map/1": np.zeros((3, 400), dtype=np.int8)},
        {"shown/beats/1": np.array([[2, 0, 90, 1]])},
        {"shown/beats/1": np.array([[0, 90, 201, 1]])},
        {"shown/beats/1": np.array([[0, 90, 90, 1]])},
        {"shown/mask/1": None},
        {"samples/patient/1": None},
        {"samples/target/2": None},
        {"raw/auc/1": None},
    ],
    ids=str,
)
def test_arrays_that_do_not_belong_together_are_refused(path, change):
    arrays = read_pair(path)[1] | change
    record(path, saved({name: array for name, array in arrays.items() if array is not None}))
    assert refused(path)


def test_member_that_is_there_twice_is_refused(path):
    content = io.BytesIO(path.with_suffix(".npz").read_bytes())
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(content, "a") as archive:
        archive.writestr("raw/auc/1.npy", of("<f4", "(4,)", bytes(16)))
    record(path, content.getvalue())
    assert refused(path)


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_pipe_is_refused_and_not_waited_for(path, suffix):
    file = path.with_suffix(suffix)
    file.unlink()
    os.mkfifo(file)
    assert refused(path)


# Too large


def bomb(size):
    """So many zeros, packed to a thousandth; each part ends in a full flush, so that all parts are the same bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    part = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return part * (size >> 20) + packer.flush()


def with_bomb(path, size, said):
    """The archive with a member that unpacks to more than it announces."""
    name, packed = b"raw/auc/1.npy", bomb(size)
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0, 0, len(packed), said, len(name), 0) + name + packed
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 0, 0, len(packed), said, len(name), 0, 0, 0, 0, 0, 0) + name
    return local + entry + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(entry), len(local), 0)


def many_entries(count):
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    return entry * count + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, len(entry) * count, 0, 0)


BOMBS = {
    "announced": lambda path: with_bomb(path, 2 << 30, (2 << 30) - 1),
    "not announced": lambda path: with_bomb(path, 2 << 30, 144),
    "many entries": lambda path: many_entries(600_000),
}

READ = """
import os, resource, sys
from pathlib import Path
from ecgbench.errors import ResultsError
from ecgbench.results import read_file
if child := os.fork():  # A process that was started takes over the peak of the one that started it; one that was forked does not.
    sys.exit(os.waitpid(child, 0)[1])
try:
    read_file(Path(sys.argv[1]))
except ResultsError as error:
    print(error)
else:
    print("read")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def said_and_peak(path):
    """What a process of its own says of reading a file, and the most memory that it had."""
    found = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True, check=True, timeout=100)
    said, peak = found.stdout.splitlines()
    return said, int(peak)


@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS.keys())
def test_archive_that_would_fill_the_memory_is_refused(path, content, record_property):
    record(path, content(path))
    said, peak = said_and_peak(path)
    record_property("peak", peak)
    assert said.startswith("expected per-window scores in ")
    assert peak < BYTES


def test_as_many_windows_as_may_be_are_read_in_bounded_memory(path):
    """Cells and archive agree, so that nothing is refused before all of it is read."""
    count = 100_000
    data = json.loads(path.read_text())
    values = np.full(count, 0.5, dtype=np.float32)
    cell = data["cells"][0] | {
        "variant": "raw",
        "metric": "auc",
        "seed": 1,
        "value": 0.5,
        "n": count,
        "undefined": 0,
        "low": 0.5,
        "high": 0.5,
    }
    data["cells"] = [cell | {"digest": score_digest(values)}]
    data["identity"]["samples"] = count
    path.write_text(json.dumps(data))
    windows = {"patient": (np.arange(count) // 50).astype("<U6"), "target": np.ones(count, dtype=np.int64)}
    record(path, saved({"raw/auc/1": values, **{sample_name(what, 1): array for what, array in windows.items()}}))
    said, peak = said_and_peak(path)
    assert said == "read"
    assert peak < BYTES


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_file_that_would_fill_the_memory_is_refused(path, suffix):
    os.truncate(path.with_suffix(suffix), 4 << 30)
    said, peak = said_and_peak(path)
    assert f"got {4 << 30} bytes instead of at most" in said
    assert peak < BYTES


def test_largest_text_is_read_in_bounded_memory(path):
    path.write_text("[" + "[]," * ((LARGEST_TEXT - 4) // 3) + "[]]")
    said, peak = said_and_peak(path)
    assert said.startswith("expected accepted results of schema 3 in ")
    assert peak < BYTES
