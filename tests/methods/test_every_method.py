"""What holds for every method, whichever it is."""

import numpy as np
import pytest
import torch
from torch import nn

from ecgbench.models import untrained

from .cases import (
    KEYS,
    SPREAD_OVER_LEADS,
    SURROGATES,
    OneLead,
    drawn,
    every_kind,
    every_method,
    explain,
    has_option,
    small,
    windows,
)

TARGET = np.array([0, 2, 1, 1, 0])
NEGATIVE = 3
"""Seed of a network in which some units speak against the class."""


def resnet(dtype):
    return untrained("resnet18_7_narrow", 3).to(dtype)


@every_method
def test_map_does_not_depend_on_batch_in_float32_but_where_a_relu_flips(key):
    x, model = windows(n=40, time=96, dtype=np.float32), resnet(torch.float32)
    target = np.arange(40) % 3
    together = explain(model, x, target, key)
    in_parts = explain(model, x, target, key, batch_size=7)
    off = np.abs(together - in_parts).max(axis=(1, 2)) > 1e-3 * np.abs(together).max(axis=(1, 2))
    assert off.mean() <= 0.03


@pytest.mark.parametrize("key", [key for key in KEYS if key not in SPREAD_OVER_LEADS])
def test_a_lead_that_the_model_ignores_gets_nothing(key):
    maps = explain(drawn(OneLead(1)), windows(n=5), TARGET, key)
    assert not maps[:, 0].any()
    assert maps[:, 1].any()


@pytest.mark.parametrize("key", sorted(SURROGATES))
@pytest.mark.parametrize("lead", [0, 1])
def test_a_lead_that_the_model_ignores_gets_next_to_nothing_where_masks_are_many(key, lead):
    maps = explain(drawn(OneLead(lead)), windows(), 1, key, samples=2000)
    assert np.abs(maps[:, 1 - lead]).max() < 0.05 * np.abs(maps[:, lead]).max()


@every_kind
def test_one_target_stands_for_all_windows(key):
    x, model = windows(n=5), small()
    np.testing.assert_array_equal(explain(model, x, 2, key), explain(model, x, np.full(5, 2), key))


@pytest.mark.parametrize(
    "target", [[1, 0, 2], np.array([1, 0, 2], dtype=np.uint8), torch.tensor([1, 0, 2])], ids=["list", "uint8", "tensor"]
)
def test_tensors_and_arrays_give_the_same_map(target):
    x, model = windows(), small()
    wanted = explain(model, x, np.array([1, 0, 2]), "lrp")
    np.testing.assert_array_equal(explain(model, torch.tensor(x, requires_grad=True), target, "lrp"), wanted)


@every_kind
def test_arguments_are_not_written_into(key):
    x, target = windows(), np.array([0, 1, 2])
    target.flags.writeable = False
    tensor = torch.tensor(x)
    explain(small(), x, target, key)
    explain(small(), tensor, torch.tensor(target), key)
    np.testing.assert_array_equal(x, windows())
    np.testing.assert_array_equal(tensor, windows())
    assert not tensor.requires_grad


@every_kind
def test_absolute_maps_are_the_absolute_values(key):
    x, model = windows(), small(seed=NEGATIVE)
    raw = explain(model, x, [0, 1, 2], key)
    assert (raw < 0).any()
    np.testing.assert_array_equal(explain(model, x, [0, 1, 2], key, absolute=True), np.abs(raw))


@every_kind
@pytest.mark.parametrize(("precision", "dtype"), [(np.float32, torch.float64), (np.float64, torch.float32)])
def test_maps_are_of_the_input_s_shape_in_the_precision_of_the_parameters(key, precision, dtype):
    maps = explain(small().to(dtype), windows(dtype=precision), 1, key)
    assert isinstance(maps, np.ndarray)
    assert maps.shape == (3, 2, 64)
    assert maps.dtype == np.dtype(str(dtype).removeprefix("torch."))


