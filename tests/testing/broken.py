"""Entries that pass every trial but one: each is a healthy one with a single fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ecgbench.controls import CONTROLS
from ecgbench.methods import METHODS
from ecgbench.metrics import METRICS
from ecgbench.models import MODELS
from ecgbench.registry import Registry

DECLARED: dict[Registry[Any], dict[str, Any]] = {
    METHODS: {"passes": 1},
    CONTROLS: {"title": "made for a test"},
    METRICS: {"family": "localisation", "higher_is_better": True, "bounds": (0.0, 1.0), "needs": ("mask",), "atol": 1e-6},
    MODELS: {"title": "made for a test"},
}
"""What healthy entries declare."""


def registered(registry: Registry[Any], function: Callable[..., Any], **declared: Any) -> Any:
    """The function as an entry of its registry, under the name `broken` and with a docstring unless it has its own."""
    function.__name__ = "broken"
    function.__doc__ = function.__doc__ or "An entry that was made up for a test."
    registry.register(**{"version": 1, "reference": "made up 2024", **DECLARED[registry], **declared})(function)
    return registry["broken"]
