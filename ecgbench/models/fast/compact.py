"""The same network with fewer channels: weight decay leaves many that nothing reaches or nothing reads.

What is left out never changes a logit: channels that are 0 whatever the input, and channels that no logit depends on. Weights count as
absent below the square of the precision's epsilon, as a share of their layer's largest, which is far below what rounding does.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeGuard, cast

import torch
from torch import nn

from ecgbench.models.residual.network import Architecture, Normed, ResNet, blank, projection
from ecgbench.nn import ModuleT, channels_last

Mask = torch.Tensor
"""Which channels are kept: (channels,) bool."""


def as_built(model: nn.Module) -> TypeGuard[ResNet]:
    """Whether a model is one of the package's ResNets, without a module or its forward pass exchanged and without hooks."""
    if type(model) is not ResNet:
        return False
    return is_untouched(model) and _structure(model) == _structure_built(model.architecture, model.fc.out_features)


def is_untouched(model: nn.Module) -> bool:
    """Whether no module has a hook or a forward pass that is not its class's."""
    return not any(module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module) for module in model.modules())


@lru_cache(maxsize=64)
def _structure_built(architecture: Architecture, outputs: int) -> list[Any]:
    """The structure of the package's own network, which takes longer to build than to run."""
    return _structure(blank(architecture, outputs))


def _structure(model: nn.Module) -> list[Any]:
    return [(name, type(module), module.extra_repr()) for name, module in model.named_modules()]


def compact(model: ModuleT) -> ModuleT:
    """A network of its own with the same logits up to rounding, in evaluation mode, without dead channels and weights that do nothing.

    Parameters
    ----------
    model : is left as it is; anything but a ResNet as the package builds it is returned itself
    """
    if not as_built(model):
        return model
    smaller = copy.deepcopy(model).eval()
    with torch.no_grad():
        for convolution, norm in _normed(smaller):
            convolution.weight.mul_(_not_negligible(convolution.weight * _scale(norm)[:, None, None, None]))
        for (convolution, norm), inputs, outputs in list(_kept(smaller, _alive_inputs(smaller))):
            convolution.weight = nn.Parameter(convolution.weight[outputs][:, inputs])
            convolution.out_channels, convolution.in_channels = convolution.weight.shape[:2]
            _keep(norm, outputs)
        of_leads = outputs.repeat_interleave(model.architecture.leads)
        smaller.fc.weight = nn.Parameter(smaller.fc.weight[:, of_leads])
        smaller.fc.in_features = smaller.fc.weight.shape[1]
    return cast("ModuleT", channels_last(smaller))


def pruned(model: ModuleT) -> ModuleT:
    """The same architecture with 0 for the weights of dead channels and for negligible ones: the same logits up to rounding.

    What is 0 takes no room in a compressed file. `compact` gives the same for it as for the given model, which is left as it is, and
    which is returned itself where it is anything but a ResNet as the package builds it.
    """
    if not as_built(model):
        return model
    sparse = copy.deepcopy(model).eval()
    with torch.no_grad():
        for convolution, norm in _normed(sparse):
            convolution.weight.mul_(_not_negligible(convolution.weight * _scale(norm)[:, None, None, None]))
        for (convolution, norm), inputs, outputs in list(_kept(sparse, _alive_inputs(sparse))):
            convolution.weight[~outputs] = 0
            convolution.weight[:, ~inputs] = 0
            _switch_off(norm, ~outputs)
        sparse.fc.weight[:, ~outputs.repeat_interleave(model.architecture.leads)] = 0
    return cast("ModuleT", sparse)


def _switch_off(norm: nn.BatchNorm2d, channels: Mask) -> None:
    """Make a norm give 0 in these channels."""
    mean, variance = _statistics(norm)
    for tensor, value in ((norm.weight, 0.0), (norm.bias, 0.0), (mean, 0.0), (variance, 1.0)):
        tensor[channels] = value


def _not_negligible(values: torch.Tensor) -> torch.Tensor:
    """True where the absolute value exceeds eps**2 of the largest."""
    size = values.abs()
    return size > torch.finfo(values.dtype).eps ** 2 * size.max()


def _scale(norm: nn.BatchNorm2d) -> torch.Tensor:
    """What the norm multiplies each channel with."""
    scale: torch.Tensor = norm.weight / (_statistics(norm)[1] + norm.eps).sqrt()
    return scale


