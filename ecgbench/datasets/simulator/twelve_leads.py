"""A 12-lead ECG of ten seconds: its waves and rhythm before they are rendered, and how it is rendered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from jaxtyping import Float64

from ecgbench.coloured_noise import MUSCLE_FREQUENCY, WANDER_FREQUENCY, Frequencies, Spectrum
from ecgbench.datasets.simulator.leads import AXIS, LEAD_I, LEAD_II, MEASURED, PRECORDIAL, Morphology, render_leads
from ecgbench.datasets.simulator.rhythm import (
    HIGH_FREQUENCY,
    MOTION_FREQUENCY,
    MOTION_SPREAD,
    REACH,
    STRETCH,
    SVEB,
    Beats,
    Patient,
    layout,
)
from ecgbench.datasets.simulator.rhythm import N as NORMAL

P, Q, R, S, T, SECOND = range(6)
"""The waves. SECOND is one that a finding adds: the second R of a bundle branch block, or the spike of a pacemaker."""

QRS = [Q, R, S, SECOND]

DURATION = 10.0
"""s, of every record."""

TOP_RATE = 500.0
"""Hz, the highest sampling rate: noise is drawn for it and cut off above half of any lower one, so that a record is the same at both."""

QUIET = {"wander": 0.5, "motion": 0.25, "muscle": 0.25}
"""Noise of a resting ECG in parts of that of an ambulatory one, which the simulated patients' ranges are for."""

FIBRILLATION_FREQUENCY, FIBRILLATION_SPREAD = 6.0, 0.8
"""Hz, of the atria's waves in fibrillation (350 to 600 a minute; Fuster et al. 2006, doi:10.1161/CIRCULATIONAHA.106.177292: fast, of
varying shape)."""

FIBRILLATION_LEADS = (0.3, 0.6, 1.2, 0.8, 0.4, 0.3, 0.3, 0.3)
"""Amplitude on the measured leads: most on V1."""

FLUTTER_LEADS = (-0.1, -1.0, 0.6, 0.3, 0.1, -0.2, -0.3, -0.3)
"""Amplitude on the measured leads: a saw-tooth that points down in the inferior leads and up in V1 (typical flutter)."""

FLUTTER_HARMONICS = 4
"""Of the saw-tooth's period: enough to be steep on one side."""

SHORTEST = 0.3
"""s, least interval of an irregular rhythm (200 beats a minute, what the AV node lets through)."""

FLOORS = {P: 0.08, R: 0.50, T: 0.15}
"""mV, least amplitude of a wave that no finding makes small: less would be a finding itself."""

Waves: TypeAlias = Float64[np.ndarray, " 6"]


@dataclass(frozen=True)
class Ecg:
    """A 12-lead ECG before it is rendered.

    Attributes
    ----------
    interval, variability : mean and standard deviation of the sinus intervals, s
    swing : if not 0, the intervals vary with respiration instead, by this amplitude in parts of the mean
    scatter : if not 0, the intervals are independent instead, with this standard deviation in parts of the mean
    early : number of premature atrial beats
    fibrillation, flutter : amplitude of the atria's waves, mV
    flutter_period : s
    limb, axis : amplitude in mV and axis in degrees of each wave in the frontal plane
    chest : mV, amplitude of each wave on V1 to V6
    centre, width : s from the R peak, and standard deviation in s, at intervals of 1 s
    """

    interval: float
    variability: float
    limb: Waves
    axis: Waves
    chest: Float64[np.ndarray, "6 6"]
    centre: Waves
    width: Waves
    swing: float = 0.0
    scatter: float = 0.0
    early: int = 0
    fibrillation: float = 0.0
    flutter: float = 0.0
    flutter_period: float = 0.2

    def morphology(self) -> Morphology:
        """Amplitudes on the measured leads."""
        limb = self.limb * np.cos(np.deg2rad(self.axis - np.array([[LEAD_I], [LEAD_II]])))
        return Morphology(np.concatenate([limb, self.chest]), self.centre, self.width, np.append(STRETCH, 0.0))


def normal_ecg(patient: Patient, generator: np.random.Generator) -> Ecg:
    """A patient's ECG without any finding: sinus rhythm of 63 to 92 beats a minute, normal axis."""
    amplitude, centre, width = np.vstack([patient.waves[NORMAL], (0, 0, 0.01)]).T
    limb = amplitude.copy()
    for wave, least in FLOORS.items():
        limb[wave] = max(abs(limb[wave]), least)
    axis = np.full(6, AXIS)
    axis[QRS] = generator.uniform(20, 75)
    axis[[P, T]] = generator.uniform(35, 65)
    interval = generator.uniform(0.65, 0.95)
    chest = np.hstack([PRECORDIAL, np.zeros((6, 1))]) * limb
    return Ecg(interval, interval * generator.uniform(0.01, 0.04), limb, axis, chest, centre, width)


def changed(values: np.ndarray, where: Any, to: Any) -> np.ndarray:
    """A copy of the values with `to` at `where`."""
    copy = values.copy()
    copy[where] = to
    return copy


def without_p(ecg: Ecg) -> Ecg:
    """The ECG without P waves."""
    return replace(ecg, limb=changed(ecg.limb, P, 0), chest=changed(ecg.chest, (slice(None), P), 0))


