"""ResNets in one dimension that run on every lead with shared weights.

torchvision's ResNet (He et al. 2016, doi:10.1109/CVPR.2016.90) with kernels of one row: leads are the rows of an image, so each lead
passes the same filters, and the average behind them goes over time, and over leads unless the last layer tells these apart. Every
activation is a module of its own, used once, because attribution methods hook modules.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import cast

import torch
from torch import nn

from ecgbench.models._registry import Recognised, Shape, Source
from ecgbench.nn import GlobalAverage, LeadsAsRows, ResidualSum, TimeAverage


@dataclass(frozen=True)
class Architecture:
    """What tells the siblings apart.

    Attributes
    ----------
    blocks : residual blocks in each of the four stages
    kernel : width of the convolutions in the blocks, in samples
    bottleneck : three convolutions a block (1, kernel, 1) instead of two
    width : channels of the first stage, doubled by each later one
    leads : how many the last layer tells apart, each with weights of its own; 1 where it is given the mean of all leads
    """

    blocks: tuple[int, int, int, int]
    kernel: int
    bottleneck: bool = False
    width: int = 64
    leads: int = 1


STAGES = ("layer1", "layer2", "layer3", "layer4")

TENSORS = 10
"""Tensors that a block has at least: those of two convolutions and two batch norms, without what the norms count."""

GRADCAM_LAYER = STAGES[-1]
"""The stage that Grad-CAM explains: the last one."""

Normed = tuple[nn.Conv2d, nn.BatchNorm2d]
"""A convolution and the batch norm behind it."""


def _convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, (1, kernel), (1, stride), (0, kernel // 2), bias=False)


class BasicBlock(nn.Module):
    """Two convolutions and the shortcut around them."""

    expansion = 1

    def __init__(self, inputs: int, width: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _convolution(inputs, width, kernel, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = _convolution(width, width, kernel)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _shortcut(inputs, width, stride)
        self.add = ResidualSum()
        self.relu2 = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pass (n, channels, leads, time) through the block."""
        branch = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        summed: torch.Tensor = self.relu2(self.add(branch, self.downsample(x)))
        return summed

    def branch(self) -> list[Normed]:
        """The branch's convolutions, with an activation between each two."""
        return [(self.conv1, self.bn1), (self.conv2, self.bn2)]


class Bottleneck(nn.Module):
    """Three convolutions, the middle one narrow, and the shortcut around them."""

    expansion = 4

    def __init__(self, inputs: int, width: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _convolution(inputs, width, 1)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = _convolution(width, width, kernel, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU()
        self.conv3 = _convolution(width, width * self.expansion, 1)
        self.bn3 = nn.BatchNorm2d(width * self.expansion)
        self.downsample = _shortcut(inputs, width * self.expansion, stride)
        self.add = ResidualSum()
        self.relu3 = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pass (n, channels, leads, time) through the block."""
        branch = self.relu1(self.bn1(self.conv1(x)))
        branch = self.relu2(self.bn2(self.conv2(branch)))
        summed: torch.Tensor = self.relu3(self.add(self.bn3(self.conv3(branch)), self.downsample(x)))
        return summed

    def branch(self) -> list[Normed]:
        """The branch's convolutions, with an activation between each two."""
        return [(self.conv1, self.bn1), (self.conv2, self.bn2), (self.conv3, self.bn3)]


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Module:
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    return nn.Sequential(_convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))


def projection(block: BasicBlock | Bottleneck) -> Normed | None:
    """The convolution in a block's shortcut; None where the shortcut has no weights."""
    if isinstance(block.downsample, nn.Identity):
        return None
    convolution, norm = cast("nn.Sequential", block.downsample)
    return cast("nn.Conv2d", convolution), cast("nn.BatchNorm2d", norm)


class ResNet(nn.Module):
    """A ResNet on (n, leads, time) that returns logits (n, outputs).

    Parameters
    ----------
    architecture : what tells it from its siblings
    outputs : number of classes or labels
    """

    def __init__(self, architecture: Architecture, outputs: int) -> None:
        super().__init__()
        self.architecture = architecture
        block = Bottleneck if architecture.bottleneck else BasicBlock
        width = architecture.width
        self.rows = LeadsAsRows()
        self.conv1 = _convolution(1, width, 7, 2)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d((1, 3), (1, 2), (0, 1))
        inputs = width
        for stage, blocks in enumerate(architecture.blocks):
            layer = nn.Sequential()
            for position in range(blocks):
                stride = 2 if stage and not position else 1
                layer.append(block(inputs, width << stage, architecture.kernel, stride))
                inputs = (width << stage) * block.expansion
            self.add_module(f"layer{stage + 1}", layer)
        self.average = GlobalAverage() if architecture.leads == 1 else TimeAverage()
        self.fc = nn.Linear(inputs * architecture.leads, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (n, outputs) of standardised windows (n, leads, time)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(self.rows(x)))))
        for stage in STAGES:
            x = self.get_submodule(stage)(x)
        logits: torch.Tensor = self.fc(self.average(x))
        return logits

    @property
    def leads(self) -> int:
        """How many leads the last layer tells apart; 1 where it takes any number."""
        return self.architecture.leads

    def blocks(self) -> list[BasicBlock | Bottleneck]:
        """All residual blocks, in the order in which a window passes them."""
        return [cast("BasicBlock | Bottleneck", block) for stage in STAGES for block in cast("nn.Sequential", self.get_submodule(stage))]


