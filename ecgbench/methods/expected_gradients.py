"""Expected gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.inputs import at_least
from ecgbench.methods._registry import METHODS, Explanation

if TYPE_CHECKING:
    import torch


@METHODS.register(
    version=1,
    reference="doi:10.1038/s42256-021-00343-w",
    passes=10,
    per="baselines",
    needs=("normal_windows", "generator", "batch_size"),
    sum_within=0.2,
    advice={"sum": "give more `baselines`"},
)
def expected_gradients(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    normal_windows: Any,
    generator: np.random.Generator,
    batch_size: int,
    baselines: int = 10,
    steps: int = 10,
) -> Explanation:
    """Integrated gradients from windows of the normal class instead of a flat line, averaged (Erion et al. 2021).

    Known as GradientSHAP too. Both draw the points of the gradients, and GradientSHAP adds noise; here the points of each way lie at equal
    distances, shifted from one baseline to the next, so that those of all ways together are evenly spread.

    Parameters
    ----------
    normal_windows : (m, leads, time), standardised
    generator : depends on the seed alone, so that all windows have the same baselines
    batch_size : rows (windows times baselines times steps) per forward pass
    baselines : how many of the normal windows are drawn; all of them if there are fewer
    steps : number of points on the way from each baseline
    """
    import torch

    from ecgbench.methods._background import as_background
    from ecgbench.methods._gradient import all_logits, explained_logit, logit_gradient

    given = as_background("normal_windows", normal_windows, x)
    normal = given[generator.permutation(len(given))[: at_least("baselines", baselines)].tolist()]
    each, maps = len(normal) * at_least("steps", steps), torch.zeros_like(x)
    for rows in torch.split(torch.arange(len(x) * each, device=x.device), batch_size):
        window, baseline, step = rows // each, rows % each // steps, rows % steps
        at = (step + (baseline + 0.5) / len(normal)).to(x)[:, None, None] / steps
        way = x[window] - normal[baseline]
        maps.index_add_(0, window, logit_gradient(model, normal[baseline] + at * way, target[window]) * way / each)
    with torch.no_grad():
        of_normal = torch.cat([all_logits(model, some) for some in torch.split(normal, batch_size)]).mean(dim=0)
        return Explanation(maps, explained_logit(model, x, target) - of_normal[target])