def _statistics(norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
    """Running mean and variance."""
    assert norm.running_mean is not None, "a norm as the package builds it keeps statistics"
    assert norm.running_var is not None, "a norm as the package builds it keeps statistics"
    return norm.running_mean, norm.running_var


def _keep(norm: nn.BatchNorm2d, channels: Mask) -> None:
    norm.weight, norm.bias = nn.Parameter(norm.weight[channels]), nn.Parameter(norm.bias[channels])
    norm.running_mean, norm.running_var = (statistic[channels] for statistic in _statistics(norm))
    norm.num_features = len(norm.weight)


def _normed(model: ResNet) -> Iterator[Normed]:
    """Every convolution with its batch norm."""
    yield model.conv1, model.bn1
    for block in model.blocks():
        yield from block.branch()
        if (projected := projection(block)) is not None:
            yield projected


def _alive_inputs(model: ResNet) -> Mapping[nn.Module, Mask]:
    """Input channels of each convolution and of the last layer that can differ from 0 and that a logit depends on, on some lead.

    A network of ones and zeros tells both. Weights and shifts are only there or not, so nothing cancels: a channel's value says whether
    it can differ from 0, and its gradient whether a logit depends on it.
    """
    indicator, inputs = _indicator(model), {}

    def keep(module: nn.Module, given: tuple[torch.Tensor]) -> None:
        given[0].retain_grad()
        inputs[module] = given[0]

    twins = dict(zip(indicator.modules(), model.modules(), strict=True))
    for module in twins:
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_pre_hook(keep)
    with torch.enable_grad():
        leads = model.architecture.leads
        indicator(torch.ones(1, leads, 1, dtype=torch.float64, requires_grad=True)).sum().backward()
    alive = {module: ((value > 0) & (value.grad != 0)).view(-1, leads).any(dim=1) for module, value in inputs.items()}
    return {twins[module]: _some(channels) for module, channels in alive.items()}


def _indicator(model: ResNet) -> ResNet:
    """The network with 1 for each weight and positive shift and 0 for what is absent; its convolutions look at one position."""
    indicator = copy.deepcopy(model).to("cpu", torch.float64).eval()
    for convolution, norm in _normed(indicator):
        mean, variance = _statistics(norm)
        shift = norm.bias - mean * _scale(norm)
        convolution.weight.data = (convolution.weight != 0).any(dim=3, keepdim=True).double()
        convolution.stride, convolution.padding = (1, 1), (0, 0)
        # Some versions of torch refuse a norm whose eps is 0.
        for tensor, value in ((norm.weight, 1.0), (variance, 1.0 - norm.eps), (mean, 0.0)):
            tensor.data.fill_(value)
        norm.bias.data = ((shift > 0) & _not_negligible(shift)).double()
    indicator.fc.weight.data = (indicator.fc.weight != 0).double()
    return indicator


def _kept(model: ResNet, alive: Mapping[nn.Module, Mask]) -> Iterator[tuple[Normed, Mask, Mask]]:
    """Every convolution and its batch norm, with the input and the output channels that are kept; the last one's outputs are `fc`'s."""
    between = _between_blocks(model, alive)
    yield (model.conv1, model.bn1), alive[model.conv1], between[0]
    for block, entering, leaving in zip(model.blocks(), between, between[1:], strict=False):
        pairs = block.branch()
        masks = [entering, *(alive[convolution] for convolution, _ in pairs[1:]), leaving]
        if (projected := projection(block)) is not None:
            yield projected, entering, leaving
        yield from zip(pairs, masks, masks[1:], strict=False)


def _between_blocks(model: ResNet, alive: Mapping[nn.Module, Mask]) -> list[Mask]:
    """Channels kept before the first block, between blocks and behind the last; a shortcut without weights ties both its ends."""
    blocks = model.blocks()
    masks = [alive[layer] for layer in (*(block.branch()[0][0] for block in blocks), model.fc)]
    for i, block in enumerate(blocks):
        if projection(block) is None:
            masks[i + 1] = masks[i].logical_or_(masks[i + 1])
    return masks


def _some(mask: Mask) -> Mask:
    """The mask, or its first channel where it holds none: a layer needs one."""
    mask.view(-1)[0] |= not mask.any()
    return mask