def blank(architecture: Architecture, outputs: int) -> ResNet:
    """A network whose weights are yet to be set; torch's own initialisation of its layers leaves the global generator as it was."""
    with torch.random.fork_rng(devices=[]):
        return ResNet(architecture, outputs)


def build(architecture: Architecture, outputs: int, seed: int = 0) -> ResNet:
    """A freshly initialised network: He fan-out for convolutions, batch norm 1 and 0, all drawn from `seed`."""
    model = blank(architecture, outputs)
    generator = torch.Generator().manual_seed(seed)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu", generator=generator)
    bound = model.fc.in_features**-0.5
    for parameter in model.fc.parameters():
        nn.init.uniform_(parameter, -bound, bound, generator=generator)
    return model


def recognised(shapes: Mapping[str, Shape]) -> Recognised | None:
    """The residual network whose state dict has tensors of these shapes, by our names or by the study's.

    Raises
    ------
    LookupError, ValueError
        If it has a residual network's layers, and not all that belong to one.
    """
    sources = {_our_name(name): Source(name, _two_dimensional(shape)) for name, shape in shapes.items()}
    if "fc.bias" not in sources or not any(name.startswith("layer1.") for name in sources):
        return None
    if len(sources) < len(shapes):
        raise ValueError("one tensor under two names")
    if any(0 in shape for shape in shapes.values()):
        raise ValueError("an empty tensor")
    ours = {name: source.shape for name, source in sources.items()}
    return Recognised(partial(blank, architecture_of(ours), ours["fc.bias"][0]), sources)


def _two_dimensional(shape: Shape) -> Shape:
    """The shape of a convolution's weights where leads are rows: some have it without that axis."""
    return (*shape[:2], 1, *shape[2:]) if len(shape) == 3 else shape


_RENAMED = (("backbone.", ""), ("classifier.", "fc."))
"""The study's prefixes of names, and ours."""


def _our_name(name: str) -> str:
    for theirs, ours in _RENAMED:
        if name.startswith(theirs):
            return ours + name.removeprefix(theirs)
    return name


def architecture_of(shapes: Mapping[str, Shape]) -> Architecture:
    """What the shapes of a state dict's tensors, by our names, say of its network."""
    blocks = [{match[1] for name in shapes if (match := re.match(rf"layer{stage}\.(\d+)\.", name))} for stage in (1, 2, 3, 4)]
    bottleneck = "layer1.0.conv3.weight" in shapes
    kernel = shapes[f"layer1.0.conv{2 if bottleneck else 1}.weight"][-1]
    if kernel % 2 == 0:
        raise ValueError(f"blocks with a kernel of even width, {kernel}")
    first, second, third, fourth = (len(numbers) for numbers in blocks)
    if (first + second + third + fourth) * TENSORS > len(shapes):
        raise ValueError(f"blocks of fewer than {TENSORS} tensors")
    width = shapes["conv1.weight"][0]
    leads = shapes["fc.weight"][1] // ((width << 3) * (Bottleneck if bottleneck else BasicBlock).expansion)
    return Architecture((first, second, third, fourth), kernel, bottleneck, width, max(leads, 1))
