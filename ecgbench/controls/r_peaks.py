"""A detector of R peaks as an explanation: highlight every QRS complex."""

from __future__ import annotations

import math
import warnings

import numpy as np
from jaxtyping import Float32, Int64

from ecgbench.controls._bumps import bumps
from ecgbench.controls._registry import CONTROLS, Scene
from ecgbench.types import Attributions

WIDTH = 0.04
"""Standard deviation of a bump in seconds: its two sides together span a QRS complex of some 100 ms."""

FINE = 200.0
"""Hz from which XQRS is exact: its wavelet has a width in samples, and at 100 Hz it marks a QRS complex some 57 ms too early."""

REACH = 0.3
"""Seconds that its filters look back: it can't filter a signal that is no longer."""


@CONTROLS.register(version=1, reference="doi:10.13026/9njx-6322", title="highlight every QRS complex")
def r_peaks(scene: Scene) -> Attributions:
    """A Gaussian of 40 ms around each R peak that XQRS finds in a lead, as `wfdb` implements it; zeros where it finds none."""
    n, leads, time = scene.shape
    maps = np.zeros((n, leads, time), dtype=np.float32)
    for window in range(n):
        for lead in range(leads):
            maps[window, lead] = bumps(detected(scene.windows.signal[window, lead], scene.fs), WIDTH * scene.fs, time)
    return maps


def detected(signal: Float32[np.ndarray, " time"], fs: float) -> Int64[np.ndarray, " k"]:
    """Samples of the R peaks of a lead.

    Parameters
    ----------
    signal : (time,) mV; in a flat one, or one that is too short for the detector's filters, none are found
    fs : sampling rate in Hz; below `FINE` the detector gets the signal interpolated to a multiple of it
    """
    finer = math.ceil(FINE / fs)
    if np.ptp(signal) == 0 or len(signal) <= math.ceil(REACH * fs):
        return np.array([], dtype=np.int64)
    from scipy.signal import resample_poly

    fine = resample_poly(signal.astype(np.float64), finer, 1, padtype="line")
    with warnings.catch_warnings():
        # Where a window is too short or too noisy for it to learn from, XQRS says so and takes its own defaults, and it divides by the norm
        # of a flat stretch; wfdb 4.3.1 uses what pandas 3.1 deprecates.
        warnings.simplefilter("ignore")
        from wfdb.processing import XQRS

        detector = XQRS(sig=fine, fs=fs * finer)
        detector.detect(verbose=False)
    peaks = np.rint(np.asarray(detector.qrs_inds, dtype=np.float64) / finer)
    return np.minimum(peaks, len(signal) - 1).astype(np.int64)
