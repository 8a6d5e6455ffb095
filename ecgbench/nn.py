"""What models and attribution methods both rely on: modules that methods recognise, and a network held still."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm as BatchNorm
from torch.nn.parameter import is_lazy

from ecgbench.device_kinds import CARD, PROCESSOR
from ecgbench.errors import InputError
from ecgbench.exactness import exact
from ecgbench.model_calls import returned
from ecgbench.printable import shortened
from ecgbench.recurrent import differentiable


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


class TimeAverage(nn.Module):
    """Mean over time of each lead by itself: (n, channels, leads, time) -> (n, channels * leads), the leads of a channel together."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Average (n, channels, leads, time)."""
        return x.mean(dim=3).flatten(1)


class LeadsAsRows(nn.Module):
    """(n, leads, time) -> (n, 1, leads, time): an image of one channel whose rows are the leads."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Add the axis of channels to (n, leads, time)."""
        return x.unsqueeze(1)


@cache
def device_named(name: str) -> torch.device:
    """The torch device of that name, on which a sum has been computed: torch knows names of more devices than it can compute on.

    Raises
    ------
    InputError
        If torch does not know it or cannot use it here.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ones = torch.ones(2, device=name)
            ones.sum().item()
    except (RuntimeError, AssertionError, ImportError, ValueError) as error:
        reason = shortened(str(error).partition("\n")[0])
        raise InputError(
            f'expected a torch device that can be used here, got "{shortened(name)}" ({reason}); name another, such as cpu.'
        ) from error
    return ones.device


ModuleT = TypeVar("ModuleT", bound=nn.Module)


def channels_last(model: ModuleT) -> ModuleT:
    """The model with its weights in the memory layout in which convolutions run fastest."""
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def check_norms(model: nn.Module) -> None:
    """Refuse batch norm that would take its statistics from the windows that happen to pass through it together.

    Raises
    ------
    InputError
        If a layer has no running statistics.
    """
    for name, module in model.named_modules():
        if isinstance(module, BatchNorm) and module.running_mean is None:
            raise InputError(
                f'expected batch norm with running statistics, got none in "{name}"; build it with track_running_stats=True, or put a norm '
                "in its place that sees one window at a time."
            )


@contextmanager
def seeded(seed: int, device: torch.device | None = None) -> Iterator[None]:
    """Let what draws from torch's own generators draw from `seed`; afterwards they are as they were.

    For networks whose layers torch initialises, and for dropout: neither takes a generator.
    """
    cards = [device] if device is not None and device.type == CARD else []
    with torch.random.fork_rng(devices=cards):
        torch.default_generator.manual_seed(seed)
        for card in cards:
            torch.cuda.default_generators[card.index or 0].manual_seed(seed)
        yield


_TURNS: WeakKeyDictionary[nn.Module, AbstractContextManager[Any]] = WeakKeyDictionary()
_TURNS_GUARD = threading.Lock()


def turn_of(model: nn.Module) -> AbstractContextManager[Any]:
    """The lock that threads take turns with on one model: whoever passes windows through it may change its modes and hook its layers."""
    with _TURNS_GUARD:
        return _TURNS.setdefault(model, threading.RLock())


@contextmanager
def frozen(model: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """The model in evaluation mode and without gradients of its parameters; both are put back afterwards.

    It computes as in a new process, whatever the caller has set: with gradients of its input, in its own precision, uncompiled.
    Threads take turns, so that one model may be explained and evaluated from several.
    """
    place = place_of(model)
    with turn_of(model), settings_of_a_new_process(place.dtype, place.device.type), _uncompiled(model):
        yield from _held_still(model)


PRECISIONS = (torch.float32, torch.float64)
"""Of models and logits: less leaves too few digits of a change of the logit."""


def place_of(model: nn.Module) -> torch.Tensor:
    """A tensor of the model's precision, where the model is; where it has no real parameters, a float32 one on the processor."""
    real = (parameter for parameter in model.parameters() if parameter.is_floating_point())
    return next(real, torch.empty(0, dtype=torch.float32, device=PROCESSOR))


def usable(model: object) -> nn.Module:
    """The model, if it can be explained and evaluated.

    Raises
    ------
    InputError
        If it is no torch module in float32 or float64, has no weights, or a norm's statistics are those of the windows beside a window.
    """
    if not isinstance(model, nn.Module):
        raise InputError(f"expected a model that is a torch module, got {type(model).__name__}; wrap it in one, as ecgbench.adapt does.")
    if any(is_lazy(parameter) for parameter in model.parameters()):
        raise InputError("expected a model with weights, got layers that have none yet; pass a window through it first.")
    if any(tensor.is_meta for tensor in (*model.parameters(), *model.buffers())):
        raise InputError('expected a model with weights, got one on torch\'s device "meta"; build it on another and load its weights.')
    for parameter in model.parameters():
        if parameter.is_floating_point() and parameter.dtype not in PRECISIONS:
            raise InputError(f"expected a model in float32 or float64, got {parameter.dtype}; call model.float().")
    if any(parameter.is_inference() for parameter in model.parameters()):
        raise InputError("expected a model made outside of torch.inference_mode, got weights made in it; copy.deepcopy it outside.")
    check_norms(model)
    return model


def logits_of(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Logits (n, outputs) of windows (n, leads, time).

    Raises
    ------
    InputError
        If the model returns something else, or does not take the windows.
    """
    logits = returned(model, x)
    if not isinstance(logits, torch.Tensor) or logits.ndim != 2 or len(logits) != len(x):
        got = tuple(logits.shape) if isinstance(logits, torch.Tensor) else type(logits).__name__
        remedy = "wrap it in one that does, as ecgbench.adapt(model, inputs, outputs) does"
        raise InputError(f"expected a model that returns logits ({len(x)}, outputs), got {got}; {remedy}.")
    if logits.dtype not in PRECISIONS or not logits.shape[1]:
        got = f"{logits.dtype} {tuple(logits.shape)}"
        raise InputError(f"expected logits in float32 or float64, one or more a window, got {got}; return logits.float().")
    return logits


@contextmanager
def settings_of_a_new_process(precision: torch.dtype = torch.float32, device: str = PROCESSOR) -> Iterator[None]:
    """Torch's settings as they are before anybody changes them: no autocast, no inference mode, gradients, and the usual precision.

    TF32, which torch switches on by itself, is off, and algorithms on a card are reproducible (see `ecgbench.exactness`).

    Parameters
    ----------
    precision : what new tensors have where the caller has changed that
    device : type of the device that is computed on beside the processor
    """
    usual = torch.get_default_dtype()
    with ExitStack() as stack:
        stack.enter_context(exact(device))
        stack.enter_context(torch.inference_mode(False))  # it switches gradients on as well
        for kind in {PROCESSOR, device} - {"meta"}:
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        if usual not in (torch.float32, precision):
            torch.set_default_dtype(precision)
            stack.callback(torch.set_default_dtype, usual)
        yield


_COMPILED_TURN = threading.RLock()


@contextmanager
def _uncompiled(model: nn.Module) -> Iterator[None]:
    """Let compiled modules run as they were before, since compiled code passes by the hooks and rules of attribution methods."""
    if not any(module._compiled_call_impl is not None or "_orig_mod" in module._modules for module in model.modules()):
        yield
        return
    with _COMPILED_TURN, torch.compiler.set_stance("force_eager"):  # it is the process's, so that threads take turns
        yield


def _held_still(model: torch.nn.Module) -> Iterator[torch.nn.Module]:
    training = [module for module in model.modules() if module.training]
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    model.eval()
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        with differentiable(model):
            yield model
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
        for module in training:
            module.training = True
