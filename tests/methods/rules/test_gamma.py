"""The gamma and box rules on paper, and where they are stable; `test_relevance` has them a second time as matrices and loops."""

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.methods import explanation

from ..cases import assert_close_to_maximum, drawn, windows
from ..oracles import TIME, network_of
from ..test_by_hand import explained, row
from .test_relevance import signed


def test_box_by_hand_on_a_convolution_of_the_window():
    # Units 6 and 5, relevance 6 and 15; the window goes from -2 to 3. To the first, (3 + 2) * 2 and (1 - 3) * -1: 10 and 2 of 12.
    # To the second, (1 + 2) * 2 and (-2 - 3) * -1: 6 and 5 of 11. The bias of 1 takes no part, that of -2 is the linear layer's.
    found = explanation(signed(1.0), row(3, 1, -2), 0, "lrp_gamma")
    assert found.maps[0, 0].tolist() == pytest.approx([5, 1 + 90 / 11, 75 / 11], rel=1e-5)
    assert found.total == pytest.approx([19 + 2], rel=1e-5)


def behind_something(bias):
    """The same network behind an average of single samples, so that its convolution is not one of the window."""
    return nn.Sequential(nn.AvgPool1d(1), *signed(bias))


def test_gamma_by_hand_where_outputs_are_positive():
    # To the first unit 6, -1 and bias 1, of which positive ones count 5/4: 7.5, -1, 1.25. To the second 2, 2, 1: 2.5, 2.5, 1.25.
    found = explanation(behind_something(1.0), row(3, 1, -2), 0, "lrp_gamma")
    assert found.maps[0, 0].tolist() == pytest.approx([6 * 7.5 / 7.75, -6 / 7.75 + 6, 6], rel=1e-4)
    assert found.total == pytest.approx([21 - 6 * 1.25 / 7.75 - 3], rel=1e-4)


def test_gamma_by_hand_where_an_output_is_negative():
    # Units 2 * 1 - 3 - 1 = -2 and 2 * 3 + 1 - 1 = 6 without a ReLU, logit -2 + 18, relevance -2 and 18. To the first 2, -3 and bias -1, of
    # which negative ones count 5/4: 2, -3.75, -1.25 of -3. To the second 6, 1 and bias -1: 7.5, 1.25, -1 of 7.75.
    model = nn.Sequential(nn.AvgPool1d(1), signed(-1.0)[0], nn.Flatten(), nn.Linear(2, 1, bias=False)).double()
    model[3].weight.data = torch.tensor([[1.0, 3.0]], dtype=torch.float64)
    wanted = [-2 * 2 / -3, -2 * 3.75 / 3 + 18 * 7.5 / 7.75, 18 * 1.25 / 7.75]
    assert explained(model, row(1, 3, -1), "lrp_gamma") == pytest.approx(wanted, rel=1e-4)


class Branches(nn.Module):
    """Two convolutions of the window side by side, one of them through a reshaped copy."""

    def __init__(self):
        super().__init__()
        self.one, self.two, self.out = nn.Conv1d(2, 3, 5, padding=2), nn.Conv2d(1, 3, (2, 5), padding=(0, 2)), nn.Linear(3, 3)

    def forward(self, x):
        return self.out(torch.relu(self.one(x) + self.two(x[:, None]).squeeze(2)).mean(dim=2))


class Joined(Branches):
    """The same as a single convolution."""

    def forward(self, x):
        units = nn.functional.conv1d(x, self.one.weight + self.two.weight[:, 0], self.one.bias + self.two.bias, padding=2)
        return self.out(torch.relu(units).mean(dim=2))


def test_every_convolution_of_the_window_has_the_box_rule():
    model, x = drawn(Branches()), windows()
    found = explanation(model, x, [0, 1, 2], "lrp_gamma")
    # Both share the relevance by what they add, each within its box; where both are of one sign that is the joint convolution's.
    sums = found.maps.sum(axis=(1, 2))
    np.testing.assert_allclose(sums, found.total, rtol=1e-9)
    with torch.no_grad():
        model.two.weight[:, 0] = model.one.weight
        model.two.bias[:] = model.one.bias
    joined = drawn(Joined())
    joined.load_state_dict(model.state_dict())
    assert_close_to_maximum(ecgbench.explain(model, x, [0, 1, 2], "lrp_gamma"), ecgbench.explain(joined, x, [0, 1, 2], "lrp_gamma"), 1e-4)


def test_a_flat_line_and_a_constant_window_get_finite_relevance():
    model = network_of("blocks", 2)
    for level in (0.0, 1.5):
        maps = ecgbench.explain(model, np.full((1, 2, TIME), level), 0, "lrp_gamma")
        assert np.isfinite(maps).all()


def test_relevance_does_not_explode_where_the_plain_gamma_rule_does():
    # Contributions 10 and -12.4, outputs near -2.4: the plain rule divides by 12.5 - 12.4.
    model = nn.Sequential(nn.AvgPool1d(1), nn.Conv1d(1, 1, 2, bias=False), nn.Flatten(), nn.Linear(1, 1, bias=False)).double()
    model[1].weight.data = torch.tensor([[[1.0, -1.24]]], dtype=torch.float64)
    model[3].weight.data.fill_(1.0)
    found = explained(model, row(10, 10), "lrp_gamma")
    assert found == pytest.approx([-2.4 * 10 / (-2.4 - 3.1), -2.4 * 15.5 / 5.5], rel=1e-4)
    assert np.abs(found).max() < 10


def test_relevance_is_conserved_and_moderate_on_golden_windows(reference):
    with np.load(reference / "mitdb_attributions.npz") as file:
        x, y = file["x"][:4].reshape(4, 1, -1).astype(np.float64), file["y"][:4]
    model = ecgbench.load_model(reference / "mitdb_resnet18_7.safetensors").double()
    found = explanation(model, x, y, "lrp_gamma")
    with torch.inference_mode():
        of_target = model(torch.tensor(x)).numpy()[np.arange(4), y]
    np.testing.assert_allclose(found.maps.sum(axis=(1, 2)), found.total, rtol=1e-8)
    assert (np.abs(found.maps).sum(axis=(1, 2)) < 20 * of_target).all()
