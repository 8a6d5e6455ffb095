"""Incremental inference against whole passes through copies of the windows with their intervals zeroed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgbench.models import compact, evaluator, load_model, plain_evaluator
from ecgbench.models._evaluate import Evaluator
from ecgbench.models.fast.incremental import Incremental
from ecgbench.models.fast.layers import Residual
from ecgbench.models.residual.network import ResNet
from ecgbench.types import Curves, EvaluateSteps, Replacement, Steps
from tests.models.architectures import DISTINCT, KINDS

from ..networks import assert_curves, curves_of, network, noise, steps_of
from .spy import FOUR, spied

EXACT, SINGLE = 1e-9, 1e-5
TIMES = [1, 2, 7, 16, 31, 33, 64, 97, 128, 151, 250, 257, 330, 399, 400]
fixed = cache(network)
every_kind = pytest.mark.parametrize("architecture", KINDS)

evaluator_of = cache(evaluator)
Case = tuple[np.ndarray, Steps]
Make = Callable[[ResNet], EvaluateSteps]


def random_row(generator: np.random.Generator, count: int, time: int, patch: int, grid: bool) -> list[tuple[int, int]]:
    """Some patches of a grid in random order, or intervals of all lengths anywhere, which may overlap."""
    if grid:
        return [(int(onset), min(int(onset) + patch, time)) for onset in generator.permutation(np.arange(0, time, patch))[:count]]
    onsets = generator.integers(0, time, count)
    return [(int(onset), int(min(onset + generator.integers(1, patch + 1), time))) for onset in onsets]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Windows and rows that lose intervals."""
    leads, time = draw(st.sampled_from([1, 2, 12])), draw(st.sampled_from(TIMES) | st.integers(1, 400))
    windows, rows, most = draw(st.integers(1, 3)), draw(st.integers(1, 5)), draw(st.integers(1, 10))
    patch, grid, dtype = draw(st.integers(1, 40)), draw(st.booleans()), draw(st.sampled_from([np.float32, np.float64]))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    counts = [most, *generator.integers(0, most + 1, rows - 1).tolist()]
    x = noise(windows, leads, time, seed=int(generator.integers(2**32)), dtype=dtype)
    window = generator.integers(0, windows, rows).tolist()
    return x, steps_of(*(random_row(generator, count, time, patch, grid) for count in counts), window=window)


