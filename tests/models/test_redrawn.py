"""Networks without what they have learned."""

import numpy as np
import pytest
import torch
from torch import nn

from ecgbench.models import forward, redrawn, untrained

WINDOWS = np.random.default_rng(0).normal(size=(70, 1, 256)).astype(np.float32)


@pytest.fixture(scope="module")
def network():
    """A network of which every parameter and statistic is known to have been another."""
    module = untrained("resnet18_7_narrow", 3).eval()
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if tensor.is_floating_point():
                tensor.fill_(0.5)
    return module


def values(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def test_all_weights_are_drawn_anew_by_he_and_the_network_is_left_as_it_was(network):
    before = values(network)
    drawn = redrawn(network, 1, WINDOWS)
    assert all(torch.equal(tensor, before[name]) for name, tensor in values(network).items())
    for name, tensor in drawn.named_parameters():
        if tensor.ndim < 2:
            assert torch.equal(tensor, torch.full_like(tensor, 0.0 if "bias" in name else 1.0))
        elif tensor.numel() > 500:
            inputs = tensor[0].numel()
            assert float(tensor.detach().std()) == pytest.approx((2 / inputs) ** 0.5, rel=0.15)
            assert abs(float(tensor.detach().mean())) < 0.2 * (2 / inputs) ** 0.5
    assert not drawn.training
    assert not any(part.training for part in drawn.modules())


def test_batch_norms_have_the_statistics_of_the_windows(network):
    drawn = redrawn(network, 1, WINDOWS[:64])
    seen = {}
    drawn.bn1.register_forward_hook(lambda module, inputs, output: seen.update(output=output))
    forward(drawn, WINDOWS[:64], 64)
    axes = (0, 2, 3)
    torch.testing.assert_close(seen["output"].mean(dim=axes), torch.zeros(seen["output"].shape[1]), atol=1e-4, rtol=0)
    torch.testing.assert_close(seen["output"].std(dim=axes), torch.ones(seen["output"].shape[1]), atol=1e-2, rtol=0)
    assert drawn.bn1.momentum == network.bn1.momentum


def test_draws_depend_on_the_seed_alone(network):
    first, again, other = (values(redrawn(network, seed, WINDOWS)) for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["conv1.weight"], other["conv1.weight"])
    double = redrawn(untrained("resnet18_7_narrow", 3).double(), 1, WINDOWS)
    torch.testing.assert_close(double.conv1.weight.float(), first["conv1.weight"])


def test_network_without_batch_norms_is_drawn_too():
    module = nn.Sequential(nn.Flatten(), nn.Linear(256, 4), nn.LayerNorm(4), nn.Linear(4, 2)).eval()
    with torch.no_grad():
        module[2].weight.fill_(3.0)
    drawn = redrawn(module, 1, WINDOWS)
    assert torch.equal(drawn[2].weight, torch.ones(4))
    assert not torch.equal(drawn[1].weight, module[1].weight)
    assert torch.equal(drawn[1].bias, torch.zeros(4))
