"""Methods a second time, slowly and plainly: dense matrices and loops in numpy, one window, straight from the definitions.

`steps_of` takes a network apart into steps on flat vectors; torch only tells what each layer computes, no gradient is taken from it.
"""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.models import untrained
from ecgbench.models.residual.network import BasicBlock, ResNet
from ecgbench.nn import GlobalAverage, LeadsAsRows, ResidualSum

from .cases import drawn


class Block(nn.Module):
    """Sum of a branch and a shortcut."""

    def __init__(self, branch, shortcut):
        super().__init__()
        self.branch, self.shortcut, self.add = branch, shortcut, ResidualSum()

    def forward(self, x):
        return self.add(self.branch(x), self.shortcut(x))


@dataclass(frozen=True)
class Affine:
    """weight x + bias, of a "convolution", a "linear" layer or a batch "norm"."""

    kind: str
    weight: np.ndarray
    bias: np.ndarray

    def __call__(self, x):
        return self.weight @ x + self.bias


class Rectify:
    def __call__(self, x):
        return np.maximum(x, 0)


@dataclass(frozen=True)
class Maximum:
    """Maximum over each of the windows, lists of indices that may overlap."""

    windows: list

    def __call__(self, x):
        return np.array([max(x[i] for i in window) for window in self.windows])


@dataclass(frozen=True)
class Average:
    windows: list

    def __call__(self, x):
        return np.array([sum(x[i] for i in window) / len(window) for window in self.windows])


@dataclass(frozen=True)
class Residual:
    branch: list
    shortcut: list

    def __call__(self, x):
        return values(self.branch, x)[-1] + values(self.shortcut, x)[-1]


def values(steps, x):
    """The input of every step, and the output of the last."""
    found = [x]
    for step in steps:
        found.append(step(found[-1]))
    return found


def logits(steps, x):
    return values(steps, x)[-1]


def parts_of(module):
    """The layers that a module applies one after another."""
    if isinstance(module, nn.Sequential):
        return [part for child in module for part in parts_of(child)]
    if isinstance(module, BasicBlock):
        branch = nn.Sequential(module.conv1, module.bn1, module.relu1, module.conv2, module.bn2)
        return [Block(branch, module.downsample), module.relu2]
    if isinstance(module, ResNet):
        stem = nn.Sequential(module.rows, module.conv1, module.bn1, module.relu, module.maxpool)
        stages = nn.Sequential(module.layer1, module.layer2, module.layer3, module.layer4)
        return parts_of(nn.Sequential(stem, stages, module.average, module.fc))
    return [module]


def steps_of(module, shape):
    """Plain steps of a network in evaluation mode, for one window of this shape, batch norm folded into the weights before it."""
    steps = []
    for part in parts_of(module):
        steps += plain(part, shape)
        shape = output_of(part, torch.zeros(1, *shape, dtype=torch.float64)).shape[1:]
    return folded(steps)


def output_of(module, x):
    with torch.inference_mode():
        return module(x)


def plain(part, shape):
    match part:
        case nn.Identity() | nn.Flatten() | LeadsAsRows():
            steps = []
        case nn.ReLU():
            steps = [Rectify()]
        case Block():
            steps = [Residual(steps_of(part.branch, shape), steps_of(part.shortcut, shape))]
        case nn.MaxPool1d() | nn.MaxPool2d():
            steps = [Maximum(pooled(shape, *(last(value) for value in (part.kernel_size, part.stride, part.padding))))]
        case nn.AvgPool1d():
            steps = [Average(pooled(shape, last(part.kernel_size), last(part.stride), 0))]
        case GlobalAverage():
            steps = [Average(np.arange(math.prod(shape)).reshape(shape[0], -1).tolist())]
        case _:
            steps = [Affine(kind_of(part), *dense(part, shape))]
    return steps


def kind_of(part):
    match part:
        case nn.Conv1d() | nn.Conv2d():
            return "convolution"
        case nn.Linear():
            return "linear"
        case nn.BatchNorm1d() | nn.BatchNorm2d():
            return "norm"
    raise TypeError(f"expected a layer that the oracle knows, got {part}")


def dense(module, shape):
    """Matrix and bias of an affine layer: what it makes of unit vectors and of zeros."""
    units = torch.eye(math.prod(shape), dtype=torch.float64).reshape(-1, *shape)
    bias = output_of(module, torch.zeros_like(units[:1])).flatten(1)
    return (output_of(module, units).flatten(1) - bias).T.numpy(), bias[0].numpy()


def last(size):
    return size[-1] if isinstance(size, tuple) else size


def pooled(shape, kernel, stride, padding):
    """Indices in each pooling window along time, row after row; what lies outside is left out."""
    rows, time = math.prod(shape[:-1]), shape[-1]
    starts = range(-padding, time + padding - kernel + 1, stride)
    return [[row * time + t for t in range(start, start + kernel) if 0 <= t < time] for row in range(rows) for start in starts]


def folded(steps):
    """The steps with each batch norm merged into the weights right before it; another remains a layer of its own."""
    merged = []
    for step in steps:
        before = merged[-1] if merged else None
        if isinstance(step, Affine) and step.kind == "norm" and isinstance(before, Affine):
            merged[-1] = Affine(before.kind, step.weight @ before.weight, step.weight @ before.bias + step.bias)
        else:
            merged.append(step)
    return merged


def separate(channels, *shortcut):
    first, last = nn.Conv1d(channels, 6, 3, padding=1, bias=False), nn.Conv1d(6, 6, 3, padding=1)
    branch = nn.Sequential(first, nn.BatchNorm1d(6), nn.ReLU(), last, nn.BatchNorm1d(6))
    return Block(branch, nn.Sequential(*shortcut))


