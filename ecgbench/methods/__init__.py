"""Attribution methods: a network and windows become maps. One file per method; `explain` calls any of them."""

from __future__ import annotations

from ecgbench.methods._applicable import Applicability, MethodTable, methods_for
from ecgbench.methods._explain import explain, explain_from, explanation
from ecgbench.methods._promises import MapInfo, sum_errors
from ecgbench.methods._registry import FORWARD_SHARE, METHODS, Explanation, MethodEntry
from ecgbench.registry import make_callable

__all__ = [
    "FORWARD_SHARE",
    "METHODS",
    "Applicability",
    "Explanation",
    "MapInfo",
    "MethodEntry",
    "MethodTable",
    "explain",
    "explain_from",
    "explanation",
    "methods_for",
    "sum_errors",
]

make_callable(__name__, METHODS)
