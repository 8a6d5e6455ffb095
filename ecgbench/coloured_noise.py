"""Noise with a given power spectrum, such as what electrodes and muscles add to an ECG."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

Frequencies = Float64[np.ndarray, " bins"]
Spectrum = Callable[[Frequencies], Frequencies]
"""Power at each frequency in Hz, up to a factor."""

WANDER_FREQUENCY = 0.25
"""Hz, standard deviation of the baseline wander's spectrum around 0; its power ends at about 0.7 Hz (respiration, electrode drift)."""

MUSCLE_FREQUENCY = 20.0
"""Hz above which the muscle noise's spectrum is flat (surface electromyogram: 20 Hz and more)."""


def bell(centre: float, spread: float) -> Spectrum:
    """A spectrum that is a Gaussian around a frequency."""
    return lambda frequency: np.exp(-(((frequency - centre) / spread) ** 2) / 2)


def wander_spectrum(frequency: Frequencies) -> Frequencies:
    """Of baseline wander."""
    return bell(0, WANDER_FREQUENCY)(frequency)


def muscle_spectrum(frequency: Frequencies) -> Frequencies:
    """Of muscle noise."""
    power: Frequencies = frequency**2 / (frequency**2 + MUSCLE_FREQUENCY**2)
    return power


def coloured(generator: np.random.Generator, count: int, rate: float, spectrum: Spectrum, more: int = 0) -> Float64[np.ndarray, " longer"]:
    """Gaussian noise of unit variance with a power spectrum, a function of the frequency in Hz.

    It is cut from a draw of twice its length, because a draw by Fourier transform ends where it began.

    Parameters
    ----------
    count : samples
    rate : Hz
    more : samples that follow, at most as many; those before them are the same without
    """
    length = 1 << (2 * count - 1).bit_length()
    power = spectrum(np.abs(np.fft.fftfreq(length, 1 / rate)))
    white = np.fft.fft(generator.standard_normal(length))
    return np.fft.ifft(white * np.sqrt(power / power.mean())).real[: count + more]
