"""Windows and scores: standardisation, masks and counts against plain loops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgbench.errors import InputError
from ecgbench.types import Scores, Windows, standardise, standardised_as


def windows_of(signal: np.ndarray, spans: list[list[tuple[int, int, int]]] | None = None, causal: np.ndarray | None = None) -> Windows:
    n = len(signal)
    rows = [np.array(row, dtype=np.int64).reshape(-1, 3) for row in spans or [[]] * n]
    names = np.array([f"r{i}" for i in range(n)], dtype=str)
    return Windows(signal, np.arange(n, dtype=np.int64), names, np.char.add("p", names), np.arange(n, dtype=np.int64) * 10, rows, causal)


@pytest.fixture
def signal() -> np.ndarray:
    return np.random.default_rng(0).normal(3, 5, (4, 2, 50)).astype(np.float32)


@pytest.mark.parametrize("shape", [(3, 1, 2880), (2, 12, 501)])
def test_standardise_equals_the_formula_row_by_row_in_float32(shape: tuple[int, int, int]) -> None:
    signal = np.random.default_rng(1).normal(0.4, 2, shape).astype(np.float32)
    got = standardise(signal)
    assert got.dtype == np.float32
    for window, standardised in zip(signal, got, strict=True):
        for row, row_got in zip(window, standardised, strict=True):
            assert np.array_equal(row_got, (row - row.mean()) / (row.std() + np.float32(1e-6)))


def test_standardise_takes_the_population_std_of_each_lead() -> None:
    got = standardise(np.array([[[1, 3], [0, 20]]], dtype=np.float32))
    assert got == pytest.approx(np.array([[[-1, 1], [-1, 1]]]), abs=2e-6)


def test_standardised_flat_lead_is_zero() -> None:
    assert not standardise(np.full((1, 1, 8), 2, dtype=np.float32)).any()


def test_twin_is_standardised_by_its_window_and_so_equals_it_exactly_where_the_signals_do(signal: np.ndarray) -> None:
    twin = signal.copy()
    twin[:, :, 20:30] += 2
    got = standardised_as(twin, signal)
    assert got.dtype == np.float32
    assert np.array_equal(got == standardise(signal), twin == signal)
    change = 2 / signal.std(axis=2, keepdims=True)
    np.testing.assert_allclose((got - standardise(signal))[:, :, 20:30], np.broadcast_to(change, (4, 2, 10)), rtol=1e-4)


def test_x_is_the_standardised_signal_and_leaves_the_signal_alone(signal: np.ndarray) -> None:
    signal.flags.writeable = False
    windows = windows_of(signal)
    assert np.array_equal(windows.x, standardise(signal))
    assert windows.x is windows.x


def test_raw_is_the_signal_of_one_window(signal: np.ndarray) -> None:
    assert np.array_equal(windows_of(signal).raw(2), signal[2])


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(0, 2)), max_size=6), st.integers(0, 3))
def test_mask_is_the_union_of_the_spans_of_its_class_on_every_lead(spans: list[tuple[int, int, int]], class_: int) -> None:
    expected = [any(onset <= t < offset and c == class_ for onset, offset, c in spans) for t in range(20)]
    mask = windows_of(np.zeros((1, 3, 20), dtype=np.float32), [spans]).mask(0, class_)
    assert mask.dtype == bool
    assert mask.tolist() == [expected] * 3


def test_span_of_one_lead_is_in_the_mask_of_that_lead_alone() -> None:
    windows = windows_of(np.zeros((1, 3, 20), dtype=np.float32))
    spans = np.array([(0, 5, 1, 0), (3, 8, 1, 0), (10, 12, 1, 2), (0, 20, 2, 1)], dtype=np.int64)
    expected = np.zeros((3, 20), dtype=bool)
    expected[0, :8] = expected[2, 10:12] = True
    assert np.array_equal(replace(windows, spans=(spans,)).mask(0, 1), expected)


def test_masks_hold_each_windows_mask_of_its_own_target(signal: np.ndarray) -> None:
    windows = windows_of(signal, [[(0, 5, 1)], [(5, 9, 2), (9, 12, 1)], [], [(0, 50, 3)]])
    target = np.array([1, 2, 1, 3])
    assert np.array_equal(windows.masks(target), np.stack([windows.mask(i, c) for i, c in enumerate(target.tolist())]))
    assert windows.masks(target).sum(axis=2).tolist() == [[5, 5], [4, 4], [0, 0], [50, 50]]


def test_masks_of_no_windows_are_empty() -> None:
    assert windows_of(np.zeros((0, 2, 7), dtype=np.float32)).masks(np.array([], dtype=np.int64)).shape == (0, 2, 7)


def test_causal_mask_is_the_given_one_whatever_the_class(signal: np.ndarray) -> None:
    causal = np.random.default_rng(2).random(signal.shape) < 0.5
    windows = windows_of(signal, causal=causal)
    assert np.array_equal(windows.mask(1, 0, "causal"), causal[1])
    assert np.array_equal(windows.masks(np.array([0, 1, 2, 3]), "causal"), causal)


@pytest.mark.parametrize("kind", ["causal", "span"])
def test_mask_of_a_kind_that_is_not_there_is_refused(signal: np.ndarray, kind: str) -> None:
    with pytest.raises(InputError, match=f'expected kind "spans".*got "{kind}"'):
        windows_of(signal).mask(0, 1, kind)


def test_take_reorders_every_field(signal: np.ndarray) -> None:
    windows = windows_of(signal, [[(0, i + 1, 1)] for i in range(4)], signal > 3)
    taken = windows.take(np.array([3, 0]))
    assert len(taken) == 2
    for i, j in enumerate((3, 0)):
        assert np.array_equal(taken.raw(i), signal[j])
        assert (taken.y[i], taken.record[i], taken.patient[i], taken.start[i]) == (j, f"r{j}", f"pr{j}", j * 10)
        assert taken.spans[i].tolist() == [[0, j + 1, 1]]
        assert np.array_equal(taken.mask(i, 0, "causal"), signal[j] > 3)


def test_take_reorders_twins_and_shams_where_there_are_any(signal: np.ndarray) -> None:
    windows = replace(windows_of(signal), twin=signal + 1, sham=signal + 2)
    taken = windows.take(np.array([3, 0]))
    assert np.array_equal(taken.twin, signal[[3, 0]] + 1)
    assert np.array_equal(taken.sham, signal[[3, 0]] + 2)
    assert windows_of(signal).take(np.array([1])).twin is None


def test_mean_score_leaves_undefined_windows_out_and_counts_them() -> None:
    scores = Scores(np.array([1.0, np.nan, 2.0, np.nan]), 0.0, False)
    assert (scores.mean, scores.undefined) == (1.5, 2)


def test_mean_score_of_undefined_windows_alone_is_nan() -> None:
    scores = Scores(np.array([np.nan]), 0.0, False)
    assert np.isnan(scores.mean)
    assert scores.undefined == 1
