"""The registry of methods and what a method declares beside its function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ecgbench.registry import Entry, Registry


@dataclass(frozen=True)
class MethodEntry(Entry):
    """What a method declares.

    A method is a function of a model in evaluation mode, `x` (n, leads, time) and `target` (n,), all tensors on one device, that returns
    signed maps of x's shape. Its further parameters are what it needs, and options with defaults.

    Attributes
    ----------
    passes : forward and backward passes a window, for estimates of time
    needs : what it is given beside model, x and target: "generators" (one numpy generator a window), "batch_size" (rows that may pass
        through the model at once)
    complete : whether a map sums to the logit's difference from a flat line's
    study : the study's options, where they differ from the defaults
    """

    passes: float
    needs: tuple[str, ...] = ()
    complete: bool = False
    study: Mapping[str, Any] = field(default_factory=dict)

    @property
    def stochastic(self) -> bool:
        """Whether its maps depend on the seed."""
        return "generators" in self.needs


METHODS = Registry("methods", MethodEntry, "ecgbench.methods")
