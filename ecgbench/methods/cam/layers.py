"""The choice of the layer that a class activation map is made of."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import torch

from ecgbench.errors import InputError, MapWarning
from ecgbench.methods._gradient import all_logits
from ecgbench.methods.cam.units import Units, found_once, units_of

LISTED = 20
"""Names of layers that an error lists."""


def chosen_units(
    model: torch.nn.Module,
    x: torch.Tensor,
    layer: str | None,
    layer_layout: str | None = None,
    declared: tuple[str, ...] = ("gradcam_layer",),
) -> Units:
    """The units of the layer that is named, that the model declares, or that is the last whose output has time.

    Parameters
    ----------
    x : (n, leads, time)
    layer : the name that the caller gives, if any
    layer_layout : what the axes of its output are, if the caller says so
    declared : attributes of the model that may name it, the first that does counts

    Raises
    ------
    InputError
        If there is no such layer, or none that stands in time.
    """
    names = [path for path, _ in _hookable(model)]
    named = layer if layer is not None else next((name for attribute in declared if (name := getattr(model, attribute, None))), None)
    if named is None:
        found = found_once(model, x, (None, layer_layout), lambda: _last_in_time(model, x, layer_layout))
        if not found.whole:
            _tell_of_a_part(found.layer)
        return found
    uncompiled = {path.replace("_orig_mod.", ""): path for path in names}  # torch.compile puts a level between
    path = named if named in names else uncompiled.get(named, named)
    if path not in names:
        raise InputError(f'expected a layer of the model, got "{path}"; name one of {_listed(names)}.')
    return units_of(model, x, path, layer_layout)


def _tell_of_a_part(layer: str) -> None:
    warnings.warn(
        f'expected maps of a layer that the whole logit depends on the window through, got "{layer}", which a part of it passes by; name '
        "another layer, or choose a method that needs none.",
        MapWarning,
        stacklevel=3,
    )


def _last_in_time(model: torch.nn.Module, x: torch.Tensor, layer_layout: str | None) -> Units:
    """The units of the last layer that stands in time and that the logits depend on the window through, all of them or else in part."""
    candidates = _candidates(model, x[:1])
    through = [name for name in candidates if _all_passes(model, x[:1], name)]
    for name in (*reversed(through), *(name for name in reversed(candidates) if name not in through)):
        try:
            found = units_of(model, x, name, layer_layout)
        except InputError:  # it does not stand in time, so that one before it is tried
            continue
        return replace(found, whole=name in through)
    raise InputError(
        "expected a model with a layer whose units stand at places in time, for class activation maps, got none; name a layer and what its "
        f'axes are, `layer=` one of {_listed(candidates)} and `layer_layout=` such as "time, channels".'
        if candidates
        else "expected a model with a layer that is called once and returns (n, channels, time), for class activation maps, got none; "
        "choose another method."
    )


def _all_passes(model: torch.nn.Module, x: torch.Tensor, layer: str) -> bool:
    """Whether the logits depend on the window through a layer's output alone."""
    handle = model.get_submodule(layer).register_forward_hook(lambda module, inputs, output: output.detach())
    try:
        with torch.enable_grad():
            return not all_logits(model, x.detach().requires_grad_(True)).requires_grad
    finally:
        handle.remove()


def _candidates(model: torch.nn.Module, x: torch.Tensor) -> list[str]:
    """Layers that are called once, return a tensor of three or four axes and matter to a logit, in the order of their returns."""
    returned: list[tuple[str, torch.Tensor]] = []
    with torch.enable_grad(), _returns_kept(model, returned):
        logits = all_logits(model, x.detach().requires_grad_(True))
    if not logits.requires_grad:
        return []
    names = [name for name, _ in returned]
    once = [(name, output) for name, output in returned if names.count(name) == 1 and output.ndim in (3, 4) and output.requires_grad]
    if not once:
        return []
    gradients: list[torch.Tensor | None] = list(torch.autograd.grad(logits.sum(), [output for _, output in once], allow_unused=True))
    return [name for (name, _), gradient in zip(once, gradients, strict=True) if gradient is not None]


@contextmanager
def _returns_kept(model: torch.nn.Module, returned: list[tuple[str, torch.Tensor]]) -> Iterator[None]:
    def keep(name: str, output: Any) -> Any:
        if not isinstance(output, torch.Tensor):
            return None
        returned.append((name, output))
        return output.clone()  # an in-place activation would overwrite what is kept

    with ExitStack() as hooks:
        for path, module in _hookable(model):
            handle = module.register_forward_hook(lambda module, inputs, output, path=path: keep(path, output))
            hooks.callback(handle.remove)
        yield


def _hookable(model: torch.nn.Module) -> list[tuple[str, torch.nn.Module]]:
    """The modules inside the model, by name, without those that TorchScript compiled, whose outputs cannot be seen."""
    return [(path, module) for path, module in model.named_modules() if path and not isinstance(module, torch.jit.ScriptModule)]


def _listed(names: list[str]) -> str:
    return ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")
