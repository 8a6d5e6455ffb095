"""Twins as the databases of annotated beats make them for their windows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import ecgbench
from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import DATASETS, Request, SimulatedSize, load_dataset, request_for
from ecgbench.protocol import SVDB
from ecgbench.types import Twins, Windows

SIDES = {"mitdb": 3, "svdb": 3, "incartdb": 3, "icentia11k": 8}
"""Records on either side of small stand-ins."""

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:wfdb", "ignore::DeprecationWarning:pandas")


def stand_in(name: str, root: Path) -> tuple[Request, Windows]:
    """How a small stand-in is loaded, and its test windows."""
    entry = DATASETS[name]
    assert entry.simulate is not None
    numbers = replace(entry.protocol, train=entry.protocol.train[: SIDES[name]], test=entry.protocol.test[: SIDES[name]])
    entry.simulate(root / numbers.slug / numbers.version, numbers, SimulatedSize(windows=25))
    request = replace(request_for(name, root, store=ArtifactStore(root / "store")), numbers=numbers)
    return request, entry.function(request).test


def made(name: str, root: Path) -> tuple[Windows, Twins]:
    request, windows = stand_in(name, root)
    abnormal = windows.take(np.flatnonzero(windows.y > 0))
    make = DATASETS[name].twins
    assert make is not None
    return abnormal, make(request, abnormal, abnormal.y)


@pytest.mark.parametrize("name", SIDES)
def test_abnormal_windows_have_twins_that_differ_in_a_stretch(name: str, tmp_path: Path) -> None:
    windows, twins = made(name, tmp_path)
    assert twins.reason is not None
    has = twins.reason == ""
    assert has.sum() >= 3
    np.testing.assert_array_equal(has, ~np.isnan(twins.twin).any(axis=(1, 2)))
    differs = (twins.twin != windows.signal)[has].mean(axis=(1, 2))
    assert differs.min() > 0
    assert np.median(differs) < 0.7


def test_own_records_have_the_twins_of_the_database_that_they_are_of(tmp_path: Path) -> None:
    request, _ = stand_in("svdb", tmp_path)
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
