"""The detector of R peaks: beats that are known, and signals in which there are none."""

import numpy as np
import pytest

from ecgbench.controls.r_peaks import detected
from ecgbench.datasets.synthetic import simulate_window
from ecgbench.protocol import SYNTHETIC

NEAR = 0.05


def distances(first, second):
    """From each sample of the first to the nearest of the second, in s."""
    return np.abs(np.subtract.outer(first, second)).min(axis=1, initial=np.inf) / SYNTHETIC.fs


@pytest.fixture(scope="module")
def beats():
    """R peaks that were simulated and that were found, of 60 windows of the embedded dataset."""
    pairs = []
    for name in SYNTHETIC.test[:12]:
        for start in range(5):
            drawn = simulate_window(name, start * SYNTHETIC.window)
            true = drawn.beats.time * SYNTHETIC.fs
            inside = true[(true >= 0) & (true < SYNTHETIC.window)]
            pairs.append((inside, detected((drawn.signal / 1000).astype(np.float32), SYNTHETIC.fs)))
    return pairs


def test_nine_of_ten_simulated_beats_are_found(beats):
    near = np.concatenate([distances(true, found) for true, found in beats]) <= NEAR
    assert near.mean() >= 0.9


def test_nine_of_ten_of_what_is_found_are_beats(beats):
    near = np.concatenate([distances(found, true) for true, found in beats]) <= NEAR
    assert near.mean() >= 0.9


def made(kind, time, rng):
    at = np.arange(time)
    return {
        "noise": rng.normal(size=time),
        "loud": 1e3 * rng.normal(size=time),
        "faint": 1e-6 * rng.normal(size=time),
        "flat": np.full(time, 0.3),
        "ramp": at / 100,
        "step": np.where(at > time // 2, 1.0, 0.0),
        "impulse": np.where(at == time // 2, 1.0, 0.0),
        "clipped": np.where(rng.normal(size=time) > 0, 5.0, -5.0),
        "torn off": np.where(at < time // 2, 0.0, rng.normal(size=time)),
    }[kind]


KINDS = ["noise", "loud", "faint", "flat", "ramp", "step", "impulse", "clipped", "torn off"]
LENGTHS = [*((100, 2), (128, 8), (257, None), (360, 2), (500, 8), (500, None))]
"""Rates in Hz with seconds of signal; None is a hundred samples."""


@pytest.mark.parametrize(("fs", "seconds"), LENGTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_raised_whatever_the_signal(kind, fs, seconds):
    time = 100 if seconds is None else seconds * fs
    for draw in range(3):
        found = detected(made(kind, time, np.random.default_rng(draw)).astype(np.float32), float(fs))
        assert found.dtype == np.int64
        assert ((found >= 0) & (found < time)).all()


@pytest.mark.parametrize(("fs", "time"), [(500, 1), (500, 150), (360, 108), (100, 15), (100, 30), (41, 13)])
def test_none_is_found_where_the_signal_cannot_be_filtered(fs, time):
    assert detected(np.random.default_rng(0).normal(size=time).astype(np.float32), float(fs)).size == 0


def test_detector_is_imported_without_a_warning():
    """wfdb, on its first import, calls what pandas deprecates; here warnings are errors."""
    import subprocess
    import sys

    code = "import numpy as np; from ecgbench.controls.r_peaks import detected; detected(np.sin(np.arange(999, dtype='f4')), 128.0)"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120)
