"""What models and attribution methods both rely on: modules that methods recognise, and a network held still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import torch
from torch import nn

from ecgbench.errors import InputError


class ResidualSum(nn.Module):
    """Sum of a block's branch and its shortcut, as a module so that methods can see it."""

    def forward(self, branch: torch.Tensor, shortcut: torch.Tensor) -> torch.Tensor:
        """Sum of the two, which have one shape."""
        return branch + shortcut


class GlobalAverage(nn.Module):
    """Mean over leads and time: (n, channels, leads, time) -> (n, channels)."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Average (n, channels, leads, time)."""
        return x.mean(dim=(2, 3))


class LeadsAsRows(nn.Module):
    """(n, leads, time) -> (n, 1, leads, time): an image of one channel whose rows are the leads."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add the axis of channels to (n, leads, time)."""
        return x.unsqueeze(1)


def device_named(name: str) -> torch.device:
    """The torch device of that name.

    Raises
    ------
    InputError
        If torch does not know it or cannot use it here.
    """
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f'expected a torch device that can be used here, got "{name}" ({reason}); name another, such as cpu.') from error


ModuleT = TypeVar("ModuleT", bound=nn.Module)


def channels_last(model: ModuleT) -> ModuleT:
    """The model with its weights in the memory layout in which convolutions run fastest."""
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


@contextmanager
def frozen(model: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """The model in evaluation mode and without gradients of its parameters; both are put back afterwards."""
    training = [module for module in model.modules() if module.training]
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    model.eval()
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield model
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
        for module in training:
            module.training = True
