"""Calls of a user's model, which may not take what it is called with."""

from __future__ import annotations

import torch
from torch import nn

from ecgbench.errors import EcgbenchError, InputError
from ecgbench.printable import shortened

UNTAKEN = (TypeError, ValueError, RuntimeError, IndexError, AttributeError)
"""What torch and Python raise where windows have other axes than a model takes, or it takes more than windows."""


def returned(model: nn.Module, x: torch.Tensor) -> object:
    """What a model returns of windows (n, leads, time).

    Raises
    ------
    InputError
        If it does not take them: one of them alone, without gradients, fails too.
    """
    try:
        return model(x)
    except EcgbenchError:
        raise
    except UNTAKEN:
        _refuse_untaken(model, x)
        raise


def _refuse_untaken(model: nn.Module, x: torch.Tensor) -> None:
    try:
        with torch.no_grad():
            model(x[:1].detach().clone())
    except EcgbenchError:
        raise
    except UNTAKEN as error:
        reason = shortened(f"{type(error).__name__}: {error}".partition("\n")[0])
        raise InputError(
            f"expected a model that takes windows {(len(x), *x.shape[1:])}, which is (n, leads, time), got {reason}; wrap it with "
            "ecgbench.adapt(model, inputs, outputs, extra), which brings them to the model's axes and adds further inputs."
        ) from error
