"""The network against a second implementation with plain functions, and against the golden weights and logits."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from ecgbench.errors import UnknownKeyError
from ecgbench.models import forward, load_model, untrained
from ecgbench.models.residual.network import ResNet
from tests.models.architectures import ARCHITECTURES, KINDS

Weights = dict[str, torch.Tensor]


def random_model(architecture: str, outputs: int = 3) -> ResNet:
    """A network whose batch norms are far from neutral."""
    model = untrained(architecture, outputs, seed=4)
    generator = torch.Generator().manual_seed(5)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor, low, high in ((module.weight, 0.5, 1.5), (module.bias, -0.5, 0.5), (module.running_mean, -0.3, 0.3)):
                assert tensor is not None
                nn.init.uniform_(tensor, low, high, generator=generator)
            assert module.running_var is not None
            nn.init.uniform_(module.running_var, 0.5, 2, generator=generator)
    return model.eval().requires_grad_(False)


def plain_convolution(x: torch.Tensor, w: Weights, name: str, stride: int = 1) -> torch.Tensor:
    weight = w[f"{name}.weight"].squeeze(2)
    return functional.conv1d(x, weight, stride=stride, padding=weight.shape[-1] // 2)


def plain_norm(x: torch.Tensor, w: Weights, name: str) -> torch.Tensor:
    mean, var, weight, bias = (w[f"{name}.{part}"][:, None] for part in ("running_mean", "running_var", "weight", "bias"))
    return (x - mean) / torch.sqrt(var + 1e-5) * weight + bias


def plain_block(x: torch.Tensor, w: Weights, name: str, stride: int) -> torch.Tensor:
    bottleneck = f"{name}.conv3.weight" in w
    strides = (1, stride, 1) if bottleneck else (stride, 1)
    out = x
    for number, step in enumerate(strides, start=1):
        out = plain_norm(plain_convolution(out, w, f"{name}.conv{number}", step), w, f"{name}.bn{number}")
        out = out.relu() if number < len(strides) else out
    if f"{name}.downsample.0.weight" in w:
        x = plain_norm(plain_convolution(x, w, f"{name}.downsample.0", stride), w, f"{name}.downsample.1")
    return (out + x).relu()


def plain_forward(x: torch.Tensor, w: Weights) -> torch.Tensor:
    """A ResNet on one lead (n, 1, time)."""
    x = plain_norm(plain_convolution(x, w, "conv1", 2), w, "bn1").relu()
    x = functional.max_pool1d(x, 3, 2, 1)
    for stage in (1, 2, 3, 4):
        position = 0
        while f"layer{stage}.{position}.conv1.weight" in w:
            x = plain_block(x, w, f"layer{stage}.{position}", 2 if stage > 1 and position == 0 else 1)
            position += 1
    return x.mean(dim=2) @ w["fc.weight"].T + w["fc.bias"]


LENGTHS = [*((key, 257) for key in ARCHITECTURES), *((key, 33) for key in KINDS), ("resnet18_7", 250)]
KERNELS = {"resnet18": 3, "resnet18_5": 5, "resnet18_7": 7, "resnet34": 3, "resnet50": 3}
KERNELS |= {"resnet18_7_narrow": 7, "resnet18_7_narrow_leads": 7}


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("architecture", "length"), LENGTHS)
def test_one_lead_equals_the_plain_network_in_one_dimension(architecture: str, length: int) -> None:
    model = random_model(architecture).double()
    x = noise(2, 1, length).double()
    torch.testing.assert_close(model(x), plain_forward(x, model.state_dict()), rtol=1e-9, atol=1e-9)


def test_leads_share_weights_and_their_logits_are_averaged() -> None:
    model = random_model("resnet18_7").double()
    x = noise(2, 3, 251).double()
    each = torch.stack([plain_forward(x[:, [lead]], model.state_dict()) for lead in range(3)])
    torch.testing.assert_close(model(x), each.mean(dim=0), rtol=1e-9, atol=1e-9)


def test_twelve_identical_leads_give_the_logits_of_one() -> None:
    model = random_model("resnet18_7")
    x = noise(2, 1, 300)
    torch.testing.assert_close(model(x.expand(2, 12, 300)), model(x), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("architecture", ["resnet18", "resnet50"])
def test_every_relu_is_a_module_of_its_own_used_once(architecture: str) -> None:
    model = untrained(architecture, 3).eval()
    relus = [module for module in model.modules() if isinstance(module, nn.ReLU)]
    calls: list[nn.Module] = []
    for relu in relus:
        relu.register_forward_hook(lambda module, _, __: calls.append(module))
    model(noise(1, 1, 128))
    blocks, per_block = sum(ARCHITECTURES[architecture].blocks), 3 if ARCHITECTURES[architecture].bottleneck else 2
    assert len(relus) == 1 + blocks * per_block
    assert {id(module) for module in calls} == {id(relu) for relu in relus}
    assert len(calls) == len(relus)


@pytest.mark.parametrize("architecture", KERNELS)
def test_kernels_are_as_wide_as_the_architecture_says(architecture: str) -> None:
    expected = KERNELS[architecture]
    model = untrained(architecture, 3)
    wide = [m for name, m in model.named_modules() if isinstance(m, nn.Conv2d) and "layer" in name and m.kernel_size != (1, 1)]
    assert {m.kernel_size for m in wide} == {(1, expected)}
    assert {m.padding for m in wide} == {(0, expected // 2)}
    assert (model.conv1.kernel_size, model.conv1.stride, model.conv1.padding) == ((1, 7), (1, 2), (0, 3))


def test_shapes_of_resnet18_7_are_those_of_the_golden_weights(reference: Path) -> None:
    golden = load_file(reference / "mitdb_resnet18_7.safetensors")
    ours = untrained("resnet18_7", 4)
    names = {name.replace("backbone.", "").replace("classifier.", "fc."): list(tensor.shape) for name, tensor in golden.items()}
    assert {name: list(tensor.shape) for name, tensor in ours.state_dict().items()} == names
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    assert sum(parameter.numel() for parameter in ours.parameters()) == sum(
        tensor.numel() for name, tensor in golden.items() if not name.endswith(statistics)
    )


@pytest.mark.parametrize("architecture", ["resnet18_7", "resnet50"])
def test_initial_convolutions_have_the_std_of_he_fan_out(architecture: str) -> None:
    for name, module in untrained(architecture, 3).named_modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 4000:
            fan_out = module.out_channels * module.kernel_size[1]
            assert module.weight.std().item() == pytest.approx(math.sqrt(2 / fan_out), rel=0.05), name
            assert abs(module.weight.mean().item()) < 0.05 * math.sqrt(2 / fan_out), name


def test_initial_batch_norms_are_one_and_zero_and_the_last_layer_uniform() -> None:
    model = untrained("resnet18_7", 40)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert (module.weight == 1).all()
            assert (module.bias == 0).all()
    bound = 512**-0.5
    assert model.fc.weight.abs().max().item() <= bound
    assert model.fc.weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.05)


def test_weights_do_not_depend_on_the_global_generator() -> None:
    state = torch.get_rng_state()
    first = untrained("resnet18_7_narrow", 3).state_dict()
    torch.manual_seed(99)
    second = untrained("resnet18_7_narrow", 3).state_dict()
    torch.set_rng_state(state)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_unknown_architecture_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownKeyError, match='expected a key of models, got "resnet_18"; did you mean resnet18'):
        untrained("resnet_18", 3)


@pytest.mark.parametrize("dataset", ["mitdb", "svdb"])
def test_golden_weights_give_the_golden_logits(reference: Path, dataset: str) -> None:
    model = load_model(reference / f"{dataset}_resnet18_7.safetensors")
    with np.load(reference / f"{dataset}_attributions.npz") as golden:
        x = golden["x"][:, None]
        np.testing.assert_allclose(forward(model, x), golden["logits"], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(forward(model, np.zeros_like(x[:1])), golden["logits_zero"], rtol=1e-4, atol=1e-4)
