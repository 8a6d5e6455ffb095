"""A user's own arrays as windows: what becomes of them, and everything that is refused."""

import numpy as np
import pytest

import ecgbench
from ecgbench.errors import InputError
from tests.datasets.own.raised_windows import TIME, raised, side, spans_of


def test_arrays_come_back_as_windows():
    x, y = raised()
    windows = ecgbench.windows(x, y, record=["r"] * 24, patient=range(24), start=np.arange(24) * 10, spans=spans_of(y))
    np.testing.assert_array_equal(windows.signal, x.astype(np.float32))
    assert windows.signal.dtype == np.float32
    np.testing.assert_array_equal(windows.y, y)
    assert windows.record.tolist() == ["r"] * 24
    assert windows.patient.tolist() == [str(i) for i in range(24)]
    assert windows.start.tolist() == list(range(0, 240, 10))
    assert [one.tolist() for one in windows.spans] == spans_of(y)
    assert windows.mask(1, 1)[0].nonzero()[0].tolist() == list(range(100, 140))


def test_what_a_caller_writes_later_into_its_arrays_changes_nothing():
    x, y = raised()
    x, spans = x.astype(np.float32), [np.array(one) for one in spans_of(y)]
    windows = ecgbench.windows(x, y, spans=spans, start=(start := np.zeros(24, dtype=np.int64)))
    before = windows.signal.copy()
    for array in (x, y, start, *spans):
        array[:] = 1
    np.testing.assert_array_equal(windows.signal, before)
    assert windows.y.tolist() == [0, 1] * 12
    assert windows.start.tolist() == [0] * 24
    assert windows.spans[0].tolist() == [[0, 100, 0], [100, 140, 0], [140, TIME, 0]]
    for array in (windows.signal, windows.y, windows.start, *windows.spans):
        assert not array.flags.writeable


def test_tensors_ints_and_other_byte_orders_are_taken():
    import torch

    x, y = raised()
    np.testing.assert_array_equal(ecgbench.windows(torch.from_numpy(x), torch.from_numpy(y)).signal, x.astype(np.float32))
    counts = (x * 100).astype(">i2")
    assert ecgbench.windows(counts, y).signal.tolist() == counts.tolist()


def test_each_window_is_a_record_and_patient_of_its_own_where_none_is_named():
    windows = side(patient=None)
    assert len(set(windows.record.tolist())) == 24
    assert windows.patient.tolist() == windows.record.tolist()
    assert windows.start.tolist() == [0] * 24


def test_windows_of_a_record_follow_each_other_where_no_start_is_named():
    windows = side(record=["a", "b", "a", "a"] * 6)
    assert windows.start[:8].tolist() == [0, 0, TIME, 2 * TIME, 3 * TIME, TIME, 4 * TIME, 5 * TIME]


# What is refused

X, Y = raised(4)
NAN, FLAT = X.copy(), np.repeat(X, 2, axis=1)
NAN[2, 0, 5], FLAT[1, :, :], FLAT[3, 0, :] = np.nan, 0.25, 0
ONE_SPAN = [[0, 9, 0]]

