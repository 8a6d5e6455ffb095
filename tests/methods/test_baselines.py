"""What methods compare a window with instead of a flat line: by name, or given."""

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.baseline import NOISE_SHARE, baseline_windows
from ecgbench.errors import InputError, UnknownKeyError
from ecgbench.methods import METHODS
from ecgbench.methods._explain import options_of
from ecgbench.needs import METHOD_NEEDS, ExplainedBatch, supplied
from ecgbench.nn import frozen

from .cases import KEYS, explain, quick, small, windows
from .networks import Standardised

HAVING = [key for key in KEYS if "baseline" in options_of(METHODS[key])]
OTHER = windows(seed=9)


class Moved(nn.Module):
    """The network on windows that begin somewhere else."""

    def __init__(self, network, by):
        super().__init__()
        self.network, self.by = network, by

    def forward(self, x):
        return self.network(x + self.by)


def called(key, model, x, **options):
    """The method's own function with the random numbers of the windows of the test, whatever x is."""
    given = supplied(key, METHODS[key].needs, METHOD_NEEDS, ExplainedBatch(windows(), 0, key, 1000))
    with frozen(model):
        found = METHODS[key].function(model, torch.tensor(x), torch.tensor([0, 1, 2]), **given, **quick(key, **options))
    return np.asarray(found.maps if isinstance(found, tuple) else found)


def test_the_methods_that_replace_or_compare_have_a_baseline():
    assert HAVING == ["deep_lift", "integrated_gradients", "kernel_shap", "lime", "occlusion", "rise", "shapley_patches"]


@pytest.mark.parametrize("key", HAVING)
def test_a_baseline_is_the_flat_line_of_the_network_moved_there(key):
    model, x = small(), windows()
    for baseline in ("mean", "noise", OTHER[0], OTHER):
        start = np.broadcast_to(baseline_windows(baseline, x), x.shape)
        wanted = [called(key, Moved(model, torch.tensor(start[i])), x - start)[i] for i in range(3)]
        found = called(key, model, x, baseline=baseline)
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9 * np.abs(wanted).max())


@pytest.mark.parametrize("key", HAVING)
def test_the_flat_line_is_the_default_and_others_are_other_maps(key):
    usual = explain(small(), windows(), 1, key)
    np.testing.assert_array_equal(explain(small(), windows(), 1, key, baseline="zero"), usual)
    np.testing.assert_allclose(explain(small(), windows(), 1, key, baseline=np.zeros((2, 64))), usual, rtol=1e-9, atol=1e-12)
    assert not np.allclose(explain(small(), windows(), 1, key, baseline=OTHER), usual)


@pytest.mark.parametrize("key", HAVING)
def test_each_window_keeps_its_own_baseline_in_any_batch(key):
    whole = explain(small(), windows(), 1, key, baseline=torch.tensor(OTHER))
    for order in ([2, 0, 1], [1]):
        part = explain(small(), windows()[order], 1, key, baseline=OTHER[order], batch_size=2)
        np.testing.assert_allclose(part, whole[order], rtol=1e-9, atol=1e-12)


def test_named_baselines_are_what_they_are_called():
    x = windows(n=40, time=500) + 3
    assert not baseline_windows("zero", x).any()
    np.testing.assert_allclose(baseline_windows("mean", x), np.broadcast_to(x.mean(axis=2, keepdims=True), x.shape))
    noise = baseline_windows("noise", x)
    np.testing.assert_allclose(noise.std(axis=2) / x.std(axis=2), NOISE_SHARE, rtol=0.2)
    np.testing.assert_array_equal(baseline_windows("noise", x[[7, 3]]), noise[[7, 3]])
    assert abs(np.corrcoef(noise[:, 0].ravel(), noise[:, 1].ravel())[0, 1]) < 0.05


REFUSED = {
    "another name": ("median", 'expected baseline "zero", "mean", "noise" or windows .*, got "median"; choose one of these'),
    "another length": (np.zeros((2, 10)), r"expected a baseline \(m, 2, 64\), got \(1, 2, 10\); cut it like the windows"),
    "too few": (np.zeros((2, 2, 64)), "expected one baseline for each of 3 windows, or one for all, got 2; give as many"),
    "nan": (np.full((2, 64), np.nan), "expected a baseline of finite numbers"),
    "ragged": ([[1.0], [1.0, 2.0]], "got lists of several lengths; cut it like the windows"),
    "none": (None, "expected a baseline .*, got"),
}


@pytest.mark.parametrize(("baseline", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_baseline_is_refused(baseline, message):
    with pytest.raises(InputError, match=message):
        ecgbench.explain(small(), windows(), 1, "integrated_gradients", baseline=baseline)


@pytest.mark.parametrize("key", sorted(set(KEYS) - set(HAVING)))
def test_methods_without_a_baseline_say_so(key):
    with pytest.raises(
        UnknownKeyError, match=rf"expected a method that takes a baseline \(deep_lift, .*\), got {key}; choose one of these"
    ):
        explain(small(), windows(), 1, key, baseline="mean")


@pytest.mark.parametrize("key", ["deep_lift", "kernel_shap"])
def test_captum_has_no_other_baseline(key):
    with pytest.raises(InputError, match='expected baseline="zero" with implementation="captum", got another'):
        explain(small(), windows(), 1, key, baseline="mean", implementation="captum")


@pytest.mark.filterwarnings("error")
def test_noise_is_a_baseline_of_networks_that_standardise_their_input():
    torch.manual_seed(0)
    model, x = Standardised().eval(), np.random.default_rng(0).standard_normal((3, 1, 1000)).astype("f4")
    maps, info = ecgbench.explain(model, x, 1, "integrated_gradients", baseline="noise", return_info=True)
    with torch.no_grad():
        change = model(torch.from_numpy(x)) - model(torch.from_numpy(baseline_windows("noise", x)))
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), change[:, 1], rtol=0.1)
    np.testing.assert_allclose(info.total, change[:, 1], rtol=1e-4)
