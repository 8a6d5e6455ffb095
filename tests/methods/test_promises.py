"""What a user is told of maps that are not what their method promises."""

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.errors import InputError, MapWarning

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


class Standardised(nn.Module):
    """A network that z-scores its input, so that the logit is the same all along the way from a flat line."""

    def __init__(self):
        super().__init__()
        self.network = nn.Sequential(nn.Conv1d(1, 8, 9, 2, 4), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 2))

    def forward(self, x):
        return self.network((x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-6))


def test_a_network_that_standardises_its_input_itself_has_no_integrated_gradients():
    torch.manual_seed(0)
    x = np.random.default_rng(0).normal(size=(3, 1, 1000)).astype(np.float32)
    with pytest.raises(InputError, match=f"{SUM} 3 of 3 .* where the network standardises its input itself choose"):
        ecgbench.explain(Standardised().eval(), x, 1, "integrated_gradients")


def test_maps_that_are_zero_everywhere_are_warned_of_with_the_remedy():
    torch.manual_seed(0)
    x = np.random.default_rng(0).normal(size=(2, 1, 200)).astype(np.float32)
    with pytest.warns(MapWarning, match='expected maps of lime with values other than zero, got 2 of 2 .* alpha="relative"'):
        assert not ecgbench.explain(Standardised().eval(), x, 0, "lime", samples=50, alpha=10.0).any()
