"""Functions that torch writes in Python, such as attention: rules see what they call, instead of them as a whole."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any, TypeGuard

Function = Callable[..., Any]

MODULES = ("torch.functional", "torch.nn.functional")
CHECK = "has_torch_function"
"""How names begin of what asks whether anybody intercepts calls."""


def is_composed(function: Function) -> TypeGuard[FunctionType]:
    """Whether torch writes a function in Python, with its first lines handing it to whoever intercepts calls; no tensor's method is one."""
    written = isinstance(function, FunctionType) and function.__module__ in MODULES
    return written and any(name.startswith(CHECK) for name in function.__code__.co_names)


@cache
def opened(function: FunctionType) -> Function:
    """The function without its first lines, so that what it calls is intercepted and not the function itself."""
    checks = {name: _nobody_intercepts for name in function.__code__.co_names if name.startswith(CHECK)}
    copy = FunctionType(
        function.__code__, {**function.__globals__, **checks}, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _nobody_intercepts(*arguments: Any) -> bool:
    return False
