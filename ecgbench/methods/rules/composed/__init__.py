"""Functions of torch written out in plainer ones, each of which is linear or has a rule.

`COMPOSED` maps functions to what computes the same with the same arguments.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ecgbench.methods.rules.calls import Function
from ecgbench.methods.rules.composed.arithmetic import ARITHMETIC
from ecgbench.methods.rules.composed.attention import ATTENTION
from ecgbench.methods.rules.composed.norms import NORMS
from ecgbench.methods.rules.composed.recurrent import RECURRENT

INTRICATE: Mapping[Function, Function] = MappingProxyType({**ATTENTION, **RECURRENT})
"""Those whose arguments take so many forms that what they return is worth a comparison at every call."""

COMPOSED: Mapping[Function, Function] = MappingProxyType({**ARITHMETIC, **NORMS, **INTRICATE})
