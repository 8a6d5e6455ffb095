"""Checks annotations while tests run; an int is a float where one is announced.

jaxtyping binds all arguments of a call to compare the shapes in its annotations, which takes longer than most functions do. Functions whose
annotations name no shape are checked by beartype alone.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any, get_args, get_type_hints

import jaxtyping
from beartype import BeartypeConf, beartype
from jaxtyping import AbstractArray, install_import_hook

CONFIGURATION = BeartypeConf(is_pep484_tower=True, violation_type=jaxtyping.TypeCheckError)

with_shapes = jaxtyping.jaxtyped

hints_of: dict[tuple[str, CodeType], dict[str, Any]] = {}
"""Annotations of functions by their module and code: a function inside another is made anew in every call of that."""

checks_of: dict[tuple[str, CodeType], FunctionType] = {}
"""What beartype wrote around the first function of a module and code."""


def checked(function: Any) -> Any:
    """What checks the annotations of a function."""
    return beartype(function, conf=CONFIGURATION)


def install() -> None:
    """Check all functions of the package that is imported from now on."""
    jaxtyping.jaxtyped = _jaxtyped
    install_import_hook("ecgbench", f"{__name__}.{checked.__name__}")


def _jaxtyped(*, typechecker: Any) -> Callable[[Any], Any]:
    """What the import hook writes above every function and class."""

    def decorate(of: Any) -> Any:
        if not inspect.isfunction(of) or any(map(_names_shape, _hints(of).values())):
            return with_shapes(of, typechecker=typechecker)
        return _checked_as_it_is(of)

    return decorate


def _hints(function: FunctionType) -> dict[str, Any]:
    """Annotations that can be evaluated here; not those that name what is imported for type checkers only."""
    of = function.__module__, function.__code__
    if of not in hints_of:
        hints_of[of] = {name: _hint(annotation, function) for name, annotation in function.__annotations__.items()}
    return hints_of[of]


def _hint(annotation: Any, function: FunctionType) -> Any:
    def stand_in(value):  # type: ignore[no-untyped-def]
        pass

    stand_in.__annotations__ = {"value": annotation}
    try:
        return get_type_hints(stand_in, function.__globals__, include_extras=True)["value"]
    except Exception:
        return Any


def _names_shape(hint: Any) -> bool:
    if inspect.isclass(hint) and issubclass(hint, AbstractArray):
        return True
    return any(map(_names_shape, get_args(hint)))


def _checked_as_it_is(function: FunctionType) -> Any:
    """The function, checked, with its own annotations as it shows them."""
    twin = FunctionType(function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    twin.__kwdefaults__, twin.__qualname__, twin.__module__ = function.__kwdefaults__, function.__qualname__, function.__module__
    twin.__annotations__ = dict(_hints(function))
    of = function.__module__, function.__code__
    if of in checks_of:
        return functools.update_wrapper(_around(twin, checks_of[of]), function)
    checks_of[of] = checked(twin)
    return functools.update_wrapper(checks_of[of], function)


def _around(function: FunctionType, checks: FunctionType) -> Any:
    """The checks of another function of the same code around this one: to have them written anew takes longer than most functions do."""
    if "__beartype_func" not in (checks.__kwdefaults__ or {}):
        return checked(function)
    around = FunctionType(checks.__code__, checks.__globals__, checks.__name__, checks.__defaults__, checks.__closure__)
    around.__kwdefaults__ = checks.__kwdefaults__ | {"__beartype_func": function}
    return around
