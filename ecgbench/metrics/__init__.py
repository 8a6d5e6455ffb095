"""Metrics: attributions become one score per window. One file per metric; `METRICS` holds what each declares.

A metric is called as `metric(attributions, **needs, **options)` and returns (n,) float64, nan where it is undefined. `attributions` are
(n, leads, time) finite maps, signed or absolute: the metric doesn't know. One that declares `perturb` says there what is zeroed, and is
called as `metric(**needs)` with what became of the outputs. What else it gets is what it declares in `needs`:

mask : (n, leads, time) bool, the samples that an explanation should point at
x : (n, leads, time) standardised windows
target : (n,) int64, the explained class
evaluate : rows (m, leads, time) to logits (m, outputs), see `ecgbench.types.Evaluate`
seed : int; random numbers are drawn per window, from the seed and the window's values (`ecgbench.randomness`)
multilabel : bool, whether an output's probability is its sigmoid instead of its share of the softmax
curves : (n, points, outputs), the model's logits of the windows as they are and after each step that the entry's `perturb` asked for
steps : (n,) int64, the steps that each window takes
shared : the arrays that the entry's `shared` function returned for the same windows, in the same order

A window's score depends on that window alone. No argument is written into. Non-finite maps, arrays that don't fit together and options
out of range raise `InputError`.
"""

from __future__ import annotations

from ecgbench.metrics._registry import FAITHFULNESS, LOCALISATION, METRICS, MetricEntry
from ecgbench.registry import make_callable

__all__ = ["FAITHFULNESS", "LOCALISATION", "METRICS", "MetricEntry"]

make_callable(__name__, METRICS)
