"""Rules for the functions that a forward pass calls, such as activations and pools, whether as modules or functions, in place or not.

Calls are intercepted by a torch function mode, which sees every call, however often a module is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from ecgbench.errors import InputError

Function = Callable[..., Any]
Rule = Callable[..., torch.Tensor]

RELU = torch.relu
ELEMENTWISE: tuple[Function, ...] = (
    functional.relu6,
    functional.hardtanh,
    functional.leaky_relu,
    functional.prelu,
    functional.elu,
    functional.selu,
    functional.celu,
    functional.gelu,
    functional.silu,
    functional.mish,
    functional.softplus,
    functional.softsign,
    functional.logsigmoid,
    functional.hardswish,
    functional.hardsigmoid,
    torch.sigmoid,
    torch.tanh,
    torch.clamp,
)
"""Elementwise activations except the ReLU."""

POOLS: tuple[Function, ...] = (functional.max_pool1d, functional.max_pool2d)

_SAME: Mapping[Function, Function] = MappingProxyType(
    {
        functional.relu: RELU,
        torch.Tensor.relu: RELU,
        torch.selu: functional.selu,
        torch.celu: functional.celu,
        torch.prelu: functional.prelu,
        functional.sigmoid: torch.sigmoid,
        torch.Tensor.sigmoid: torch.sigmoid,
        functional.tanh: torch.tanh,
        torch.Tensor.tanh: torch.tanh,
        torch.Tensor.clamp: torch.clamp,
        torch.max_pool1d: functional.max_pool1d,
        torch.max_pool2d: functional.max_pool2d,
    }
)
_IN_PLACE: Mapping[Function, Function] = MappingProxyType(
    {
        torch.relu_: RELU,
        torch.Tensor.relu_: RELU,
        functional.leaky_relu_: functional.leaky_relu,
        functional.hardtanh_: functional.hardtanh,
        functional.elu_: functional.elu,
        functional.selu_: functional.selu,
        torch.selu_: functional.selu,
        functional.celu_: functional.celu,
        torch.celu_: functional.celu,
        torch.sigmoid_: torch.sigmoid,
        torch.Tensor.sigmoid_: torch.sigmoid,
        torch.tanh_: torch.tanh,
        torch.Tensor.tanh_: torch.tanh,
        **{
            getattr(torch.Tensor, f"{name}_"): getattr(torch, name)
            for name in ("add", "sub", "mul", "div", "exp", "log", "sqrt", "square", "abs")
        },
        torch.Tensor.masked_fill_: torch.masked_fill,
        torch.clamp_: torch.clamp,
        torch.Tensor.clamp_: torch.clamp,
    }
)


class Rules(TorchFunctionMode):
    """A context in which functions that have a rule are replaced by it: `rule(self, function, x, *arguments, **options)`.

    A subclass maps functions to rules in `rules`; the variants of one activation share the rule of its plain form. The rules are unbound
    functions of the class: bound methods held by an instance would be a reference cycle, which keeps the instance's tensors in memory.

    Parameters
    ----------
    model : the model that will be called

    Raises
    ------
    InputError
        If a module is compiled by TorchScript, whose calls cannot be intercepted.
    """

    rules: Mapping[Function, Rule] = MappingProxyType({})

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        hidden = [path or "the model" for path, module in model.named_modules() if isinstance(module, torch.jit.ScriptModule)]
        if hidden:
            raise InputError(
                f"expected modules whose calls can be intercepted, got TorchScript in {hidden[0]}; explain the model as it was before "
                "scripting."
            )

    def __torch_function__(self, function: Function, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Replace a call by its rule, if it has one."""
        plain = _IN_PLACE.get(function) or _SAME.get(function, function)
        rule = self.rules.get(plain)
        if rule is None:
            return self.without_rule(function, args, kwargs or {})
        options = dict(kwargs or {})
        in_place = options.pop("inplace", False) or function in _IN_PLACE
        x, *arguments = args if args else (options.pop("input"),)
        result = rule(self, plain, x, *arguments, **options)
        # As in the original call, other references to x must see the new values.
        return x.copy_(result) if in_place else result

    def without_rule(self, function: Function, args: Any, kwargs: Any) -> Any:
        """Call a function that has no rule."""
        return function(*args, **kwargs)


SUM_LIMIT = 1e-2
"""Relative error of a map's sum above which it is no rounding: the network computes something that has no rule."""


def check_sums(maps: torch.Tensor, total: torch.Tensor, logit: torch.Tensor, method: str) -> None:
    """Refuse maps that do not sum to their totals.

    Raises
    ------
    InputError
        If a sum is off by more than `SUM_LIMIT` of its total, of a tenth of what the map's absolute values sum to, and of a hundredth of
        the logit, with which rounding grows.
    """
    sums = maps.sum(dim=(1, 2))
    scale = torch.stack([total.abs(), maps.abs().sum(dim=(1, 2)) / 10, logit.abs() / 100]).amax(dim=0)
    wrong = (sums - total).abs() > SUM_LIMIT * scale
    if wrong.any():
        first = int(wrong.nonzero()[0])
        raise InputError(
            f"expected a map of {method} that sums to {total[first]:.4g}, got {sums[first]:.4g}: the model computes something that the "
            "method has no rule for; use convolutions, linear layers, batch norm, max or average pools, sums and activations of "
            "torch.nn.functional, or choose another method."
        )
