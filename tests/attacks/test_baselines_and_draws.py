"""Random networks with random baselines, and random draws at random places: sums are met, and no draw is missed."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import ecgbench
from ecgbench.baseline import baseline_windows
from ecgbench.errors import InputError

pytestmark = pytest.mark.slow

ACTIVATIONS = (torch.relu, torch.tanh, functional.gelu, functional.elu)
COMPLETE = {"integrated_gradients": {"steps": 100}, "deep_lift": {}, "shapley_patches": {"permutations": 2}}


class Drawn(nn.Module):
    """A small network of random size and activation, with something at one of the three places between its layers."""

    def __init__(self, rng, leads, between=lambda x: x, place=0):
        super().__init__()
        units = int(rng.integers(1, 6))
        self.first = nn.Conv1d(leads, units, int(rng.integers(1, 8)), int(rng.integers(1, 4)))
        self.out, self.activation = nn.Linear(units, 2), ACTIVATIONS[rng.integers(len(ACTIVATIONS))]
        for parameter in self.parameters():
            parameter.data = torch.from_numpy(rng.standard_normal(parameter.shape))
        self.at = [between if at == place else lambda x: x for at in range(3)]

    def forward(self, x):
        units = self.at[1](self.activation(self.first(self.at[0](x))))
        return self.at[2](self.out(units.mean(dim=2)))


def drawn_baseline(rng, x):
    """A baseline of any kind that may be named or given."""
    given = rng.standard_normal(x.shape)
    return ["zero", "mean", "noise", given, given[0], given.astype(np.float32), torch.from_numpy(given), given[:1].tolist()][
        rng.integers(8)
    ]


def test_maps_sum_to_the_change_from_any_baseline_in_any_batch(tries):
    for number in tries(300):
        rng = np.random.default_rng(number)
        x = rng.uniform(0.1, 3) * rng.standard_normal((int(rng.integers(1, 5)), int(rng.integers(1, 4)), int(rng.integers(10, 60))))
        model, baseline = Drawn(rng, x.shape[1]), drawn_baseline(rng, x)
        with torch.no_grad():
            start = np.broadcast_to(baseline_windows(baseline, x), x.shape).copy()
            change = (model(torch.from_numpy(x)) - model(torch.from_numpy(start)))[:, 1].numpy()
        for key, options in COMPLETE.items():
            size = int(rng.integers(1, 40))
            maps, info = ecgbench.explain(model, x, 1, key, baseline=baseline, batch_size=size, return_info=True, **options)
            np.testing.assert_allclose(info.total, change, rtol=1e-9, atol=1e-9, err_msg=f"{key}, try {number}")
            exact = key != "integrated_gradients"
            scale = np.abs(maps).sum(axis=(1, 2)) + np.abs(change) + 1e-9
            off = np.abs(maps.sum(axis=(1, 2)) - change) / scale
            assert off.max() < (1e-6 if exact else 0.05), f"{key}, try {number}"


def test_what_draws_is_found_wherever_it_stands(tries):
    for number in tries(300):
        rng = np.random.default_rng(number)
        rate, place, kind = float(rng.uniform(0.05, 0.9)), int(rng.integers(3)), int(rng.integers(3))
        draws = [
            lambda x, rate=rate: functional.dropout(x, rate, training=True),
            lambda x, rate=rate: x + rate * torch.randn_like(x),
            lambda x, rate=rate: x * (torch.rand(()) > min(rate, 1 - rate)),
        ][kind]
        model, x = Drawn(rng, 2, draws, place), rng.standard_normal((2, 2, 40))
        with torch.random.fork_rng():
            torch.default_generator.manual_seed(number)
            with pytest.raises(InputError, match="expected a model that returns the same logits at every call"):
                ecgbench.explain(model, x, 1, "saliency")


def test_what_draws_in_training_alone_is_taken(tries):
    for number in tries(300):
        rng = np.random.default_rng(number)
        model = Drawn(rng, 2)
        model.at[int(rng.integers(3))] = model.dropout = nn.Dropout(float(rng.uniform(0.1, 0.9)))
        x = rng.standard_normal((2, 2, 40))
        maps = [ecgbench.explain(model.train(), x, 1, "saliency", batch_size=1) for _ in range(2)]
        np.testing.assert_array_equal(*maps)
