"""The registry of metrics and what a metric declares beside its function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ecgbench.metrics.families import FAMILIES, Family
from ecgbench.needs import METRIC_NEEDS, check_needs
from ecgbench.registry import Entry, Registry
from ecgbench.types import Masks, OracleCase, PerWindow, Steps


def _no_passes(samples: int) -> float:
    return 0.0


@dataclass(frozen=True)
class MetricEntry(Entry):
    """What a metric declares.

    Attributes
    ----------
    family : key of the family whose question it answers, such as "localisation" (see `ecgbench.metrics.families`)
    higher_is_better : its direction
    bounds : lowest and highest possible score
    needs : what it asks for beside `attributions`, of `ecgbench.needs.METRIC_NEEDS`
    atol : absolute tolerance of a cell's mean in the regression check
    study : the study's options, where they differ from the defaults
    shared : computes what does not depend on the attributions, once for all methods; its parameters are of the same names, and the
        metric receives what it returns (arrays by name) as `shared`
    perturb : says what is zeroed step by step, as `perturb(attributions, x, seed, **options) -> Steps`; the metric gets the logits after
        each step as `curves` and the number of `steps` instead of the attributions, so that many maps can be evaluated in one batch
    signed_only : whether the metric is defined for signed maps only (absolute ones are computed, shown grey and not ranked)
    ranked : whether it counts for the ranking
    chance : score per window that a map without knowledge of the mask is expected to have, from the masks alone and with the default
        options; nan where the mask leaves the metric undefined. None if there is no such level
    passes : forward passes a window for a number of samples, with the default options, for estimates of time
    oracle : scores (n,) of the same windows by an independent implementation, which the benchmark compares with the metric's own under the
        study's options; None if there is no other implementation
    differs : how the metric differs from its oracle by default, in a sentence; empty where it must not
    """

    family: str
    higher_is_better: bool
    bounds: tuple[float, float]
    needs: tuple[str, ...]
    atol: float
    study: Mapping[str, Any] = field(default_factory=dict)
    shared: Callable[..., Any] | None = field(default=None, repr=False)
    perturb: Callable[..., Steps] | None = field(default=None, repr=False)
    signed_only: bool = False
    ranked: bool = True
    chance: Callable[[Masks], PerWindow] | None = field(default=None, repr=False)
    passes: Callable[[int], float] = field(default=_no_passes, repr=False)
    oracle: Callable[[OracleCase], PerWindow] | None = field(default=None, repr=False)
    differs: str = ""

    def __post_init__(self) -> None:
        check_needs(self.key, self.needs, METRIC_NEEDS)
        check_needs(self.key, self.shared_needs, METRIC_NEEDS)
        FAMILIES[self.family]

    @property
    def shared_needs(self) -> tuple[str, ...]:
        """What `shared` asks for: its parameters without a default."""
        parameters = () if self.shared is None else inspect.signature(self.shared).parameters.values()
        return tuple(parameter.name for parameter in parameters if parameter.default is parameter.empty)

    @property
    def question(self) -> Family:
        """The family that it belongs to."""
        return FAMILIES[self.family]

    @property
    def by_source(self) -> frozenset[str]:
        """What it needs that only some sources of maps can give."""
        return frozenset(name for name in self.needs if METRIC_NEEDS[name].by_source)

    @property
    def options(self) -> dict[str, Any]:
        """The metric's options with their defaults; `shared` or `perturb` take them where there is one."""
        parameters = inspect.signature(self.shared or self.perturb or self.function).parameters
        return {name: parameter.default for name, parameter in parameters.items() if parameter.default is not parameter.empty}


METRICS = Registry("metrics", MetricEntry, "ecgbench.metrics")
