"""A residual network whose last layer tells leads apart: what is faster for its siblings is as right for it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from ecgbench.models import compact, evaluator, forward, plain_evaluator, untrained
from ecgbench.models.fast.compact import pruned
from ecgbench.models.fast.incremental import Incremental
from ecgbench.models.residual.network import ResNet, recognised
from ecgbench.types import Steps
from tests.models.networks import noise

LEADS, TIME = 3, 200


@pytest.fixture
def model() -> ResNet:
    """With a third of the last stage's channels dead, and one that the last layer reads on one lead alone."""
    found = untrained("resnet18_7_narrow_leads", 4, seed=1, leads=LEADS, samples=TIME).double().eval()
    assert isinstance(found, ResNet)
    with torch.no_grad():
        for norm in ("layer4.0.bn2", "layer4.0.downsample.1", "layer4.1.bn2"):
            for parameter in found.get_submodule(norm).parameters():
                parameter[::3] = 0
        found.fc.weight.view(4, -1, LEADS)[:, 1, 1:] = 0
    return found


def test_logits_are_a_weighted_sum_over_channels_and_leads(model: ResNet) -> None:
    x, kept = noise(2, LEADS, TIME), list[torch.Tensor]()
    model.layer4.register_forward_hook(lambda _module, _given, output: kept.append(output))
    logits = forward(model, x)
    weight = model.fc.weight.detach().numpy().reshape(4, -1, LEADS)
    expected = np.einsum("ncl,kcl->nk", kept[0].detach().numpy().mean(axis=3), weight) + model.fc.bias.detach().numpy()
    np.testing.assert_allclose(logits, expected, atol=1e-10)


def test_exchanged_leads_change_the_logits_here_and_not_for_the_sibling(model: ResNet) -> None:
    x = noise(2, LEADS, TIME)
    sibling = untrained("resnet18_7_narrow", 4, seed=1).double().eval()
    assert np.abs(forward(model, x) - forward(model, x[:, ::-1].copy())).max() > 1e-3
    np.testing.assert_allclose(forward(sibling, x), forward(sibling, x[:, ::-1].copy()), atol=1e-10)


def test_smaller_networks_have_the_same_logits(model: ResNet) -> None:
    x = noise(3, LEADS, TIME)
    smaller = compact(model)
    assert smaller.fc.in_features < model.fc.in_features
    assert smaller.fc.in_features % LEADS == 0
    np.testing.assert_allclose(forward(smaller, x), forward(model, x), atol=1e-10)
    np.testing.assert_allclose(forward(pruned(model), x), forward(model, x), atol=1e-10)


def test_steps_are_followed_as_by_whole_passes(model: ResNet) -> None:
    x, faster = noise(2, LEADS, TIME), evaluator(model)
    assert isinstance(faster.path, Incremental)  # type: ignore[attr-defined]
    onset = np.array([[0, 40, 90], [150, 20, 60]])
    steps = Steps(np.array([0, 1]), onset, onset + 30)
    np.testing.assert_allclose(faster.stepwise(x, steps), plain_evaluator(model).stepwise(x, steps), atol=1e-10)
    other = noise(2, LEADS, TIME)[::-1].copy()
    np.testing.assert_allclose(faster.stepwise(x, steps, other), plain_evaluator(model).stepwise(x, steps, other), atol=1e-10)


def test_a_state_dict_says_how_many_leads_are_told_apart(model: ResNet) -> None:
    found = recognised({name: tuple(tensor.shape) for name, tensor in model.state_dict().items()})
    assert found is not None
    again = found.build()
    assert isinstance(again, ResNet)
    assert again.architecture == replace(model.architecture, leads=LEADS)
