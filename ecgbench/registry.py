"""Registries of datasets, methods and metrics: a decorator, discovery by folder and by entry point, no second list to keep."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any, Generic, TypeVar

from ecgbench.errors import DuplicateKeyError, UnknownKeyError


@dataclass(frozen=True)
class Entry:
    """What every registered function declares beside itself.

    Attributes
    ----------
    key : the function's name, which is also its file's
    function : the function itself
    version : bumped when its values change on purpose; part of every artifact's key
    reference : the source, as "doi:..." or a citation
    """

    key: str
    function: Callable[..., Any] = field(repr=False)
    version: int
    reference: str


EntryT = TypeVar("EntryT", bound=Entry)
FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


class Registry(Generic[EntryT]):
    """Entries of one family, found in the family's folder and through the entry points `ecgbench.<family>`.

    Parameters
    ----------
    family : "datasets", "methods", "metrics" or "controls"
    entry_type : the dataclass that holds what an entry declares
    package : dotted name of the folder whose public modules register themselves
    """

    def __init__(self, family: str, entry_type: type[EntryT], package: str) -> None:
        self.family = family
        self._entry_type = entry_type
        self._package = package
        self._entries: dict[str, EntryT] = {}
        self._discovered = False

    def register(self, **declared: Any) -> Callable[[FunctionT], FunctionT]:
        """Register the decorated function under its own name, with the declared properties.

        Raises
        ------
        DuplicateKeyError
            If another function holds the key.
        """

        def decorate(function: FunctionT) -> FunctionT:
            entry = self._entry_type(key=function.__name__, function=function, **declared)
            holder = self._entries.get(entry.key)
            if holder is not None and holder.function.__module__ != function.__module__:
                raise DuplicateKeyError(
                    f'expected a new key in {self.family}, got "{entry.key}" from {function.__module__}, which '
                    f"{holder.function.__module__} holds; rename the function."
                )
            self._entries[entry.key] = entry
            return function

        return decorate

    def __getitem__(self, key: str) -> EntryT:
        self._discover()
        if key not in self._entries:
            raise UnknownKeyError(unknown(self.family, key, self._entries))
        return self._entries[key]

    def __iter__(self) -> Iterator[EntryT]:
        """Entries in alphabetical order of their keys."""
        self._discover()
        return iter([self._entries[key] for key in sorted(self._entries)])

    def __contains__(self, key: object) -> bool:
        self._discover()
        return key in self._entries

    def keys(self) -> list[str]:
        """Keys in alphabetical order."""
        return [entry.key for entry in self]

    def _discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True
        try:
            self._import_entries()
        except BaseException:
            self._discovered = False
            raise

    def _import_entries(self) -> None:
        package = importlib.import_module(self._package)
        for module in pkgutil.iter_modules(package.__path__):
            if not module.ispkg and not module.name.startswith("_"):
                importlib.import_module(f"{self._package}.{module.name}")
        for entry_point in entry_points(group=f"ecgbench.{self.family}"):
            entry_point.load()


class FamilyModule(ModuleType):
    """A family's package that can be called, because `ecgbench.methods()` shares its name with the package `ecgbench.methods`."""

    registry: Registry[Any]

    def __call__(self) -> dict[str, Entry]:
        """Entries by key, in alphabetical order, with what each declares."""
        return {entry.key: entry for entry in self.registry}


def make_callable(module: str, registry: Registry[Any]) -> None:
    """Let the family's package be called for its entries."""
    package = sys.modules[module]
    package.__class__ = FamilyModule
    package.__dict__["registry"] = registry


def unknown(family: str, key: str, known: Any) -> str:
    """Message for a key that nobody registered, with the nearest known ones."""
    names = sorted(known)
    close = difflib.get_close_matches(key, names, n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else f"choose one of {', '.join(names)}."
    return f'expected a key of {family}, got "{key}"; {hint}'
