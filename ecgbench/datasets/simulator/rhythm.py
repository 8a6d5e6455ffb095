"""ECG simulator: beats are laid out in time first, then rendered as sums of Gaussians, so that the truth of every sample is known.

The beat is McSharry et al. 2003 (doi:10.1109/TBME.2003.808805) in closed form: five Gaussian waves P Q R S T around the R peak; the
rhythm has their bimodal spectrum. All functions are pure, at any sampling rate and for any duration.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64, Int64

from ecgbench.artifacts import canonical
from ecgbench.coloured_noise import Frequencies, bell, coloured, muscle_spectrum, wander_spectrum
from ecgbench.errors import InputError

VERSION = 1
"""Bumped when a simulated sample changes on purpose."""

N, SVEB, VEB = range(3)
"""Class integers of the beats that can be simulated."""

STRETCH = np.array([0.5, 0, 0, 0, 0.5])
"""Of the waves P, Q, R, S and T, the exponent of the interval (in s) by which each moves and widens: Bazett's square root for P and T,
none within the QRS complex."""

REACH = (-0.5, 1.0)
"""Seconds around its R peak in which a beat is rendered; beyond, its waves are below 1e-6 mV at any interval under 1.5 s."""

EXTENT = 2.5
"""Standard deviations around a wave's centre that count as the wave: the widest P wave lasts 120 ms then, as clinical limits have it."""

LOW_FREQUENCY, HIGH_FREQUENCY = 0.1, 0.25
"""Hz, Mayer waves and respiration, the centres of the rhythm's spectrum (McSharry et al. 2003)."""

FREQUENCY_SPREAD, FREQUENCY_RATIO = 0.01, 0.5
"""Standard deviation of both peaks in Hz, and power of the low one over the high one's (McSharry et al. 2003)."""

RHYTHM_BEATS = 512
"""Fewest intervals that a rhythm is drawn for: they resolve the peaks of its spectrum."""

MAINS = 50.0
"""Hz."""

MOTION_FREQUENCY, MOTION_SPREAD = 3.0, 1.5
"""Hz, centre and standard deviation of electrode motion's spectrum: the band of broad QRS complexes and T waves, so that it resembles them
(the electrode motion record of the MIT-BIH Noise Stress Test Database, doi:10.13026/C2HS3T)."""

MOTION_BURSTS = 0.8
"""Standard deviation of the logarithm of electrode motion's intensity, which swells and fades as slowly as the baseline wanders."""


@dataclass(frozen=True)
class Patient:
    """The properties of a patient.

    Attributes
    ----------
    interval, variability : mean and standard deviation of the sinus intervals, s
    waves : per class and wave (P Q R S T) amplitude in mV, centre in s from the R peak and standard deviation in s, at intervals of 1 s
    coupling : per class, time from the sinus beat before to the beat, in sinus intervals (1 for N)
    coupling_jitter : standard deviation of an abnormal beat's coupling, in sinus intervals
    wander, motion, muscle : standard deviation of baseline wander, electrode motion and muscle noise, mV
    mains : amplitude of the mains' hum, mV
    """

    interval: float
    variability: float
    waves: Float64[np.ndarray, "classes 5 3"]
    coupling: Float64[np.ndarray, " classes"]
    coupling_jitter: float
    wander: float
    motion: float
    muscle: float
    mains: float

    def __post_init__(self) -> None:
        if not (self.interval > 0 and 0 <= self.variability <= self.interval / 6):
            raise InputError(
                "expected a positive mean interval and a variability of at most a sixth of it, "
                f"got {self.interval:g} s and {self.variability:g} s; choose a steadier rhythm."
            )


