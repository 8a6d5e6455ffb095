"""Windows made of a user's own arrays, checked as records are."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import numpy as np
from jaxtyping import Int64, Shaped

from ecgbench.datasets.own.numbers import some
from ecgbench.errors import InputError
from ecgbench.inputs import as_array
from ecgbench.types import Names, Signals, Spans, Windows


def windows(x: Any, y: Any, record: Any = None, patient: Any = None, start: Any = None, spans: Any = None) -> Windows:
    """Windows of one side of a split, for `register_arrays`. Everything is copied.

    Parameters
    ----------
    x : (n, leads, time) real numbers, mV. A lead may be flat, but not all leads of a window
    y : (n,) ints, the class of each window from 0: class 0 is the normal one, which is never explained; or (n, labels) of 0 and 1 where
        a window can have several labels, each of which is explained
    record : (n,) names or numbers of the records that the windows are cut from. By default each window is a record of its own, named after
        its content, so that equal windows have one name
    patient : (n,) names or numbers. By default the record. Intervals are made by drawing patients anew: where windows of one patient pass
        for several patients they are too narrow, so name the patients where you know them
    start : (n,) ints, first sample of each window in its record. By default a record's windows follow each other as they are passed
    spans : for each window its beats as (k, 3) ints: onset, offset (exclusive), class; onset and offset in samples of the window. They make
        the masks that localisation is scored against. By default no beat is known

    Returns
    -------
    Windows, read-only; y is int64, or uint8 for several labels

    Raises
    ------
    InputError
        If there is no window, an array has another shape, length or type than these, x is not finite, a window flat, a class or a start
        negative, a start twice in a record, or a span empty or outside its window.
    """
    signal = _signal(x)
    count, time = len(signal), signal.shape[-1]
    records = _content_names(signal) if record is None else _names("record", record, count)
    return Windows(
        signal=signal,
        y=_labels(y, count),
        record=records,
        patient=records if patient is None else _names("patient", patient, count),
        start=_following(records, time) if start is None else _starts(start, records),
        spans=_spans([()] * count if spans is None else spans, count, time),
    )


def _signal(x: Any) -> Signals:
    given = _array("x", x)
    if given.ndim != 3 or not given.size or given.dtype.kind not in "fiu":
        raise InputError(
            f"expected x as (n, leads, time) real numbers in mV, at least one of each, got {given.dtype} {given.shape}; "
            "windows of one lead are x[:, None, :]."
        )
    with np.errstate(over="ignore"):  # what float32 cannot hold is refused as infinity
        signal = np.array(given, dtype=np.float32, order="C")
    broken = np.flatnonzero(~np.isfinite(signal).all(axis=(1, 2)))
    if broken.size:
        raise InputError(f"expected finite x, got nan or infinity in {_listed(broken)}; leave them out or mend them.")
    flat = np.flatnonzero((signal.min(axis=2) == signal.max(axis=2)).all(axis=1))
    if flat.size:
        raise InputError(f"expected an ECG in every window, got none but flat leads in {_listed(flat)}; leave them out.")
    return _frozen(signal)


def _array(what: str, given: Any) -> np.ndarray:
    try:
        return as_array(given)
    except ValueError as error:
        raise InputError(f"expected {what} as an array, got rows of different lengths; make them equally long.") from error


def _listed(index: Int64[np.ndarray, " n"]) -> str:
    return f"windows {some(index.tolist())}"


def _labels(y: Any, count: int) -> Shaped[np.ndarray, "n ..."]:
    given = _array("y", y)
    if given.ndim not in (1, 2) or len(given) != count or given.dtype.kind not in "iub":
        raise InputError(
            f"expected y as ({count},) ints or ({count}, labels) of 0 and 1, got {given.dtype} {given.shape}; one row a window."
        )
    several = given.ndim == 2
    wrong = np.flatnonzero(((given != 0) & (given != 1)).any(axis=1) if several else given < 0)
    if wrong.size:
        wanted = "0 and 1" if several else "classes from 0"
        raise InputError(f"expected {wanted} in y, got {some(np.unique(given[wrong]).tolist())} in {_listed(wrong)}; mend them.")
    return _frozen(given.astype(np.uint8 if several else np.int64))


def _content_names(signal: Signals) -> Names:
    """Names that two sides of a split share only where they share a window."""
    return _frozen(np.array([f"window {hashlib.sha256(window.tobytes()).hexdigest()[:16]}" for window in signal]))


def _names(what: str, given: Any, count: int) -> Names:
    values = _array(what, given)
    listed = values.tolist()
    if values.shape != (count,) or any(isinstance(value, bool) or not isinstance(value, str | int | np.integer) for value in listed):
        raise InputError(
            f"expected {what} as ({count},) names or whole numbers, got {values.dtype} {values.shape}; name one for each window."
        )
    return _frozen(np.array([str(value) for value in listed]))


def _following(records: Names, time: int) -> Int64[np.ndarray, " n"]:
    """Starts of windows that follow each other in their records."""
    seen: Counter[str] = Counter()
    starts = np.empty(len(records), dtype=np.int64)
    for i, record in enumerate(records.tolist()):
        starts[i] = seen[record] * time
        seen[record] += 1
    return _frozen(starts)


def _starts(given: Any, records: Names) -> Int64[np.ndarray, " n"]:
    starts = _array("start", given)
    if starts.shape != records.shape or starts.dtype.kind not in "iu" or (starts < 0).any():
        raise InputError(
            f"expected start as ({len(records)},) ints from 0, got {starts.dtype} {starts.shape}; name a sample for each window."
        )
    (record, start), times = Counter(zip(records.tolist(), starts.tolist(), strict=True)).most_common(1)[0]
    if times > 1:
        raise InputError(f'expected every window once, got {times} at sample {start} of record "{record}"; give each its own start.')
    return _frozen(starts.astype(np.int64))


def _spans(given: Any, count: int, time: int) -> tuple[Spans, ...]:
    length = len(given) if hasattr(given, "__len__") else type(given).__name__
    if length != count:
        raise InputError(f"expected spans of {count} windows, got {length}; pass (k, 3) ints for each, none where no beat is known.")
    return tuple(_window_spans(_array("spans", one), i, time) for i, one in enumerate(given))


def _window_spans(given: np.ndarray, window: int, time: int) -> Spans:
    if not given.size:
        return _frozen(np.empty((0, 3), dtype=np.int64))
    if given.ndim != 2 or given.shape[1] != 3 or given.dtype.kind not in "iu":
        raise InputError(
            f"expected spans as (k, 3) ints of onset, offset and class, got {given.dtype} {given.shape} in window {window}; mend them."
        )
    spans = given.astype(np.int64)
    onset, offset, class_ = spans.T
    wrong = (onset < 0) | (onset >= offset) | (offset > time) | (class_ < 0)
    if wrong.any():
        raise InputError(
            f"expected spans with 0 <= onset < offset <= {time} and classes from 0, got {spans[wrong][0].tolist()} in window {window}; "
            "mend it."
        )
    return _frozen(spans)


def _frozen(array: np.ndarray) -> np.ndarray:
    """The array, into which nobody writes from now on: a dataset's key is a digest of its arrays."""
    array.flags.writeable = False
    return array
