"""Parts of windows by their beats: from P to T, the RR intervals beside, and elsewhere, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgbench.datasets.records.files.wfdb_reader import Record
from ecgbench.datasets.records.windows.waves import annotated_cores, regions_of, window_regions
from ecgbench.protocol import BEAT_RULES
from ecgbench.types import CORE, RHYTHM, Windows

FS = 100.0
LENGTH = 300


def plain(peaks: list[int], of_label: list[bool], length: int) -> list[int]:
    """Region of each sample at 100 Hz, straight from the definition."""
    regions = [0] * length
    for i, peak in enumerate(peaks):
        if of_label[i] and 0 <= peak < length:
            first, last = peaks[i - 1] if i else 0, peaks[i + 1] if i + 1 < len(peaks) else length
            regions = [RHYTHM if first <= t <= last and regions[t] != CORE else regions[t] for t in range(length)]
            onset = max(peak - 25, (peaks[i - 1] + peak) // 2) if i else peak - 25
            offset = min(peak + 41, (peak + peaks[i + 1]) // 2) if i + 1 < len(peaks) else peak + 41
            regions = [CORE if onset <= t < offset else regions[t] for t in range(length)]
    return regions


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(-150, 450), st.booleans()), max_size=12, unique_by=lambda beat: beat[0]))
def test_regions_are_those_of_the_plain_loop(found: list[tuple[int, bool]]) -> None:
    beats = sorted(found)
    peak, of_label = np.array([p for p, _ in beats], dtype=np.int64), np.array([b for _, b in beats], dtype=bool)
    regions = window_regions(peak, of_label, annotated_cores(peak, FS), LENGTH)
    assert regions.tolist() == plain(peak.tolist(), of_label.tolist(), LENGTH)


def test_beat_with_far_neighbours_has_the_whole_stretch() -> None:
    peak = np.array([10, 150, 290], dtype=np.int64)
    regions = window_regions(peak, peak == 150, annotated_cores(peak, FS), LENGTH)
    assert np.flatnonzero(regions == CORE)[[0, -1]].tolist() == [125, 190]
    assert np.flatnonzero(regions == RHYTHM)[[0, -1]].tolist() == [10, 290]


def test_beat_with_near_neighbours_ends_halfway() -> None:
    peak = np.array([100, 130, 160], dtype=np.int64)
    regions = window_regions(peak, peak == 130, annotated_cores(peak, FS), LENGTH)
    assert np.flatnonzero(regions == CORE)[[0, -1]].tolist() == [115, 144]


@pytest.mark.parametrize("label", [1, 2])
def test_regions_of_windows_are_by_the_beats_of_their_label_in_the_record(label: int) -> None:
    signal = np.zeros(900, dtype=np.float32)
    sample = np.array([100, 250, 320, 450, 700, 790])
    record = Record(name="a", signal=signal[None], sample=sample, symbol=["N", "N", "A", "N", "V", "N"])
    windows = Windows(
        signal=signal.reshape(3, 1, 300),
        y=np.full(3, label),
        record=np.full(3, "a"),
        patient=np.full(3, "a"),
        start=np.array([0, 300, 600]),
        spans=tuple(np.empty((0, 3), dtype=np.int64) for _ in range(3)),
    )
    found = regions_of(windows, np.full(3, label), lambda name: record, BEAT_RULES["aami"], FS)
    beat = {1: 2, 2: 4}[label]
    for i in range(3):
        expected = plain((sample - 300 * i).tolist(), [j == beat for j in range(6)], 300)
        assert found[i, 0].tolist() == expected
    assert found.any(axis=(1, 2)).tolist() == [label == 0, label == 1, label == 2]
