"""The networks and windows on which a device is asked."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from ecgbench import load_dataset
from ecgbench.artifacts import ArtifactStore
from ecgbench.errors import InputError
from ecgbench.methods import METHODS, explanation
from ecgbench.models import untrained
from ecgbench.pipeline import model_of
from ecgbench.types import Attributions

NETWORKS = ("resnet18_7", "xresnet1d", "inception_time", "cnn_lstm", "vit1d", "se_resnet1d")
"""Architectures whose narrow form the package ships, trained on `synthetic`."""

NORMAL = 20
"""Normal windows that methods may compare with."""

FEW: Mapping[str, Mapping[str, Any]] = {
    "deep_shap": {"baselines": 8},
    "integrated_gradients": {"steps": 8},
    "kernel_shap": {"samples": 40},
    "lime": {"samples": 40},
    "rise": {"masks": 40},
    "shapley_patches": {"permutations": 2},
}
"""Options of the methods that take many passes, where there is little time."""


@dataclass(frozen=True)
class Subject:
    """A network and windows of which it is asked.

    Attributes
    ----------
    name : shown
    model : float32, on the processor
    x, target, normal : (n, leads, time), (n,), (m, leads, time)
    quick : whether methods get the options of `FEW`
    """

    name: str
    model: torch.nn.Module
    x: np.ndarray
    target: np.ndarray
    normal: np.ndarray
    quick: bool

    def on(self, device: str, precision: torch.dtype = torch.float32) -> Subject:
        """A copy on a device and in a precision."""
        kind = np.float64 if precision == torch.float64 else np.float32
        model = copy.deepcopy(self.model).to(device, precision)
        return replace(self, model=model, x=self.x.astype(kind), normal=self.normal.astype(kind))

    def first(self, count: int) -> Subject:
        """The same with fewer windows."""
        return replace(self, x=self.x[:count], target=self.target[:count])

    def maps(self, method: str, batch: int | None = None) -> Attributions | None:
        """Signed maps; None if the method cannot explain the network."""
        options = {**({"patch": 8} if "patch" in METHODS[method].options else {}), **(FEW.get(method, {}) if self.quick else {})}
        try:
            return explanation(self.model, self.x, self.target, method, batch_size=batch, normal_windows=self.normal, **options).maps
        except InputError:
            return None


class Subjects:
    """All networks and windows.

    Parameters
    ----------
    windows : of each
    quick : few passes, for a processor
    """

    def __init__(self, windows: int, quick: bool) -> None:
        self.windows, self.quick = windows, quick
        self.dataset = load_dataset("synthetic")

    def trained(self, network: str) -> Subject:
        """A narrow network that the package ships, and windows of `synthetic`."""
        module = model_of(self.dataset, 1, ArtifactStore(), f"{network}_narrow").module.float().eval()
        test, train = self.dataset.test, self.dataset.train
        asked = np.flatnonzero(test.y > 0)[: self.windows]
        normal = train.inputs(np.flatnonzero(train.y == 0)[:NORMAL])
        return Subject(network, module, test.inputs(asked), test.y[asked], normal, self.quick)

    @cached_property
    def alive(self) -> Subject:
        """A whole ResNet-18 of which every channel is alive, and windows as long as those of mitdb."""
        generator = np.random.default_rng(0)
        walk = generator.standard_normal((self.windows + NORMAL, 1, 2880), dtype=np.float32).cumsum(axis=2)
        x = (walk - walk.mean(axis=2, keepdims=True)) / walk.std(axis=2, keepdims=True)
        target = np.arange(self.windows) % 4
        return Subject("all channels alive", untrained("resnet18_7", 4, samples=2880).eval(), x[NORMAL:], target, x[:NORMAL], self.quick)
