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

_NAMES = (
    "abs amax amin atan bmm clamp_max clamp_min cos div erf exp expm1 log log10 log1p log2 log_softmax logaddexp logsumexp matmul "
    "max maximum min minimum mm mul mv norm pow reciprocal rsqrt sin softmax sqrt square std std_mean var var_mean".split()
)
"""Functions of torch that are methods of its tensors, too, under names that follow one pattern."""

_ALIASES = {"absolute": "abs", "clip": "clamp", "multiply": "mul", "divide": "div", "true_divide": "div"}


def _variants(pattern: str) -> dict[Function, Function]:
    """Other forms of functions, by a pattern of their names, each with the plain form."""
    names = {**{name: name for name in _NAMES}, **_ALIASES}
    owners = torch, torch.Tensor, functional, torch.special
    forms = {getattr(owner, pattern.format(alias), None): getattr(torch, name) for alias, name in names.items() for owner in owners}
    return {form: plain for form, plain in forms.items() if form is not None and form is not plain}


_SAME: Mapping[Function, Function] = MappingProxyType(
    {
        **_variants("{}"),
        **_variants("__{}__"),
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
        **_variants("{}_"),
        **_variants("__i{}__"),
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
        torch.Tensor.add_: torch.add,
        torch.Tensor.sub_: torch.sub,
        torch.Tensor.masked_fill_: torch.masked_fill,
        torch.clamp_: torch.clamp,
        torch.Tensor.clamp_: torch.clamp,
    }
)

FIRST = ("input", "tensors", "condition", "query", "x1")
"""What torch calls the first argument of functions that have a rule."""


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
        rule = self.rules.get(function) or self.rules.get(plain)
        if rule is None:
            return self.without_rule(function, args, kwargs or {})
        options = dict(kwargs or {})
        in_place = options.pop("inplace", False) or function in _IN_PLACE
        x, *arguments = args if args else (options.pop(next(name for name in FIRST if name in options)),)
        # A rule keeps the values that it needs later; that of a ReLU keeps copies itself.
        before = x.clone() if in_place and plain is not RELU else x
        result = rule(self, plain, before, *arguments, **options)
        # As in the original call, other references to x must see the new values.
        return x.copy_(result) if in_place else result

    def without_rule(self, function: Function, args: Any, kwargs: Any) -> Any:
        """Call a function that has no rule."""
        return function(*args, **kwargs)
