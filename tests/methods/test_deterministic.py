"""Networks whose logits are others at every call are found, and no other network is."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import ecgbench
from ecgbench.errors import InputError
from ecgbench.methods import explanation
from ecgbench.model_calls import FURTHER_PASSES

from .cases import MODEL_BOUND, explain, small, windows


class Around(nn.Module):
    """The small network, whose windows or logits pass through a function."""

    gradcam_layer = "network.features"

    def __init__(self, before=lambda x: x, after=lambda logits: logits):
        super().__init__()
        self.network, self.before, self.after, self.calls = small(), before, after, 0

    def forward(self, x):
        self.calls += 1
        return self.after(self.network(self.before(x)))


def sometimes(x):
    """Stochastic depth: a block is left out of a fifth of all calls."""
    return x * (torch.rand(()) > 0.2)


RANDOM = {
    "dropout": Around(before=lambda x: functional.dropout(x, 0.2, training=True)),
    "rare dropout": Around(before=lambda x: functional.dropout(x, 0.002, training=True)),
    "noise": Around(after=lambda logits: logits + 0.01 * torch.randn_like(logits)),
    "numpy": Around(before=lambda x: x + np.random.default_rng().standard_normal()),
    "stochastic depth": Around(before=sometimes),
}


@pytest.mark.parametrize("model", RANDOM.values(), ids=RANDOM)
def test_networks_that_draw_random_numbers_are_refused_at_every_call(model):
    state = torch.get_rng_state()
    for _ in range(2):
        with pytest.raises(
            InputError, match=r"expected a model that returns the same logits at every call .*, got others for the same window"
        ):
            ecgbench.explain(model, windows(), 1, "saliency")
    assert torch.equal(torch.get_rng_state(), state)


def test_every_method_that_asks_the_model_refuses_them():
    for key in MODEL_BOUND:
        with pytest.raises(InputError, match="expected a model that returns the same logits at every call"):
            explain(RANDOM["dropout"], windows(), 1, key)
    assert np.isfinite(explain(RANDOM["dropout"], windows(), 1, "random_baseline")).all()


def test_scores_by_them_are_refused_too():
    x = windows()
    for model in (RANDOM["noise"], RANDOM["rare dropout"]):
        with pytest.raises(InputError, match="expected a model that returns the same logits at every call"):
            ecgbench.score("region_perturbation_morf", x, x=x, model=model, target=1)


class Counted(Around):
    """Every call's logits differ by a little, as a library's do that adds in any order."""

    def __init__(self, by):
        super().__init__(after=lambda logits: logits * (1 + by * self.calls))


def drawing_in_vain(x):
    """As networks whose layer drop looks at whether they learn only after it has drawn."""
    torch.rand(())
    return x


LEGITIMATE = {
    "rounding": (Counted(1e-7), 2),
    "draws that nothing depends on": (Around(before=drawing_in_vain), 2 + FURTHER_PASSES),
    "dropout that learns only": (Around(before=nn.Dropout(0.5).eval()), 2),
    "its own generator": (Around(before=lambda x: x + torch.rand((), generator=torch.Generator().manual_seed(1))), 2),
    "nan": (Around(after=lambda logits: torch.cat([logits, torch.full_like(logits, torch.nan)], dim=1)), 2),
}


@pytest.mark.parametrize(("model", "passes"), LEGITIMATE.values(), ids=LEGITIMATE)
def test_other_networks_are_asked_of_a_window_alone_and_beside_others_the_first_time_they_are_explained(model, passes):
    calls = []
    model.register_forward_pre_hook(lambda module, inputs: calls.append(len(inputs[0])))
    for made in ([1] * passes + [2] * 4 + [3], [3]):
        calls.clear()
        assert np.isfinite(explanation(model, windows(), 1, "saliency").maps).all()
        assert calls == made


def test_a_network_is_asked_again_after_a_layer_was_exchanged():
    model = nn.Sequential(nn.Identity(), small())
    ecgbench.explain(model, windows(), 1, "saliency")
    model[0] = RANDOM["dropout"]
    model[1] = nn.Identity()
    with pytest.raises(InputError, match="expected a model that returns the same logits at every call"):
        ecgbench.explain(model, windows(), 1, "saliency")


def one_alone(x):
    if len(x) > 1:
        raise ValueError("one window at a time")
    return x


def test_a_network_of_one_window_at_a_time_is_taken():
    model = Around(before=one_alone)
    maps = ecgbench.explain(model, windows(), 1, "saliency", batch_size=1)
    np.testing.assert_allclose(maps, ecgbench.explain(model.network, windows(), 1, "saliency"), rtol=1e-9)
