"""Twins as the databases of annotated beats make them for their windows."""

from __future__ import annotations

import numpy as np
import pytest

import ecgbench
from ecgbench.datasets import DATASETS, load_dataset, request_for
from ecgbench.protocol import SVDB
from tests.datasets.conftest import SIDES, StandIn

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:wfdb", "ignore::DeprecationWarning:pandas")


@pytest.mark.parametrize("name", SIDES)
def test_abnormal_windows_have_twins_that_differ_in_a_stretch(name: str, stand_in: StandIn) -> None:
    request, test = stand_in(name)
    windows, make = test.take(np.flatnonzero(test.y > 0)), DATASETS[name].twins
    assert make is not None
    twins = make(request, windows, windows.y)
    assert twins.reason is not None
    has = twins.reason == ""
    assert has.sum() >= 3
    np.testing.assert_array_equal(has, ~np.isnan(twins.twin).any(axis=(1, 2)))
    differs = (twins.twin != windows.signal)[has].mean(axis=(1, 2))
    assert differs.min() > 0
    assert np.median(differs) < 0.7


def test_own_records_have_the_twins_of_the_database_that_they_are_of(stand_in: StandIn) -> None:
    request, _ = stand_in("svdb")
    given = {"fs": SVDB.fs, "window": SVDB.window, "train": request.numbers.train, "test": request.numbers.test}
    try:
        ecgbench.register_records("clinic", request.folder, **given)
        own = request_for("clinic", store=request.store)
        windows = load_dataset("clinic", store=request.store).test
        abnormal = windows.take(np.flatnonzero(windows.y > 0))
        found, due = (DATASETS[name].twins(asked, abnormal, abnormal.y) for name, asked in (("clinic", own), ("svdb", request)))
        np.testing.assert_array_equal(found.twin, due.twin)
        assert np.isfinite(found.twin).any()
    finally:
        DATASETS._entries.pop("clinic", None)
