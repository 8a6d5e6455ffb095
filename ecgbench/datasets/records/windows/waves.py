"""Which samples of a window belong to its label's beats from P to T, which to the intervals beside them, and which to neither.

Databases annotate R peaks alone, so the stretch from P to T is taken to reach from `BEFORE` to `AFTER` around the peak: PR intervals are up
to 0.2 s and begin with the P wave, a QRS complex begins some 0.05 s before its peak, and at 60 bpm a QT interval is about 0.4 s
(Surawicz et al. 2009, doi:10.1161/CIRCULATIONAHA.108.191095). It ends halfway to the neighbouring peaks at the latest, as spans of beats
do, so that no sample belongs to two beats.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Int64, UInt8

from ecgbench.datasets.records.files.wfdb_reader import Record
from ecgbench.datasets.records.windows.cut import beats
from ecgbench.protocol import BeatRule
from ecgbench.types import CORE, RHYTHM, Regions, Targets, Windows

BEFORE, AFTER = 0.25, 0.4
"""Seconds before and after an annotated R peak that count as the beat from P to T."""

Places = Int64[np.ndarray, " beats"]
Cores = Int64[np.ndarray, "beats 2"]


def regions_of(windows: Windows, target: Targets, read: Callable[[str], Record], rule: BeatRule, fs: float) -> Regions:
    """Regions of windows that were cut from records; those of a window don't depend on the other windows.

    Parameters
    ----------
    target : label of each window
    read : reads a record by its name, the way in which the windows' records were read
    rule : by which the windows are labelled
    fs : Hz
    """
    found, length = np.zeros(windows.signal.shape, dtype=np.uint8), windows.signal.shape[2]
    for name in dict.fromkeys(windows.record.tolist()):
        peak, class_ = beats(read(name), rule)
        core = annotated_cores(peak, fs)
        for i in np.flatnonzero(windows.record == name).tolist():
            start = windows.start[i]
            found[i] = window_regions(peak - start, class_ == target[i], core - start, length)
    return found


def annotated_cores(peak: Places, fs: float) -> Cores:
    """First sample of each beat's stretch from P to T, and the one behind its last, by its R peak and those of its neighbours."""
    halfway = (peak[:-1] + peak[1:]) // 2
    onset, offset = peak - round(BEFORE * fs), peak + round(AFTER * fs) + 1
    onset[1:], offset[:-1] = np.maximum(onset[1:], halfway), np.minimum(offset[:-1], halfway)
    return np.stack([onset, offset], axis=1)


def window_regions(peak: Places, of_label: np.ndarray, core: Cores, length: int) -> UInt8[np.ndarray, " time"]:
    """Region of each sample of a window: `CORE` and `RHYTHM` of the beats of its label whose R peaks it holds, 0 elsewhere.

    The intervals beside a beat reach from the R peak before it to the one behind it; without such a peak, to the window's end.

    Parameters
    ----------
    peak : R peaks in samples of the window, ascending, those before and behind it among them
    of_label : (beats,) bool, which are of the window's label
    core : first sample of each beat from P to T, and the one behind its last
    """
    found = np.zeros(length, dtype=np.uint8)
    held = np.flatnonzero(of_label & (peak >= 0) & (peak < length))
    edges = np.concatenate([[0], np.clip(peak, 0, length - 1), [length - 1]])
    for beat in held:
        found[edges[beat] : edges[beat + 2] + 1] = RHYTHM
    for onset, offset in np.clip(core[held], 0, length):
        found[onset:offset] = CORE
    return found
