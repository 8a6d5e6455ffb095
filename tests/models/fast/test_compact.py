"""The network without what does nothing: same logits and gradients, and the original as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import nn

from ecgbench.models import compact, forward, load_model
from ecgbench.models.residual.network import ResNet
from tests.models.architectures import KINDS

from ..networks import DEAD, assert_same_logits, block, channels, kill, network, noise

every_kind = pytest.mark.parametrize("architecture", KINDS)


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def gradient(model: nn.Module) -> torch.Tensor:
    """Of a sum of the logits with respect to the windows."""
    x = torch.tensor(noise(2, 2, 101), requires_grad=True)
    (model(x) @ torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)).sum().backward()
    assert x.grad is not None
    return x.grad


@pytest.mark.parametrize(("architecture", "share"), [("resnet18", 0.8), ("resnet18_7", 0.2), ("resnet50", 0.2), ("resnet50", 0.8)])
def test_logits_are_those_of_the_full_network(architecture: str, share: float) -> None:
    model = network(architecture, share, width=8)
    assert_same_logits(model, compact(model))


def test_single_precision_stays_and_gives_the_logits_of_the_full_network() -> None:
    model, x = network("resnet50", 0.3, dtype=torch.float32), noise(3, 2, 101, dtype=np.float32)
    smaller = compact(model)
    assert {parameter.dtype for parameter in smaller.parameters()} == {torch.float32}
    np.testing.assert_allclose(forward(smaller, x), forward(model, x), rtol=1e-5, atol=1e-5)


@every_kind
def test_gradients_are_those_of_the_full_network(architecture: str) -> None:
    model = network(architecture, 0.3, seed=1)
    wanted = gradient(model)
    assert wanted.abs().max() > 1e-3
    torch.testing.assert_close(gradient(compact(model)), wanted, rtol=0, atol=1e-12 * wanted.abs().max().item())


@every_kind
def test_dead_network_has_fewer_parameters_and_modules_tell_their_shapes(architecture: str) -> None:
    model = network(architecture, 0.5, width=8)
    smaller = compact(model)
    assert parameters(smaller) < parameters(model)
    for module in smaller.modules():
        if isinstance(module, nn.Conv2d):
            assert module.weight.shape[:2] == (module.out_channels, module.in_channels)
        if isinstance(module, nn.BatchNorm2d):
            tensors = (module.weight, module.bias, module.running_mean, module.running_var)
            assert {len(tensor) for tensor in tensors if tensor is not None} == {module.num_features}
    assert smaller.fc.weight.shape == (smaller.fc.out_features, smaller.fc.in_features)


@every_kind
def test_network_without_anything_dead_is_kept_bit_for_bit(architecture: str) -> None:
    model = network(architecture)
    kept, wanted = compact(model).state_dict(), model.state_dict()
    assert list(kept) == list(wanted)
    assert all(torch.equal(kept[name], wanted[name]) for name in wanted)


def test_compact_network_can_be_compacted_again() -> None:
    model = network("resnet18_5", 0.5)
    assert_same_logits(model, compact(compact(model)))


# The original


@pytest.mark.parametrize("training", [False, True])
def test_original_is_left_as_it_was(training: bool) -> None:
    model = network("resnet18", 0.5).train(training)
    model.bn1.eval()
    modules, before = list(model.modules()), {name: tensor.clone() for name, tensor in model.state_dict().items()}
    described, modes = repr(model), [module.training for module in modules]
    compact(model)
    assert [id(module) for module in model.modules()] == [id(module) for module in modules]
    assert (repr(model), [module.training for module in modules]) == (described, modes)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in modules)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_smaller_network_is_one_of_its_own_in_evaluation_mode_and_without_hooks(share: float) -> None:
    model = network("resnet18", share).train()
    smaller = compact(model)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert not any(m.training or m._forward_hooks or m._forward_pre_hooks for m in smaller.modules())
    with torch.no_grad():
        for tensor in (*smaller.parameters(), *smaller.buffers()):
            tensor.add_(1)
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


OTHERS: dict[str, Callable[[], nn.Module]] = {
    "another network": lambda: nn.Linear(3, 2),
    "a module exchanged": lambda: exchanged(network("resnet18", 0.5)),
    "a hook": lambda: hooked(network("resnet18", 0.5)),
}


def exchanged(model: ResNet) -> ResNet:
    block(model, 2, 0).relu1 = cast("Any", nn.GELU())
    return model


def hooked(model: ResNet) -> ResNet:
    model.fc.register_forward_hook(lambda module, given, logits: 2 * logits)
    return model


@pytest.mark.parametrize("case", OTHERS)
def test_any_other_network_is_returned_itself(case: str) -> None:
    model = OTHERS[case]()
    assert compact(model) is model


# Weights that do nothing


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_weights_that_do_nothing_become_zero_and_no_other_changes(dtype: torch.dtype) -> None:
    model = network("resnet18_5", dtype=dtype)
    convolution, norm = block(model, 2, 0).conv1, block(model, 2, 0).bn1
    with torch.no_grad():
        norm.weight[1] = 1e-3
        scale = norm.weight / (cast("torch.Tensor", norm.running_var) + norm.eps).sqrt()
        largest = (convolution.weight * scale[:, None, None, None]).abs().max()
        nothing = torch.finfo(dtype).eps ** 2 * largest / scale[1]
        convolution.weight[1, DEAD, 0] = nothing * torch.tensor([0.9, -0.9, 1.1, -1.1, 0.0])
    wanted = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    wanted["layer2.0.conv1.weight"][1, DEAD, 0, :2] = 0
    found = compact(model).state_dict()
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_filter_of_weights_that_do_nothing_is_dead(dtype: torch.dtype) -> None:
    model = network("resnet18", dtype=dtype)
    tiny = block(model, 1, 0)
    kill(tiny.conv1, tiny.bn1, -0.1)
    with torch.no_grad():
        tiny.conv1.weight[DEAD] = torch.finfo(dtype).eps ** 2 / 100
    smaller = channels(compact(model))
    assert (smaller["layer1.0.conv1"], smaller["layer1.0.conv2"]) == ((4, 3), (3, 4))


@pytest.mark.parametrize(("share", "kept"), [(0.5, 3), (2.0, 4)])
def test_positive_shift_of_a_dead_filter_counts_if_it_does_anything(share: float, kept: int) -> None:
    model = network("resnet18")
    norm = block(model, 1, 0).bn1
    with torch.no_grad():
        block(model, 1, 0).conv1.weight[DEAD] = 0
        cast("torch.Tensor", norm.running_mean).zero_()
        norm.bias.fill_(1)
        norm.bias[DEAD] = share * torch.finfo(torch.float64).eps ** 2
    assert channels(compact(model))["layer1.0.conv1"] == (4, kept)


# The reference networks


@pytest.mark.parametrize(("dataset", "share"), [("mitdb", 0.05), ("svdb", 0.20)])
def test_reference_network_shrinks_and_keeps_its_logits(reference: Path, dataset: str, share: float) -> None:
    model = load_model(reference / f"{dataset}_resnet18_7.safetensors")
    smaller = compact(model)
    assert parameters(smaller) < share * parameters(model)
    with np.load(reference / f"{dataset}_attributions.npz") as file:
        x = np.concatenate([file["x"][:4, None], np.zeros_like(file["x"][:1, None])])
    np.testing.assert_allclose(forward(smaller, x), forward(model, x), rtol=1e-5, atol=1e-5)