@dataclass(frozen=True)
class Draws:
    """What an ECG's random parts are drawn by. Generators of their own keep each part the same whatever the others draw.

    Attributes
    ----------
    rhythm : when the beats come
    noise : baseline wander, electrode motion and muscle noise
    atria : waves of fibrillation or flutter
    """

    rhythm: np.random.Generator
    noise: np.random.Generator
    atria: np.random.Generator


def lay_out(ecg: Ecg, patient: Patient, generator: np.random.Generator) -> Beats:
    """Lay out the record's beats."""
    if not ecg.scatter and not ecg.swing:
        rhythm = replace(patient, interval=ecg.interval, variability=ecg.variability)
        return layout(rhythm, generator, DURATION, [SVEB] * ecg.early)
    most = int((DURATION + REACH[1] - REACH[0]) / SHORTEST) + 1
    breath = np.sin(2 * np.pi * (HIGH_FREQUENCY * ecg.interval * np.arange(most) + generator.random()))
    scattered = np.exp(ecg.scatter * generator.standard_normal(most))
    interval = np.maximum(SHORTEST, ecg.interval * (1 + ecg.swing * breath) * scattered)
    time = np.cumsum(interval) - REACH[1]
    within = time < DURATION - REACH[0]
    return Beats(time[within], np.zeros(within.sum(), dtype=np.int64), time[within], interval[within])


def render_ecg(ecg: Ecg, patient: Patient, draws: Draws, fs: float) -> Float64[np.ndarray, "8 time"]:
    """The measured leads at `fs` Hz, in mV: beats, noise and the atria's waves, drawn in this order."""
    return render_beats(ecg, lay_out(ecg, patient, draws.rhythm), patient, draws, fs)


def render_beats(ecg: Ecg, beats: Beats, patient: Patient, draws: Draws, fs: float) -> Float64[np.ndarray, "8 time"]:
    """The measured leads at `fs` Hz, in mV, with beats that have been laid out."""
    count = round(DURATION * fs)
    signal: Float64[np.ndarray, "8 time"] = render_leads(beats, morphologies(ecg, patient), fs, count)
    signal += _noise(patient, draws.noise, fs, count)
    if ecg.fibrillation:
        waves = _coloured(draws.atria, 1, fs, count, lambda frequency: _bell(frequency, FIBRILLATION_FREQUENCY, FIBRILLATION_SPREAD))
        waves /= waves.std()
        signal += ecg.fibrillation * np.array(FIBRILLATION_LEADS)[:, None] * waves
    if ecg.flutter:
        phase = 2 * np.pi * (np.arange(count) / fs / ecg.flutter_period + draws.atria.random())
        saw = np.sum([np.sin(k * phase) / k for k in range(1, FLUTTER_HARMONICS + 1)], axis=0)
        signal += ecg.flutter * np.outer(FLUTTER_LEADS, saw)
    return signal


def morphologies(ecg: Ecg, patient: Patient) -> list[Morphology]:
    """The morphologies of sinus beats and of premature atrial ones, by the integers of their classes."""
    sinus_beat = ecg.morphology()
    return [sinus_beat, _ectopic(sinus_beat, patient)]


def _ectopic(sinus_beat: Morphology, patient: Patient) -> Morphology:
    """The morphology of a premature atrial beat: that of a sinus beat with another P wave."""
    ectopic, sinus = patient.waves[SVEB, P], patient.waves[NORMAL, P]
    amplitude = sinus_beat.amplitude.copy()
    amplitude[:, P] *= ectopic[0] / sinus[0]
    centre, width = changed(sinus_beat.centre, P, ectopic[1]), changed(sinus_beat.width, P, ectopic[2])
    return replace(sinus_beat, amplitude=amplitude, centre=centre, width=width)


def _noise(patient: Patient, generator: np.random.Generator, fs: float, count: int) -> Float64[np.ndarray, "8 {count}"]:
    """Baseline wander, electrode motion and muscle noise of each measured lead, in mV, made by one Fourier transform."""

    def spectrum(frequency: Frequencies) -> Frequencies:
        parts = {
            "wander": _bell(frequency, 0.0, WANDER_FREQUENCY),
            "motion": _bell(frequency, MOTION_FREQUENCY, MOTION_SPREAD),
            "muscle": frequency**2 / (frequency**2 + MUSCLE_FREQUENCY**2),
        }
        weighted = [(QUIET[name] * getattr(patient, name)) ** 2 * power / power.sum() for name, power in parts.items()]
        return np.asarray(np.sum(weighted, axis=0))

    return _coloured(generator, len(MEASURED), fs, count, spectrum)


def _bell(frequency: Frequencies, centre: float, spread: float) -> Frequencies:
    return np.asarray(np.exp(-(((frequency - centre) / spread) ** 2) / 2))


def _coloured(
    generator: np.random.Generator, leads: int, fs: float, count: int, spectrum: Spectrum
) -> Float64[np.ndarray, "leads {count}"]:
    """Gaussian noise whose variance is the sum of the spectrum. It is drawn for the highest rate and cut off at `fs` / 2."""
    frequency = np.arange(1, round(DURATION * TOP_RATE / 2)) / DURATION
    kept = frequency < fs / 2
    white = generator.standard_normal((2, leads, len(frequency)))[:, :, kept]
    amplitude = np.sqrt(spectrum(frequency)[kept]) * count / 2
    lines = np.zeros((leads, count // 2 + 1), dtype=np.complex128)
    lines[:, 1 : 1 + kept.sum()] = amplitude * (white[0] + 1j * white[1])
    return np.fft.irfft(lines, n=count)
