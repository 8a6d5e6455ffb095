"""Perturbed windows, to whose logits surrogate models are fitted: some patches are kept and the others zeroed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float64

from ecgbench.inputs import at_least
from ecgbench.methods._gradient import all_logits, logits_of_target

Kept = Bool[np.ndarray, "perturbations patches"]


@dataclass(frozen=True)
class Patches:
    """Each lead of a window cut into patches; a lead's last patch may be shorter.

    Attributes
    ----------
    leads, time : shape of a window
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

    def index(self) -> torch.Tensor:
        """Index of the patch that each sample belongs to: (leads, time) int."""
        return self.spread(torch.arange(self.count)[None])[0]

    def energies(self, x: torch.Tensor) -> Float64[np.ndarray, "n patches"]:
        """Sum of squares of each patch of windows (n, leads, time)."""
        padded = torch.nn.functional.pad(x.double() ** 2, (0, self.a_lead * self.width - self.time))
        energies: Float64[np.ndarray, "n patches"] = padded.view(len(x), self.count, self.width).sum(dim=2).cpu().numpy()
        return energies


def perturbed_logits(
    model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, patches: Patches, kept: Sequence[Kept], batch_size: int
) -> list[Float64[np.ndarray, " perturbations"]]:
    """The target's logits of each window's perturbations: patches of which the mask is False are zeroed.

    Parameters
    ----------
    kept : for each window the masks (perturbations, patches), as many for every window
    batch_size : rows (windows times perturbations) per forward pass
    """
    masks = torch.from_numpy(np.stack(kept)).to(x.device)
    count, logits = masks.shape[1], []
    with torch.no_grad():
        for rows in torch.split(torch.arange(len(x) * count, device=x.device), batch_size):
            window = rows // count
            perturbed = torch.where(patches.spread(masks[window, rows % count]), x[window], 0)
            logits.append(logits_of_target(all_logits(model, perturbed), target[window]))
    return list(torch.cat(logits).double().view(len(x), count).cpu().numpy())
