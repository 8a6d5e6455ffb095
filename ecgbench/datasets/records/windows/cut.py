"""An annotated record cut into labelled windows with a span per beat."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Int64

from ecgbench.datasets.records.files.wfdb_reader import Record
from ecgbench.protocol import BeatRule
from ecgbench.types import Spans, Windows


def cut(record: Record, window: int, rule: BeatRule, patient: str) -> Windows:
    """Cut a record into consecutive windows of `window` samples from its start; a shorter rest is dropped.

    Unclassifiable windows are among them.
    """
    leads, length = record.signal.shape
    count = length // window
    starts = np.arange(count, dtype=np.int64) * window
    sample, class_ = beats(record, rule)
    edges = np.searchsorted(sample, np.arange(count + 1) * window)
    beats_of_windows = [slice(first, last) for first, last in pairwise(edges)]
    labels = [window_label(class_[inside]) for inside in beats_of_windows]
    spans = [
        beat_spans(sample[inside] - start, class_[inside], window) for start, inside in zip(starts.tolist(), beats_of_windows, strict=True)
    ]
    return Windows(
        signal=np.ascontiguousarray(record.signal[:, : count * window].reshape(leads, count, window).swapaxes(0, 1)),
        y=np.array(labels, dtype=np.int64),
        record=np.full(count, record.name),
        patient=np.full(count, patient),
        start=starts,
        spans=tuple(spans),
    )


def beats(record: Record, rule: BeatRule) -> tuple[Int64[np.ndarray, " beats"], Int64[np.ndarray, " beats"]]:
    """Samples and classes of the annotations that the rule takes for beats, in the order of their samples."""
    found: list[tuple[int, int]] = []
    for sample, symbol in zip(record.sample.tolist(), record.symbol, strict=True):
        class_ = rule.symbols.get(symbol, rule.otherwise)
        if class_ is not None:
            found.append((sample, class_))
    if rule.one_per_sample:
        found = _highest_class_per_sample(found)
    ordered = np.array(sorted(found, key=lambda beat: beat[0]), dtype=np.int64).reshape(-1, 2)
    return ordered[:, 0], ordered[:, 1]


def _highest_class_per_sample(found: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    return list(dict(sorted(found)).items())


def window_label(classes: Int64[np.ndarray, " beats"]) -> int:
    """The abnormal class with the most beats (ties: the lower class), 0 if there is none."""
    counts = np.bincount(classes, minlength=1)
    counts[0] = 0
    return int(counts.argmax())


def beat_spans(sample: Int64[np.ndarray, " beats"], class_: Int64[np.ndarray, " beats"], window: int) -> Spans:
    """A span per beat: borders halfway between neighbours, from the window's start to its end."""
    borders = (sample[:-1] + sample[1:]) // 2
    onsets = np.concatenate([[0], borders])[: len(sample)]
    offsets = np.concatenate([borders, [window]])[: len(sample)]
    return np.stack([onsets, offsets, class_], axis=1).astype(np.int64)


def concatenate(parts: Sequence[Windows]) -> Windows:
    """Windows of several records, one after the other."""
    return Windows(
        signal=np.concatenate([part.signal for part in parts]),
        y=np.concatenate([part.y for part in parts]),
        record=np.concatenate([part.record for part in parts]),
        patient=np.concatenate([part.patient for part in parts]),
        start=np.concatenate([part.start for part in parts]),
        spans=tuple(span for part in parts for span in part.spans),
    )
