"""Which annotation is a beat of which of a user's own classes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ecgbench.datasets._names import abbreviated
from ecgbench.datasets.own.numbers import names_of
from ecgbench.datasets.records.counterfactuals.annotated_signal import BEAT_SYMBOLS
from ecgbench.errors import DataError, InputError
from ecgbench.printable import quoted, shortened
from ecgbench.protocol import BeatRule

NOTE_SYMBOLS = frozenset("[!]x()ptu`'^|~+sT*D=\"@")
"""Annotation symbols of WFDB that stand for no beat (https://physionet.org/physiotools/wpg/): they need no class."""

REFUSE, DROP = "refuse", "drop"
"""What becomes of annotations that have no class."""


@dataclass(frozen=True)
class BeatMapping:
    """A user's classes.

    Attributes
    ----------
    classes : their names, the normal one first
    rule : which annotation is a beat of which of them
    known : annotations that have a class or stand for no beat
    """

    classes: tuple[str, ...]
    rule: BeatRule
    known: frozenset[str]


def beat_mapping(beats: Any, classes: Sequence[str] | None) -> BeatMapping:
    """The classes of a mapping from annotations to the names of classes.

    Parameters
    ----------
    beats : the class of each annotation, None for one that is no beat
    classes : their names in the order of their integers, the normal one first; by default as they first stand in the mapping

    Raises
    ------
    InputError
        If it is no such mapping, or names a class that is not among the classes.
    """
    if not isinstance(beats, Mapping) or not all(_is_text(one) and (name is None or _is_text(name)) for one, name in beats.items()):
        raise InputError(
            f'expected beats as a mapping such as {{"N": "normal", "V": "ectopic"}}, got {shortened(repr(beats))}; name each annotation\'s '
            "class so."
        )
    mapped = {one: name for one, name in beats.items() if name is not None}
    named = names_of("classes", list(dict.fromkeys(mapped.values())) if classes is None else classes, least=2)
    unknown = [name for name in mapped.values() if name not in named]
    if unknown:
        raise InputError(f"expected beats of classes {', '.join(named)}, got {quoted(unknown[0])}; name every class in classes.")
    symbols = MappingProxyType({one: named.index(name) for one, name in mapped.items()})
    rule = BeatRule(symbols, None, one_per_sample=False, leave_out_unclassifiable=True, beats=frozenset(mapped), unclassifiable=len(named))
    return BeatMapping(named, rule, frozenset(beats))


def check_symbols(symbols: Collection[str], mapping: BeatMapping | None, path: Path) -> None:
    """Refuse a recording with annotations that are neither mapped nor known to be no beats.

    Parameters
    ----------
    symbols : of the recording
    mapping : the user's own classes; None where WFDB's symbols say what a beat is

    Raises
    ------
    DataError
        With the annotations that are not.
    """
    known = BEAT_SYMBOLS if mapping is None else mapping.known
    unknown = sorted({*symbols} - known - NOTE_SYMBOLS)
    if unknown:
        raise DataError(
            f"expected annotations of {path} that have a class, got {quoted(abbreviated(unknown))}; name the class of each in beats=, None "
            'for what is no beat, or say unmapped="drop".'
        )


def drops(unmapped: Any) -> bool:
    """Whether annotations that have no class are dropped.

    Raises
    ------
    InputError
        If it is not said.
    """
    if unmapped not in (REFUSE, DROP):
        raise InputError(f'expected unmapped "{REFUSE}" or "{DROP}", got {shortened(repr(unmapped))}; choose one of these.')
    return bool(unmapped == DROP)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
