"""Incremental inference in the memory that there is: how many rows are followed at once, and that this changes no curve."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from torch import nn

from ecgbench import placement
from ecgbench.models import evaluator
from ecgbench.models.fast.incremental import Incremental
from ecgbench.models.fast.layers import Residual
from ecgbench.models.residual.network import ResNet

from ..networks import assert_curves, curves_of, network, noise
from .spy import FOUR, spied

EXACT = 1e-9
fixed = cache(network)


@pytest.mark.parametrize("at_once", [1, 3])
def test_rows_that_do_not_fit_at_once_are_followed_in_turn(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    model, x = fixed("resnet18_7"), noise(3, 2, 101)
    evaluate, followed = spied(model)
    whole = evaluate.stepwise(x, FOUR)
    monkeypatch.setattr(placement, "KEPT_SEQUENCES", 1 << 40)
    monkeypatch.setattr(placement, "KEPT", placement.KEPT * at_once // evaluate.path.rows(2, 101))
    parted = evaluate.stepwise(x, FOUR)
    assert followed == [4, *{1: [1, 1, 1, 1], 3: [2, 2]}[at_once]]
    assert_curves(parted, whole, FOUR, 1e-12)


def test_a_row_is_followed_however_little_memory_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    model, x = fixed("resnet18_7"), noise(3, 2, 101)
    monkeypatch.setattr(placement, "KEPT", 1)
    assert Incremental(Residual(model)).rows(2, 101) == 1
    assert_curves(evaluator(model).stepwise(x, FOUR), curves_of(model, x, FOUR), FOUR, EXACT)


def bytes_of_a_row(model: ResNet, x: np.ndarray) -> int:
    """Of the signal and of what its convolutions and max pool hand on."""
    sizes = [torch.tensor(x).nbytes]
    handles = [
        module.register_forward_hook(lambda module, given, output: sizes.append(output.nbytes))
        for name, module in model.named_modules()
        if isinstance(module, nn.Conv2d | nn.MaxPool2d) and "downsample" not in name
    ]
    with torch.inference_mode():
        model(torch.tensor(x))
    for handle in handles:
        handle.remove()
    return sum(sizes)


@pytest.mark.parametrize(
    ("architecture", "leads", "dtype"),
    [("resnet18", 12, torch.float64), ("resnet18_7", 1, torch.float32), ("resnet50", 1, torch.float32), ("resnet50", 12, torch.float64)],
)
def test_activations_of_the_rows_at_once_fit_in_the_memory(
    monkeypatch: pytest.MonkeyPatch, architecture: str, leads: int, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(placement, "KEPT_SEQUENCES", 1 << 40)
    model = fixed(architecture, dtype=dtype)
    row = bytes_of_a_row(model, noise(1, leads, 2000).astype(np.float64 if dtype == torch.float64 else np.float32))
    assert 0.9 * placement.KEPT < Incremental(Residual(model)).rows(leads, 2000) * row <= placement.KEPT


@pytest.mark.parametrize(("leads", "rows"), [(1, 128), (2, 64), (12, 10), (200, 1)])
def test_no_more_leads_are_followed_at_once_than_is_fast(leads: int, rows: int) -> None:
    assert Incremental(Residual(fixed("resnet18"))).rows(leads, 33) == rows
