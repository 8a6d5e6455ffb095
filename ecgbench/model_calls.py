"""Calls of a user's model, which may not take what it is called with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.module import register_module_forward_pre_hook

from ecgbench.device_kinds import CARD
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


SAME_WITHIN = 1e-5
"""Difference of two passes of one window, as a share of the largest logit, that a library's order of sums may make."""

FURTHER_PASSES = 30
"""Passes that a network which draws random numbers is given to show that its logits depend on them."""

_CHECKED: WeakKeyDictionary[nn.Module, Any] = WeakKeyDictionary()


def check_own_logits(model: nn.Module, x: torch.Tensor, batch_size: int | None = None) -> None:
    """Refuse a network that does not give a window logits of its own: others at every call, or others beside other windows.

    Dropout that evaluation mode does not switch off makes the former, a layer that takes the windows of a batch for a sequence the latter,
    as `torch.nn.LSTM` without `batch_first=True` does. Maps of such a network depend on what is computed together, and look as good as any.
    The first window is asked; a network that passed once is not asked again as long as it has the same layers.

    Parameters
    ----------
    model : in evaluation mode (see `ecgbench.nn.frozen`)
    x : (n, leads, time), where the model is and in its precision
    batch_size : rows that pass at once; where each passes alone, nothing can depend on others

    Raises
    ------
    InputError
        If the window's logits differ by more than `SAME_WITHIN` of the largest, or a layer is in training that the model does not hold.
    """
    layers, alone = [id(module) for module in model.modules()], batch_size == 1
    if _CHECKED.get(model) in ((layers, alone), (layers, False)):
        return
    cards = [x.device] if x.device.type == CARD else []
    with torch.random.fork_rng(devices=cards), torch.no_grad(), refusing_unheld_in_training(model):
        _check_deterministic(model, x[:1], cards)
        if not alone:
            _check_independent(model, x[:1])
    _CHECKED[model] = layers, alone


def _check_deterministic(model: nn.Module, window: torch.Tensor, cards: list[torch.device]) -> None:
    first, before = returned(model, window.clone()), _states(cards)
    again = [returned(model, window.clone())]
    if not all(map(torch.equal, before, _states(cards))):
        again += [returned(model, window.clone()) for _ in range(FURTHER_PASSES)]
    if not all(_same(first, other) for other in again):
        raise InputError(
            "expected a model that returns the same logits at every call in evaluation mode, got others for the same window; switch off "
            "what draws random numbers in its forward pass, such as functional.dropout with training=True."
        )


def _check_independent(model: nn.Module, window: torch.Tensor) -> None:
    """The window stands beside another that has its values, then beside one of larger ones, since a batch may be scaled by its largest.

    It stands first and last, since a recurrent layer passes on only what comes before, or only what comes behind.
    """
    others = window.flip(-1), 1 - 2 * window
    try:
        first = [model(torch.cat([window, other])) for other in others]
        last = [model(torch.cat([other, window])) for other in others]
    except UNTAKEN:  # a model that takes one window at a time fails where several are passed, which nobody can overlook
        return
    if not all(isinstance(found, torch.Tensor) and found.ndim and len(found) == len(window) + 1 for found in (*first, *last)):
        return  # what is no logits is refused elsewhere
    if not _same(first[0][0], first[1][0]) or not _same(last[0][1], last[1][1]):
        raise InputError(
            "expected a model whose logits of a window are the same whatever else is in its batch, got others beside other windows; look "
            "for a layer that takes the batch for a sequence, such as torch.nn.LSTM without batch_first=True, or for a norm over the "
            "batch, or let each window pass alone by batch_size=1."
        )


def _states(cards: list[torch.device]) -> list[torch.Tensor]:
    """The states of torch's own generators, which move when something is drawn."""
    return [torch.get_rng_state(), *(torch.cuda.get_rng_state(card) for card in cards)]


def _same(first: object, other: object) -> bool:
    """Whether two outputs are the same but for rounding; what is no tensor is refused elsewhere."""
    if not isinstance(first, torch.Tensor) or not isinstance(other, torch.Tensor):
        return True
    if first.shape != other.shape:
        return False
    most = float(first.abs().nan_to_num().max()) if first.numel() else 0.0
    return torch.allclose(other, first, rtol=0, atol=SAME_WITHIN * most, equal_nan=True)
