"""Methods: a network and windows become attributions. One file per method; `explain` is the way in."""

from __future__ import annotations

from ecgbench.methods._explain import explain, explanation
from ecgbench.methods._registry import FORWARD_SHARE, METHODS, Explanation, MethodEntry
from ecgbench.registry import make_callable

__all__ = ["FORWARD_SHARE", "METHODS", "Explanation", "MethodEntry", "explain", "explanation"]

make_callable(__name__, METHODS)
