"""Windows made of a user's own arrays, which are checked."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import numpy as np
from jaxtyping import Int64, Shaped

from ecgbench.datasets._names import abbreviated
from ecgbench.errors import InputError
from ecgbench.inputs import as_array
from ecgbench.types import Names, Signals, Spans, Windows


def windows(x: Any, y: Any, record: Any = None, patient: Any = None, start: Any = None, spans: Any = None, twin: Any = None) -> Windows:
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
    twin : (n, leads, time) real numbers, mV: each window as it would be without what makes its label, such as with a normal beat in an
        ectopic one's place; nan throughout where a window has no such twin. Causal faithfulness is scored against them. By default none

    Returns
    -------
    Windows, read-only; y is int64, or uint8 for several labels

    Raises
    ------
    InputError
        If there is no window, an array has another shape, length or type than these, x is not finite, a window flat, a class or a start
        negative, a start twice in a record, a span empty or outside its window, or a twin partly nan or no other than its window.
    """
    signal = _signal(x)
    count, time = len(signal), signal.shape[-1]
    records = _content_names(signal) if record is None else _names("record", record, count)
    return Windows(
        signal=signal,
        y=_labels(y, count),
        record=records,
        patient=records if patient is None else _names("patient", patient, count),
        start=_consecutive_starts(records, time) if start is None else _starts(start, records),
        spans=_spans(spans, count, time),
        twin=None if twin is None else _twin(twin, signal),
    )


def _signal(x: Any) -> Signals:
    given = _array("x", x)
    if given.ndim != 3 or not given.size or given.dtype.kind not in "fiu":
        raise InputError(
            f"expected x as (n, leads, time) real numbers in mV, at least one of each, got {given.dtype} {given.shape}; "
            "windows of one lead are x[:, None, :]."
        )
    signal = _single(given)
    broken = np.flatnonzero(~np.isfinite(signal).all(axis=(1, 2)))
    if broken.size:
        raise InputError(f"expected finite x, got nan or infinity in {_listed(broken)}; leave them out or mend them.")
    flat = np.flatnonzero((signal.min(axis=2) == signal.max(axis=2)).all(axis=1))
    if flat.size:
        raise InputError(f"expected an ECG in every window, got none but flat leads in {_listed(flat)}; leave them out.")
    return _read_only(signal)


def _single(given: np.ndarray) -> Signals:
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinity, which callers refuse
        return np.array(given, dtype=np.float32, order="C")


def _twin(given: Any, signal: Signals) -> Signals:
    values = _array("twin", given)
    if values.shape != signal.shape or values.dtype.kind not in "fiu":
        raise InputError(f"expected twin as {signal.shape} real numbers in mV, as x, got {values.dtype} {values.shape}; make one a window.")
    twin = _single(values)
    broken = np.flatnonzero(~(np.isfinite(twin).all(axis=(1, 2)) | np.isnan(twin).all(axis=(1, 2))))
    if broken.size:
        raise InputError(f"expected twins finite or nan throughout, got nan or infinity in {_listed(broken)}; leave these twins out.")
    same = np.flatnonzero((twin == signal).all(axis=(1, 2)))
    if same.size:
        raise InputError(f"expected twins that differ from their windows, got equal ones in {_listed(same)}; put nan where there is none.")
    return _read_only(twin)


def _array(what: str, given: Any) -> np.ndarray:
    try:
        return as_array(given)
    except ValueError as error:
        raise InputError(f"expected {what} as an array, got rows of different lengths; make them equally long.") from error


def _listed(windows: Int64[np.ndarray, " n"]) -> str:
    """The numbers of some windows, for a message."""
    return f"windows {abbreviated(windows.tolist())}"


def _labels(y: Any, count: int) -> Shaped[np.ndarray, "n ..."]:
    given = _array("y", y)
    if given.ndim not in (1, 2) or len(given) != count or given.dtype.kind not in "iub":
        raise InputError(
            f"expected y as ({count},) ints or ({count}, labels) of 0 and 1, got {given.dtype} {given.shape}; one row a window."
        )
    if given.ndim == 1:
        _refuse_labels("classes from 0", given, np.flatnonzero(given < 0))
        return _read_only(given.astype(np.int64))
    _refuse_labels("0 and 1", given, np.flatnonzero(((given != 0) & (given != 1)).any(axis=1)))
    return _read_only(given.astype(np.uint8))


def _refuse_labels(expected: str, y: Shaped[np.ndarray, "n ..."], wrong: Int64[np.ndarray, " m"]) -> None:
    """Refuse the labels if there are windows with wrong ones."""
    if wrong.size:
        values = np.unique(y[wrong]).tolist()
        raise InputError(f"expected {expected} in y, got {abbreviated(values)} in {_listed(wrong)}; mend them.")


def _content_names(signal: Signals) -> Names:
    """Names that follow from the windows' content, so that two sides of a split share a name only if they share a window."""
    return _read_only(np.array([f"window {hashlib.sha256(window.tobytes()).hexdigest()[:16]}" for window in signal]))


def _names(what: str, given: Any, count: int) -> Names:
    values = _array(what, given)
    if values.shape != (count,) or not all(_is_name(value) for value in values.tolist()):
        raise InputError(
            f"expected {what} as ({count},) names or whole numbers, got {values.dtype} {values.shape}; name one for each window."
        )
    return _read_only(np.array([str(value) for value in values.tolist()]))


def _is_name(value: Any) -> bool:
    return isinstance(value, str | int | np.integer) and not isinstance(value, bool)


def _consecutive_starts(records: Names, time: int) -> Int64[np.ndarray, " n"]:
    """Starts of windows that follow each other in their records."""
    windows_so_far: Counter[str] = Counter()
    starts = np.empty(len(records), dtype=np.int64)
    for i, record in enumerate(records.tolist()):
        starts[i] = windows_so_far[record] * time
        windows_so_far[record] += 1
    return _read_only(starts)


def _starts(given: Any, records: Names) -> Int64[np.ndarray, " n"]:
    starts = _array("start", given)
    if starts.shape != records.shape or starts.dtype.kind not in "iu" or (starts < 0).any():
        raise InputError(
            f"expected start as ({len(records)},) ints from 0, got {starts.dtype} {starts.shape}; name a sample for each window."
        )
    windows_at = Counter(zip(records.tolist(), starts.tolist(), strict=True))
    (record, start), count = windows_at.most_common(1)[0]
    if count > 1:
        raise InputError(f'expected every window once, got {count} at sample {start} of record "{record}"; give each its own start.')
    return _read_only(starts.astype(np.int64))


def _spans(given: Any, count: int, time: int) -> tuple[Spans, ...]:
    if given is None:
        return tuple(_no_spans() for _ in range(count))
    length = len(given) if hasattr(given, "__len__") else type(given).__name__
    if length != count:
        raise InputError(f"expected spans of {count} windows, got {length}; pass (k, 3) ints for each, none where no beat is known.")
    return tuple(_window_spans(_array("spans", of_window), i, time) for i, of_window in enumerate(given))


def _no_spans() -> Spans:
    return _read_only(np.empty((0, 3), dtype=np.int64))


def _window_spans(given: np.ndarray, window: int, time: int) -> Spans:
    if not given.size:
        return _no_spans()
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
    return _read_only(spans)


def _read_only(array: np.ndarray) -> np.ndarray:
    """The array, made read-only: a dataset's key is a digest of its arrays, so they must not change."""
    array.flags.writeable = False
    return array
