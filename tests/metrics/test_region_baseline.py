"""Region perturbation that puts another signal in the place of zeros."""

import math

import numpy as np
import pytest
import torch

import ecgbench
from ecgbench.errors import InputError, UnknownKeyError
from ecgbench.models import untrained

from .cases import row

WINDOW, MAP = row(3, 3, 1, 1, 0.5, 0.5), row(2, 2, 0, 0, 3, 3)
BOTH = ("region_perturbation_morf", "region_perturbation_lerf")


class Summing(torch.nn.Module):
    """The logit is -1 and the sum of the window."""

    def forward(self, x):
        return x.sum(dim=(1, 2))[:, None] - 1


def scored(metric, baseline, x=WINDOW, maps=MAP):
    return ecgbench.score(metric, maps, x=x, model=Summing(), target=0, patch=2, baseline=baseline)


def sigmoid(logit):
    return 1 / (1 + math.exp(-logit))


MEANS = {"mean": "mean", "one for all": np.full((1, 6), 1.5), "one for each": np.full((1, 1, 6), 1.5)}


@pytest.mark.parametrize("baseline", MEANS.values(), ids=MEANS)
def test_patches_become_the_baseline(baseline):
    # The mean is 1.5. The map ranks the patches 3, 1, 2: logits 8, 10, 7; backwards 8, 9, 6.
    for metric, logits in zip(BOTH, [(8, 10, 7), (8, 9, 6)], strict=True):
        drops = [sigmoid(8) - sigmoid(logit) for logit in logits]
        assert scored(metric, baseline)[0] == pytest.approx((drops[0] / 2 + drops[1] + drops[2] / 2) / 2, abs=1e-7)


def test_zeros_are_the_default_and_each_window_has_its_own_baseline():
    x, maps = (np.random.default_rng(i).standard_normal((3, 1, 40)) for i in range(2))
    for metric in BOTH:
        usual = ecgbench.score(metric, maps, x=x, model=Summing(), target=0, patch=2)
        np.testing.assert_array_equal(scored(metric, "zero", x, maps), usual)
        np.testing.assert_allclose(scored(metric, np.zeros((1, 40)), x, maps), usual)
        given = 0.2 * x[::-1]
        each = [scored(metric, given[i], x[i : i + 1], maps[i : i + 1])[0] for i in range(3)]
        np.testing.assert_allclose(scored(metric, given, x, maps), each)
        assert not np.allclose(each, usual)


def test_networks_that_are_followed_step_by_step_are_given_it_too():
    model = untrained("resnet18_7_narrow", 2, seed=1, leads=1, samples=200).eval()
    x, maps = (np.random.default_rng(i).standard_normal((2, 1, 200)).astype(np.float32) for i in range(2))
    given = {"x": x, "target": 1, "baseline": "noise"}
    plain = torch.nn.Sequential(model)
    for metric in BOTH:
        found = ecgbench.score(metric, maps, model=model, **given)
        np.testing.assert_allclose(found, ecgbench.score(metric, maps, model=plain, **given), atol=1e-6)


def test_what_is_no_baseline_is_refused():
    with pytest.raises(InputError, match=r'expected baseline "zero", "mean", "noise" or windows .*, got "median"'):
        scored(BOTH[0], "median")
    with pytest.raises(InputError, match=r"expected a baseline \(m, 1, 6\), got \(1, 1, 5\); cut it like the windows"):
        scored(BOTH[0], np.zeros((1, 5)))
    with pytest.raises(UnknownKeyError, match='expected a key of options of auc, got "baseline"'):
        ecgbench.score("auc", MAP, mask=MAP > 0, baseline="mean")
