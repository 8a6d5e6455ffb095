"""Region perturbation, most relevant patches first."""

from __future__ import annotations

from ecgbench.metrics._perturb import PATCH, ZEROED, Plan, default_passes, region_perturbation
from ecgbench.metrics._registry import FAITHFULNESS, METRICS
from ecgbench.types import Attributions, Evaluate, PerWindow, Rows, Targets


@METRICS.register(
    family=FAITHFULNESS,
    higher_is_better=True,
    bounds=(-1.0, 1.0),
    needs=("x", "target", "evaluate", "seed", "multilabel"),
    atol=1e-5,
    version=1,
    reference="doi:10.1109/TNNLS.2016.2599820",
    study={"patches": 100, "ties": "first", "grid": "centred"},
    passes=default_passes,
)
def region_perturbation_morf(
    attributions: Attributions,
    x: Rows,
    target: Targets,
    evaluate: Evaluate,
    seed: int,
    multilabel: bool,
    patch: int = PATCH,
    zeroed: float = ZEROED,
    patches: int | None = None,
    ties: str = "random",
    grid: str = "start",
) -> PerWindow:
    """Mean fall of the target's probability while the most relevant patches are zeroed one after another (MoRF): higher is better.

    Parameters
    ----------
    attributions, x : (n, leads, time)
    target : (n,) int64
    evaluate : rows to logits
    seed : of the order of tied patches
    multilabel : sigmoid instead of softmax
    patch, zeroed, patches, ties, grid : as in `ecgbench.metrics._perturb.Plan`

    Raises
    ------
    InputError
        If an option is none of its choices or out of its range.
    """
    plan = Plan(True, patch, zeroed, patches, ties, grid)
    return region_perturbation(attributions, x, target, evaluate, seed, multilabel, plan)
