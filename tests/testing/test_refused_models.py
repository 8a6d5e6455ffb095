"""Models that must be refused: one for each trial."""

import pytest
import torch
from torch import nn

from ecgbench.errors import EntryError
from ecgbench.models import MODELS, plain_evaluator
from ecgbench.testing import check_entry

from .broken import registered

pytestmark = pytest.mark.usefixtures("registries_restored")


def model(function, **declared):
    return registered(MODELS, function, **declared)


class Convolutions(nn.Module):
    """A small network of any number of leads."""

    def __init__(self, leads, outputs):
        super().__init__()
        self.features = nn.Sequential(nn.Conv1d(leads, 8, 7, stride=4, padding=3), nn.ReLU())
        self.norm, self.out = nn.BatchNorm1d(8), nn.Linear(8, outputs)

    def forward(self, x):
        return self.out(self.norm(self.features(x)).mean(dim=2))


def small(leads, samples, outputs):
    return Convolutions(leads, outputs)


def with_forward(forward):
    """A function that builds the small network with another forward pass."""

    def function(leads, samples, outputs):
        return type("Other", (Convolutions,), {"forward": forward})(leads, outputs)

    return function


def beside_its_batch(self, x):
    logits = Convolutions.forward(self, x)
    return logits - logits.mean(dim=0) * (len(x) > 1)


def without_the_window(self, x):
    return Convolutions.forward(self, x.detach())


def learning(self, x):
    with torch.no_grad():
        self.out.bias += 1e-3
    return Convolutions.forward(self, x)


def of_zeros(leads, samples, outputs):
    network = Convolutions(leads, outputs)
    for parameter in network.parameters():
        nn.init.constant_(parameter, 0.1)
    return network


def of_its_own_generator(leads, samples, outputs):
    network = Convolutions(leads, outputs)
    with torch.no_grad():
        network.out.weight += torch.rand(network.out.weight.shape, generator=torch.Generator().manual_seed(torch.seed() % 1000))
    return network


def fixed(leads, samples, outputs):
    return Convolutions(leads, outputs).requires_grad_(False)


class Kept(Convolutions):
    """A network of which a part is not in its state dict."""

    def __init__(self, leads, outputs):
        super().__init__(leads, outputs)
        self.shift = torch.rand(outputs)

    def forward(self, x):
        return super().forward(x) + self.shift.to(x)


REFUSED = {
    "no title": (small, {"title": " "}, "a title, got"),
    "one output": (lambda leads, samples, outputs: Convolutions(leads, 1), {}, "got InputError: expected logits .1, 2. of broken"),
    "one lead": (
        lambda leads, samples, outputs: Convolutions(1, outputs),
        {},
        "It takes any number of leads, .*got RuntimeError",
    ),
    "no module": (lambda leads, samples, outputs: torch.relu, {}, "got InputError: expected a torch module from broken"),
    "nan": (with_forward(lambda self, x: Convolutions.forward(self, x) * torch.nan), {}, "finite logits .3, 2. of 3 windows"),
    "probabilities": (
        with_forward(lambda self, x: Convolutions.forward(self, x).softmax(1)),
        {},
        "It returns logits: .* sum to 1, as probabilities",
    ),
    "dependence on the batch": (with_forward(beside_its_batch), {}, "the same logits of a window alone, got others"),
    "the same weights for every seed": (of_zeros, {}, "other weights for another seed, got the same"),
    "other weights each time": (of_its_own_generator, {}, "the same weights for the same seed, got others"),
    "no gradient": (with_forward(without_the_window), {}, "at the input|mend what raises it"),
    "nothing that learns": (fixed, {}, "parameters that learn, got none"),
    "no such layer": (small, {"gradcam_layer": "layer4"}, "a gradcam_layer among features, .*, got layer4; name a stage with a time axis"),
    "layer without time": (small, {"gradcam_layer": "out"}, r"a gradcam_layer called once with an output .*, got \[\(3, 3\)\]"),
    "learning in evaluation mode": (with_forward(learning), {}, "the same weights after a pass in evaluation mode|the same logits"),
    "forgetting": (lambda leads, samples, outputs: Kept(leads, outputs), {}, "the same logits from a checkpoint, got others"),
    "not recognising its weights": (small, {"recognise": lambda shapes: None}, "recognise to know the network of its own weights"),
    "no evaluator": (small, {"evaluator": lambda network: None}, "an evaluator of a network as it is built, got None"),
    "wrong evaluator": (
        small,
        {"evaluator": lambda network: plain_evaluator(Convolutions(2, 3).double().eval())},
        "the model's logits from its evaluator, got others; mend evaluator",
    ),
    "wrong compact network": (
        small,
        {"compact": lambda network: Convolutions(2, 3).double().eval()},
        "the model's logits from its compact, got others; mend compact",
    ),
}


@pytest.mark.parametrize("declared", [{}, {"gradcam_layer": "features", "evaluator": plain_evaluator}], ids=["bare", "declaring"])
def test_what_is_broken_below_is_healthy_before(monkeypatch, declared):
    monkeypatch.setattr(small, "__name__", "broken")
    monkeypatch.setattr(small, "__doc__", None)
    check_entry(model(small, **declared))


@pytest.mark.parametrize(("function", "declared", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_model_is_refused(monkeypatch, function, declared, message):
    monkeypatch.setattr(function, "__name__", "broken")
    monkeypatch.setattr(function, "__doc__", None)
    with pytest.raises(EntryError, match=message):
        check_entry(model(function, **declared))