@dataclass(frozen=True)
class Beats:
    """Beats laid out in time.

    Attributes
    ----------
    time : (beats,) s of the R peak from the record's start; beats outside the record reach into it
    class_ : (beats,) N, SVEB or VEB
    slot : (beats,) s of the sinus beat in whose place the beat stands; its own time if it is normal
    interval : (beats,) s, the sinus interval before the slot
    """

    time: Float64[np.ndarray, " beats"]
    class_: Int64[np.ndarray, " beats"]
    slot: Float64[np.ndarray, " beats"]
    interval: Float64[np.ndarray, " beats"]

    def twin(self) -> Beats:
        """The counterfactual: every abnormal beat replaced by the normal one that would have come in its place."""
        return replace(self, time=self.slot, class_=np.zeros_like(self.class_))


def identity_generator(*identity: str | int) -> np.random.Generator:
    """A generator seeded by what it is for (dataset, record, start, seed), never by call order."""
    return np.random.default_rng(list(hashlib.sha256(canonical(identity).encode()).digest()))


def layout(patient: Patient, generator: np.random.Generator, duration: float, abnormal: Sequence[int] = ()) -> Beats:
    """Lay out a sinus rhythm in which some beats come early, in places drawn at random.

    An early beat does not reset the rhythm: the next one comes when it would have come, after a full compensatory pause.

    Parameters
    ----------
    duration : of the record, s
    abnormal : class of each abnormal beat; no two come next to each other

    Raises
    ------
    InputError
        If the duration is not positive, a class is unknown, or the record has too few beats with both neighbours inside it.
    """
    if not duration > 0:
        raise InputError(f"expected a positive duration in seconds, got {duration}; name the length of the record.")
    if not set(abnormal) <= {SVEB, VEB}:
        raise InputError(f"expected abnormal beats of class {SVEB} or {VEB}, got {sorted(set(abnormal))}; normal beats need no naming.")
    slot, interval = _rhythm(patient, generator, duration)
    class_ = np.zeros(len(slot), dtype=np.int64)
    class_[_places(generator, slot, duration, len(abnormal))] = generator.permutation(np.array(abnormal, dtype=np.int64))
    coupling = patient.coupling[class_] + patient.coupling_jitter * generator.standard_normal(len(slot))
    time = np.where(class_ == N, slot, slot - (1 - coupling) * interval)
    return Beats(time, class_, slot, interval)


def followed(beats: Beats, patient: Patient, generator: np.random.Generator, duration: float) -> Beats:
    """The beats of a record with the normal ones that follow in a longer one.

    Parameters
    ----------
    beats : as `layout` gave them
    generator : as it was when `layout` got it
    duration : of the longer record, s
    """
    slot, interval = (values[len(beats.slot) :] for values in _rhythm(patient, generator, duration))
    class_ = np.concatenate([beats.class_, np.zeros(len(slot), dtype=np.int64)])
    return Beats(np.concatenate([beats.time, slot]), class_, np.concatenate([beats.slot, slot]), np.concatenate([beats.interval, interval]))


def _rhythm(
    patient: Patient, generator: np.random.Generator, duration: float
) -> tuple[Float64[np.ndarray, " beats"], Float64[np.ndarray, " beats"]]:
    """Times and preceding intervals of all sinus beats that reach into a record."""
    earliest, latest = -REACH[1], duration - REACH[0]
    count = max(RHYTHM_BEATS, int(2 * (latest - earliest) / patient.interval))
    swing = coloured(generator, count, 1 / patient.interval, _rhythm_spectrum)
    interval = patient.interval + patient.variability * swing
    time = earliest + np.cumsum(interval) - interval[0] * generator.random()
    within = time < latest
    return time[within], interval[within]


def _rhythm_spectrum(frequency: Frequencies) -> Frequencies:
    return FREQUENCY_RATIO * bell(LOW_FREQUENCY, FREQUENCY_SPREAD)(frequency) + bell(HIGH_FREQUENCY, FREQUENCY_SPREAD)(frequency)


