"""A network around whatever stands in its middle, for the methods that have a rule for what a network computes."""

from torch import nn

import ecgbench

from .cases import drawn, quick, windows

RULES = ["guided_backprop", "deep_lift", "lrp", "lrp_gamma"]
"""One of each set of rules: which calls are seen, and how, is the same for all methods that share a set."""


class Between(nn.Module):
    """Convolutions, batch norm and a residual sum around whatever stands in between."""

    gradcam_layer = "second"

    def __init__(self, between, first=None, last=None):
        super().__init__()
        self.first, self.norm = nn.Conv1d(2, 4, 5, padding=2), nn.BatchNorm1d(4)
        self.second, self.out = nn.Conv1d(4, 4, 5, padding=2), nn.Linear(4, 3)
        self.between = between
        self.before, self.after = first or nn.ReLU(), last or nn.ReLU()

    def forward(self, x):
        x = self.before(self.norm(self.first(x)))
        x = self.between(x)
        x = self.after(self.second(x))
        return self.out(x.mean(dim=2))


def explained(model, key, **options):
    return ecgbench.explain(doubled(drawn(model)), windows(), [0, 1, 2], key, **quick(key, **options))


def doubled(model):
    """The model with weights so large that an error is no rounding."""
    for parameter in model.parameters():
        parameter.data *= 2
    return model


class Called(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Standardised(nn.Module):
    """A network that z-scores its input, so that the logit is the same all along the way from a flat line."""

    def __init__(self):
        super().__init__()
        self.network = nn.Sequential(nn.Conv1d(1, 8, 9, 2, 4), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 2))

    def forward(self, x):
        return self.network((x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-6))
