"""Windows that were cut from records, with what follows them there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ecgbench.datasets.records.files.wfdb_reader import Record
from ecgbench.protocol import SHIFTS
from ecgbench.types import Continued, Windows


def continued_in(windows: Windows, read: Callable[[str], Record]) -> Continued:
    """Windows (n, leads, time + the longest of `SHIFTS`) in mV, nan behind the end of their record.

    Parameters
    ----------
    read : reads a record by its name, the way in which the windows' records were read
    """
    n, leads, time = windows.signal.shape
    signal = np.full((n, leads, time + max(SHIFTS)), np.nan, dtype=np.float32)
    for name in dict.fromkeys(windows.record.tolist()):
        record = read(name).signal
        for i in np.flatnonzero(windows.record == name).tolist():
            held = record[:, windows.start[i] : windows.start[i] + signal.shape[2]]
            signal[i, :, : held.shape[1]] = held
    return signal
