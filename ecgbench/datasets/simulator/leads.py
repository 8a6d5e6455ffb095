"""Simulated beats on several leads: a wave is the same Gaussian on every lead, with an amplitude of its own on each.

Leads I, II and V1 to V6 are simulated; the other limb leads follow from I and II (Einthoven, Goldberger), noise included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float64, Int64

from ecgbench.datasets.simulator.rhythm import REACH, STRETCH, Beats

MEASURED = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
"""Leads that are simulated; all others are sums of these."""

TWELVE = ("I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")
"""The standard leads in their usual order."""

LIMB_LEADS: Mapping[str, tuple[float, float]] = MappingProxyType({"III": (-1, 1), "AVR": (-0.5, -0.5), "AVL": (1, -0.5), "AVF": (-0.5, 1)})
"""Shares of leads I and II in the other limb leads."""

LEAD_I, LEAD_II = 0.0, 60.0
"""Degrees, where the leads point in the frontal plane."""

PRECORDIAL = (
    (0.40, 0.00, 0.20, 3.00, -0.20),
    (0.50, 0.00, 0.45, 4.50, 1.10),
    (0.50, 0.10, 0.80, 3.50, 1.30),
    (0.60, 0.50, 1.25, 1.80, 1.20),
    (0.60, 1.00, 1.20, 0.90, 1.00),
    (0.60, 1.00, 0.90, 0.50, 0.80),
)
"""Of leads V1 to V6, the amplitudes of P, Q, R, S and T in parts of their amplitude along their own axis: R grows and S shrinks from right
to left, they are equal about V3 (the usual progression of a normal adult ECG)."""

AXIS = 60.0
"""Degrees, the axis of every wave unless another is named: that of lead II, which shows its full amplitude."""


@dataclass(frozen=True)
class Morphology:
    """The waves of one class of beats.

    Attributes
    ----------
    amplitude : mV, on each measured lead
    centre, width : s from the R peak, and standard deviation in s, at intervals of 1 s
    stretch : exponent of the interval (in s) by which each wave moves and widens
    """

    amplitude: Float64[np.ndarray, "leads waves"]
    centre: Float64[np.ndarray, " waves"]
    width: Float64[np.ndarray, " waves"]
    stretch: Float64[np.ndarray, " waves"]


def morphology_of(waves: Float64[np.ndarray, "5 3"], axis: Sequence[float] = (AXIS,) * 5) -> Morphology:
    """The morphology of a beat whose waves P, Q, R, S and T have amplitudes along their axes (degrees) in the frontal plane."""
    amplitude, centre, width = waves.T
    limb = np.cos(np.deg2rad(np.array(axis) - np.array([[LEAD_I], [LEAD_II]])))
    return Morphology(amplitude * np.concatenate([limb, PRECORDIAL]), centre, width, STRETCH)


def lead_matrix(leads: Sequence[str]) -> Float64[np.ndarray, "leads 8"]:
    """Shares of the measured leads in the named ones."""
    matrix = np.zeros((len(leads), len(MEASURED)))
    for row, lead in zip(matrix, leads, strict=True):
        if lead in LIMB_LEADS:
            row[:2] = LIMB_LEADS[lead]
        else:
            row[MEASURED.index(lead)] = 1
    return matrix


def digitise(
    signal: Float64[np.ndarray, "measured time"], matrix: Float64[np.ndarray, "leads measured"], gain: float
) -> Int64[np.ndarray, "leads time"]:
    """The leads in whole steps of a converter of `gain` steps per mV; sums of leads are those of the stored values, as in real records."""
    steps: Int64[np.ndarray, "leads time"] = np.rint(matrix @ np.rint(signal * gain)).astype(np.int64)
    return steps


def render_leads(beats: Beats, morphologies: Sequence[Morphology], fs: float, count: int) -> Float64[np.ndarray, "leads {count}"]:
    """The first `count` samples of the beats' signal at `fs` Hz, in mV; a beat's class is the index of its morphology."""
    total = np.zeros((len(morphologies[0].amplitude), count))
    for class_ in np.unique(beats.class_):
        morphology, of_class = morphologies[class_], beats.class_ == class_
        total += morphology.amplitude @ _waves(beats.time[of_class], beats.interval[of_class], morphology, fs, count)
    return total


def _waves(
    time: Float64[np.ndarray, " beats"], interval: Float64[np.ndarray, " beats"], morphology: Morphology, fs: float, count: int
) -> Float64[np.ndarray, "waves {count}"]:
    """Each wave of all beats, of amplitude 1."""
    stretch = interval[:, None] ** morphology.stretch
    first = np.floor((time + REACH[0]) * fs).astype(np.int64)
    sample = first[:, None] + np.arange(int((REACH[1] - REACH[0]) * fs) + 1)
    offset = sample / fs - time[:, None]
    deviation = (offset[:, None, :] - (morphology.centre * stretch)[:, :, None]) / (morphology.width * stretch)[:, :, None]
    waves = len(morphology.centre)
    place = sample[:, None, :] + count * np.arange(waves)[:, None]
    inside = np.broadcast_to(((sample >= 0) & (sample < count))[:, None, :], place.shape)
    total = np.bincount(place[inside], weights=np.exp(-(deviation[inside] ** 2) / 2), minlength=waves * count)
    return total.reshape(waves, count)
