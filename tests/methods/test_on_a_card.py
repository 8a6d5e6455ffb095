"""What methods do otherwise on a card, with tensors that say they lie on one: the same maps, and the same refusals."""

import numpy as np
import pytest
import torch
from torch import nn

from ecgbench.errors import InputError
from ecgbench.methods import explain
from ecgbench.nn import LeadsAsRows


class Recurrent(nn.Module):
    """Two layers of LSTM with dropout between them, whose last state decides."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.lstm, self.fc = nn.LSTM(2, 4, num_layers=2, dropout=0.5, batch_first=True), nn.Linear(4, 3)

    def forward(self, x):
        return self.fc(self.lstm(x.transpose(1, 2))[0][:, -1])


def network():
    torch.manual_seed(0)
    layers = LeadsAsRows(), nn.Conv2d(1, 4, (1, 5), padding=(0, 2)), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 2 * 40, 3)
    return nn.Sequential(*layers).double().eval()


X = np.random.default_rng(0).standard_normal((5, 2, 40))
TARGET = np.array([0, 1, 2, 1, 0])


@pytest.fixture
def card(monkeypatch):
    """Calling it lets tensors say that they lie on a card, which has no random numbers of its own."""

    def pretend():
        fork = torch.random.fork_rng
        monkeypatch.setattr(torch.random, "fork_rng", lambda devices=(): fork(devices=[]))
        monkeypatch.setattr(torch.Tensor, "is_cuda", property(lambda tensor: True), raising=False)

    return pretend


@pytest.mark.parametrize("method", ["lime", "kernel_shap"])
def test_windows_are_fitted_beside_the_card_as_on_a_processor(card, method):
    here = explain(network(), X, TARGET, method, batch_size=64, samples=30, patch=8)
    card()
    there = explain(network(), X, TARGET, method, batch_size=64, samples=30, patch=8)
    np.testing.assert_allclose(there, here, rtol=1e-9, atol=1e-12)


def test_recurrent_networks_have_a_gradient_and_draw_nothing(card):
    model = Recurrent().eval()
    here = explain(model, X.astype(np.float32), TARGET, "saliency")
    card()
    np.testing.assert_array_equal(explain(model, X.astype(np.float32), TARGET, "saliency"), here)
    assert (model.training, model.lstm.training, model.lstm.dropout) == (False, False, 0.5)


@pytest.mark.parametrize("target", [-1, 3])
def test_targets_out_of_range_are_refused_before_the_card_sees_them(card, target):
    card()
    with pytest.raises(InputError, match=r"expected targets within 0\.\.2"):
        explain(network(), X, np.array([0, 0, target, 0, 0]), "lime", samples=10)
