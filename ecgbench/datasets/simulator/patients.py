"""Simulated patients: heart rate, waves, ectopic beats and noise are drawn from ranges of adult resting ECGs (lead II).

The limits behind the ranges are the usual clinical ones: P under 0.25 mV and 120 ms, PR 120 to 200 ms, normal QRS up to 110 ms (Surawicz
et al. 2009, doi:10.1161/CIRCULATIONAHA.108.191095), QT about 400 ms at 60 bpm; ventricular beats wider than 120 ms, T against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Float64

from ecgbench.datasets.simulator.rhythm import SVEB, VEB, Patient

Range = tuple[float, float]
WaveRanges = tuple[Range, Range, Range]

SINUS: tuple[WaveRanges, ...] = (
    ((0.04, 0.18), (-0.175, -0.155), (0.018, 0.024)),
    ((-0.18, -0.05), (-0.035, -0.031), (0.008, 0.009)),
    ((0.35, 1.40), (0.000, 0.000), (0.012, 0.015)),
    ((-0.35, -0.10), (0.031, 0.035), (0.008, 0.010)),
    ((-0.10, 0.40), (0.250, 0.290), (0.038, 0.050)),
)
"""P Q R S T of normal beats: amplitude in mV, centre and standard deviation in s."""

ECTOPIC_P: WaveRanges = ((-0.12, 0.08), (-0.145, -0.125), (0.013, 0.018))
"""P wave of supraventricular ectopic beats: mostly inverted or flat, nearer to the QRS complex, narrower."""

VENTRICULAR: tuple[WaveRanges, ...] = (
    ((0.00, 0.00), (-0.160, -0.160), (0.020, 0.020)),
    ((0.15, 0.45), (-0.038, -0.030), (0.017, 0.020)),
    ((0.40, 1.50), (0.000, 0.010), (0.024, 0.029)),
    ((-0.40, -0.10), (0.060, 0.066), (0.016, 0.020)),
    ((-0.55, -0.20), (0.290, 0.330), (0.055, 0.070)),
)
"""Waves of ventricular ectopic beats with an upright QRS complex: no P, a broad notched QRS, T against it."""

RANGES: Mapping[str, Range] = MappingProxyType(
    {
        "interval": (0.60, 1.00),
        "variability": (0.03, 0.12),
        "supraventricular_coupling": (0.70, 0.85),
        "ventricular_coupling": (0.60, 0.80),
        "coupling_jitter": (0.005, 0.025),
        "wander": (0.02, 0.20),
        "motion": (0.01, 0.15),
        "muscle": (0.01, 0.10),
        "mains": (0.00, 0.03),
    }
)
"""Ranges of the other properties, in the units of `Patient`; the variability in mean intervals."""

ALL_RANGES = (SINUS, ECTOPIC_P, VENTRICULAR, dict(RANGES))
"""All ranges that patients are drawn from; part of the key of simulated windows."""


def draw_patient(generator: np.random.Generator) -> Patient:
    """Draw a patient; half of them have ventricular beats with a negative QRS complex."""
    sinus = _draw_waves(generator, SINUS)
    ectopic_p = _draw_waves(generator, (ECTOPIC_P,))
    ventricular = _draw_waves(generator, VENTRICULAR)
    ventricular[:, 0] *= generator.choice((-1.0, 1.0))
    value = {name: float(generator.uniform(*limits)) for name, limits in RANGES.items()}
    waves = np.stack([sinus, np.concatenate([ectopic_p, sinus[1:]]), ventricular])
    coupling = np.ones(len(waves))
    coupling[SVEB], coupling[VEB] = value["supraventricular_coupling"], value["ventricular_coupling"]
    return Patient(
        interval=value["interval"],
        variability=value["variability"] * value["interval"],
        waves=waves,
        coupling=coupling,
        coupling_jitter=value["coupling_jitter"],
        wander=value["wander"],
        motion=value["motion"],
        muscle=value["muscle"],
        mains=value["mains"],
    )


def _draw_waves(generator: np.random.Generator, ranges: tuple[WaveRanges, ...]) -> Float64[np.ndarray, "waves 3"]:
    low, high = np.moveaxis(np.array(ranges), -1, 0)
    waves: Float64[np.ndarray, "waves 3"] = generator.uniform(low, high)
    return waves
