"""What holds for every entry, whatever it computes: its key, its signature and what it says of itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from ecgbench.registry import Entry, Keyed, Registry
from ecgbench.testing._report import require

KEY = re.compile(r"[a-z][a-z0-9_]*")

TAKEN = ("_abs", "_causal", "_spans")
"""Ends of keys that would be read as a variant of the maps or of the mask."""


def declared_by_key(registry: Registry[Any]) -> tuple[Callable[[Any], None], ...]:
    """Trials of anything that has a key."""
    return (partial(_is_registered, registry), key_can_stand_in_a_cells_name)


def declared_by_function(registry: Registry[Any], positional: tuple[str, ...], needs: Collection[str]) -> tuple[Callable[[Any], None], ...]:
    """Trials of what an entry declares beside a function.

    Parameters
    ----------
    registry : of the entry
    positional : parameters that all functions of the axis begin with
    needs : what they may ask for
    """
    return (
        *declared_by_key(registry),
        key_is_the_functions_name,
        version_and_reference_are_there,
        function_is_documented,
        partial(_signature_is_what_is_declared, positional, needs),
        partial(_options_are_typed_and_have_defaults, positional, needs),
        partial(_options_are_documented, positional, needs),
        partial(_study_sets_options_to_other_values, positional, needs),
    )


def _is_registered(registry: Registry[Any], entry: Keyed) -> None:
    """The registry holds it under its key."""
    held = entry.key in registry and registry[entry.key] == entry
    require(
        held, entry, f"an entry that {registry.name} holds under its key", "another or none", "register it, and pass what is registered"
    )


def key_can_stand_in_a_cells_name(entry: Keyed) -> None:
    """Its key can stand in a cell's name."""
    fits = KEY.fullmatch(entry.key) and not entry.key.endswith(TAKEN)
    require(fits, entry, f"a key of small letters, digits and underscores that ends in none of {', '.join(TAKEN)}", entry.key, "rename it")


def key_is_the_functions_name(entry: Entry) -> None:
    """Its key is its function's name."""
    name = getattr(entry.function, "__name__", "no name")
    require(name == entry.key, entry, "a function of its key's name", name, "rename the function")


def version_and_reference_are_there(entry: Entry) -> None:
    """It has a version and a reference."""
    whole = type(entry.version) is int and entry.version >= 1
    require(whole, entry, "a version as a whole number from 1 on", repr(entry.version), "declare version=1")
    require(entry.reference.strip(), entry, "a reference", repr(entry.reference), "declare a DOI or a citation")


def function_is_documented(entry: Entry) -> None:
    """Its function says in a line what it computes."""
    first = (inspect.getdoc(entry.function) or "").partition("\n")[0]
    require(len(first) > 20 and re.search(r"[.:]", first), entry, "a docstring whose first line says what it is", repr(first), "write one")


def _optioned(entry: Any) -> Callable[..., Any]:
    """The function that takes the entry's options: the first part of a metric that has two."""
    found: Callable[..., Any] = getattr(entry, "shared", None) or getattr(entry, "perturb", None) or entry.function
    return found


def _options(positional: Collection[str], needs: Collection[str], entry: Any) -> list[inspect.Parameter]:
    """Parameters that are neither what every function gets nor what one may ask for."""
    parameters = inspect.signature(_optioned(entry)).parameters
    return [parameter for name, parameter in parameters.items() if name not in {*positional, *needs}]


def _signature_is_what_is_declared(positional: tuple[str, ...], needs: Collection[str], entry: Any) -> None:
    """Its function takes what its axis gives and what it declares in needs, in that order, and then its options."""
    asked = tuple(getattr(entry, "needs", ()))
    wanted = asked if getattr(entry, "perturb", None) else positional + asked
    names = tuple(inspect.signature(entry.function).parameters)
    require(names[: len(wanted)] == wanted, entry, f"parameters that begin with {', '.join(wanted)}", ", ".join(names), "reorder them")
    undeclared = sorted({*needs}.intersection(names[len(wanted) :]))
    require(not undeclared, entry, "needs that are all declared", f"{', '.join(undeclared)} undeclared", "declare them in needs")


def _options_are_typed_and_have_defaults(positional: Collection[str], needs: Collection[str], entry: Any) -> None:
    """Every option is named, typed and has a default."""
    for option in _options(positional, needs, entry):
        named = option.kind in (option.POSITIONAL_OR_KEYWORD, option.KEYWORD_ONLY)
        whole = named and option.annotation is not option.empty and option.default is not option.empty
        require(whole, entry, "options that are named, typed and have a default", f"{option}", f"give {option.name} what it lacks")


def _options_are_documented(positional: Collection[str], needs: Collection[str], entry: Any) -> None:
    """Every option stands under Parameters in the docstring."""
    function = _optioned(entry)
    text = inspect.getdoc(getattr(function, "func", function)) or ""
    for option in _options(positional, needs, entry):
        stands = re.search(rf"^[\w, ]*\b{option.name}\b[\w, ]* : ", text, flags=re.MULTILINE)
        require(stands, entry, f'a line "{option.name} : ..." in its docstring', "none", "say what the option does")


def _study_sets_options_to_other_values(positional: Collection[str], needs: Collection[str], entry: Any) -> None:
    """The study's options are options of its, with other values."""
    defaults = {option.name: option.default for option in _options(positional, needs, entry)}
    for name, value in getattr(entry, "study", {}).items():
        require(name in defaults, entry, f"study options among {', '.join(defaults) or 'none'}", name, "leave it out of study")
        require(defaults[name] != value, entry, f"a study value of {name} that differs from the default", value, "leave it out of study")