NETWORKS = {
    "resnet": lambda leads: untrained("resnet18_7_narrow", 3),
    "blocks": lambda leads: nn.Sequential(
        *(nn.Conv1d(leads, 4, 5, stride=2, padding=2), nn.BatchNorm1d(4), nn.ReLU(), nn.MaxPool1d(3, 2, 1)),
        *(separate(4, nn.Conv1d(4, 6, 1), nn.BatchNorm1d(6)), nn.ReLU(), separate(6, nn.Identity()), nn.ReLU()),
        *(nn.AvgPool1d(4), nn.Flatten(), nn.LazyLinear(5), nn.ReLU(), nn.Linear(5, 3)),
    ),
    "without batch norm": lambda leads: nn.Sequential(
        *(nn.Conv1d(leads, 4, 3), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(4, 5, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.LazyLinear(3)),
    ),
    "batch norm first": lambda leads: nn.Sequential(
        *(nn.BatchNorm1d(leads), nn.Conv1d(leads, 4, 5, padding=2), nn.ReLU(), nn.BatchNorm1d(4), nn.Conv1d(4, 5, 3, padding=1), nn.ReLU()),
        *(nn.Flatten(), nn.LazyLinear(3)),
    ),
    "batch norm after dense layers": lambda leads: nn.Sequential(
        *(nn.Flatten(), nn.LazyLinear(6, bias=False), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 3), nn.BatchNorm1d(3)),
    ),
    "pools first": lambda leads: nn.Sequential(
        *(nn.MaxPool1d(3, 2, 1), nn.AvgPool1d(2), nn.Conv1d(leads, 8, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(3)),
    ),
}
"""Networks by what is special about them, each a function of the number of leads."""

TIME = 48
CASES = [("resnet", 1), ("resnet", 2), ("blocks", 2), ("blocks", 12), *((name, 2) for name in NETWORKS if name not in ("resnet", "blocks"))]
every_network = pytest.mark.parametrize(("network", "leads"), CASES)


def network_of(network, leads, seed=2):
    """The network in float64, its parameters and running statistics drawn from a seed."""
    model = NETWORKS[network](leads)
    model.eval()(torch.zeros(1, leads, TIME))
    generator = torch.Generator().manual_seed(seed)
    for module in drawn(model, seed).modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.running_mean.normal_(generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
    return model


def patches_of(leads, time, width):
    """Slices of a window (lead, samples), lead after lead; the last of a lead may be shorter."""
    return [(lead, slice(start, min(start + width, time))) for lead in range(leads) for start in range(0, time, width)]


def masked(x, patches, mask):
    """The window with every patch zeroed that the mask does not keep."""
    kept = np.zeros_like(x)
    for patch, keep in zip(patches, mask, strict=True):
        kept[patch] = x[patch] * keep
    return kept


def spread(patches, coefficients, shape):
    found = np.full(shape, np.nan)
    for patch, coefficient in zip(patches, coefficients, strict=True):
        found[patch] = coefficient
    return found


def shapley(players, value):
    """Shapley values of a game, `value` a function of the set of players."""
    found = np.zeros(players)
    for player in range(players):
        others = [other for other in range(players) if other != player]
        for size in range(players):
            weight = 1 / (players * math.comb(players - 1, size))
            for chosen in combinations(others, size):
                found[player] += weight * (value({*chosen, player}) - value(set(chosen)))
    return found


def constrained_least_squares(masks, outputs, whole, flat):
    """Coefficients of least norm among those that fit best and sum to whole - flat, by Lagrange's multiplier."""
    players = masks.shape[1]
    system = np.ones((players + 1, players + 1))
    system[:players, :players], system[players, players] = masks.T @ masks, 0
    right = np.append(masks.T @ (outputs - flat), whole - flat)
    return (np.linalg.pinv(system, rcond=1e-10) @ right)[:players]


def similarity_weight(x, perturbed):
    """exp(-d^2 / 2) of the cosine distance d; of a flat line d is 1."""
    lengths = math.sqrt((x**2).sum()) * math.sqrt((perturbed**2).sum())
    distance = 1 - (x * perturbed).sum() / lengths if lengths else 1.0
    return math.exp(-(distance**2) / 2)


def lasso(masks, outputs, weights, alpha, rounds=2000):
    """Minimise sum w (f - b0 - z b)^2 / (2 sum w) + alpha sum |b| by coordinate descent."""
    weights = weights / weights.sum()
    masks, outputs = masks - weights @ masks, outputs - weights @ outputs
    coefficients, scales = np.zeros(masks.shape[1]), weights @ masks**2
    for _ in range(rounds):
        for j, scale in enumerate(scales):
            rest = outputs - masks @ coefficients + masks[:, j] * coefficients[j]
            slope = weights @ (masks[:, j] * rest)
            coefficients[j] = math.copysign(max(abs(slope) - alpha, 0), slope) / scale
    return coefficients


def slopes(masks, outputs, weights, coefficients):
    """Sum w r z / sum w of each mask's column, r what is left of the outputs when the best intercept is taken."""
    weights = weights / weights.sum()
    rest = outputs - masks @ coefficients
    return (weights * (rest - weights @ rest)) @ masks


def seen_by(model, window, key, target=0, **options):
    """Rows that pass through a model while one window is explained, but for those by which `explain` gets to know a network."""
    seen = []
    ecgbench.explain(model, window[None], target, "saliency")
    with model.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach().clone())):
        ecgbench.explain(model, window[None], target, key, **options)
    return torch.cat(seen).numpy()
