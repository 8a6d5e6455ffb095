"""Random maps, a baseline that a useful method must beat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ecgbench.methods._registry import METHODS
from ecgbench.protocol import STUDY_REFERENCE

if TYPE_CHECKING:
    import torch


@METHODS.register(version=1, reference=STUDY_REFERENCE, passes=0, needs=("generators",), blind=True)
def random_baseline(
    model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, generators: Sequence[np.random.Generator]
) -> torch.Tensor:
    """Standard normal values, drawn for each window by itself."""
    import torch

    maps = np.stack([generator.standard_normal(x.shape[1:]) for generator in generators])
    return torch.from_numpy(maps).to(x)
