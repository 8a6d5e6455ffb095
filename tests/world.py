"""A network, and windows, maps and masks that nobody may write into: whatever an entry of a registry can need."""

import numpy as np
import torch
from torch import nn

import ecgbench
from ecgbench.nn import GlobalAverage, LeadsAsRows


class Network(nn.Module):
    """A network of any number of leads, of modules that every method knows."""

    gradcam_layer = "features"

    def __init__(self, leads):
        super().__init__()
        self.rows, self.features = LeadsAsRows(), nn.Conv2d(1, 6, (1, 5), stride=(1, 2), padding=(0, 2))
        self.relu, self.average, self.out = nn.ReLU(), GlobalAverage(), nn.Linear(6, 3)
        generator = torch.Generator().manual_seed(leads)
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.3, generator=generator)
        self.double()

    def forward(self, x):
        return self.out(self.average(self.relu(self.features(self.rows(x)))))


class World:
    """Read-only windows, maps and masks, and a network: whatever an entry can need."""

    def __init__(self, n=4, leads=2, time=80):
        rng = np.random.default_rng(leads)
        self.model = Network(leads)
        self.maps, self.x = (rng.normal(size=(n, leads, time)) for _ in range(2))
        self.mask = np.repeat(rng.random((n, 1, time)) < 0.3, leads, axis=1)
        self.target = rng.integers(0, 3, n)
        for array in self.arrays():
            array.flags.writeable = False

    def arrays(self):
        return self.maps, self.x, self.mask, self.target

    def assert_untouched(self):
        for array, wanted in zip(self.arrays(), World().arrays(), strict=True):
            np.testing.assert_array_equal(array, wanted)

    def score(self, key, some=slice(None), **options):
        given = {"mask": self.mask[some], "x": self.x[some], "model": self.model, "target": self.target[some]}
        return ecgbench.score(key, self.maps[some], **given, **options)
