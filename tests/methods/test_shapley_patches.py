"""Shapley values of patches against enumeration of all coalitions, and a second time for the same orders in plain loops."""

import numpy as np
import pytest
import torch

import ecgbench
from ecgbench.errors import InputError
from ecgbench.methods import explanation
from ecgbench.randomness import window_generator
from ecgbench.shapley import antithetic_orders

from .cases import Linear, OneLead, drawn, small, windows
from .oracles import shapley

PATCH, PLAYERS = 16, 4
PLACES = [slice(start, min(start + PATCH, 60)) for start in range(0, 60, PATCH)]
"""Patches of a window of 60 samples; the last has 12."""

X = windows(n=1, time=60, seed=4)

TRIPLES = 5
"""Seed of a network in which three patches interact; where only pairs do, one order and its reverse are exact."""


def worth(model, chosen, target=0):
    """The logit of the window in which only the chosen patches are kept."""
    kept = np.zeros_like(X)
    for player in chosen:
        kept[..., PLACES[player]] = X[..., PLACES[player]]
    with torch.inference_mode():
        return model(torch.tensor(kept))[0, target].item()


def values_of(maps):
    return np.array([maps[0][:, place].sum() for place in PLACES])


def explained(model, **options):
    return explanation(model, X, 0, "shapley_patches", patch=PATCH, **options)


def test_values_are_what_patches_add_in_each_order_on_average():
    model, orders = small(), antithetic_orders(window_generator(3, X[0], "shapley_patches"), PLAYERS, 6)
    gains = np.zeros((6, PLAYERS))
    for order, gain in zip(orders, gains, strict=True):
        for place, player in enumerate(order):
            gain[player] = worth(model, order[: place + 1]) - worth(model, order[:place])
    np.testing.assert_allclose(values_of(explained(model, permutations=6, seed=3).maps), gains.mean(axis=0), rtol=1e-9)


def test_values_converge_to_those_of_all_coalitions():
    model = small(seed=TRIPLES)
    exact = shapley(PLAYERS, lambda chosen: worth(model, chosen))
    errors = [np.abs(values_of(explained(model, permutations=count).maps) - exact).max() for count in (2, 2000)]
    assert errors[1] < 0.01 * np.abs(exact).max()
    assert errors[0] > errors[1]


@pytest.mark.parametrize("permutations", [2, 8])
def test_map_sums_to_the_change_from_a_flat_line_whatever_the_number_of_permutations(permutations):
    model = small()
    found = explained(model, permutations=permutations)
    change = worth(model, range(PLAYERS)) - worth(model, [])
    assert found.total == pytest.approx([change], rel=1e-12)
    assert found.maps.sum() == pytest.approx(change, rel=1e-10)


def test_map_is_constant_in_a_patch_and_the_same_in_all_leads():
    (maps,) = explained(small(), permutations=4).maps
    assert (maps == maps[:1]).all()
    assert all(len(set(maps[0, place].tolist())) == 1 for place in PLACES)


def test_one_pair_of_permutations_is_exact_on_a_linear_model():
    weight = windows(n=1, time=60, seed=1)
    found = explanation(Linear(weight, [2.0]), X, 0, "shapley_patches", patch=PATCH, permutations=2)
    np.testing.assert_allclose(values_of(found.maps), [(weight * X)[0, :, place].sum() for place in PLACES], rtol=1e-9)


class Early(torch.nn.Module):
    """A network that looks at the first 32 samples."""

    def __init__(self):
        super().__init__()
        self.network = OneLead(0)

    def forward(self, x):
        return self.network(x[:, :, :32])


def test_patches_that_the_model_ignores_get_nothing():
    """But for rounding: some processors round the same window differently by its place in the batch."""
    values = values_of(explained(drawn(Early()), permutations=4).maps)
    assert np.abs(values[:2]).min() > 1e-3
    assert np.abs(values[2:]).max() < 1e-12


def test_a_single_patch_gets_the_whole_change():
    model = small()
    maps = ecgbench.explain(model, X, 0, "shapley_patches", patch=100)
    np.testing.assert_allclose(maps, (worth(model, range(PLAYERS)) - worth(model, [])) / 120, rtol=1e-10)


def test_odd_permutations_are_refused_with_the_next_even_number():
    with pytest.raises(InputError, match="expected an even number of permutations, since half are the others reversed, got 3; name 4"):
        explained(small(), permutations=3)
