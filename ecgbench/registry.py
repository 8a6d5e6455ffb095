"""Registries, one for each axis of the benchmark: a decorator, discovery by folder and by entry point, no second list to keep."""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

from ecgbench.errors import DuplicateKeyError, EntryPointWarning, InputError, UnknownKeyError
from ecgbench.printable import printable, shortened
from ecgbench.untrusted.texts import file_name


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.call}: {self.what} [{self.reference}]>"

    @property
    def what(self) -> str:
        """What it is, in a line: its title, or the beginning of its description."""
        return str(getattr(self, "title", "") or (inspect.getdoc(self.function) or "").partition("\n")[0])

    @property
    def call(self) -> str:
        """Its key, and its options with their defaults."""
        options = ", ".join(f"{name}={default!r}" for name, default in self.options.items())
        return f"{self.key}({options})" if options else self.key

    @property
    def options(self) -> dict[str, Any]:
        """The function's options with their defaults."""
        parameters = inspect.signature(self.function).parameters
        return {name: parameter.default for name, parameter in parameters.items() if parameter.default is not parameter.empty}


@runtime_checkable
class Keyed(Protocol):
    """Anything that has a key."""

    @property
    def key(self) -> str:
        """Its name in the registry."""
        ...


EntryT = TypeVar("EntryT", bound=Keyed)
FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


class Registry(Generic[EntryT]):
    """Entries of one axis, found in the axis's folder and through the entry points `ecgbench.<name>`.

    Parameters
    ----------
    name : the axis: "datasets", "models", "methods", "controls", "families" or "metrics"
    entry_type : the dataclass that holds what an entry declares
    package : dotted name of the folder whose public modules register themselves
    """

    def __init__(self, name: str, entry_type: Callable[..., EntryT], package: str) -> None:
        self.name = name
        self._entry_type = entry_type
        self._package = package
        self._entries: dict[str, EntryT] = {}
        self._origins: dict[str, str] = {}
        self._discovered = False

    def register(self, /, **declared: Any) -> Callable[[FunctionT], FunctionT]:
        """Register the decorated function under its own name, with the declared properties.

        Raises
        ------
        DuplicateKeyError
            If another module's function holds the key.
        InputError
            If a property is not one that an entry of this axis declares.
        """

        def decorate(function: FunctionT) -> FunctionT:
            self.add(self._declared(function, declared), function.__module__)
            return function

        return decorate

    def add(self, entry: EntryT, origin: str) -> None:
        """Add an entry.

        Parameters
        ----------
        origin : name of the module that it comes from; the same module may replace its own entry

        Raises
        ------
        DuplicateKeyError
            If an entry of another module has the key.
        InputError
            If the key cannot be a file's name, or would not stand on a page as it is.
        """
        file_name(f"a key of {self.name}", entry.key)
        holder = self._origins.get(entry.key, origin)
        if entry.key in self._entries and holder != origin:
            raise DuplicateKeyError(
                f'expected a new key in {self.name}, got "{entry.key}" from {origin}, which {holder} holds; rename the function.'
            )
        if isinstance(entry, Entry):
            # `help(entry)` shows an object's own description where it has one, and else that of all entries of its kind.
            described = f"{entry.call}\n\n{inspect.getdoc(entry.function) or ''}\n\nReference: {entry.reference}"
            object.__setattr__(entry, "__doc__", described)
        self._entries[entry.key], self._origins[entry.key] = entry, origin

    def _declared(self, function: Callable[..., Any], declared: dict[str, Any]) -> EntryT:
        try:
            return self._entry_type(key=function.__name__, function=function, **declared)
        except TypeError as error:
            what = str(error).partition("__init__() ")[2] or str(error)
            raise InputError(
                f"expected what {self.name} declare (see `ecgbench.register`) of {function.__name__}, got a declaration with {what}; "
                "mend it."
            ) from error

    def __getitem__(self, key: str) -> EntryT:
        self._discover()
        if key not in self._entries:
            raise UnknownKeyError(unknown(self.name, key, self._entries))
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
        for entry_point in entry_points(group=f"ecgbench.{self.name}"):
            _load(entry_point)


class CallableModule(ModuleType):
    """An axis's package that can be called, because `ecgbench.methods()` shares its name with the package `ecgbench.methods`."""

    registry: Registry[Any]

    def __call__(self) -> dict[str, Any]:
        """Entries by key, in alphabetical order, with what each declares."""
        return {entry.key: entry for entry in self.registry}


def make_callable(module: str, registry: Registry[Any]) -> None:
    """Let an axis's package be called for its entries."""
    package = sys.modules[module]
    package.__class__ = CallableModule
    package.__dict__["registry"] = registry


_UNLOADED: dict[str, str] = {}
"""Why entry points could not be loaded, by their names, which are the keys of what they would register."""


def _load(entry_point: EntryPoint) -> None:
    """Import what an entry point names. One that fails takes away its own entries alone: it is told of, here and where its key is used."""
    _UNLOADED.pop(entry_point.name, None)
    try:
        entry_point.load()
    except (Exception, SystemExit) as error:
        package = f"package {entry_point.dist.name}" if entry_point.dist else "an unknown package"
        reason = shortened(f"{type(error).__name__}: {error}".partition("\n")[0])
        text = printable(
            f'expected the entry point {entry_point.name} = "{entry_point.value}" ({entry_point.group}) of {package} to load, '
            f"got {reason}; mend or uninstall that package."
        )
        _UNLOADED[entry_point.name] = text
        warnings.warn(text, EntryPointWarning, stacklevel=2)


def unknown(name: str, key: str, known: Any) -> str:
    """Message for a key that nobody registered: why its entry point failed, or the nearest known keys."""
    if key in _UNLOADED:
        return _UNLOADED[key]
    names = sorted(known)
    close = nearest(key, names)
    hint = f"did you mean {' or '.join(close)}?" if close else f"choose one of {', '.join(names)}."
    return f'expected a key of {name}, got "{shortened(key)}"; {hint}'


def nearest(key: str, names: Sequence[str], most: int = 3) -> list[str]:
    """The names that a misspelt one means most likely: other letter case, other dashes, its initials, or few letters wrong."""
    folded = {_folded(name): name for name in names}
    initials = {"".join(part[:1] for part in name.split("_")): name for name in folded}
    meant = _folded(key)
    if meant in folded:
        return [folded[meant]]
    close = difflib.get_close_matches(meant, folded, n=most)
    if not close and meant in initials:
        close = [initials[meant]]
    return [folded[name] for name in close]


def _folded(name: str) -> str:
    return name.lower().replace("-", "_").replace(" ", "_")
