"""XResNets followed incrementally: whole passes' logits whatever the length, and another network's own way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import nn

from ecgbench.models import evaluator
from ecgbench.models._evaluate import Evaluator
from ecgbench.models._whole import Whole
from ecgbench.models.fast.incremental import Incremental
from ecgbench.models.networks.xresnet import xresnet

from ..networks import assert_curves, curves_of, noise, steps_of

STEPS = steps_of([(0, 9), (40, 49), (94, 101)], [(60, 77)], [(11, 12), (12, 13), (3, 40)], window=[1, 0, 1])


def network(leads: int = 1, blocks: tuple[int, ...] = (2, 1, 2), dtype: torch.dtype = torch.float64) -> nn.Sequential:
    """With statistics and shifts of all kinds, so that no layer is nearly the identity."""
    torch.manual_seed(leads)
    model = xresnet(leads, 3, blocks, width=4, hidden=8)
    for module in model.modules():
        if isinstance(module, nn.Conv1d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)
        if isinstance(module, nn.BatchNorm1d):
            assert module.running_mean is not None
            assert module.running_var is not None
            nn.init.uniform_(module.running_mean, -0.3, 0.3)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
            nn.init.uniform_(module.bias, -0.5, 0.5)
    return model.to(dtype).eval()


@pytest.mark.parametrize(("leads", "time"), [(1, 101), (3, 101), (2, 128), (1, 150)])
def test_curves_are_those_of_whole_passes_whatever_the_length(leads: int, time: int) -> None:
    model, x, other = network(leads), noise(2, leads, time), noise(2, leads, time, seed=1)
    evaluate = cast("Evaluator", evaluator(model))
    assert isinstance(evaluate.path, Incremental)
    wanted = curves_of(model, x, STEPS)
    assert np.ptp(wanted, axis=1).max() > 1e-3, "steps must show"
    assert_curves(evaluate.stepwise(x, STEPS), wanted, STEPS, 1e-9)
    assert_curves(evaluate.stepwise(x, STEPS, other), curves_of(model, x, STEPS, other), STEPS, 1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_curves_are_to_the_last_bit_those_that_a_row_has_alone(dtype: torch.dtype) -> None:
    model, x, generator = network(2, dtype=dtype), noise(2, 2, 250, dtype=np.float32), np.random.default_rng(0)
    rows = [[(first, first + 13) for first in generator.permutation(np.arange(0, 230, 13))[:3].tolist()] for _ in range(10)]
    asked = steps_of(*rows, window=generator.integers(0, 2, 10).tolist())
    together, before = evaluator(model).stepwise(x, asked), torch.get_num_threads()
    torch.set_num_threads(2 if before == 1 else 1)
    try:
        np.testing.assert_array_equal(evaluator(model).stepwise(x, asked.take(np.array([9, 0, 2]))), together[[9, 0, 2]])
    finally:
        torch.set_num_threads(before)


def put(place: str, number: int, part: nn.Module) -> Callable[[nn.Sequential], None]:
    """A network's part exchanged."""

    def change(model: nn.Sequential) -> None:
        cast("Any", model.get_submodule(place))[number] = part.double().eval()

    return change


OTHERS: dict[str, Callable[[nn.Sequential], Any]] = {
    "a hook": lambda model: model[2].register_forward_hook(lambda module, given, output: output * 1.5),
    "another activation": put("stem.0", 2, nn.GELU()),
    "another activation in a block": put("layer2.0.branch.1", 2, nn.SiLU()),
    "a dilated convolution": put("layer1.0.branch.1", 0, nn.Conv1d(4, 4, 5, padding=4, dilation=2)),
    "grouped channels": put("layer1.0.branch.1", 0, nn.Conv1d(4, 4, 5, padding=2, groups=2)),
    "padding by a circle": put("layer1.0.branch.1", 0, nn.Conv1d(4, 4, 5, padding=2, padding_mode="circular")),
    "another pool": put("", 1, nn.MaxPool1d(5, 2, 2)),
    "an average that leaves out the end": put("layer2.0.shortcut", 0, nn.MaxPool1d(2, ceil_mode=True)),
    "a head of another kind": put("", 5, nn.Sequential(nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(16, 3))),
    "a norm of the window": put("stem.0", 1, nn.InstanceNorm1d(2)),
}


@pytest.mark.parametrize("case", OTHERS)
def test_altered_network_is_followed_by_whole_passes(case: str) -> None:
    model, x = network(), noise(2, 1, 101)
    OTHERS[case](model)
    evaluate = cast("Evaluator", evaluator(model))
    assert isinstance(evaluate.path, Whole)
    assert_curves(evaluate.stepwise(x, STEPS), curves_of(model, x, STEPS), STEPS, 1e-9)