def _places(
    generator: np.random.Generator, slot: Float64[np.ndarray, " beats"], duration: float, count: int
) -> Int64[np.ndarray, " abnormal"]:
    """Indices of `count` beats, no two adjacent, with both neighbours in the record; all such choices are equally likely."""
    inside = np.flatnonzero((slot >= 0) & (slot < duration))[1:-1]
    most = (len(inside) + 1) // 2
    if count > most:
        raise InputError(f"expected at most {most} abnormal beats in {duration:g} s at this heart rate, got {count}; draw a longer record.")
    if not count:
        return inside[:0]
    not_adjacent = np.sort(generator.choice(len(inside) - count + 1, size=count, replace=False)) + np.arange(count)
    chosen: Int64[np.ndarray, " abnormal"] = inside[not_adjacent]
    return chosen


def render(beats: Beats, patient: Patient, fs: float, count: int) -> Float64[np.ndarray, " time"]:
    """The first `count` samples of the beats' signal at `fs` Hz, in mV: each wave is amplitude * exp(-((t - centre) / width)^2 / 2).

    Raises
    ------
    InputError
        If `fs` or `count` is not positive.
    """
    _check_sampling(fs, count)
    amplitude, centre, width = np.moveaxis(patient.waves[beats.class_], -1, 0)
    stretch = beats.interval[:, None] ** STRETCH
    first = np.floor((beats.time + REACH[0]) * fs).astype(np.int64)
    sample = first[:, None] + np.arange(int((REACH[1] - REACH[0]) * fs) + 1)
    offset = sample / fs - beats.time[:, None]
    deviation = (offset[:, :, None] - (centre * stretch)[:, None, :]) / (width * stretch)[:, None, :]
    values = (amplitude[:, None, :] * np.exp(-(deviation**2) / 2)).sum(axis=-1)
    inside = (sample >= 0) & (sample < count)
    return np.bincount(sample[inside], weights=values[inside], minlength=count)


def extents(beats: Beats, patient: Patient) -> Float64[np.ndarray, "beats 2"]:
    """Seconds at which each beat begins and ends: `EXTENT` standard deviations before its first and behind its last wave."""
    amplitude, centre, width = np.moveaxis(patient.waves[beats.class_], -1, 0)
    stretch, there = beats.interval[:, None] ** STRETCH, amplitude != 0
    onset = np.where(there, (centre - EXTENT * width) * stretch, np.inf).min(axis=1)
    offset = np.where(there, (centre + EXTENT * width) * stretch, -np.inf).max(axis=1)
    found: Float64[np.ndarray, "beats 2"] = beats.time[:, None] + np.stack([onset, offset], axis=1)
    return found


def noise(patient: Patient, generator: np.random.Generator, fs: float, count: int, more: int = 0) -> Float64[np.ndarray, " time"]:
    """Baseline wander, electrode motion, muscle noise and mains' hum in mV, `count` samples at `fs` Hz.

    Parameters
    ----------
    more : samples that follow, at most as many; those before them are the same without

    Raises
    ------
    InputError
        If `fs` or `count` is not positive.
    """
    _check_sampling(fs, count)
    wander, intensity = (coloured(generator, count, fs, wander_spectrum, more) for _ in range(2))
    motion = coloured(generator, count, fs, bell(MOTION_FREQUENCY, MOTION_SPREAD), more)
    bursts = np.exp(MOTION_BURSTS * intensity - MOTION_BURSTS**2)
    muscle = coloured(generator, count, fs, muscle_spectrum, more)
    hum = np.sin(2 * np.pi * (MAINS * np.arange(count + more) / fs + generator.random()))
    parts = (patient.wander * wander, patient.motion * bursts * motion, patient.muscle * muscle, patient.mains * hum)
    total: Float64[np.ndarray, " time"] = np.stack(parts).sum(axis=0)
    return total


def _check_sampling(fs: float, count: int) -> None:
    if not fs > 0 or count < 1:
        raise InputError(f"expected a positive sampling rate and number of samples, got {fs} Hz and {count}; name both.")


def microvolts(signal: Float64[np.ndarray, "*shape"]) -> Int64[np.ndarray, "*shape"]:
    """A signal in mV rounded to whole microvolts, which absorbs the last bits in which processors differ."""
    whole: Int64[np.ndarray, "*shape"] = np.rint(signal * 1000).astype(np.int64)
    return whole
