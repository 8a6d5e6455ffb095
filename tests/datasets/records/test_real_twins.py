"""Twins of the real databases' test windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecgbench.datasets.records.twins import Twins, twins_of
from ecgbench.protocol import BEAT_RULES
from ecgbench.types import Dataset, Windows
from tests.datasets.golden import NUMBERS, read

WITH_TWIN = {"mitdb": {1: (108, 32), 2: (308, 267), 3: (17, 15)}, "svdb": {1: (650, 508), 2: (638, 500), 3: (5, 5)}}
"""Every fourth of the abnormal test windows (labels of the study) of each class, and how many of them have a twin."""


def abnormal(dataset: Dataset) -> Windows:
    return dataset.test.take(np.flatnonzero(dataset.test.y > 0)[::4])


def made(windows: Windows, name: str, root: Path) -> Twins:
    return twins_of(windows, windows.y, lambda record: read(root, name, record), BEAT_RULES["study"], NUMBERS[name].fs)


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_TWIN)
def test_as_many_abnormal_windows_as_ever_have_a_twin(
    name: str, load_real: Callable[..., Dataset], unpacked: Callable[[str], Path]
) -> None:
    windows = abnormal(load_real(name, labels="study"))
    reason = made(windows, name, unpacked(name)).reason
    found = {label: ((windows.y == label).sum(), (reason[windows.y == label] == "").sum()) for label in WITH_TWIN[name]}
    assert found == WITH_TWIN[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_TWIN)
def test_twins_and_shams_are_valid_and_differ_from_their_windows_in_part(
    name: str, load_real: Callable[..., Dataset], unpacked: Callable[[str], Path]
) -> None:
    windows = abnormal(load_real(name, labels="study"))
    windows = windows.take(np.arange(0, len(windows), 3))
    twins = made(windows, name, unpacked(name))
    for rows, reason in ((twins.twin, twins.reason), (twins.sham, twins.sham_reason)):
        kept = reason == ""
        same = (rows == windows.signal).mean(axis=(1, 2))[kept]
        assert np.isfinite(rows[kept]).all()
        assert ((same > 0.02) & (same < 1)).all()
