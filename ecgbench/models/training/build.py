"""Networks of registered architectures: freshly initialised, or with given weights."""

from __future__ import annotations

import torch
from torch import nn

from ecgbench.errors import InputError
from ecgbench.models._registry import MODEL_NEEDS, MODELS, Blueprint, Form, ModelEntry
from ecgbench.needs import supplied
from ecgbench.nn import channels_last, frozen, logits_of, place_of, seeded, settings_of_a_new_process

SAMPLES = 512
"""Samples of a window where nobody says how many there are, for architectures that take any number."""


def untrained(architecture: str, outputs: int, seed: int = 0, leads: int = 1, samples: int = SAMPLES) -> nn.Module:
    """A freshly initialised network of an architecture; torch's own generator is left as it was.

    Parameters
    ----------
    architecture : key of a model
    outputs : number of classes or labels
    seed : of the initial weights
    leads, samples : of the windows that it takes

    Raises
    ------
    UnknownKeyError
        If there is no such architecture.
    InputError
        If what the architecture's function returns does not map windows to logits.
    """
    form = Form(architecture, leads, samples, outputs)
    module = built(Blueprint(form, seed))
    _check_outputs(module, form)
    return module


def built(blueprint: Blueprint) -> nn.Module:
    """The network as its architecture's function returns it, ready to be trained."""
    entry, form = MODELS[blueprint.form.model], blueprint.form
    given = supplied(entry.key, entry.needs, MODEL_NEEDS, blueprint)
    with settings_of_a_new_process(), seeded(blueprint.seed):
        module = entry.function(form.leads, form.samples, form.outputs, **given)
    if not isinstance(module, nn.Module):
        raise InputError(f"expected a torch module from {entry.key}, got {type(module).__name__}; return the network.")
    return channels_last(labelled(module, entry))


def labelled(module: nn.Module, entry: ModelEntry) -> nn.Module:
    """The network, which from now on knows the layers that class activation maps explain."""
    if entry.gradcam_layer:
        module.gradcam_layer = entry.gradcam_layer  # type: ignore[assignment]
    if entry.fine_cam_layer:
        module.fine_cam_layer = entry.fine_cam_layer  # type: ignore[assignment]
    return module


def _check_outputs(module: nn.Module, form: Form) -> None:
    with frozen(module), torch.no_grad():
        logits = module(torch.zeros(1, form.leads, form.samples))
    shape = tuple(logits.shape) if isinstance(logits, torch.Tensor) else type(logits).__name__
    if shape != (1, form.outputs):
        raise InputError(
            f"expected logits (1, {form.outputs}) of {form.model} for a window (1, {form.leads}, {form.samples}), got {shape}; "
            "let its forward pass return one logit for each output."
        )


def outputs_of(module: nn.Module, leads: int, samples: int) -> int:
    """How many logits a network returns for a window of that form."""
    place = place_of(module)
    with frozen(module), torch.no_grad():
        return int(logits_of(module, torch.zeros(1, leads, samples, device=place.device, dtype=place.dtype)).shape[1])
