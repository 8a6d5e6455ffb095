"""The script that compares LIME's penalties: what it asks the network, and what it says of two sets of scores."""

import importlib
from pathlib import Path

import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def script():
    """The script, imported as if it were run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmark" / "validation")
        yield importlib.import_module("lime_scale")


def test_a_network_is_asked_once_for_rows_whatever_its_logits_are_divided_by(script):
    asked = []
    network = torch.nn.Flatten()
    network.register_forward_pre_hook(lambda module, inputs: asked.append(len(inputs[0])))
    remembering, x = script.Remembering(network), torch.arange(6.0).view(2, 1, 3)
    for divided_by in (1, 10):
        remembering.divided_by = divided_by
        torch.testing.assert_close(remembering(x), x.flatten(1) / divided_by)
    assert asked == [2]


def test_difference_is_that_of_the_windows_where_both_are_defined(script):
    fixed, relative = ([np.array(values)] for values in ([0.1, np.nan, 0.3, 0.5], [0.2, 0.9, 0.5, 0.5]))
    low, high = 0, 0.3
    mean, other, difference, interval = script.compared(fixed, relative, [np.array(list("abcd"))])
    assert (mean, other, difference) == pytest.approx((0.3, 0.525, 0.1))
    assert low <= float(interval.split("..")[0]) < 0.1 < float(interval.split("..")[1]) <= high


def test_scores_that_are_nowhere_defined_have_no_difference(script):
    mean, other, *rest = script.compared([np.full(2, np.nan)], [np.array([0.5, 0.7])], [np.array(list("ab"))])
    assert np.isnan(mean)
    assert (other, rest) == (pytest.approx(0.6), ["", ""])
