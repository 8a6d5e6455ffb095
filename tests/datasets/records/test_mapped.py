"""Windows that are mapped from a file: the same numbers as in memory, no more of them in memory than asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets.records import whole_records
from ecgbench.datasets.records.whole_records import SIGNAL
from ecgbench.errors import DataError
from ecgbench.models._forward import forward, predict
from ecgbench.placement import BATCH
from ecgbench.testing._made_up import Network
from ecgbench.types import Windows, standardise
from tests.artifacts.stores import ROOT
from tests.datasets.small_ptbxl import load, write_own, write_signal

COUNT, LEADS, TIME = 3 * BATCH + 5, 2, 64


def windows_of(signal: np.ndarray) -> Windows:
    count = len(signal)
    return Windows(
        signal=signal,
        y=np.zeros((count, 3), dtype=np.uint8),
        record=np.array([f"r{i}" for i in range(count)]),
        patient=np.array([f"p{i}" for i in range(count)]),
        start=np.zeros(count, dtype=np.int64),
        spans=(np.empty((0, 3), dtype=np.int64),) * count,
    )


@pytest.fixture
def signal() -> np.ndarray:
    return np.random.default_rng(0).normal(1, 2, (COUNT, LEADS, TIME)).astype(np.float32)


@pytest.fixture
def mapped(signal: np.ndarray, tmp_path: Path) -> Windows:
    (tmp_path / SIGNAL).write_bytes(signal.tobytes())
    return windows_of(np.memmap(tmp_path / SIGNAL, dtype=np.float32, mode="r", shape=signal.shape))


INDICES = {
    "none": [],
    "one": [7],
    "some in another order": [9, 0, 100, 3],
    "one twice": [4, 4],
    "all": list(range(COUNT)),
    "from the end": [-1, -2],
}


def test_inputs_equal_standardised_windows_in_memory(signal: np.ndarray, mapped: Windows) -> None:
    for name, index in INDICES.items():
        chosen = np.array(index, dtype=np.int64)
        inputs = mapped.inputs(chosen)
        assert type(inputs) is np.ndarray, name
        assert inputs.dtype == np.float32, name
        assert np.array_equal(inputs, standardise(signal[chosen])), name
        assert np.array_equal(inputs, windows_of(signal).inputs(chosen)), name


def test_inputs_are_the_callers_own_and_the_file_stays(signal: np.ndarray, mapped: Windows) -> None:
    mapped.inputs(np.array([0]))[:] = 9
    assert np.array_equal(mapped.inputs(np.array([0])), standardise(signal[:1]))
    assert Path(mapped.signal.filename).read_bytes() == signal.tobytes()


def test_window_read_before_stays_valid_after_inputs(signal: np.ndarray, mapped: Windows) -> None:
    window = mapped.raw(3)
    mapped.inputs(np.arange(COUNT))
    assert np.array_equal(window, signal[3])


@pytest.mark.parametrize("part", [slice(5, 20), slice(None, None, 3)], ids=str)
def test_part_of_mapped_windows_has_the_same_inputs(signal: np.ndarray, mapped: Windows, part: slice) -> None:
    some = windows_of(mapped.signal[part])
    assert np.array_equal(some.inputs(np.array([1, 0])), standardise(signal[part][[1, 0]]))


def test_taken_windows_are_in_memory_and_the_same(signal: np.ndarray, mapped: Windows) -> None:
    index = np.array([5, 0, 5])
    taken = mapped.take(index)
    assert np.array_equal(taken.signal, signal[index])
    assert not np.shares_memory(taken.signal, mapped.signal)
    assert taken.record.tolist() == ["r5", "r0", "r5"]
    assert np.array_equal(taken.x, standardise(signal[index]))


def test_mapped_window_without_beats_has_an_empty_mask(mapped: Windows) -> None:
    assert mapped.mask(3, 0).shape == (LEADS, TIME)
    assert not mapped.masks(np.arange(COUNT) % 3).any()


def test_predictions_equal_one_pass_of_all_windows(signal: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / SIGNAL).write_bytes(signal.tobytes())
    model = Network(LEADS)
    for count in (1, BATCH - 1, BATCH, BATCH + 1, COUNT):
        mapped = windows_of(np.memmap(tmp_path / SIGNAL, dtype=np.float32, mode="r", shape=(count, LEADS, TIME)))
        got = predict(model, mapped)
        with torch.inference_mode():
            plain = model(torch.from_numpy(standardise(signal[:count]).astype(np.float64))).numpy()
        np.testing.assert_allclose(got, plain, rtol=1e-12)
        np.testing.assert_allclose(got, forward(model, standardise(signal[:count])), rtol=1e-12)


RESIDENT = """
import sys
import numpy as np
from pathlib import Path
from ecgbench.types import Windows
def resident():
    found, inside = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split(" ")[0] and not line.split(" ")[0].endswith(":"):
            inside = line.endswith(sys.argv[1])
        elif inside and line.startswith("Rss:"):
            found += int(line.split()[1])
    return found
