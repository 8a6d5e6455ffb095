"""The waves that annotators marked on each lead of a record, and the parts of its beats that carry a diagnosis."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from ecgbench.datasets.records.files.wfdb_reader import read_annotations
from ecgbench.protocol import WaveCriterion
from ecgbench.types import Spans

WAVES: Mapping[str, str] = {"p": "P", "N": "QRS", "t": "T"}
"""Wave of each symbol of a peak."""

MARKED = re.compile(r"\([pNt]\)|(?<![(pNt])[pNt]\(?\)")
"""The symbols of a wave: onset, peak, offset. WFDB keeps one annotation a sample: where the onset is on the peak, only the peak is left,
and some files have the onset behind it. Whatever else there is (a peak without an offset, boundaries without a peak) is no wave."""


@dataclass(frozen=True)
class Wave:
    """A wave on one lead; onset and offset in samples, both included."""

    kind: str
    onset: int
    offset: int


def read_waves(path: Path, lead: str, fs: float) -> tuple[list[Wave], int]:
    """The waves on a lead in the order of their peaks, and how many peaks are of no wave, since a boundary is missing.

    Parameters
    ----------
    path : of the record, without a suffix; the lead's marks lie beside it, with its name in small letters as their suffix
    lead : name of the lead
    fs : Hz

    Raises
    ------
    DataError
        If the marks are damaged or unreadable.
    """
    sample, symbol = read_annotations(path, f".{lead.lower()}", fs)
    return marked_waves(sample.tolist(), symbol)


def marked_waves(sample: Sequence[int], symbol: Sequence[str]) -> tuple[list[Wave], int]:
    """The waves of a lead's annotations, and how many peaks are of no wave."""
    waves = []
    for found in MARKED.finditer("".join(symbol)):
        kind = WAVES[found[0].strip("()")]
        waves.append(Wave(kind, sample[found.start()], sample[found.end() - 1]))
    return waves, sum(one in WAVES for one in symbol) - len(waves)


def parts_of(waves: Sequence[Wave], part: str) -> list[tuple[int, int]]:
    """First and last sample of each part of a lead's beats (see `WAVE_PARTS`)."""
    followed = [(one, other) for one, other in pairwise(waves) if other.kind == "QRS" and one.offset < other.onset]
    if part == "PR":
        return [(p.onset, qrs.onset - 1) for p, qrs in followed if p.kind == "P"]
    if part == "TQ":
        return [(t.offset + 1, qrs.onset - 1) for t, qrs in followed if t.kind == "T"]
    return [(wave.onset, wave.offset) for wave in waves if wave.kind == part]


def wave_spans(
    waves: Mapping[str, Sequence[Wave]], labels: Sequence[int], classes: Sequence[str], criteria: Mapping[str, WaveCriterion], step: int
) -> Spans:
    """Onset, offset (exclusive), class and lead of every part that carries one of a record's labels.

    Parameters
    ----------
    waves : of each lead, in the leads' order
    labels : integers of the record's labels; those without a criterion have no span
    classes : names of all labels
    step : samples of the record for one of the window, of which every `step`th is kept

    Returns
    -------
    (k, 4) int64, in samples of the window
    """
    spans: list[tuple[int, int, int, int]] = []
    of_record = [(label, criteria[classes[label]]) for label in labels if classes[label] in criteria]
    for label, criterion in of_record:
        for place, lead in enumerate(waves):
            parts = parts_of(waves[lead], criterion.part) if lead in criterion.leads else []
            kept = [(-(-first // step), last // step + 1) for first, last in parts]
            spans += [(onset, offset, label, place) for onset, offset in kept if onset < offset]
    return np.array(spans, dtype=np.int64).reshape(-1, 4)