class Watched(nn.Module):
    """A network of layers that behave differently in training, and of parameters of which some learn."""

    gradcam_layer = "features"

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv1d(2, 4, 5, padding=2), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.5))
        self.out = nn.Linear(4, 3)
        self.seen = []

    def forward(self, x):
        self.seen.append(
            (torch.is_grad_enabled(), any(m.training for m in self.modules()), any(p.requires_grad for p in self.parameters()))
        )
        return self.out(self.features(x).mean(dim=2))


def watched():
    """Some of its modules in training, some not; of its parameters one is fixed, and another has a gradient."""
    model = drawn(Watched()).train()
    model.features[1].eval()
    model.out.bias.requires_grad_(False)
    model.features[0].weight.grad = torch.ones_like(model.features[0].weight)
    model.features[2].register_forward_hook(lambda module, inputs, output: None)
    return model


def state(model):
    """Everything about a model that explaining must leave as it is."""
    return {
        "training": [module.training for module in model.modules()],
        "hooks": [[len(hooks) for name, hooks in vars(module).items() if name.endswith("_hooks")] for module in model.modules()],
        "learning": [parameter.requires_grad for parameter in model.parameters()],
        "gradients": [None if parameter.grad is None else parameter.grad.tolist() for parameter in model.parameters()],
        "devices": [str(tensor.device) for tensor in model.state_dict().values()],
        "weights": {name: tensor.tolist() for name, tensor in model.state_dict().items()},
        "attributes": [sorted(vars(module)) for module in model.modules()],
    }


@every_kind
def test_model_is_left_as_it_was_found(key):
    model, untouched = watched(), state(watched())
    explain(model, windows(), 1, key, device="cpu")
    assert state(model) == untouched


@every_kind
def test_model_is_evaluated_without_gradients_of_its_parameters(key):
    model = watched()
    explain(model, windows(), 1, key)
    assert {(training, learning) for _, training, learning in model.seen} <= {(False, False)}
    assert model.seen


@every_kind
def test_maps_are_the_same_where_gradients_are_switched_off(key):
    x, model = windows(), small()
    wanted = explain(model, x, 1, key)
    with torch.inference_mode():
        np.testing.assert_array_equal(explain(model, x, 1, key), wanted)


class Own(nn.Module):
    """A user's network of convolutions over all leads, with functional activations and without any declaration for ecgbench."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Conv1d(12, 8, 7, stride=2, padding=3), nn.Conv1d(8, 16, 7, stride=2, padding=3)
        self.out = nn.Linear(16, 5)

    def forward(self, x):
        x = nn.functional.relu(self.last(nn.functional.relu(self.first(x))))
        return self.out(x.mean(dim=2))


@every_method
def test_a_users_own_network_of_twelve_leads_is_explained(key):
    options = {"layer": "last"} if has_option(key, "layer") else {}
    maps = explain(drawn(Own()).float(), windows(leads=12, time=100, dtype=np.float32), [4, 0, 2], key, **options)
    assert maps.shape == (3, 12, 100)
    assert maps.any(axis=(0, 2)).all()


class Centring(nn.Module):
    """A network that subtracts each lead's mean in place."""

    gradcam_layer = "network.features"

    def __init__(self, in_place):
        super().__init__()
        self.network, self.in_place = InPlace(), in_place

    def forward(self, x):
        mean = x.mean(dim=2, keepdim=True)
        return self.network(x.sub_(mean) if self.in_place else x - mean)


class InPlace(nn.Module):
    """`Small` whose activations are in place."""

    def __init__(self):
        super().__init__()
        self.features, self.relu, self.out = nn.Conv1d(2, 4, 5, padding=2), nn.ReLU(inplace=True), nn.Linear(4, 3)

    def forward(self, x):
        return self.out(self.relu(self.features(x)).mean(dim=2))


@every_method
def test_what_a_model_does_in_place_changes_neither_maps_nor_windows(key):
    x = windows()
    plain = drawn(Centring(in_place=False))
    plain.network.relu.inplace = False
    np.testing.assert_array_equal(explain(drawn(Centring(in_place=True)), x, 1, key), explain(plain, x, 1, key))
