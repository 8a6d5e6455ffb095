"""The registry of metrics, and the metadata that a metric declares with its function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ecgbench.errors import InputError
from ecgbench.metrics._situations import Situation
from ecgbench.metrics.families import FAMILIES, Family
from ecgbench.needs import METRIC_NEEDS, check_needs
from ecgbench.registry import Entry, Registry
from ecgbench.types import Masks, OracleCase, PerWindow, Steps


def _required(function: Callable[..., Any]) -> tuple[str, ...]:
    parameters = inspect.signature(function).parameters.values()
    return tuple(parameter.name for parameter in parameters if parameter.default is parameter.empty)


def _no_passes(samples: int) -> float:
    return 0.0


@dataclass(frozen=True, repr=False)
class MetricEntry(Entry):
    """Metadata of a metric.

    Attributes
    ----------
    family : key of the family whose question it answers, such as "localisation" (see `ecgbench.metrics.families`)
    higher_is_better : its direction
    bounds : lowest and highest possible score
    needs : its arguments beside `attributions`, out of `ecgbench.needs.METRIC_NEEDS`
    atol : absolute tolerance of a cell's mean in the regression check
    study : the study's options, where they differ from the defaults
    shared : computes, once for all methods, what does not depend on the attributions; its parameters have the names of needs, and the
        metric receives the returned arrays by name as `shared`
    shared_as : under which name the shared arrays are kept, where several metrics declare the same `shared`; empty for the metric's key
    facts : what the shared arrays of all explained windows say of a model, numbers by name, which accepted results keep
    perturb : derives the intervals to replace, as `perturb(attributions, x, seed, **options) -> Steps`, where parameters have the names of
        needs; instead of the attributions the metric gets `curves`, the logits after each step, and the number of `steps`, so that many
        maps can be evaluated in one batch. Options are those of `perturb`, and `shared` beside it has none
    replacement : need that replaces what is perturbed, such as "twin"; empty for zeros
    signed_only : whether the metric is defined for signed maps only (absolute ones are computed, shown grey and not ranked)
    ranked : whether it counts for the ranking: it must prefer its family's oracle control to every blind control on simulated datasets
    aside : why it does not count although it does prefer it; empty otherwise. Where its family says so of all its metrics, both are set
    chance : expected score, per window, of a map that is independent of the mask, computed from the masks with the default options, and
        from the sampling rate if it has the parameter `fs`; nan where the mask leaves the metric undefined. None if there is no such level
    passes : forward passes per window as a function of its length in samples, with the default options; for estimates of time. Of a metric
        that asks for `fs`: at 100 Hz, `PASSES_FS`. Of one that asks for `twin`: of windows that equal their twins in the last 0.1 s alone
    oracle : scores (n,) of the same windows by an independent implementation, compared with the metric under the study's options; None if
        there is no other implementation
    situation : in which the source is asked for the `further` maps that the metric needs; None if it needs none
    by_default : whether it is computed where no metric is named: not those that ask a source for many more maps
    differs : how the metric with its default options differs from its oracle, in a sentence; empty if both must agree
    """

    family: str
    higher_is_better: bool
    bounds: tuple[float, float]
    needs: tuple[str, ...]
    atol: float
    study: Mapping[str, Any] = field(default_factory=dict)
    shared: Callable[..., Any] | None = field(default=None, repr=False)
    shared_as: str = ""
    facts: Callable[[Mapping[str, Any]], Mapping[str, float]] | None = field(default=None, repr=False)
    perturb: Callable[..., Steps] | None = field(default=None, repr=False)
    replacement: str = ""
    signed_only: bool = False
    ranked: bool = True
    aside: str = ""
    chance: Callable[..., PerWindow] | None = field(default=None, repr=False)
    passes: Callable[[int], float] = field(default=_no_passes, repr=False)
    situation: Situation | None = field(default=None, repr=False)
    by_default: bool = True
    oracle: Callable[[OracleCase], PerWindow] | None = field(default=None, repr=False)
    differs: str = ""

    def __post_init__(self) -> None:
        check_needs(self.key, self.needs, METRIC_NEEDS)
        check_needs(self.key, self.shared_needs, METRIC_NEEDS)
        check_needs(self.key, self.perturb_needs, METRIC_NEEDS)
        FAMILIES[self.family]
        if ("further" in self.needs) != (self.situation is not None):
            got = "further alone" if self.situation is None else "a situation alone"
            raise InputError(f'expected "further" in needs of {self.key} and its situation, got {got}; declare both or none.')
        if self.question.aside and self.ranked:
            object.__setattr__(self, "ranked", False)
            object.__setattr__(self, "aside", self.question.aside)
        if self.ranked and self.aside:
            raise InputError(f'expected no reason why {self.key} is not ranked, got "{self.aside}"; declare ranked=False with it.')

    @cached_property
    def shared_needs(self) -> tuple[str, ...]:
        """Needs of `shared`: its parameters without a default."""
        return () if self.shared is None else _required(self.shared)

    @cached_property
    def perturb_needs(self) -> tuple[str, ...]:
        """Needs of `perturb`: its parameters without a default, but for the attributions, which come first."""
        return () if self.perturb is None else (*_required(self.perturb)[1:], *filter(None, [self.replacement]))

    @cached_property
    def asks(self) -> frozenset[str]:
        """All needs, of whatever part."""
        return frozenset((*self.needs, *self.shared_needs, *self.perturb_needs, *self.situation_needs))

    @property
    def situation_needs(self) -> tuple[str, ...]:
        """Needs of the situation in which further maps are made."""
        return () if self.situation is None else self.situation.needs

    @property
    def given_needs(self) -> tuple[str, ...]:
        """All needs that no part of the metric itself supplies, in the order in which they are first asked for."""
        watched = () if self.perturb is None else ("x", "target", "evaluate")
        every = dict.fromkeys((*self.shared_needs, *watched, *self.perturb_needs, *self.needs))
        return tuple(name for name in every if not METRIC_NEEDS[name].by_part)

    def chance_of(self, mask: Masks, fs: float) -> PerWindow | None:
        """Its chance for some masks at a sampling rate in Hz; None if it has no chance level."""
        if self.chance is None:
            return None
        return self.chance(mask, **({"fs": fs} if "fs" in _required(self.chance) else {}))

    @property
    def question(self) -> Family:
        """The metric's family."""
        return FAMILIES[self.family]

    @property
    def by_source(self) -> frozenset[str]:
        """The needs that only some sources of maps can supply."""
        return frozenset(name for name in self.needs if METRIC_NEEDS[name].by_source)

    @property
    def optional(self) -> Callable[..., Any]:
        """The part that takes the options."""
        return self.perturb or self.shared or self.function

    @property
    def options(self) -> dict[str, Any]:
        """The metric's options with their defaults; they are parameters of `perturb` or `shared` if the metric declares one."""
        parameters = inspect.signature(self.optional).parameters
        return {name: parameter.default for name, parameter in parameters.items() if parameter.default is not parameter.empty}


PASSES_FS = 100.0
"""Sampling rate, in Hz, at which a metric that asks for it declares its passes."""

METRICS = Registry("metrics", MetricEntry, "ecgbench.metrics")
