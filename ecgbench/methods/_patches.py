"""Windows of which patches are kept and the others zeroed: what surrogate models are fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float64

from ecgbench.inputs import at_least
from ecgbench.methods._gradient import all_logits, logits_of_target

Kept = Bool[np.ndarray, "samples patches"]


@dataclass(frozen=True)
class Patches:
    """A window's leads cut into patches of their own; the last of a lead may be shorter.

    Attributes
    ----------
    leads, time : shape of a window
    width : samples of a patch

    Raises
    ------
    InputError
        If a patch has no sample.
    """

    leads: int
    time: int
    width: int

    def __post_init__(self) -> None:
        at_least("patch", self.width)

    @property
    def a_lead(self) -> int:
        """Patches of one lead."""
        return -(-self.time // self.width)

    @property
    def count(self) -> int:
        """Patches of a window."""
        return self.leads * self.a_lead

    def spread(self, values: torch.Tensor) -> torch.Tensor:
        """Each patch's value at each of its samples: (n, patches) -> (n, leads, time)."""
        by_lead = values.view(len(values), self.leads, self.a_lead)
        return by_lead.repeat_interleave(self.width, dim=2)[:, :, : self.time]

    def numbers(self) -> torch.Tensor:
        """Number of the patch that each sample belongs to: (leads, time) int."""
        return self.spread(torch.arange(self.count)[None])[0]

    def energies(self, x: torch.Tensor) -> Float64[np.ndarray, "n patches"]:
        """Sum of squares of each patch of windows (n, leads, time)."""
        padded = torch.nn.functional.pad(x.double() ** 2, (0, self.a_lead * self.width - self.time))
        energies: Float64[np.ndarray, "n patches"] = padded.view(len(x), self.count, self.width).sum(dim=2).cpu().numpy()
        return energies


def perturbed_logits(
    model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, patches: Patches, kept: Sequence[Kept], batch_size: int
) -> list[Float64[np.ndarray, " samples"]]:
    """The target's logit of each window with the patches kept that its row of masks names, all others zeroed.

    Parameters
    ----------
    kept : of each window (samples, patches) bool, the same number of samples for all
    batch_size : rows (windows times samples) that pass through the model at once
    """
    masks = torch.from_numpy(np.stack(kept)).to(x.device)
    samples, logits = masks.shape[1], []
    with torch.no_grad():
        for rows in torch.split(torch.arange(len(x) * samples, device=x.device), batch_size):
            window = rows // samples
            perturbed = torch.where(patches.spread(masks[window, rows % samples]), x[window], 0)
            logits.append(logits_of_target(all_logits(model, perturbed), target[window]))
    return list(torch.cat(logits).double().view(len(x), samples).cpu().numpy())
