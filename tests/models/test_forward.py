"""Passing windows through a network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from ecgbench.models import forward, untrained


class Probe(nn.Module):
    """Mean over time of each lead; remembers how it was called."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))
        self.drop = nn.Dropout(0.5)
        self.calls: list[tuple[int, bool, bool, torch.dtype]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls.append((len(x), self.training, torch.is_grad_enabled(), x.dtype))
        return self.drop(self.scale * x.mean(dim=2))


@pytest.fixture
def rows() -> np.ndarray:
    rows = np.random.default_rng(0).normal(size=(7, 2, 30)).astype(np.float32)
    rows.flags.writeable = False
    return rows


def test_forward_goes_in_batches_in_evaluation_mode_without_gradients(rows: np.ndarray) -> None:
    model = Probe()
    logits = forward(model, rows, batch=3)
    assert model.calls == [(size, False, False, torch.float32) for size in (3, 3, 1)]
    assert logits == pytest.approx(2 * rows.mean(axis=2), abs=1e-6)


@pytest.mark.parametrize("training", [False, True])
def test_forward_leaves_the_network_as_it_was(rows: np.ndarray, training: bool) -> None:
    model = Probe().train(training)
    model.drop.train(not training)
    forward(model, rows)
    assert (model.training, model.drop.training) == (training, not training)
    assert model.scale.requires_grad
    assert model.scale.grad is None


def test_forward_keeps_a_frozen_parameter_frozen(rows: np.ndarray) -> None:
    model = Probe()
    model.scale.requires_grad_(False)
    forward(model, rows)
    assert not model.scale.requires_grad


def test_forward_does_not_move_batch_norms_statistics(rows: np.ndarray) -> None:
    model = untrained("resnet18_7_narrow", 3).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    forward(model, rows)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_forward_computes_in_the_precision_of_the_parameters(rows: np.ndarray, dtype: torch.dtype) -> None:
    model = Probe().to(dtype)
    assert forward(model, rows).dtype == torch.empty(0, dtype=dtype).numpy().dtype
    assert forward(model, rows.astype(np.float64)).dtype == torch.empty(0, dtype=dtype).numpy().dtype
    assert {call[3] for call in model.calls} == {dtype}


def test_forward_of_no_rows_has_no_logits_and_the_models_outputs() -> None:
    assert forward(untrained("resnet18_7_narrow", 3), np.zeros((0, 2, 100), dtype=np.float32)).shape == (0, 3)
