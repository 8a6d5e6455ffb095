"""Which channels a compact network drops, and which it must keep."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import nn

from ecgbench.models import compact, forward
from ecgbench.models.residual.network import ResNet

from ..networks import DEAD, assert_same_logits, block, channels, kill, network, noise


def unread(*layers: nn.Module) -> None:
    """No layer reads the channel."""
    with torch.no_grad():
        for layer in layers:
            cast("nn.Conv2d", layer).weight[:, DEAD] = 0


@pytest.mark.parametrize(
    ("architecture", "shift", "kept"), [("resnet18", -0.3, 3), ("resnet18", 0.0, 3), ("resnet18", 0.3, 4), ("resnet50", -0.3, 3)]
)
def test_dead_filter_is_dropped_unless_its_shift_is_positive(architecture: str, shift: float, kept: int) -> None:
    model = network(architecture)
    first = block(model, 1, 1)
    kill(first.conv1, first.bn1, shift)
    if shift == 0:
        with torch.no_grad():
            first.bn1.bias[DEAD] = cast("torch.Tensor", first.bn1.running_mean)[DEAD] = 0
    smaller = compact(model)
    inputs, outputs = channels(model)["layer1.1.conv1"], channels(model)["layer1.1.conv2"]
    wanted = {**channels(model), "layer1.1.conv1": (inputs[0], kept), "layer1.1.conv2": (kept, outputs[1])}
    assert channels(smaller) == wanted
    assert_same_logits(model, smaller)


@pytest.mark.parametrize(("mean", "bias", "kept"), [(3.0, 0.5, 3), (-3.0, -0.5, 4)])
def test_shift_is_what_bias_and_running_mean_make_together(mean: float, bias: float, kept: int) -> None:
    model = network("resnet18")
    norm = block(model, 2, 1).bn1
    with torch.no_grad():
        block(model, 2, 1).conv1.weight[DEAD] = 0
        cast("torch.Tensor", norm.running_mean)[DEAD] = mean
        norm.bias[DEAD], norm.weight[DEAD] = bias, 1
    assert channels(compact(model))["layer2.1.conv1"] == (8, 4 + kept)


def test_constant_of_a_dead_filter_matters() -> None:
    model, without = network("resnet18"), network("resnet18")
    for each, shift in ((model, 2.0), (without, -2.0)):
        kill(block(each, 3, 0).conv1, block(each, 3, 0).bn1, shift)
    assert np.abs(forward(model, noise(3, 1, 101)) - forward(without, noise(3, 1, 101))).max() > 1e-3
    assert_same_logits(model, compact(model))


@pytest.mark.parametrize("architecture", ["resnet18", "resnet50"])
def test_channel_that_nothing_reads_is_dropped(architecture: str) -> None:
    model = network(architecture)
    unread(block(model, 1, 1).conv2)
    smaller, before = compact(model), channels(model)
    inputs, outputs = before["layer1.1.conv1"], before["layer1.1.conv2"]
    assert channels(smaller) == {**before, "layer1.1.conv1": (inputs[0], 3), "layer1.1.conv2": (3, outputs[1])}
    assert_same_logits(model, smaller)


def test_channel_that_only_an_unread_channel_reads_is_dropped() -> None:
    model = network("resnet50")
    last = cast("Any", block(model, 4, 1))
    unread(last.conv3)
    with torch.no_grad():
        last.conv2.weight[:DEAD, 5] = 0
        last.conv2.weight[DEAD + 1 :, 5] = 0
    smaller = channels(compact(model))
    assert smaller["layer4.1.conv1"] == (128, 31)
    assert smaller["layer4.1.conv2"] == (31, 31)
    assert smaller["layer4.1.conv3"] == (31, 128)


def test_channel_that_no_logit_reads_is_dropped_behind_the_last_block() -> None:
    model = network("resnet18")
    unread(model.fc, block(model, 4, 1).conv1)
    smaller, before = compact(model), channels(model)
    last = {"layer4.0.conv2": (32, 31), "layer4.0.downsample.0": (16, 31), "layer4.1.conv1": (31, 32), "layer4.1.conv2": (32, 31)}
    assert channels(smaller) == {**before, **last}
    assert smaller.fc.in_features == 31
    assert_same_logits(model, smaller)


def test_channel_whose_effects_on_the_logits_cancel_is_kept() -> None:
    model = network("resnet18")
    unread(block(model, 4, 1).conv1)
    with torch.no_grad():
        model.fc.weight[:, DEAD] = torch.tensor([0.5, -0.5, 0.0])
    smaller = compact(model)
    assert (channels(smaller), smaller.fc.in_features) == (channels(model), 32)
    assert_same_logits(model, smaller)


def writers(model: ResNet) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    """All that write the channels in front of the second stage, which shortcuts without weights tie."""
    return [(model.conv1, model.bn1), *((part.conv2, part.bn2) for part in (block(model, 1, 0), block(model, 1, 1)))]


def readers(model: ResNet) -> list[nn.Module]:
    """All that read them."""
    entered = block(model, 2, 0)
    return [block(model, 1, 0).conv1, block(model, 1, 1).conv1, entered.conv1, cast("nn.Sequential", entered.downsample)[0]]


FIRST = {"conv1": (1, 3), **{f"layer1.{i}.conv1": (3, 4) for i in (0, 1)}, **{f"layer1.{i}.conv2": (4, 3) for i in (0, 1)}}
FIRST |= {"layer2.0.conv1": (3, 8), "layer2.0.downsample.0": (3, 8)}


@pytest.mark.parametrize("side", ["written", "read"])
def test_channel_that_shortcuts_tie_is_dropped_where_nothing_writes_or_reads_it(side: str) -> None:
    model = network("resnet18_7")
    if side == "written":
        for convolution, norm in writers(model):
            kill(convolution, norm, -0.1)
    else:
        unread(*readers(model))
    smaller = compact(model)
    assert channels(smaller) == {**channels(model), **FIRST}
    assert_same_logits(model, smaller)


@pytest.mark.parametrize("alive", [0, 1, 2])
def test_channel_that_shortcuts_tie_is_kept_everywhere_where_one_writes_it(alive: int) -> None:
    model = network("resnet18_7")
    for number, (convolution, norm) in enumerate(writers(model)):
        if number != alive:
            kill(convolution, norm, -0.1)
    smaller = compact(model)
    assert channels(smaller) == channels(model)
    assert_same_logits(model, smaller)


@pytest.mark.parametrize("alive", [0, 1, 2, 3])
def test_channel_that_shortcuts_tie_is_kept_everywhere_where_one_reads_it(alive: int) -> None:
    model = network("resnet18_7")
    unread(*(reader for number, reader in enumerate(readers(model)) if number != alive))
    smaller = compact(model)
    assert channels(smaller) == channels(model)
    assert_same_logits(model, smaller)


def test_negative_shift_of_a_dead_branch_counts_where_the_shortcut_is_positive() -> None:
    model, ignored = network("resnet18"), network("resnet18")
    for each, shift in ((model, -0.5), (ignored, 0.0)):
        kill(block(each, 1, 0).conv2, block(each, 1, 0).bn2, shift)
    smaller = compact(model)
    assert np.abs(forward(smaller, noise(3, 1, 101)) - forward(ignored, noise(3, 1, 101))).max() > 1e-3
    assert_same_logits(model, smaller)


@pytest.mark.parametrize(
    ("architecture", "shift", "prefix"),
    [
        *(("resnet18", 1.0, prefix) for prefix in ("", "conv1", "layer1.0", "fc")),
        *(("resnet50", -1.0, prefix) for prefix in ("", "layer2.0", "layer2.0.downsample", "layer4.1")),
    ],
)
def test_network_runs_where_a_whole_part_is_dead(architecture: str, prefix: str, shift: float) -> None:
    model = network(architecture)
    with torch.no_grad():
        for name, module in model.named_modules():
            if name.startswith(prefix) and isinstance(module, nn.Conv2d | nn.Linear):
                module.weight.zero_()
            if name.startswith(prefix) and isinstance(module, nn.BatchNorm2d):
                cast("torch.Tensor", module.running_mean).zero_()
                module.bias.fill_(shift)
    smaller = compact(model)
    assert min(min(pair) for pair in channels(smaller).values()) >= 1
    assert_same_logits(model, smaller)


def test_dead_branch_keeps_one_channel() -> None:
    model = network("resnet50")
    with torch.no_grad():
        for convolution, norm in block(model, 3, 1).branch():
            convolution.weight.zero_()
            cast("torch.Tensor", norm.running_mean).zero_()
            norm.bias.fill_(-1)
    smaller = channels(compact(model))
    assert [smaller[f"layer3.1.conv{i}"] for i in (1, 2, 3)] == [(64, 1), (1, 1), (1, 64)]
