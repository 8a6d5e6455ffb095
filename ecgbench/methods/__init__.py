"""Methods: a network and windows become attributions. One file per method; `explain` is the way in."""

from __future__ import annotations

from ecgbench.methods._explain import explain
from ecgbench.methods._registry import METHODS, MethodEntry
from ecgbench.registry import make_callable

__all__ = ["METHODS", "MethodEntry", "explain"]

make_callable(__name__, METHODS)
