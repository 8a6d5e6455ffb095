"""The registry of methods, the metadata that a method declares with its function, and what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from ecgbench.needs import METHOD_NEEDS, check_needs
from ecgbench.registry import Entry, Registry

FORWARD_SHARE = 0.4
"""Cost of a forward pass as a share of the cost of a forward and a backward pass."""


class Explanation(NamedTuple):
    """Maps with their totals and measures, as tensors or arrays; a method without either returns the bare maps.

    Attributes
    ----------
    maps : (n, leads, time), signed
    total : (n,) what each map must sum to; None if the method is not complete
    measures : (n,) by name, the method's own measures of its maps' health
    """

    maps: Any
    total: Any = None
    measures: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, repr=False)
class MethodEntry(Entry):
    """Metadata of a method.

    A method is a function of a model in evaluation mode, `x` (n, leads, time) and `target` (n,), all tensors on one device, that returns
    signed maps of x's shape, or an `Explanation`. Its further parameters are its needs, and options with defaults. An option `baseline` is
    a name or windows (see `ecgbench.baseline`), of which the method gets those of its windows x.

    Attributes
    ----------
    passes : forward and backward passes per window, for estimates of time; a forward pass alone counts as `FORWARD_SHARE`
    per : name of the option whose value multiplies `passes`; empty if there is none
    per_patch : name of the option that says how many samples a patch has, where `passes` are also multiplied by the patches of a window
    needs : its arguments beside model, x and target, out of `ecgbench.needs.METHOD_NEEDS`
    of_dataset : options whose values depend on the dataset, each with the name of the `DatasetProtocol` attribute that holds the value
    sum_within : largest error of a healthy map's sum, abs(sum - total) / max(abs(total), 1); None if the method returns no total
    ranked : whether leaderboards rank it
    blind : whether its maps do not depend on the model, so that whatever a metric gives them is no merit (as a control's)
    study : the study's options, where they differ from the defaults
    advice : what a user can do about maps that don't "sum" to their total, or are "zero" everywhere; an option's name in braces stands for
        its value
    """

    passes: float
    per: str = ""
    per_patch: str = ""
    needs: tuple[str, ...] = ()
    of_dataset: Mapping[str, str] = field(default_factory=dict)
    sum_within: float | None = None
    ranked: bool = True
    blind: bool = False
    study: Mapping[str, Any] = field(default_factory=dict)
    advice: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_needs(self.key, self.needs, METHOD_NEEDS)

    @property
    def stochastic(self) -> bool:
        """Whether its maps depend on the seed."""
        return bool({"generators", "generator", "noise_generators"}.intersection(self.needs))

    @property
    def options(self) -> dict[str, Any]:
        """The options with their defaults."""
        return {name: default for name, default in super().options.items() if name not in self.needs}

    def passes_of(self, samples: int, given: Mapping[str, Any]) -> float:
        """Forward and backward passes of a window.

        Parameters
        ----------
        samples : how many the window has
        given : options that are not the defaults; of one that grows by itself, "auto", it is the default, where it begins, that is counted
        """
        options = {**self.options, **given}
        times = 1.0 if not self.per else float(self.options[self.per] if options[self.per] == "auto" else options[self.per])
        return self.passes * times * (-(-samples // options[self.per_patch]) if self.per_patch else 1)


METHODS = Registry("methods", MethodEntry, "ecgbench.methods")
