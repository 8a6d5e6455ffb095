"""The registry of methods, what a method declares beside its function, and what it may return beside its maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from ecgbench.needs import METHOD_NEEDS, check_needs
from ecgbench.registry import Entry, Registry

FORWARD_SHARE = 0.4
"""What a forward pass costs of a forward and a backward pass."""


class Explanation(NamedTuple):
    """Maps with what the method itself can say of them, as tensors or arrays; one that has nothing to say returns the bare maps.

    Attributes
    ----------
    maps : (n, leads, time), signed
    total : (n,) what each map sums to if the method keeps its promise, None if it promises nothing
    measures : further measures (n,) by name, for the health of the maps
    """

    maps: Any
    total: Any = None
    measures: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class MethodEntry(Entry):
    """What a method declares.

    A method is a function of a model in evaluation mode, `x` (n, leads, time) and `target` (n,), all tensors on one device, that returns
    signed maps of x's shape, or an `Explanation`. Its further parameters are what it needs, and options with defaults.

    Attributes
    ----------
    passes : forward and backward passes a window, for estimates of time; a forward pass alone counts `FORWARD_SHARE`
    per : the option whose value multiplies `passes`, if one does
    needs : what it asks for beside model, x and target, of `ecgbench.needs.METHOD_NEEDS`
    of_dataset : options that a dataset sets, each with the name of the `DatasetProtocol`'s attribute that holds its value
    sum_within : the largest healthy error of a map's sum, abs(sum - total) / max(abs(total), 1); None if it promises no total
    ranked : whether leaderboards rank it
    study : the study's options, where they differ from the defaults
    """

    passes: float
    per: str = ""
    needs: tuple[str, ...] = ()
    of_dataset: Mapping[str, str] = field(default_factory=dict)
    sum_within: float | None = None
    ranked: bool = True
    study: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_needs(self.key, self.needs, METHOD_NEEDS)

    @property
    def stochastic(self) -> bool:
        """Whether its maps depend on the seed."""
        return bool({"generators", "generator"}.intersection(self.needs))


METHODS = Registry("methods", MethodEntry, "ecgbench.methods")
