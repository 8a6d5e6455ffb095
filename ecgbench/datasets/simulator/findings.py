"""What PTB-XL's labels look like on a simulated 12-lead ECG: each changes rhythm or waves as its definition states.

The limits are those of the AHA/ACCF/HRS recommendations for the standardisation and interpretation of the electrocardiogram
(doi:10.1161/CIRCULATIONAHA.108.191095 for QRS, doi:10.1161/CIRCULATIONAHA.108.191096 for QT and T).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ecgbench.datasets.simulator.twelve_leads import QRS, SECOND, Ecg, P, Q, R, S, T, changed, without_p

Trait = Callable[[Ecg, np.random.Generator], Ecg]

TRAITS: dict[str, Trait] = {}
"""For each label's name, the function that gives an ECG the label; a normal sinus rhythm changes nothing."""

V1, V2, V3, V4, V5, V6 = range(6)
SEPTAL, LATERAL, ALL = [V1, V2], [V5, V6], slice(None)

FLUTTER_CONDUCTION = (3, 4)
"""Waves of atrial flutter for one beat."""

LOW_VOLTAGE = (0.15, 0.30)
"""mV, largest QRS amplitude in the frontal plane: low voltage is under 0.5 mV from peak to peak on the limb leads, under 1 mV on the
chest's."""


def trait(label: str) -> Callable[[Trait], Trait]:
    """Register the function that gives an ECG a label."""

    def register(function: Trait) -> Trait:
        assert label not in TRAITS, label
        TRAITS[label] = function
        return function

    return register


def with_findings(ecg: Ecg, labels: Sequence[str], generator: np.random.Generator) -> Ecg:
    """The ECG with its labels' traits, applied in the labels' order."""
    for label in labels:
        ecg = TRAITS[label](ecg, generator)
    return ecg


def _regular(ecg: Ecg, interval: float, variability: float) -> Ecg:
    return replace(ecg, interval=interval, variability=variability * interval)