REFUSED_WINDOWS = {
    "two axes": ({"x": X[:, 0]}, r"expected x as \(n, leads, time\) real numbers in mV, .* got float64 \(4, 256\); .*x\[:, None, :\]"),
    "no window": ({"x": X[:0], "y": Y[:0]}, r"at least one of each, got float64 \(0, 1, 256\)"),
    "no sample": ({"x": X[..., :0]}, r"got float64 \(4, 1, 0\)"),
    "complex": ({"x": X + 1j}, "got complex128"),
    "truths": ({"x": X > 0}, "got bool"),
    "texts": ({"x": X.astype(str)}, "got <U"),
    "rows of different lengths": ({"x": [[[1.0, 2.0]], [[1.0]]]}, "expected x as an array, got rows of different lengths"),
    "nan": ({"x": NAN}, "expected finite x, got nan or infinity in windows 2; leave them out"),
    "beyond float32": ({"x": X * 1e39}, "got nan or infinity in windows 0, 1, 2, 3"),
    "flat": ({"x": FLAT}, "expected an ECG in every window, got none but flat leads in windows 1; leave them out"),
    "fewer labels": ({"y": Y[:3]}, r"expected y as \(4,\) ints or \(4, labels\) of 0 and 1, got int64 \(3,\)"),
    "real labels": ({"y": Y * 1.0}, r"got float64 \(4,\)"),
    "labels of three axes": ({"y": np.zeros((4, 2, 2), dtype=int)}, r"got int64 \(4, 2, 2\)"),
    "one label": ({"y": 1}, r"got int64 \(\)"),
    "negative class": ({"y": [0, 1, -1, -3]}, "expected classes from 0 in y, got -3, -1 in windows 2, 3"),
    "several labels with a 2": ({"y": [[0, 1], [1, 0], [2, 0], [0, 0]]}, "expected 0 and 1 in y, got 0, 2 in windows 2; mend"),
    "fewer records": ({"record": ["a"] * 3}, r"expected record as \(4,\) names or whole numbers, got <U1 \(3,\)"),
    "one record": ({"record": "abcd"}, r"got <U4 \(\)"),
    "real patients": ({"patient": [1.0, 2.0, 3.0, 4.0]}, r"expected patient as \(4,\) names or whole numbers, got float64"),
    "patient is nobody": ({"patient": ["a", None, "b", "c"]}, "expected patient as"),
    "patients are truths": ({"patient": [True] * 4}, "expected patient as"),
    "negative start": ({"start": [0, -1, 2, 3]}, r"expected start as \(4,\) ints from 0"),
    "real start": ({"start": [0.5, 1, 2, 3]}, r"expected start as \(4,\) ints from 0, got float64"),
    "fewer starts": ({"start": [0, 1]}, r"expected start as \(4,\) ints from 0, got int64 \(2,\)"),
    "a start twice": ({"record": list("aabb"), "start": [0, 1, 5, 5]}, 'every window once, got 2 at sample 5 of record "b"'),
    "fewer spans": ({"spans": [ONE_SPAN] * 3}, "expected spans of 4 windows, got 3; pass"),
    "spans of no length": ({"spans": 7}, "expected spans of 4 windows, got int"),
    "spans without class": ({"spans": [[[0, 9]]] * 4}, r"\(k, 3\) ints of onset, offset and class, got int64 \(1, 2\) in window 0"),
    "one span without axis": ({"spans": [ONE_SPAN, ONE_SPAN, [0, 9, 1], ONE_SPAN]}, r"got int64 \(3,\) in window 2"),
    "real spans": ({"spans": [ONE_SPAN, [[0.0, 9.0, 1.0]], [], []]}, r"got float64 \(1, 3\) in window 1"),
    "empty span": ({"spans": [ONE_SPAN, ONE_SPAN, [], [[7, 7, 0]]]}, r"0 <= onset < offset <= 256 .* got \[7, 7, 0\] in window 3"),
    "span before the window": ({"spans": [[[-1, 7, 0]], [], [], []]}, r"got \[-1, 7, 0\] in window 0"),
    "span behind the window": ({"spans": [[[0, 257, 0]], [], [], []]}, r"got \[0, 257, 0\] in window 0"),
    "a twin of other samples": (
        {"twin": X[..., 1:]},
        r"expected twin as \(4, 1, 256\) real numbers in mV, as x, got float64 \(4, 1, 255\)",
    ),
    "a twin of truths": ({"twin": X > 0}, "got bool"),
    "a twin partly nan": ({"twin": NAN + 1}, "expected twins finite or nan throughout, got nan or infinity in windows 2"),
    "a twin beyond float32": ({"twin": X * 1e39}, "got nan or infinity in windows 0, 1, 2, 3"),
    "a window as its own twin": ({"twin": X + Y[:, None, None]}, "twins that differ .* equal ones in windows 0, 2; put nan"),
    "span of no class": ({"spans": [[[0, 256, -1]], [], [], []]}, r"classes from 0, got \[0, 256, -1\] in window 0"),
}


@pytest.mark.parametrize("case", REFUSED_WINDOWS)
def test_windows_are_refused_that(case):
    changed, message = REFUSED_WINDOWS[case]
    with pytest.raises(InputError, match=message):
        ecgbench.windows(**{"x": X, "y": Y} | changed)


def test_twins_come_back_with_their_windows():
    twin = np.where(Y[:, None, None] == 1, X + 1, np.nan)
    found = ecgbench.windows(X, Y, twin=twin).twin
    np.testing.assert_array_equal(found, twin.astype(np.float32))
    assert not found.flags.writeable
    assert ecgbench.windows(X, Y).twin is None


def test_one_flat_lead_of_several_and_a_span_of_the_whole_window_are_fine():
    assert len(ecgbench.windows(FLAT[[0, 2, 3]], Y[:3], spans=[[[0, TIME, 1]], [], ()])) == 3
