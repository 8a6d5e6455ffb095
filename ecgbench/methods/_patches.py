"""Perturbed windows and their logits, and patches, of which a perturbation keeps some and gives the others the baseline's values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from jaxtyping import Bool, Float64

from ecgbench.inputs import at_least
from ecgbench.methods._gradient import all_logits, logits_of_target

THREADS = 4
"""Windows that are fitted at a time beside a card."""

T = TypeVar("T")

Kept = Bool[np.ndarray, "perturbations patches"]


@dataclass(frozen=True)
class Patches:
    """Each lead of a window cut into patches; a lead's last patch may be shorter.

    Attributes
    ----------
    leads, time : shape of a window; one lead where a patch spans all leads
    width : width of a patch, in samples

    Raises
    ------
    InputError
        If the width is less than 1.
    """

    leads: int
    time: int
    width: int

    def __post_init__(self) -> None:
        at_least("patch", self.width)

    @property
    def a_lead(self) -> int:
        """Number of patches of a lead."""
        return -(-self.time // self.width)

    @property
    def count(self) -> int:
        """Number of patches of a window."""
        return self.leads * self.a_lead

    def spread(self, values: torch.Tensor) -> torch.Tensor:
        """Each patch's value at each of its samples: (n, patches) -> (n, leads, time)."""
        by_lead = values.view(len(values), self.leads, self.a_lead)
        return by_lead.repeat_interleave(self.width, dim=2)[:, :, : self.time]

    def shared_out(self, values: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        """Each patch's value in equal shares to its samples in windows (n, leads, time), so that a map's sum is that of the values."""
        sizes = self.spread(torch.bincount(self.index().flatten(), minlength=self.count)[None]).to(x)
        return (self.spread(values) / (sizes * (x.shape[1] // self.leads))).expand_as(x)

    def index(self) -> torch.Tensor:
        """Index of the patch that each sample belongs to: (leads, time) int."""
        return self.spread(torch.arange(self.count)[None])[0]

    def energies(self, x: torch.Tensor) -> Float64[np.ndarray, "n patches"]:
        """Sum of squares of each patch of windows (n, leads, time)."""
        padded = torch.nn.functional.pad(x.double() ** 2, (0, self.a_lead * self.width - self.time))
        energies: Float64[np.ndarray, "n patches"] = padded.view(len(x), self.count, self.width).sum(dim=2).cpu().numpy()
        return energies


def perturbed_logits(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    patches: Patches,
    kept: Sequence[Kept],
    batch_size: int,
    baseline: torch.Tensor,
) -> list[Float64[np.ndarray, " perturbations"]]:
    """The target's logits of each window's perturbations: patches of which the mask is False become the baseline's.

    Parameters
    ----------
    kept : for each window the masks (perturbations, patches), as many for every window
    batch_size : rows (windows times perturbations) per forward pass
    baseline : (n or 1, leads, time)
    """
    other = baseline.expand_as(x)
    masks = torch.from_numpy(np.stack(kept)).to(x.device)

    def perturb(window: torch.Tensor, number: torch.Tensor) -> torch.Tensor:
        return torch.where(patches.spread(masks[window, number]), x[window], other[window])

    return list(logits_of_perturbations(model, target, perturb, masks.shape[1], batch_size))


def fitted(
    fit: Callable[[int, Float64[np.ndarray, " perturbations"]], T],
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    patches: Patches,
    kept: Sequence[Kept],
    batch_size: int,
    baseline: torch.Tensor,
) -> list[T]:
    """What is fitted to the logits of each window's perturbations (see `perturbed_logits`), beside a card while the next ones pass it.

    Parameters
    ----------
    fit : gets the number of a window and its perturbations' logits (perturbations,)
    """
    if not x.is_cuda:
        return [fit(*of_window) for of_window in enumerate(perturbed_logits(model, x, target, patches, kept, batch_size, baseline))]
    other, many, found = baseline.expand_as(x), max(1, batch_size // len(kept[0])), []
    with ThreadPoolExecutor(THREADS) as beside:
        for first in range(0, len(x), many):
            part = slice(first, first + many)
            logits = perturbed_logits(model, x[part], target[part], patches, kept[part], batch_size, other[part])
            found += [beside.submit(fit, first + number, of_window) for number, of_window in enumerate(logits)]
        return [of_window.result() for of_window in found]


def logits_of_perturbations(
    model: torch.nn.Module,
    target: torch.Tensor,
    perturb: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    count: int,
    batch_size: int,
) -> Float64[np.ndarray, "n perturbations"]:
    """The targets' logits of `count` perturbations of each window.

    Parameters
    ----------
    perturb : makes rows (m, leads, time) of indices of windows (m,) and numbers of their perturbations (m,)
    batch_size : rows per forward pass
    """
    logits = []
    with torch.no_grad():
        for rows in torch.split(torch.arange(len(target) * count, device=target.device), batch_size):
            window = rows // count
            logits.append(logits_of_target(all_logits(model, perturb(window, rows % count)), target[window]))
    found: Float64[np.ndarray, "n perturbations"] = torch.cat(logits).double().view(len(target), count).cpu().numpy()
    return found
