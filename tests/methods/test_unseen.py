"""What a method cannot see or has no rule for is refused, never explained wrongly."""

import pytest
import torch
from torch import nn

from ecgbench.errors import InputError

from .networks import RULES, Between, Called, explained


class Overwriting(nn.Module):
    """A network that writes into the input of a convolution after the convolution has seen it."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.out = nn.Conv1d(2, 4, 5, padding=2), nn.Conv1d(4, 4, 5, padding=2), nn.Linear(4, 3)

    def forward(self, x):
        units = self.first(x)
        after = self.second(units)
        torch.relu_(units)
        return self.out((after + units).mean(dim=2))


@pytest.mark.parametrize("key", ["guided_backprop", "deep_lift", "deep_shap", "lrp"])
def test_a_network_that_overwrites_what_its_gradient_needs_is_refused(key):
    with pytest.raises(InputError, match="expected a model that keeps the values its gradient needs, got one that overwrites them"):
        explained(Overwriting(), key)


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_a_network_that_is_scripted_as_a_whole_has_gradients_but_no_rules():
    plain = Between(nn.ReLU(), first=nn.Identity(), last=nn.Identity())
    scripted = torch.jit.script(nn.Sequential(plain.first, nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 3)))
    with pytest.raises(InputError, match="got TorchScript in the model"):
        explained(scripted, "lrp")
    assert explained(scripted, "saliency").any()


class Branching(nn.Module):
    """A network that activates louder windows otherwise."""

    def __init__(self):
        super().__init__()
        self.first, self.out = nn.Conv1d(2, 4, 5, padding=2), nn.Linear(4, 3)

    def forward(self, x):
        units = self.first(x)
        return self.out((torch.tanh(units) if x.abs().max() > 1 else torch.relu(units)).mean(dim=2))


def test_networks_that_call_other_activations_for_the_flat_line_have_no_deep_lift():
    with pytest.raises(InputError, match="expected a model that calls the same activations for every window"):
        explained(Branching(), "deep_lift")


HIDDEN = {
    "torch.clamp": lambda x: torch.clamp(x, min=0),
    "Tensor.clamp_": lambda x: x.clamp_(min=0),
    "clamp_min": lambda x: x.clamp_min(0),
    "maximum": lambda x: torch.maximum(x, torch.zeros_like(x)),
    "Threshold": nn.Threshold(0, 0),
}
guided = pytest.mark.parametrize("key", ["guided_backprop", "guided_gradcam"])


@pytest.mark.parametrize("last", HIDDEN.values(), ids=HIDDEN.keys())
@guided
def test_a_relu_that_cannot_be_seen_beside_others_is_refused_where_it_should_be_guided(key, last):
    with pytest.raises(
        InputError, match=r"expected ReLUs called as nn\.ReLU or torch\.relu, got one that is computed otherwise; use one of these"
    ):
        explained(Between(nn.ReLU(), last=Called(last)), key)


@pytest.mark.parametrize("activation", [nn.GELU(), torch.tanh, HIDDEN["clamp_min"]], ids=["GELU", "tanh", "clamp_min"])
@guided
def test_a_network_without_a_relu_that_can_be_seen_is_refused_where_it_should_be_guided(key, activation):
    with pytest.raises(InputError, match=r"calls nn\.ReLU or torch\.relu, got one that calls (neither|gelu instead):"):
        explained(Between(activation, first=nn.Identity(), last=nn.Identity()), key)


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
@pytest.mark.parametrize("key", RULES)
def test_scripted_modules_are_refused_by_name(key):
    scripted = torch.jit.script(nn.Sequential(nn.ReLU()))
    with pytest.raises(InputError, match="expected modules whose calls can be intercepted, got TorchScript in between; explain"):
        explained(Between(scripted), key)
