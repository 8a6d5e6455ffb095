"""Calls of a user's model, which may not take what it is called with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.module import register_module_forward_pre_hook

from ecgbench.errors import EcgbenchError, InputError
from ecgbench.printable import shortened

UNTAKEN = (TypeError, ValueError, RuntimeError, IndexError, AttributeError)
"""What torch and Python raise where windows have other axes than a model takes, or it takes more than windows."""


OF_TRAINING = (_DropoutNd, _NormBase, nn.RReLU)
"""Layers that compute something else in training."""


@contextmanager
def refusing_unheld_in_training(model: nn.Module) -> Iterator[None]:
    """Refuse a layer in training that the model calls and does not hold, as one in a list: evaluation mode never reaches it.

    What a compiled model calls is not seen.

    Raises
    ------
    InputError
        If there is one.
    """
    held = set(model.modules())
    if any(hasattr(module, "_orig_mod") for module in held):  # a compiled one would be compiled anew for the hook
        yield
        return

    def look(module: nn.Module, inputs: object) -> None:
        own = getattr(module, "track_running_stats", True)  # without statistics of its own a norm is the same in both modes
        if isinstance(module, OF_TRAINING) and module.training and own and module not in held:
            raise InputError(
                f"expected layers that the model holds, got {type(module).__name__} in training mode that it calls and does not hold, so "
                "that eval() does not reach it; keep layers as attributes or in torch.nn.ModuleList, not in lists."
            )

    hook = register_module_forward_pre_hook(look)
    try:
        yield
    finally:
        hook.remove()


def returned(model: nn.Module, x: torch.Tensor) -> object:
    """What a model returns of windows (n, leads, time).

    Raises
    ------
    InputError
        If it does not take them: one of them alone, without gradients, fails too.
    """
    try:
        return model(x)
    except (EcgbenchError, torch.OutOfMemoryError):
        raise
    except UNTAKEN:
        _refuse_untaken(model, x)
        raise


def _refuse_untaken(model: nn.Module, x: torch.Tensor) -> None:
    try:
        with torch.no_grad():
            model(x[:1].detach().clone())
    except (EcgbenchError, torch.OutOfMemoryError):
        raise
    except UNTAKEN as error:
        reason = shortened(f"{type(error).__name__}: {error}".partition("\n")[0])
        raise InputError(
            f"expected a model that takes windows {(len(x), *x.shape[1:])}, which is (n, leads, time), got {reason}; wrap it with "
            "ecgbench.adapt(model, inputs, outputs, extra), which brings them to the model's axes and adds further inputs."
        ) from error
