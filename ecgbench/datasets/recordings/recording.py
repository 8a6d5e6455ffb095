"""What a file of leads holds, and what a user says of files that don't say it themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32, Int64, Shaped

from ecgbench.datasets._names import abbreviated
from ecgbench.datasets.records.files.wfdb_header import MILLIVOLTS
from ecgbench.errors import DataError
from ecgbench.printable import quoted

MICRO = str.maketrans({"\N{MICRO SIGN}": "u", "\N{GREEK SMALL LETTER MU}": "u"})
"""How files write the prefix of microvolts, beside "u"."""

LISTED = 12
"""Most leads that a message lists: the standard ones."""


@dataclass(frozen=True)
class Recording:
    """Leads of one file, and the annotations in it or beside it.

    Attributes
    ----------
    signal : (leads, time) float32, mV
    fs : Hz
    leads : names of the leads
    sample : (annotations,) int64, ascending, in samples of the signal
    symbol : (annotations,) texts, such as "N", or whatever an EDF+ file says
    """

    signal: Float32[np.ndarray, "leads time"] = field(repr=False)
    fs: float
    leads: tuple[str, ...]
    sample: Int64[np.ndarray, " annotations"] = field(repr=False)
    symbol: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Wanted:
    """What is read of a file, and what it doesn't say itself.

    Attributes
    ----------
    leads : names of the leads, in the order in which they are read; None for all, or for the one at `lead`
    lead : index of the one lead that is read, unless leads are named
    annotations : extension of the file of annotations beside it; None where they stand in the format's own place
    annotated : whether a WFDB record must have its annotations; other files are asked for them when they are used
    fs : Hz to which leads are resampled; None to leave them as they are
    record_fs : Hz of files that don't say it
    unit : of values in files that don't say it; None for mV
    arrays : names of a file's arrays other than the usual ones, as pairs of usual and own name
    """

    leads: tuple[str, ...] | None = None
    lead: int | None = None
    annotations: str | None = None
    annotated: bool = False
    fs: float | None = None
    record_fs: float | None = None
    unit: str | None = None
    arrays: tuple[tuple[str, str], ...] = ()

    def places(self, names: Sequence[str], where: str, remedy: str) -> list[int]:
        """Indices of the wanted leads among a file's; upper and lower case are one.

        Raises
        ------
        DataError
            If one is not there, or stands there twice.
        """
        if self.leads is None and self.lead is None:
            return list(range(len(names)))
        if self.leads is None:
            assert self.lead is not None
            if self.lead >= len(names):
                raise DataError(f"expected at least {self.lead + 1} leads in {where}, got {len(names)}; {remedy}.")
            return [self.lead]
        folded = [name.casefold() for name in names]
        counts = Counter(folded)
        for name in self.leads:
            if counts[name.casefold()] != 1:
                got = f"{counts[name.casefold()]} of that name among {quoted(abbreviated(names, LISTED))}"
                raise DataError(f"expected one lead {name} in {where}, got {got}; name leads as the file does.")
        return [folded.index(name.casefold()) for name in self.leads]

    def stated(self, what: str, found: float | str | None, given: float | str | None, where: str) -> float | str | None:
        """What a file says, or else the caller; refused if they differ."""
        if found is not None and given is not None and found != given:
            raise DataError(f"expected {what} {given}, as was said, in {where}, got {found}; leave it out, the file says it.")
        return given if found is None else found


NO_ANNOTATIONS: tuple[Int64[np.ndarray, " annotations"], tuple[str, ...]] = (np.empty(0, dtype=np.int64), ())
"""Samples and symbols where a file has none."""


def factor_of(unit: str, where: str) -> float:
    """What values in a unit are multiplied with to be in mV.

    Raises
    ------
    DataError
        If it is no voltage.
    """
    factor = MILLIVOLTS.get(unit.strip().translate(MICRO).lower())
    if factor is None:
        raise DataError(f"expected a signal in mV, uV or V in {where}, got {quoted(unit) or 'no unit'}; choose another lead.")
    return factor


def in_millivolts(values: Shaped[np.ndarray, "leads time"], factor: float) -> Float32[np.ndarray, "leads time"]:
    """Values as float32; what that cannot hold becomes infinity, which is refused with what is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        signal: Float32[np.ndarray, "leads time"] = np.ascontiguousarray(values * factor, dtype=np.float32)
    return signal
