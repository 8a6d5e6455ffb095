"""A network that looks for raised samples, and windows that hold some: the smallest that every part of a report can be made of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch

from ecgbench.artifacts import ArtifactStore


class Raised(torch.nn.Module):
    """Logits of class 0 and 1: how far samples are raised, averaged over short stretches and leads, and its negative."""

    def __init__(self) -> None:
        super().__init__()
        self.smooth = torch.nn.Conv1d(2, 2, 5, padding=2)
        self.head = torch.nn.Linear(2, 2)
        with torch.no_grad():
            self.smooth.weight.fill_(0.1)
            self.smooth.bias.fill_(-1.0)
            self.head.weight.copy_(torch.tensor([[-8.0, -8.0], [8.0, 8.0]]))
            self.head.bias.copy_(torch.tensor([1.0, -1.0]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(torch.relu(self.smooth(x)).mean(dim=2))


@dataclass
class Case:
    """Arguments of `evaluate`."""

    model: torch.nn.Module
    x: np.ndarray
    more: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def case(tmp_path) -> Case:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((12, 2, 160)).astype(np.float32) * 0.5
    masks = np.zeros(x.shape, dtype=bool)
    for window in range(len(x)):
        onset = int(rng.integers(10, 120))
        masks[window, :, onset : onset + 24] = True
    x += np.where(masks, 3, 0).astype(np.float32)
    more = {"y": np.ones(12, dtype=int), "masks": masks, "patient": np.arange(12) // 2, "fs": 100, "store": ArtifactStore(tmp_path)}
    return Case(Raised(), x, {**more, "methods": ["input_gradient", "saliency"], "metrics": ["auc", "attribution_localization"]})


Evaluated = Callable[..., Any]
