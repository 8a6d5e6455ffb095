"""Every control a second time, slowly and plainly: a value of one sample of one lead of one window."""

import math
import statistics
import warnings

from scipy.signal import resample_poly

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # wfdb 4.3.1 uses what pandas 3.1 deprecates
    from wfdb.processing import xqrs_detect


def standardised(scene, window, lead):
    values = [float(value) for value in scene.windows.signal[window, lead]]
    mean, spread = statistics.fmean(values), statistics.pstdev(values)
    return [(value - mean) / (spread + 1e-6) for value in values]


def covered(spans, class_, sample):
    return any(onset <= sample < offset and of == class_ for onset, offset, of in spans)


def amplitude(scene, window, lead, sample):
    return abs(standardised(scene, window, lead)[sample])


def slope(scene, window, lead, sample):
    values = standardised(scene, window, lead)
    before, after = max(sample - 1, 0), min(sample + 1, len(values) - 1)
    return abs(values[after] - values[before]) / (after - before) * scene.fs


def constant(scene, window, lead, sample):
    return 1.0


def centre(scene, window, lead, sample):
    time = scene.windows.signal.shape[-1]
    return math.exp(-(((sample - (time - 1) / 2) / (time / 6)) ** 2) / 2)


def beat_mask(scene, window, lead, sample):
    return float(covered(scene.windows.spans[window], scene.target[window], sample))


def causal_mask(scene, window, lead, sample):
    return float(scene.windows.causal[window, lead, sample])


def beat_prior(scene, window, lead, sample):
    class_ = scene.target[window]
    of_class = [spans for spans, label in zip(scene.train.spans, scene.train.y, strict=True) if label == class_]
    return sum(covered(spans, class_, sample) for spans in of_class) / len(of_class)


def r_peaks(scene, window, lead, sample):
    finer = 1
    while scene.fs * finer < 200:
        finer += 1
    fine = resample_poly(scene.windows.signal[window, lead].astype(float), finer, 1, padtype="line")
    found = [round(peak / finer) for peak in xqrs_detect(fine, fs=scene.fs * finer, verbose=False)]
    return max((math.exp(-(((sample - peak) / scene.fs / 0.04) ** 2) / 2) for peak in found), default=0.0)
