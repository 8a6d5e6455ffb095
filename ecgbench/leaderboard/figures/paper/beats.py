"""Beats of a window, and which share of a map lies in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

LETTERS = {"SVEB": "S", "VEB": "V"}
"""Letters of classes whose names are longer, as the AAMI's recommendation has them."""


@dataclass(frozen=True)
class Beat:
    """A beat from its onset to its offset (exclusive) in samples, its letter, and whether it carries the label."""

    onset: int
    offset: int
    letter: str
    labelled: bool


def letter_of(name: str) -> str:
    """What stands above a beat of a class: the name where that is a letter, else its letter; nothing for what is no class of beats."""
    return name if len(name) == 1 else LETTERS.get(name, "")


def marked_beats(marks: Bool[np.ndarray, "leads time"], letter: str) -> list[Beat]:
    """The runs of samples that are marked in any lead, as beats that carry the label."""
    padded = np.concatenate([[False], marks.any(axis=0), [False]]).astype(int)
    edges = np.flatnonzero(np.diff(padded)).reshape(-1, 2).tolist()
    return [Beat(onset, offset, letter, True) for onset, offset in edges]


def peak(signal: Float[np.ndarray, " time"], beat: Beat) -> int:
    """The sample of a beat where one lead's signal is furthest from its median: where the beat's letter stands."""
    return beat.onset + int(np.abs(signal - np.median(signal))[beat.onset : beat.offset].argmax())


def shares(values: Float[np.ndarray, "leads time"], beats: Sequence[Beat]) -> list[float]:
    """Which share of what speaks for the class lies in each beat, over all leads; nan where nothing speaks for it."""
    positive = np.clip(values, 0, None).sum(axis=0)
    whole = float(positive.sum()) or float("nan")
    return [float(positive[beat.onset : beat.offset].sum()) / whole for beat in beats]
