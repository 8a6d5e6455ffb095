"""Twins of the real databases' test windows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ecgbench.datasets.records.counterfactuals.twins import Twins, twins_of
from ecgbench.protocol import BEAT_RULES
from ecgbench.types import Dataset, Windows
from tests.datasets.golden import NUMBERS, read

WITH_TWIN = {"mitdb": {1: (21, 5), 2: (64, 59), 3: (2, 1)}, "svdb": {1: (126, 95), 2: (133, 113)}}
"""Every twentieth of the abnormal test windows (labels of the study) of each class, and how many of them have a twin."""


def abnormal(dataset: Dataset) -> Windows:
    return dataset.test.take(np.flatnonzero(dataset.test.y > 0)[::20])


def made(windows: Windows, name: str, root: Path) -> Twins:
    return twins_of(windows, windows.y, lambda record: read(root, name, record), BEAT_RULES["study"], NUMBERS[name].fs)


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_TWIN)
def test_as_many_abnormal_windows_as_ever_have_a_valid_twin(
    name: str, load_real: Callable[..., Dataset], unpacked: Callable[[str], Path]
) -> None:
    windows = abnormal(load_real(name, labels="study"))
    twins = made(windows, name, unpacked(name))
    assert twins.reason is not None
    found = {label: ((windows.y == label).sum(), (twins.reason[windows.y == label] == "").sum()) for label in WITH_TWIN[name]}
    assert found == WITH_TWIN[name]
    for rows, reason in ((twins.twin, twins.reason), (twins.sham, twins.sham_reason)):
        kept = reason == ""
        same = (rows == windows.signal).mean(axis=(1, 2))[kept]
        assert np.isfinite(rows[kept]).all()
        assert ((same > 0.02) & (same < 1)).all()
