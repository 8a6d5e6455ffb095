"""What counts as wrong in a verdict, on networks made for it."""

import torch
from torch import nn

from .verdicts import REFUSED, WARNS, Verdict, verdict


class Step(nn.Module):
    """Three logits, each a sigmoid of the windows' mean: so steep near 0.37 that no node of the way sees it, nearly linear elsewhere."""

    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(5000.0))

    def forward(self, x):
        mean = x.mean((1, 2))
        return (torch.sigmoid(self.slope * (mean - 0.37)) + mean)[:, None].expand(-1, 3)


SMALL, LARGE = torch.full((1, 12, 100), 0.2).double(), torch.full((1, 12, 100), 0.8).double()


def test_a_window_warned_of_beside_another_and_refused_alone_is_not_silently_wrong():
    found = verdict(Step().double(), torch.cat([SMALL, LARGE]), "integrated_gradients")
    assert (found.says, found.wrong) == (WARNS, ())
    assert verdict(Step().double(), torch.cat([LARGE, LARGE]), "integrated_gradients").says == REFUSED


class Choosy(nn.Module):
    """Calls no ReLU unless two windows are given."""

    def forward(self, x):
        return (x if len(x) == 1 else torch.relu(x)).mean(2)[:, :3]


def test_a_refusal_for_the_network_that_depends_on_the_windows_is_wrong():
    found: Verdict = verdict(Choosy(), torch.cat([SMALL, LARGE]), "guided_backprop")
    assert found.wrong[0] == "whether it applies depends on the windows"
