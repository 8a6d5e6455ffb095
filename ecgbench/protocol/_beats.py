"""Which annotation symbol is a beat of which class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

BEAT_CLASSES = ("N", "SVEB", "VEB", "F", "Q")
"""Names of the beat classes' integers; Q, unclassifiable, is no class of any dataset."""

UNCLASSIFIABLE = BEAT_CLASSES.index("Q")


@dataclass(frozen=True)
class BeatRule:
    """Which annotation symbol is a beat of which class.

    Attributes
    ----------
    symbols : class integer of each symbol
    otherwise : class of every other symbol; None if it is no beat
    one_per_sample : keep one beat a sample index, the higher class winning
    leave_out_unclassifiable : leave a window out whose label would be unclassifiable
    beats : further texts that stand for a beat, beside the symbols that WFDB has for beats
    unclassifiable : class integer of beats that have no class
    """

    symbols: Mapping[str, int]
    otherwise: int | None
    one_per_sample: bool
    leave_out_unclassifiable: bool
    beats: frozenset[str] = field(default=frozenset(), repr=False)
    unclassifiable: int = field(default=UNCLASSIFIABLE, repr=False)


def _symbols(*classes: str) -> Mapping[str, int]:
    return MappingProxyType({symbol: class_ for class_, symbols in enumerate(classes) for symbol in symbols.split()})


BEAT_RULES: Mapping[str, BeatRule] = MappingProxyType(
    {
        "aami": BeatRule(_symbols("N L R e j B", "A a J S n", "V E r", "F", "/ f Q ?"), None, False, True),
        "study": BeatRule(_symbols("N L R", "A a J S e j", "V E", "F", "P / f u"), 0, True, False),
    }
)
