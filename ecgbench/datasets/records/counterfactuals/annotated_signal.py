"""A record's signal with its beats as twins need them: what is a beat, what is normal, and which beats can give their stretch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float32, Int64

from ecgbench.protocol import UNCLASSIFIABLE, BeatRule

NORMAL = 0
"""Class integer of normal beats."""

BEAT_SYMBOLS = frozenset("NLRBAaJSVrFejnE/fQ?")
"""Annotation symbols that stand for a beat (isqrs of the WFDB library, https://physionet.org/physiotools/wpg/). All others describe rhythm,
noise or single waves, also where a rule counts them as normal beats."""

QRS_BEFORE, QRS_AFTER = 0.08, 0.12
"""Seconds before and after an annotated R peak that count as its QRS complex: stretches end before it and begin behind it. They reach far,
since wide complexes last 120 ms and more, and in some databases the annotation lies on the upstroke."""

SHIFT_REACH = 0.06
"""Seconds by which two annotated R peaks may differ in their place within the QRS complex."""

Beats = Int64[np.ndarray, " beats"]


@dataclass(frozen=True)
class AnnotatedSignal:
    """A record's signal and its beats.

    Attributes
    ----------
    signal : (leads, time) float32, mV; nan where invalid
    fs : Hz
    sample : (beats,) int64, R peaks, strictly ascending, all within the signal
    class_ : (beats,) int64
    noted : samples of annotations that are no beat, ascending
    unclassifiable : class integer of beats that have no class
    """

    signal: Float32[np.ndarray, "leads time"]
    fs: float
    sample: Beats
    class_: Beats
    noted: Int64[np.ndarray, " noted"]
    unclassifiable: int = UNCLASSIFIABLE

    @property
    def before(self) -> int:
        """Samples before an R peak that belong to its QRS complex."""
        return round(QRS_BEFORE * self.fs)

    @property
    def after(self) -> int:
        """Samples after an R peak that belong to its QRS complex."""
        return round(QRS_AFTER * self.fs)

    @property
    def shift_reach(self) -> int:
        """Samples by which annotated R peaks may differ in their place."""
        return round(SHIFT_REACH * self.fs)

    @cached_property
    def normal(self) -> Bool[np.ndarray, " beats"]:
        """Which beats are normal."""
        normal: Bool[np.ndarray, " beats"] = self.class_ == NORMAL
        return normal

    @cached_property
    def between_normal(self) -> Bool[np.ndarray, " beats"]:
        """Which beats, of any class, have two normal neighbours."""
        between = np.zeros(len(self.sample), dtype=bool)
        between[1:-1] = self.normal[:-2] & self.normal[2:]
        return between

    @cached_property
    def donors(self) -> Beats:
        """Beats that can give their stretch: in it and around it are only normal beats, valid samples and no other annotation.

        The beat before the stretch is normal too, since the pause after an ectopic beat changes the beat that ends it.
        """
        beat = 2 + np.flatnonzero(self.normal[2:] & self.between_normal[2:] & self.normal[:-2])
        first, last = self.sample[beat - 1], self.sample[beat + 1]
        quiet = np.searchsorted(self.noted, last, side="right") == np.searchsorted(self.noted, first)
        donors: Beats = beat[quiet & self.valid(first - self.before - self.shift_reach, last + self.after + self.shift_reach)]
        return donors

    def valid(self, first: Beats, last: Beats) -> Bool[np.ndarray, " beats"]:
        """Whether all samples from each `first` to its `last`, included, lie in the record and are valid in all leads."""
        count = len(self._invalid) - 1
        inside = (first >= 0) & (last < count)
        before = [self._invalid[np.where(inside, edge, 0)] for edge in (first, last + 1)]
        valid: Bool[np.ndarray, " beats"] = inside & (before[0] == before[1])
        return valid

    @cached_property
    def _invalid(self) -> Int64[np.ndarray, " edges"]:
        """Number of invalid samples before each sample."""
        return np.concatenate([[0], np.cumsum(~np.isfinite(self.signal).all(axis=0), dtype=np.int64)])


def annotated_signal(
    signal: Float32[np.ndarray, "leads time"],
    fs: float,
    sample: Int64[np.ndarray, " annotations"],
    symbol: Sequence[str],
    rule: BeatRule,
) -> AnnotatedSignal:
    """A signal with the beats of its annotations; those at one sample are one beat, of the highest class.

    A beat whose symbol the rule doesn't name is unclassifiable here, also where the rule counts it as normal: no annotator said that it is.
    """
    found: dict[int, int] = {}
    noted: list[int] = []
    for place, one in zip(sample.tolist(), symbol, strict=True):
        if one not in BEAT_SYMBOLS and one not in rule.beats:
            noted.append(place)
        elif place < signal.shape[1]:
            found[place] = max(found.get(place, NORMAL), rule.symbols.get(one, rule.unclassifiable))
    places = sorted(found)
    class_ = np.array([found[place] for place in places], dtype=np.int64)
    of_notes = np.array(sorted(noted), dtype=np.int64)
    return AnnotatedSignal(signal, fs, np.array(places, dtype=np.int64), class_, of_notes, rule.unclassifiable)