count, leads, time = 400, 12, 1000
signal = np.memmap(sys.argv[1], dtype=np.float32, mode="r", shape=(count, leads, time))
none = np.zeros(count, dtype=np.int64)
windows = Windows(signal, none, none.astype(str), none.astype(str), none, (np.empty((0, 3), dtype=np.int64),) * count)
most = 0
for first in range(0, count, 20):
    windows.inputs(np.arange(first, first + 20))
    most = max(most, resident())
float(signal.sum())
print(most, resident())
"""


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="the system does not tell which pages are in memory")
def test_inputs_leave_no_page_of_the_file_in_memory(tmp_path: Path) -> None:
    path = tmp_path / SIGNAL
    path.write_bytes(np.zeros((400, 12, 1000), dtype=np.float32).tobytes())
    command = [sys.executable, "-c", RESIDENT, str(path)]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True)
    after_inputs, after_all = map(int, done.stdout.split())
    assert after_inputs == 0
    assert after_all > 10_000  # kB: else the measure is blind


# The file that the store keeps


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_own(tmp_path / "root")
    return tmp_path / "root"


def unfinished(store: ArtifactStore) -> list[Path]:
    return [*store.root.glob("unfinished/*"), *store.root.rglob("windows/.*")]


def test_windows_are_mapped_from_a_file_beside_their_artifact_and_nothing_else_stays(root: Path, store: ArtifactStore) -> None:
    dataset = load(root, store)
    for side in (dataset.train, dataset.test):
        assert Path(side.signal.filename).parent == store.root / "windows"
        assert Path(side.signal.filename).stat().st_size == 4 * side.signal.size
    assert unfinished(store) == []


def test_store_that_holds_the_windows_is_not_written(root: Path, store: ArtifactStore) -> None:
    load(root, store)
    before = sorted(store.root.rglob("*")), [path.stat().st_mtime_ns for path in sorted(store.root.rglob("*"))]
    load(root, store)
    assert before == (sorted(store.root.rglob("*")), [path.stat().st_mtime_ns for path in sorted(store.root.rglob("*"))])


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_interrupted_reading_leaves_nothing_and_is_done_again(
    root: Path, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    read, calls = whole_records.read_whole, []

    def interrupted(*arguments: object) -> np.ndarray:
        calls.append(arguments)
        if len(calls) == 2:
            raise error
        return read(*arguments)

    monkeypatch.setattr(whole_records, "read_whole", interrupted)
    with pytest.raises(error):
        load(root, store)
    assert list(store.root.rglob(f"*{SIGNAL}")) == []
    assert len(load(root, store).train) == 2


def test_refused_record_leaves_nothing_half_written(root: Path, store: ArtifactStore) -> None:
    write_signal(root / "ptb-xl" / "1.0.3" / "records100" / "00000" / "00003_lr", np.zeros((999, 12)))
    with pytest.raises(DataError, match="00003_lr"):
        load(root, store)
    assert list(store.root.rglob(f"*{SIGNAL}")) == []


def test_leftover_of_a_killed_process_is_overwritten(root: Path, store: ArtifactStore, tmp_path: Path) -> None:
    expected = load(root, ArtifactStore(tmp_path / "other"))
    for stage, key in ArtifactStore(tmp_path / "other"):
        (store.scratch(stage, key) / SIGNAL).write_bytes(b"\xff" * 1_000_000)
    dataset = load(root, store)
    assert np.array_equal(dataset.train.signal, expected.train.signal)
    assert np.array_equal(dataset.test.signal, expected.test.signal)
    assert not list(store.root.glob(f"unfinished/windows-*/{SIGNAL}"))


def test_file_of_windows_is_a_new_one_and_never_what_a_link_points_to(tmp_path: Path) -> None:
    path, target = tmp_path / SIGNAL, tmp_path / "somebodys"
    target.write_bytes(b"kept")
    path.symlink_to(target)
    whole_records._write_file(path, lambda file: (file.write(b"new"), ({}, {}))[1])
    assert (path.is_symlink(), path.read_bytes(), target.read_bytes()) == (False, b"new", b"kept")
