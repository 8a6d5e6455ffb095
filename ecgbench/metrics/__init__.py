"""Metrics: attributions become one score per window. One file per metric; `METRICS` holds what each declares.

A metric is called as `metric(attributions, **needs, **options)` and returns (n,) float64, nan where it is undefined. `attributions` are
(n, leads, time) finite maps, signed or absolute; a metric treats both alike. Its further arguments are those that it declares in `needs`,
out of `ecgbench.needs.METRIC_NEEDS`. A metric that declares `perturb` is called as `metric(**needs)`: `perturb` derives the perturbations
from the attributions, and the metric gets the model's outputs after each of them.

A window's score depends on that window alone. No argument is written into. Non-finite maps, arrays that don't fit together and options
out of range raise `InputError`.
"""

from __future__ import annotations

from ecgbench.metrics._registry import METRICS, PASSES_FS, MetricEntry
from ecgbench.metrics._situations import MOST_WINDOWS, Changed, Situation
from ecgbench.metrics.families import CAUSAL, COMPLEXITY, CONSISTENCY, DONOR, FAITHFULNESS, FAMILIES, LOCALISATION, SANITY, WAVES, Family
from ecgbench.registry import make_callable

__all__ = [
    "CAUSAL",
    "COMPLEXITY",
    "CONSISTENCY",
    "DONOR",
    "FAITHFULNESS",
    "FAMILIES",
    "LOCALISATION",
    "METRICS",
    "MOST_WINDOWS",
    "PASSES_FS",
    "SANITY",
    "WAVES",
    "Changed",
    "Family",
    "MetricEntry",
    "Situation",
]

make_callable(__name__, METRICS)
