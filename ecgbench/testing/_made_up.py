"""What the trials put an entry through: a small network, and windows, maps and masks that nobody may write into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from ecgbench.nn import GlobalAverage, LeadsAsRows, seeded
from ecgbench.registry import Keyed
from ecgbench.testing._report import require
from ecgbench.types import CORE, RHYTHM, Attributions, Masks, Regions, Rows, Targets

WINDOWS, TIME, OUTPUTS, NORMAL = 4, 80, 3, 12

EQUAL = 10
"""Samples in which a window equals its twin: a patch of 0.1 s at `PASSES_FS`."""

UNLIKELY = 86_028_121
"""A seed that nobody would choose, so that one who seeds a generator is seen."""


class Network(nn.Module):
    """A network of any number of leads, of layers that every method knows and that behave differently in training."""

    gradcam_layer = "features"

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        with seeded(seed):
            self.rows, self.features = LeadsAsRows(), nn.Conv2d(1, 6, (1, 5), stride=(1, 2), padding=(0, 2))
            self.norm, self.relu, self.dropout = nn.BatchNorm2d(6), nn.ReLU(), nn.Dropout(0.5)
            self.average, self.out = GlobalAverage(), nn.Linear(6, OUTPUTS)
        generator = torch.Generator().manual_seed(seed)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.5, generator=generator)
        self.out.weight.data *= 40
        self.double().eval()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (n, outputs) of windows (n, leads, time)."""
        units = self.dropout(self.relu(self.norm(self.features(self.rows(x)))))
        return cast("torch.Tensor", self.out(self.average(units)))


class Weighted(nn.Module):
    """Logits of which the first is a weighted sum of the window and the others are 0.

    Parameters
    ----------
    weights : (leads, time)
    """

    def __init__(self, weights: np.ndarray) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor(weights))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (n, outputs) of windows (n, leads, time)."""
        total = (x * self.weights).sum(dim=(1, 2))
        return torch.stack([total, *[torch.zeros_like(total)] * (OUTPUTS - 1)], dim=1)


class Rivals(nn.Module):
    """Logits that are weighted sums of the window, nearly independent of each other, so that a twin can be made for any class.

    Parameters
    ----------
    leads, time : of the windows
    """

    def __init__(self, leads: int, time: int) -> None:
        super().__init__()
        weights = np.random.default_rng([leads, time, OUTPUTS]).normal(size=(OUTPUTS, leads, time))
        self.weights = nn.Parameter(torch.tensor(5 * weights / np.sqrt(leads * time)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (n, outputs) of windows (n, leads, time)."""
        return torch.einsum("olt,nlt->no", self.weights, x)


@dataclass(frozen=True)
class Case:
    """Windows with all that an entry can ask for.

    Attributes
    ----------
    x, maps, mask : (n, leads, time)
    target : (n,) int64
    """

    x: Rows
    maps: Attributions
    mask: Masks
    target: Targets

    def take(self, some: slice | list[int]) -> Case:
        """Some of the windows."""
        return Case(*(locked(array[some]) for array in (self.x, self.maps, self.mask, self.target)))

    def with_maps(self, maps: Attributions) -> Case:
        """The windows with other maps."""
        return replace(self, maps=locked(maps))


def made_up(leads: int = 2, time: int = TIME, dtype: type = np.float64, windows: int = WINDOWS) -> Case:
    """Windows of noise with maps of noise, and masks of one interval a window, the same each time."""
    generator = np.random.default_rng([leads, time])
    x: Rows = generator.normal(size=(windows, leads, time)).astype(dtype)
    maps = source_of_maps(x, np.arange(windows) % OUTPUTS)
    onset = generator.integers(0, time // 2, windows)[:, None, None]
    inside = (np.arange(time) >= onset) & (np.arange(time) < onset + time // 4)
    mask = np.broadcast_to(inside, x.shape).copy()
    return Case(*(locked(array) for array in (x, maps, mask, np.arange(windows, dtype=np.int64) % OUTPUTS)))


def twins_of(case: Case) -> Rows:
    """Twins (n, leads, time) that `Rivals` predicts to be normal, and those of normal windows to be of class 1.

    They differ from their windows everywhere but in the last `EQUAL` samples.
    """
    weights = Rivals(*case.x.shape[1:]).weights.detach().numpy()
    wanted = np.where(case.target == 0, 1, 0)
    return partly(case.x, (case.x + 2 * (weights[wanted] - weights[case.target])).astype(case.x.dtype))


def regions_of(case: Case) -> Regions:
    """Regions of windows: a beat in the middle half of the RR intervals beside it, in places that each window's values decide."""
    length = case.x.shape[2]
    onset = (np.abs(case.x[:, 0, 0]) * 10).astype(np.int64)[:, None, None] % (length // 2)
    place = np.arange(length) - onset
    found = np.where((place >= length // 8) & (place < length // 4), CORE, np.where((place >= 0) & (place < length // 3), RHYTHM, 0))
    regions: Regions = locked(np.broadcast_to(found, case.x.shape).astype(np.uint8))
    return regions


def partly(x: Rows, twins: Rows) -> Rows:
    """The twins with the last `EQUAL` samples of their windows."""
    joined: Rows = locked(np.where(np.arange(x.shape[2]) < x.shape[2] - EQUAL, twins, x))
    return joined


def normal(leads: int = 2, time: int = TIME) -> Rows:
    """Windows of noise that stand for those of the normal class, the same each time."""
    windows: Rows = np.random.default_rng([leads, time, 1]).normal(size=(NORMAL, leads, time))
    windows.flags.writeable = False
    return windows


def source_of_maps(x: Rows, target: Targets, seed: int | None = None) -> Attributions:
    """Maps (n, leads, time) that depend on each window alone, as a method that can be asked again makes them."""
    maps: Attributions = np.sin(3 * x + target[:, None, None] + (seed or 0)).astype(x.dtype)
    return maps


def others_of(case: Case) -> np.ndarray:
    """Maps (n, 1, leads, time) of the case's windows by another model."""
    others: np.ndarray = locked(source_of_maps(case.x, case.target, 1)[:, None])
    return others


def locked(array: np.ndarray) -> Any:
    """The array, into which nobody may write."""
    array = np.ascontiguousarray(array)
    array.flags.writeable = False
    return array


def close(found: np.ndarray, wanted: np.ndarray, share: float = 1e-6) -> bool:
    """Whether two stacks of maps agree, as far as a share of each window's largest value."""
    axes = tuple(range(1, wanted.ndim))
    scale = np.abs(wanted).max(axis=axes, keepdims=True)
    return bool((np.abs(found - wanted) <= share * scale).all())


@contextmanager
def global_generators_left_alone(entry: Keyed) -> Iterator[None]:
    """Refuse an entry that draws from, or seeds, generators that the whole process shares; afterwards they are as they were."""
    kept = np.random.get_state()  # noqa: NPY002
    with seeded(UNLIKELY):
        np.random.set_state(cast("Any", np.random.MT19937(UNLIKELY).state))  # noqa: NPY002
        before = _state()
        try:
            yield
            same = _state() == before
        finally:
            np.random.set_state(kept)  # noqa: NPY002
    require(same, entry, "global random generators left as they were", "others", "draw from a generator that is passed in")


def _state() -> tuple[bytes, str]:
    """Where torch's and NumPy's own generators are."""
    name, keys, *rest = np.random.get_state()  # noqa: NPY002
    return torch.get_rng_state().numpy().tobytes(), f"{name} {np.asarray(keys).tolist()} {rest}"
