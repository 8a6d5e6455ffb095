"""What a user is told of maps that are not what their method promises."""

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.errors import InputError, MapWarning
from ecgbench.methods import METHODS, sum_errors
from ecgbench.methods._promises import map_info
from ecgbench.methods._registry import Explanation

from .networks import Standardised

SUM = "expected maps of integrated_gradients that sum to the change of the logit within 10%, got"


class Steep(nn.Module):
    """Logits 4 (1 - s, s) of s, the sigmoid of the windows' mean less 0.37, times a slope: a step that few nodes of the way see."""

    def __init__(self, slope):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(float(slope)))

    def forward(self, x):
        share = torch.sigmoid(self.slope * (x.mean((1, 2)) - 0.37))
        return 4 * torch.stack([1 - share, share], 1)


ONES = np.ones((1, 1, 64), np.float32)


def change(model, x):
    with torch.no_grad():
        return float((model(torch.from_numpy(x)) - model(torch.zeros(1, 1, 64)))[0, 1])


@pytest.mark.filterwarnings("error")
def test_a_sum_that_is_met_is_passed_over_in_silence():
    model = Steep(5)
    assert ecgbench.explain(model, ONES, 1, "integrated_gradients").sum() == pytest.approx(change(model, ONES), rel=0.1)


def test_maps_of_which_most_miss_their_sum_by_half_are_refused():
    with pytest.raises(InputError, match=f"{SUM} 1 of 1 that don't, window 0 .* for 4; give more `steps`"):
        ecgbench.explain(Steep(5000), ONES, 1, "integrated_gradients")


def test_some_maps_that_miss_their_sum_are_warned_of_by_number():
    x = np.concatenate([ONES, 0.1 * ONES, 0.2 * ONES])
    with pytest.warns(MapWarning, match=f"{SUM} 1 of 3 that don't, window 0 .* for 4"):
        ecgbench.explain(Steep(500), x, 1, "integrated_gradients", steps=40)


def test_the_window_that_is_named_is_one_that_misses_its_sum():
    """Of two windows, one is off by more than the other but meets its sum, which is larger."""
    maps, total = np.array([[[10.5, 0]], [[0.1, 0.1]]]), np.array([10.0, 0.4])
    (text,) = map_info(METHODS["integrated_gradients"], Explanation(maps, total), {"steps": 1}).warnings
    assert text.startswith(f"{SUM} 1 of 2 that don't, window 1 0.2 for 0.4; ")


def test_maps_whose_parts_nearly_cancel_do_not_count_against_those_beside_them():
    """Of two windows that are off by more than half of their total, one has parts a thousand times as large as its total."""
    maps, total = np.array([[[0.2, 0, 0]], [[100, -100, 0.1]]]), np.array([4, 0.05])
    entry = METHODS["integrated_gradients"]
    (text,) = map_info(entry, Explanation(maps, total), {"steps": 1}).warnings
    assert text.startswith(f"{SUM} 1 of 2 that don't, window 0 0.2 for 4; ")
    assert map_info(entry, Explanation(maps[1:], total[1:]), {"steps": 1}).warnings == ()


def test_a_network_that_standardises_its_input_itself_has_no_integrated_gradients():
    torch.manual_seed(0)
    x = np.random.default_rng(0).normal(size=(3, 1, 1000)).astype(np.float32)
    with pytest.raises(InputError, match=f"{SUM} 3 of 3 .* where the network standardises its input itself choose"):
        ecgbench.explain(Standardised().eval(), x, 1, "integrated_gradients")


def test_maps_that_are_zero_everywhere_are_warned_of_with_the_remedy():
    torch.manual_seed(0)
    x = np.random.default_rng(0).normal(size=(2, 1, 200)).astype(np.float32)
    with pytest.warns(
        MapWarning, match='expected maps of lime with values other than zero, got 2 of 2 .* as the penalty, alpha=10.0; .* or "relative"'
    ):
        assert not ecgbench.explain(Standardised().eval(), x, 0, "lime", samples=50, alpha=10.0).any()


# What is known of maps beside their values


def test_information_comes_with_the_maps_when_it_is_asked_for():
    x, model = np.concatenate([ONES, 0.1 * ONES, 0.2 * ONES]), Steep(500)
    with pytest.warns(MapWarning, match=SUM) as warned:
        maps, info = ecgbench.explain(model, x, 1, "integrated_gradients", steps=40, return_info=True)
    changes = [change(model, x[i : i + 1]) for i in range(3)]
    np.testing.assert_allclose(info.total, changes, rtol=1e-5)
    errors = np.abs(maps.sum(axis=(1, 2), dtype=float) - info.total)
    np.testing.assert_allclose(info.sum_error[0], errors[0] / 4, rtol=1e-5)
    assert (info.sum_error[1:] < 1e-3).all()  # both are next to nothing, so that nothing is wrong with them
    assert info.warnings == tuple(str(one.message) for one in warned)
    assert (info.passes, info.options["steps"], info.options["baseline"]) == (40, 40, "zero")
    assert info.zero.tolist() == [False, True, False]  # the second is so far below the step that its gradient is 0


def test_information_of_methods_without_a_sum():
    from .cases import small, windows

    maps, info = ecgbench.explain(small(), windows(), 1, "kernel_shap", True, return_info=True, samples=20, patch=8)
    assert (maps >= 0).all()
    assert (info.total, info.sum_error, info.warnings) == (None, None, ())
    assert info.measures["undetermined"].shape == info.zero.shape == (3,)
    assert info.passes == pytest.approx(0.4 * 20)
    assert ecgbench.explain(small(), windows(), 1, "random_baseline", return_info=True)[1].passes == 0


def test_errors_of_sums_are_measured_by_the_total_and_of_accepted_results_by_a_logit_at_least():
    maps, total = np.full((2, 1, 4), 0.01), np.array([0.05, 4.0])
    np.testing.assert_allclose(sum_errors(maps, total, 1e-9), [0.2, 0.99])
    np.testing.assert_allclose(sum_errors(maps, total), [0.01, 0.99])


def test_steps_grow_for_the_windows_whose_sums_are_missed_and_for_no_other():
    """The first window's way has a step that 50 nodes miss; the others' have none."""
    model, x = Steep(300), np.concatenate([ONES, 0.1 * ONES, 0.2 * ONES])
    with pytest.warns(MapWarning, match=f"{SUM} 1 of 3"):
        usual = ecgbench.explain(model, x, 1, "integrated_gradients")
    maps, info = ecgbench.explain(model, x, 1, "integrated_gradients", steps="auto", return_info=True)
    assert info.warnings == ()
    assert info.sum_error.max() < 0.1
    assert info.measures["steps"][0] in 50 * 2 ** np.arange(1, 7)
    assert info.measures["steps"].tolist()[1:] == [50, 50]
    np.testing.assert_array_equal(maps[1:], usual[1:])
    np.testing.assert_array_equal(ecgbench.explain(model, ONES, 1, "integrated_gradients", steps="auto"), maps[:1])


def test_steps_that_grow_have_an_end():
    """A jump, whose gradient is 0 wherever one looks, is refused after 3,200 steps as after 50."""

    class Jump(Steep):
        def forward(self, x):
            past = (x.mean((1, 2)) > 0.37).float() + 0 * self.slope * x.sum((1, 2))
            return torch.stack([-past, past], 1)

    with pytest.raises(InputError, match=f"{SUM} 1 of 1 that don't, window 0 0 for 1"):
        ecgbench.explain(Jump(1), ONES, 1, "integrated_gradients", steps="auto")
