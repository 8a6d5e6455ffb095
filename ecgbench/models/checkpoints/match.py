"""From stored weights to their network: what is stored is compared with the network before any value is read, and then tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
import torch
from torch import nn

from ecgbench.errors import CheckpointError, InputError, UnknownKeyError
from ecgbench.models._registry import MODELS, Blueprint, Form, ModelEntry, Recognised, Source
from ecgbench.models.checkpoints.weights_file import Layout
from ecgbench.models.training.build import SAMPLES, built, labelled
from ecgbench.nn import channels_last, check_norms, frozen, logits_of, place_of, settings_of_a_new_process
from ecgbench.printable import quoted

WRAPPERS = ("module.", "_orig_mod.")
"""What torch's wrappers, for several devices and of compiled networks, put before the name of each tensor."""

COUNT = ".num_batches_tracked"
"""How the names of tensors end that count the batches a norm has seen: torch, too, takes weights without them."""

UNBUILDABLE = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What an architecture raises that cannot be built as a file says."""

Layouts = Mapping[str, Layout]


def matched(layouts: Layouts, form: Form | None, source: str) -> Recognised:
    """The network that has tensors of these names, kinds and shapes.

    Parameters
    ----------
    layouts : of the stored tensors by name
    form : of the network, None to recognise it
    source : where the tensors are from, for messages

    Raises
    ------
    CheckpointError
        If there is none.
    """
    what = "a ResNet's tensors" if form is None else f"the tensors of {quoted(form.model)}"
    remedy, fault = f"name a file that {'`ecgbench train --out`' if form is None else 'the same version'} wrote", "others"
    try:
        for network in _candidates(layouts, form):
            fault = _fault(network, layouts)
            if not fault:
                return network
    except UnknownKeyError as error:
        known = quoted(str(error))
        raise CheckpointError(f"expected a registered architecture in {source}, got another ({known}); register it first.") from error
    except UNBUILDABLE as error:
        fault = f"{type(error).__name__}: {quoted(str(error))}"
        raise CheckpointError(f"expected {what} in {source}, got {fault}; {remedy}.") from error
    raise CheckpointError(f"expected {what} in {source}, got {fault}; {remedy}.")


def _candidates(layouts: Layouts, form: Form | None) -> Iterator[Recognised]:
    """The networks whose tensors these may be, with the names as they are and without those of wrappers."""
    for names in _without_wrappers(layouts):
        if form is not None:
            sources = {bare: Source(name, layouts[name].shape) for bare, name in names.items()}
            yield Recognised(partial(built, Blueprint(form, seed=0)), sources)
            continue
        shapes = {bare: layouts[name].shape for bare, name in names.items()}
        for recognise, entry in {entry.recognise: entry for entry in MODELS if entry.recognise is not None}.items():
            found = recognise(shapes)
            if found is not None:
                sources = {ours: Source(names[source.name], source.shape) for ours, source in found.sources.items()}
                yield Recognised(partial(_as_declared, found.build, entry), sources)


def _without_wrappers(layouts: Layouts) -> Iterator[dict[str, str]]:
    """Names of the tensors by their names without a wrapper's, with fewer of these each time."""
    names = {name: name for name in layouts}
    yield names
    while wrapper := next((wrapper for wrapper in WRAPPERS if names and all(name.startswith(wrapper) for name in names)), None):
        names = {bare.removeprefix(wrapper): name for bare, name in names.items()}
        yield names


def _as_declared(build: Callable[[], nn.Module], entry: ModelEntry) -> nn.Module:
    return channels_last(labelled(build(), entry))


def _fault(network: Recognised, layouts: Layouts) -> str:
    """How the stored tensors differ from the network's; empty if they do not."""
    wanted = {name: Layout(tensor.dtype, tuple(tensor.shape)) for name, tensor in _outline(network).state_dict().items()}
    missing = [name for name in wanted if name not in network.sources and not name.endswith(COUNT)]
    if missing:
        return f"no {missing[0]}"
    for name, source in network.sources.items():
        if name not in wanted:
            return f'a tensor "{quoted(source.name)}" that the network has not'
        kind, found = wanted[name].dtype, layouts[source.name].dtype
        if source.shape != wanted[name].shape:
            return f"{quoted(source.name)} of shape {source.shape} instead of {wanted[name].shape}"
        if found != kind and not (found.is_floating_point and kind.is_floating_point):
            return f"{quoted(source.name)} of {found} instead of {kind}"
    return ""


def _outline(network: Recognised) -> nn.Module:
    """The network without values, which takes no memory whatever its size."""
    try:
        with torch.device("meta"):
            return network.build()
    except (NotImplementedError, RuntimeError):  # an architecture that reads a tensor's values while it is built
        return network.build()


def filled(network: Recognised, tensors: Mapping[str, torch.Tensor], form: Form | None, source: str) -> nn.Module:
    """The network with these values of its tensors, in evaluation mode.

    Raises
    ------
    CheckpointError
        If they are not finite, are variances below 0, or do not give finite logits.
    """
    with settings_of_a_new_process():
        model = _with_values(network, tensors, source)
        try:
            _check_variances(model)
            check_norms(model)
            _try(model.eval(), form)
        except (InputError, RuntimeError, IndexError, TypeError) as error:
            got = quoted(str(error).removeprefix("expected "))
            raise CheckpointError(f"expected weights that can be used in {source}, got none: expected {got}") from error
    return model


def _with_values(network: Recognised, tensors: Mapping[str, torch.Tensor], source: str) -> nn.Module:
    model = network.build()
    kinds = {name: tensor.dtype for name, tensor in model.state_dict().items()}
    state = {name: tensors[of.name].to(kinds[name]).reshape(of.shape) for name, of in network.sources.items()}
    broken = [of.name for name, of in network.sources.items() if not torch.isfinite(state[name]).all()]
    if broken:
        name = quoted(broken[0])
        raise CheckpointError(f"expected finite weights in {source}, got non-finite ones in {name}; train again or name another file.")
    model.load_state_dict(state)
    return model


def _check_variances(model: nn.Module) -> None:
    for name, tensor in model.state_dict().items():
        if name.rpartition(".")[2] == "running_var" and (tensor < 0).any():
            raise InputError(f"running variances from 0 in {name}, got {float(tensor.min()):.3g}; train again or name another file.")


def _try(model: nn.Module, form: Form | None) -> None:
    """Pass a window of noise through the network."""
    place = place_of(model)
    # A network that tells leads apart says how many it takes; others take any number.
    shape = (1, getattr(model, "leads", 1), SAMPLES) if form is None else (1, form.leads, form.samples)
    window = torch.from_numpy(np.random.default_rng(0).standard_normal(shape, dtype=np.float32))
    with frozen(model), torch.no_grad():
        logits = logits_of(model, window.to(place.device, place.dtype))
    if not torch.isfinite(logits).all():
        raise InputError(f"finite logits (1, outputs) of a window {shape} of noise, got others; train again or name another file.")