def probabilities(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


# The same as whole passes


SOME_DEAD = [pytest.param(key, 0.3, marks=pytest.mark.slow if key == "resnet34" else ()) for key in DISTINCT]  # it has resnet18's blocks


@pytest.mark.parametrize(("architecture", "dead"), [*SOME_DEAD, ("resnet18_7", 0.0), pytest.param("resnet50", 0.0, marks=pytest.mark.slow)])
@settings(max_examples=25, deadline=None, derandomize=True)
@given(case=cases())
def test_curves_are_those_of_whole_passes(architecture: str, dead: float, case: Case) -> None:
    model, (x, steps) = fixed(architecture, dead), case
    assert_curves(evaluator_of(model).stepwise(x, steps), curves_of(model, x, steps), steps, EXACT)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(case=cases(), batch=st.integers(1, 32))
def test_whole_passes_themselves_are_right(case: Case, batch: int) -> None:
    model, (x, steps) = fixed("resnet18_7"), case
    assert_curves(plain_evaluator(model, batch).stepwise(x, steps), curves_of(model, x, steps), steps, EXACT)


def replacing(x: np.ndarray, seed: int, equal: float = 0.5) -> np.ndarray:
    """Other windows, which are equal to `x` in a share of the intervals of ten samples."""
    generator = np.random.default_rng(seed)
    differs = np.repeat(generator.random((len(x), 1, -(-x.shape[2] // 10))) >= equal, 10, axis=2)[..., : x.shape[2]]
    return np.where(differs, generator.normal(size=x.shape), x).astype(x.dtype)


@pytest.mark.parametrize("architecture", ["resnet18_7", pytest.param("resnet50", marks=pytest.mark.slow)])
@settings(max_examples=20, deadline=None, derandomize=True)
@given(case=cases(), seed=st.integers(0, 99), make=st.sampled_from([evaluator, plain_evaluator]))
def test_rows_move_towards_a_replacement_as_by_whole_passes(architecture: str, case: Case, seed: int, make: Make) -> None:
    model, (x, steps) = fixed(architecture), case
    other = replacing(x, seed)
    assert_curves(make(model).stepwise(x, steps, other), curves_of(model, x, steps, other), steps, EXACT)


def test_zeros_as_the_replacement_are_the_default_to_the_last_bit() -> None:
    model, x = fixed("resnet18_7", dtype=torch.float32), noise(3, 2, 101, dtype=np.float32)
    for make in (evaluator, plain_evaluator):
        assert_curves(make(model).stepwise(x, FOUR, np.zeros_like(x)), make(model).stepwise(x, FOUR), FOUR, 0)


def test_steps_that_replace_nothing_by_anything_else_are_not_followed() -> None:
    x = noise(1, 1, 60)
    other, model, seen = x.copy(), fixed("resnet18_7"), []
    other[..., 20:30] += 1
    steps = steps_of([(0, 10), (20, 30), (40, 50)], [(20, 30), (50, 60), (0, 10)], [(30, 60)], window=[0, 0, 0])

    class Noting(Incremental):
        def follow(self, x: np.ndarray, steps: Steps, replacement: Replacement = None) -> Curves:
            seen.append(steps)
            return super().follow(x, steps, replacement)

    curves = Evaluator(model, Noting(Residual(model))).stepwise(x, steps, other)
    assert [(len(part), part.onset.shape[1]) for part in seen] == [(2, 1)]
    assert_curves(curves, curves_of(model, x, steps, other), steps, EXACT)


@every_kind
@settings(max_examples=15, deadline=None, derandomize=True)
@given(case=cases())
def test_probabilities_in_single_precision_are_those_of_whole_passes(architecture: str, case: Case) -> None:
    model, (x, steps) = fixed(architecture, dtype=torch.float32), case
    found = evaluator_of(model).stepwise(x, steps)
    assert found.dtype == np.float32
    assert_curves(probabilities(found), probabilities(curves_of(model, x, steps)), steps, SINGLE)


@every_kind
@pytest.mark.parametrize("time", [33, 64, 250, 251])
def test_intervals_at_both_ends_and_the_whole_window_are_followed(architecture: str, time: int) -> None:
    model, x = fixed(architecture), noise(1, 1, time)
    rows = [[(0, 1)], [(time - 1, time)], [(0, 9)], [(time - 9, time)], [(0, time)], [(time - 1, time), (0, 1)]]
    steps = steps_of(*rows, window=[0] * len(rows))
    assert_curves(evaluator(model).stepwise(x, steps), curves_of(model, x, steps), steps, EXACT)


@every_kind
def test_every_single_sample_is_followed(architecture: str) -> None:
    model, x = fixed(architecture), noise(1, 1, 69)
    steps = steps_of(*([(sample, sample + 1)] for sample in range(69)), window=[0] * 69)
    assert_curves(evaluator(model).stepwise(x, steps), curves_of(model, x, steps), steps, EXACT)


@every_kind
def test_window_that_lost_everything_has_the_logits_of_a_flat_line(architecture: str) -> None:
    model, x = fixed(architecture), noise(1, 2, 130)
    steps = steps_of([(int(onset), int(onset) + 13) for onset in np.random.default_rng(0).permutation(np.arange(0, 130, 13))])
    evaluate = evaluator(model)
    np.testing.assert_allclose(evaluate.stepwise(x, steps)[0, -1:], evaluate(np.zeros_like(x)), rtol=EXACT, atol=EXACT)


def test_interval_that_is_lost_again_changes_nothing() -> None:
    model, x = fixed("resnet18_5"), noise(1, 2, 101)
    curve = evaluator(model).stepwise(x, steps_of([(20, 40), (20, 40), (25, 30), (60, 61), (20, 40)]))[0]
    assert np.abs(curve[1] - curve[0]).max() > 1e-3
    assert np.abs(curve[4] - curve[3]).max() > 1e-6
    np.testing.assert_allclose(curve[[2, 3, 5]], curve[[1, 1, 4]], rtol=1e-12, atol=1e-12)


def test_intervals_that_overlap_take_what_one_around_them_takes() -> None:
    model, x = fixed("resnet18"), noise(1, 1, 101)
    curves = evaluator(model).stepwise(x, steps_of([(20, 40), (35, 50)], [(20, 50)], window=[0, 0]))
    np.testing.assert_allclose(curves[0, 2], curves[1, 1], rtol=EXACT, atol=EXACT)


# Rows


def test_rows_come_back_in_the_order_in_which_they_were_given() -> None:
    model, x, order = fixed("resnet18"), noise(3, 1, 101), np.array([2, 0, 3, 1])
    evaluate = evaluator(model)
    np.testing.assert_allclose(evaluate.stepwise(x, FOUR.take(order)), evaluate.stepwise(x, FOUR)[order], rtol=1e-12, atol=1e-12)


def test_rows_that_do_the_same_are_followed_once() -> None:
    model, x = fixed("resnet18"), noise(3, 2, 101)
    evaluate, followed = spied(model)
    repeated = np.array([0, 1, 0, 2, 1, 0, 3])
    curves = evaluate.stepwise(x, FOUR.take(repeated))
    assert followed == [4]
    assert np.array_equal(curves, curves[[0, 1, 0, 3, 1, 0, 6]])
    assert_curves(curves, curves_of(model, x, FOUR.take(repeated)), FOUR.take(repeated), EXACT)


def test_place_of_the_empty_intervals_behind_a_row_does_not_make_it_another() -> None:
    onset, length = np.array([[5, 0, 0], [5, 60, 101], [5, 60, 0]]), np.array([[3, 0, 0], [3, 0, 0], [3, 2, 0]])
    evaluate, followed = spied(fixed("resnet18"))
    curves = evaluate.stepwise(noise(1, 1, 101), Steps(np.zeros(3, dtype=np.int64), onset, onset + length))
    assert followed == [2]
    assert np.array_equal(curves[0, :2], curves[1, :2])


@pytest.mark.parametrize(("window", "row"), [([0, 1], [(3, 20)]), ([0, 0], [(3, 21)]), ([0, 0], [(2, 20)]), ([0, 0], [(3, 20), (30, 31)])])
def test_rows_that_differ_in_anything_are_all_followed(window: list[int], row: list[tuple[int, int]]) -> None:
    evaluate, followed = spied(fixed("resnet18"))
    evaluate.stepwise(noise(2, 1, 101), steps_of([(3, 20)], row, window=window))
    assert followed == [2]


# Arguments


def test_windows_and_steps_are_left_as_they_are() -> None:
    x = noise(3, 2, 101)
    arrays = (x, FOUR.window, FOUR.onset, FOUR.offset)
    before = [array.copy() for array in arrays]
    assert not any(array.flags.writeable for array in arrays)
    evaluator(fixed("resnet18")).stepwise(x, FOUR)
    assert all(np.array_equal(array, was) for array, was in zip(arrays, before, strict=True))


@pytest.mark.parametrize(("make", "count"), [(evaluator, 0), (evaluator, 5), (plain_evaluator, 5)])
def test_no_rows_have_no_curves(make: Make, count: int) -> None:
    none = np.zeros((0, count), dtype=np.int64)
    assert make(fixed("resnet18")).stepwise(noise(3, 2, 101), Steps(np.zeros(0, dtype=np.int64), none, none)).shape == (0, count + 1, 3)


@pytest.mark.parametrize("make", [evaluator, plain_evaluator])
def test_rows_without_steps_have_the_logits_of_their_windows(make: Make) -> None:
    evaluate, x, window = make(fixed("resnet18")), noise(3, 2, 101), [2, 0, 2, 1]
    curves = evaluate.stepwise(x, steps_of([], [], [], [], window=window))
    assert curves.shape == (4, 1, 3)
    np.testing.assert_allclose(curves[:, 0], evaluate(x)[window], rtol=EXACT, atol=EXACT)


# The reference networks


@pytest.mark.parametrize(("dataset", "rows"), [("mitdb", 2), pytest.param("svdb", 4, marks=pytest.mark.slow)])
def test_reference_networks_probabilities_are_those_of_whole_passes_after_every_step(reference: Path, dataset: str, rows: int) -> None:
    model = load_model(reference / f"{dataset}_resnet18_7.safetensors")
    with np.load(reference / f"{dataset}_attributions.npz") as file:
        x = file["x"][:: len(file["x"]) // rows][:rows, None]
    generator, starts = np.random.default_rng(1), np.arange(0, x.shape[2], 16)
    steps = steps_of(*([(int(onset), int(onset) + 16) for onset in generator.permutation(starts)[:90]] for _ in range(rows)))
    wanted = np.concatenate([curves_of(model, x, steps.take(np.array([row]))) for row in range(rows)])
    assert np.ptp(probabilities(wanted), axis=1).max() > 0.3
    assert_curves(probabilities(evaluator(model).stepwise(x, steps)), probabilities(wanted), steps, SINGLE)


def test_rows_of_windows_in_any_order_are_followed_in_their_own() -> None:
    smaller, x = compact(network("resnet18_7", 0.5)), noise(3, 2, 101)
    found = Incremental(Residual(smaller)).follow(x, FOUR)
    assert_curves(found, curves_of(smaller, x, FOUR), FOUR, EXACT)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("make", [evaluator, plain_evaluator])
@every_kind
def test_curves_are_to_the_last_bit_those_that_a_row_has_beside_any_others_and_by_any_number_of_threads(
    architecture: str, make: Make, dtype: torch.dtype
) -> None:
    model, x, generator = fixed(architecture, dtype=dtype), noise(4, 2, 200, dtype=np.float32), np.random.default_rng(0)
    steps = steps_of(*(random_row(generator, 6, 200, 16, grid=True) for _ in range(24)), window=generator.integers(0, 4, 24).tolist())
    before = torch.get_num_threads()
    together = make(model).stepwise(x, steps)
    torch.set_num_threads(2 if before == 1 else 1)
    try:
        for some in ([7], [0, 23], range(3, 20)):
            np.testing.assert_array_equal(make(model).stepwise(x, steps.take(np.array(some))), together[list(some)])
    finally:
        torch.set_num_threads(before)
