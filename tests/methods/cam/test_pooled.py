"""Gates by means over the window make every unit depend on every sample, and leave each one at its place."""

from contextlib import ExitStack

import numpy as np
import pytest
import torch
from torch import nn

from ecgbench.methods.cam.outputs import probe_of
from ecgbench.methods.cam.pooled import by_place
from ecgbench.methods.cam.reach import moving_axes, places_by_reach
from ecgbench.methods.cam.units import units_of
from ecgbench.models import shipped_model, shipped_record
from ecgbench.models.networks.squeeze import SqueezeExcitation
from ecgbench.nn import frozen

TIME, STRIDE = 1024, 32


def noise(seed, leads=1, time=TIME):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(1, leads, time)).astype(np.float32))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_events_are_found_at_their_units_of_the_shipped_squeezed_resnets(seed):
    """What an event moves has its middle there where the gates are held, as far as a trained network looks to both sides alike."""
    name = f"synthetic-se_resnet1d_narrow-seed{seed}"
    model, x = shipped_model(name, shipped_record(name)), torch.cat([noise(i) for i in range(8)])
    with frozen(model), ExitStack() as hooks:
        places = units_of(model, x, "layer4").places.centres
        np.testing.assert_array_equal(places, STRIDE * np.arange(TIME // STRIDE))
        for module in model.modules():
            if isinstance(module, SqueezeExcitation):
                hooks.callback(module.gate.register_forward_hook(lambda module, inputs, gate: torch.full_like(gate, 0.5)).remove)
        off = [middle_of_event(probe_of(model, "layer4", len(x)), x, event, places) - event for event in range(100, TIME - 100, 150)]
    assert np.abs(off).max() < 1.5 * STRIDE
    assert abs(np.mean(off)) < STRIDE


def middle_of_event(probe, x, event, places):
    changed = x.clone()
    changed[..., event - 4 : event + 5] += 3
    moved = (probe(changed) - probe(x)).square().sum(dim=(0, 1)).numpy()
    return moved @ places / moved.sum()


class Pooled(nn.Module):
    """A convolution of stride 4, times a gate by a pool over time."""

    def __init__(self, pool):
        super().__init__()
        self.pool, self.body = pool, nn.Conv1d(1, 3, 5, 4, 2)

    def forward(self, x):
        found = self.body(x)
        return found * torch.sigmoid(self.pool(found).reshape(len(x), 3, 1))


POOLS = {
    "mean": lambda x: x.mean(dim=2),
    "maximum": lambda x: x.amax(2),
    "maximum and its place": lambda x: x.max(dim=2)[0],
    "deviation": lambda x: x / x.std(dim=-1, keepdim=True),
    "average pool": nn.AdaptiveAvgPool1d(1),
    "maximum pool": nn.AdaptiveMaxPool1d(1),
}


@pytest.mark.parametrize("pool", POOLS)
def test_what_is_pooled_is_not_followed(pool):
    class Layer(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = Pooled(POOLS[pool]) if pool != "deviation" else nn.Sequential(nn.Conv1d(1, 3, 5, 4, 2), Divided())

        def forward(self, x):
            return self.layer(x)

    probe, x = probe_of(Layer().eval(), "layer", 64), noise(0, time=200)
    with torch.no_grad():
        assert moving_axes(probe, x) == []
        local = by_place(probe, x)
        assert moving_axes(local, x) == [2]
        np.testing.assert_array_equal(places_by_reach(local, x, 2).centres, 4 * np.arange(50))
        torch.testing.assert_close(local(x), probe(x), rtol=0, atol=0)


class Divided(nn.Module):
    def forward(self, x):
        return x / x.std(dim=-1, keepdim=True)


def test_pools_of_patches_and_of_channels_are_followed():
    """Means within patches of 25 samples, and over channels: nothing of them is forgotten."""

    class Patched(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Identity()

        def forward(self, x):
            found = x.unflatten(2, (-1, 25)).mean(dim=3)
            return self.layer(torch.cat([found, found.mean(dim=1, keepdim=True)], dim=1))

    probe, x = probe_of(Patched(), "layer", 64), noise(0, leads=2, time=200)
    assert by_place(probe, x) is None
    with torch.no_grad():
        np.testing.assert_array_equal(places_by_reach(probe, x, 2).centres, 12 + 25 * np.arange(8))


def test_units_behind_the_pool_alone_stand_nowhere():
    class Spread(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(1, 20)

        def forward(self, x):
            return self.layer(x.mean(dim=2, keepdim=True))

    model = Spread()
    with frozen(model), pytest.raises(ValueError, match="none of whose axes moves"):
        units_of(model, noise(0, time=200), "layer")
