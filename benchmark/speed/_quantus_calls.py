"""Quantus 0.6.0, called as one has to: maps (n, 1, leads, time), nothing normalised, a perturbation of our own."""

from types import SimpleNamespace
from unittest import mock

import numpy as np

from ecgbench.models import plain_evaluator

CLASSES = {
    "attribution_localization": "AttributionLocalisation",
    "relevance_mass_accuracy": "RelevanceMassAccuracy",
    "auc": "AUC",
    "pointing_game": "PointingGame",
    "relevance_rank_accuracy": "RelevanceRankAccuracy",
    "top_k_intersection": "TopKIntersection",
}
ORDERS = {"region_perturbation_morf": "morf", "region_perturbation_lerf": "lerf"}


def localisation(quantus, key, maps, inside, **options):
    """Quantus's scores; what the study clips is clipped."""
    if key == "relevance_mass_accuracy":
        maps = np.maximum(maps, 0)
    if key == "attribution_localization":
        options = {"positive_attributions": True, "abs": False} | options
    metric = getattr(quantus, CLASSES[key])(**{"normalise": False, "disable_warnings": True} | options)
    a, s = maps[:, None], inside[:, None]
    return np.asarray(metric(model=None, x_batch=a, y_batch=None, a_batch=a, s_batch=s, channel_first=True), dtype=float)


class Zeroing:
    """What the study calls `replace_by_zero`, in the form that 0.6.0 calls; keeps what was zeroed."""

    def __init__(self):
        self.indices, self.rows = [], []

    def __call__(self, arr, indices, **_):
        changed = arr.copy()
        changed[np.arange(len(arr))[:, None], indices] = 0
        self.indices.append(indices)
        self.rows.append(changed)
        return changed


def regions(quantus, key, model, world, perturb, count=100, **options):
    """Quantus's curves: by how much the probability has fallen after each patch."""
    options = {"perturb_func": perturb, "normalise": False, "disable_warnings": True} | options
    metric = quantus.RegionPerturbation(patch_size=16, order=ORDERS[key], regions_evaluation=count, **options)
    x, a = world.x[:, None], world.attributions[:, None]
    return metric(model=model, x_batch=x, y_batch=world.target, a_batch=a, channel_first=True, softmax=True)


def mean_height(curve):
    """The area of [0, falls] over the number of falls, which is how the study sums a curve up."""
    return np.trapezoid([0, *curve]) / len(curve)


def correlation(quantus, model, world, perturb):
    metric = quantus.FaithfulnessCorrelation(
        nr_runs=100, subset_size=world.x[0].size // 10, perturb_func=perturb, normalise=False, disable_warnings=True, return_aggregate=False
    )
    x, a = world.x[:, None], world.attributions[:, None]
    return metric(model=model, x_batch=x, y_batch=world.target, a_batch=a, channel_first=True)


def without_channel(model):
    """A model of ours as Quantus calls it: (n, 1, leads, time) of float32 to logits."""
    import torch

    class WithoutChannel(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = model

        def forward(self, x):
            return self.model(x[:, 0].to(next(model.parameters()).dtype))

    return WithoutChannel().eval()


def quantus_scores(entry, case):
    """Quantus's score of each window of `case` (x, attributions, mask, target, module), one window a call; subsets are those of ours."""
    import quantus

    model, windows = without_channel(case.module), [slice(i, i + 1) for i in range(len(case.attributions))]
    if entry.shared is None:
        return np.array([window_score(quantus, entry.key, model, case, i) for i in windows])
    subsets = entry.shared(case.x, case.target, plain_evaluator(case.module), 0)["subsets"]
    with mock.patch.object(np.random, "choice", side_effect=list(subsets.reshape(-1, subsets.shape[2]))):
        return np.array([window_score(quantus, entry.key, model, case, i) for i in windows])


def window_score(quantus, key, model, case, i):
    """Quantus's score of one window of `case`, by its slice; subsets are drawn from the global generator."""
    if key in CLASSES:
        return localisation(quantus, key, case.attributions[i], case.mask[i])[0]
    world = SimpleNamespace(x=case.x[i], attributions=case.attributions[i], target=case.target[i])
    if key in ORDERS:
        return mean_height(regions(quantus, key, model, world, Zeroing())[0])
    return correlation(quantus, model, world, Zeroing())[0]