@trait("NSR")
def _normal(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    return ecg


@trait("AF")
def _fibrillation(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """No P waves, an irregular rhythm, an unquiet baseline."""
    interval, scatter, waves = generator.uniform((0.50, 0.20, 0.04), (0.90, 0.30, 0.09))
    return replace(without_p(ecg), interval=interval, scatter=scatter, fibrillation=waves)


@trait("AFL")
def _flutter(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """A saw-tooth of about 300 a minute, of which every third or fourth wave is followed by a beat."""
    period, height = generator.uniform((0.19, 0.12), (0.22, 0.22))
    interval = period * generator.choice(FLUTTER_CONDUCTION)
    return replace(_regular(without_p(ecg), interval, 0.0), flutter=height, flutter_period=period)


@trait("SA")
def _arrhythmia(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """Intervals that differ by well over 10 %, longer and shorter with respiration."""
    return replace(ecg, swing=generator.uniform(0.14, 0.22))


@trait("SB")
def _bradycardia(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """Fewer than 60 beats a minute."""
    return _regular(ecg, generator.uniform(1.08, 1.35), 0.03)


@trait("STach")
def _tachycardia(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """More than 100 beats a minute."""
    return _regular(ecg, generator.uniform(0.42, 0.56), 0.02)


@trait("PAC")
def _premature(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """One or two early beats with a P wave of their own."""
    return replace(ecg, early=int(generator.integers(1, 3)))


@trait("PR")
def _paced(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """A spike before each QRS complex, which is wide and turned to the left and up, as from the right ventricle's apex."""
    ecg = _left_bundle(without_p(_regular(ecg, generator.uniform(0.75, 0.95), 0.001)), generator)
    limb, chest = changed(ecg.limb, SECOND, generator.uniform(0.8, 1.6)), changed(ecg.chest, (ALL, SECOND), generator.uniform(0.4, 1.0))
    centre, width = changed(ecg.centre, SECOND, -0.09), changed(ecg.width, SECOND, 0.003)
    return replace(ecg, limb=limb, chest=chest, centre=centre, width=width, axis=changed(ecg.axis, [Q, R, S], generator.uniform(-80, -60)))


@trait("CRBBB")
def _right_bundle(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """QRS of 120 ms or more: a second, higher R on V1 and V2, a broad S on I, V5 and V6, T against it on V1."""
    return _second_r(ecg, height=generator.uniform(0.6, 1.1), centre=0.070, width=0.018)


@trait("IRBBB")
def _incomplete_right_bundle(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """The same form within 110 to 120 ms."""
    return _second_r(ecg, height=generator.uniform(0.25, 0.5), centre=0.050, width=0.010)


def _second_r(ecg: Ecg, height: float, centre: float, width: float) -> Ecg:
    chest = ecg.chest.copy()
    chest[SEPTAL, SECOND] = height, 0.6 * height
    chest[LATERAL, SECOND] = -0.35 * height
    chest[SEPTAL, S] *= 0.5
    chest[V1, T] = -abs(ecg.limb[T])
    limb, axis = changed(ecg.limb, SECOND, 0.35 * height), changed(ecg.axis, SECOND, 170)
    centres, widths = changed(ecg.centre, SECOND, centre), changed(ecg.width, SECOND, width)
    return replace(ecg, chest=chest, limb=limb, axis=axis, centre=centres, width=widths)


@trait("LBBB")
def _left_bundle(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """QRS of 120 ms or more: broad notched R on I, V5 and V6 without Q, broad deep S on V1 to V3, T against them."""
    depth = generator.uniform(1.0, 1.8)
    chest, limb = ecg.chest.copy(), ecg.limb.copy()
    limb[[Q, S]], chest[:, Q] = 0, 0
    chest[:, R] = np.array((0.15, 0.2, 0.3, 0.6, 1.0, 1.0)) * ecg.limb[R]
    chest[:, S] = np.array((-0.8, -1.0, -0.9, -0.4, 0.0, 0.0)) * depth
    chest[:, SECOND], limb[SECOND] = np.array((0, 0, 0, 0.4, 0.8, 0.8)) * ecg.limb[R], 0.8 * ecg.limb[R]
    chest[:, T] = np.array((0.9, 1.0, 0.9, 0.2, -0.6, -0.7)) * abs(ecg.limb[T])
    centre = changed(changed(ecg.centre, SECOND, 0.055), S, 0.040)
    width = changed(ecg.width, [R, S, SECOND], (0.020, 0.030, 0.022))
    axis = changed(changed(ecg.axis, SECOND, ecg.axis[R]), T, ecg.axis[R] + 180)
    return replace(ecg, chest=chest, limb=limb, centre=centre, width=width, axis=axis)


@trait("NSIVCB")
def _unspecific_block(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """QRS of more than 110 ms without the form of either bundle branch block."""
    wider = generator.uniform(1.7, 2.1)
    width, centre = ecg.width.copy(), ecg.centre.copy()
    width[[Q, R, S]] *= wider
    centre[[Q, S]] *= wider
    return replace(ecg, width=width, centre=centre)


@trait("IAVB")
def _first_degree_block(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """PR of more than 200 ms, here of about 250 to 320."""
    return replace(ecg, centre=changed(ecg.centre, P, ecg.centre[P] - generator.uniform(0.10, 0.16)))


@trait("LPR")
def _long_pr(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """PR just above 200 ms."""
    return replace(ecg, centre=changed(ecg.centre, P, ecg.centre[P] - generator.uniform(0.05, 0.08)))


@trait("LAD")
def _left_axis(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """QRS axis beyond -30 degrees."""
    return replace(ecg, axis=changed(ecg.axis, QRS, ecg.axis[QRS] + generator.uniform(-60, -35) - ecg.axis[R]))


@trait("RAD")
def _right_axis(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """QRS axis beyond 90 degrees."""
    return replace(ecg, axis=changed(ecg.axis, QRS, ecg.axis[QRS] + generator.uniform(100, 130) - ecg.axis[R]))


@trait("LAnFB")
def _anterior_fascicle(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """QRS axis beyond -45 degrees, a small first vector downwards: q and R on aVL, r and S on the inferior leads."""
    limb = changed(ecg.limb, Q, generator.uniform(0.20, 0.35))
    axis = changed(changed(ecg.axis, [R, S], generator.uniform(-75, -50)), Q, 110)
    return replace(ecg, limb=limb, axis=axis)


@trait("LQRSV")
def _low_voltage(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """QRS complexes small on all leads."""
    smaller = generator.uniform(*LOW_VOLTAGE) / np.abs(ecg.limb[QRS]).max()
    limb, chest = ecg.limb.copy(), ecg.chest.copy()
    limb[QRS] *= smaller
    chest[:, QRS] *= smaller
    return replace(ecg, limb=limb, chest=chest)


@trait("LQT")
def _long_qt(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """QTc of more than 480 ms."""
    later = generator.uniform(0.10, 0.14)
    return replace(ecg, centre=changed(ecg.centre, T, ecg.centre[T] + later), width=changed(ecg.width, T, 1.2 * ecg.width[T]))


@trait("QAb")
def _deep_q(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """Q of 40 ms or more, deep, on the inferior and the lateral leads."""
    depth = generator.uniform(-0.7, -0.4)
    limb, axis = changed(ecg.limb, Q, depth), changed(ecg.axis, Q, 80)
    chest = changed(ecg.chest, ([V4, V5, V6], Q), depth)
    return replace(ecg, limb=limb, axis=axis, chest=chest, centre=changed(ecg.centre, Q, -0.045), width=changed(ecg.width, Q, 0.014))


@trait("TAb")
def _flat_t(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """T waves under a tenth of R."""
    flatter = generator.uniform(0.0, 0.15)
    return replace(ecg, limb=changed(ecg.limb, T, flatter * ecg.limb[T]), chest=changed(ecg.chest, (ALL, T), flatter * ecg.chest[:, T]))


@trait("TInv")
def _inverted_t(ecg: Ecg, generator: np.random.Generator) -> Ecg:
    """T waves that point down where they should point up."""
    deep = generator.uniform(0.8, 1.2)
    return replace(ecg, limb=changed(ecg.limb, T, -deep * ecg.limb[T]), chest=changed(ecg.chest, (ALL, T), -deep * np.abs(ecg.chest[:, T])))
