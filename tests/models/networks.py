"""Narrow networks with weights, shifts and statistics of all kinds, as much of them dead as is asked for, and rows that lose intervals."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import torch
from torch import nn

from ecgbench.models import forward
from ecgbench.models._residual import BasicBlock, ResNet, blank
from ecgbench.types import Steps
from tests.models.architectures import ARCHITECTURES

DEAD = 2
"""The channel that tests kill by hand."""


def network(architecture: str, dead: float = 0.0, seed: int = 0, width: int = 4, dtype: torch.dtype = torch.float64) -> ResNet:
    """A network of 3 outputs like a trained one; a share of its filters, input channels and single weights is 0."""
    model = blank(replace(ARCHITECTURES[architecture], width=width), 3)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", generator=generator)
            if isinstance(module, nn.BatchNorm2d):
                _draw_affine(module, generator)
        nn.init.uniform_(model.fc.weight, -(model.fc.in_features**-0.5), model.fc.in_features**-0.5, generator=generator)
        nn.init.uniform_(model.fc.bias, -1, 1, generator=generator)
        _draw_statistics(model, generator)
        _kill(model, dead, generator)
    return model.to(dtype).eval()


def _draw_affine(norm: nn.BatchNorm2d, generator: torch.Generator) -> None:
    nn.init.uniform_(norm.weight, 0.3, 1.0, generator=generator)
    norm.weight[torch.rand(len(norm.weight), generator=generator) < 0.1] *= -1
    nn.init.uniform_(norm.bias, -0.5, 0.5, generator=generator)


def _draw_statistics(model: ResNet, generator: torch.Generator) -> None:
    """Those of noise, so that nothing vanishes or explodes, and each somewhat beside."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    model.train()(torch.randn(8, 1, 256, generator=generator))
    for norm in norms:
        norm.momentum = 0.1
        assert norm.running_mean is not None
        assert norm.running_var is not None
        beside, wider = (torch.rand(len(norm.weight), generator=generator) for _ in range(2))
        norm.running_mean += (beside - 0.5) * norm.running_var.sqrt()
        norm.running_var *= 0.5 + wider


def _kill(model: ResNet, share: float, generator: torch.Generator) -> None:
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            outputs, inputs, *_ = module.weight.shape
            shapes = [(outputs, 1, 1, 1), module.weight.shape, *([(1, inputs, 1, 1)] if inputs > 1 else [])]
            for shape in shapes:
                module.weight *= torch.rand(shape, generator=generator) >= share


def kill(convolution: nn.Conv2d, norm: nn.BatchNorm2d, shift: float) -> None:
    """The channel becomes a constant before the rectifier."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None
    assert variance is not None
    with torch.no_grad():
        convolution.weight[DEAD] = 0
        norm.bias[DEAD] = shift + mean[DEAD] * norm.weight[DEAD] / (variance[DEAD] + norm.eps).sqrt()


def block(model: ResNet, stage: int, position: int) -> BasicBlock:
    return cast("BasicBlock", model.get_submodule(f"layer{stage}.{position}"))


def channels(model: nn.Module) -> dict[str, tuple[int, int]]:
    """Input and output channels of all convolutions."""
    return {name: (m.in_channels, m.out_channels) for name, m in model.named_modules() if isinstance(m, nn.Conv2d)}


def noise(*shape: int, seed: int = 0, dtype: type = np.float64) -> np.ndarray:
    """Windows that nobody may write into."""
    x = np.random.default_rng(seed).normal(size=shape).astype(dtype)
    x.flags.writeable = False
    return x


def steps_of(*rows: list[tuple[int, int]], window: list[int] | None = None) -> Steps:
    """Rows that lose the intervals (onset, offset) one after another."""
    longest = max(len(row) for row in rows)
    padded = np.array([row + [(7, 7)] * (longest - len(row)) for row in rows], dtype=np.int64).reshape(len(rows), longest, 2)
    first = np.arange(len(rows)) if window is None else np.array(window)
    steps = Steps(first, padded[..., 0].copy(), padded[..., 1].copy())
    for array in (steps.window, steps.onset, steps.offset):
        array.flags.writeable = False
    return steps


def curves_of(model: nn.Module, x: np.ndarray, steps: Steps, other: np.ndarray | None = None) -> np.ndarray:
    """Logits of every row after every step, by zeroing copies of the windows, or writing over them, and passing all of them."""
    written = np.zeros_like(x) if other is None else other
    points = []
    for window, onsets, offsets in zip(steps.window, steps.onset, steps.offset, strict=True):
        points.append(x[window])
        for onset, offset in zip(onsets, offsets, strict=True):
            points.append(points[-1].copy())
            points[-1][:, onset:offset] = written[window][:, onset:offset]
    with torch.inference_mode():
        logits = model(torch.tensor(np.stack(points)).to(next(model.parameters()).dtype))
    return logits.numpy().reshape(len(steps), -1, logits.shape[1])


def assert_curves(found: np.ndarray, wanted: np.ndarray, steps: Steps, within: float) -> None:
    """Compare curves up to each row's last step; what stands behind it means nothing."""
    assert found.shape == wanted.shape
    meant = np.arange(1 + steps.onset.shape[1]) <= steps.count[:, None]
    np.testing.assert_allclose(found[meant], wanted[meant], rtol=within, atol=within)


def assert_same_logits(model: nn.Module, other: nn.Module) -> None:
    x = noise(3, 2, 101)
    np.testing.assert_allclose(forward(other, x), forward(model, x), rtol=1e-10, atol=1e-10)
