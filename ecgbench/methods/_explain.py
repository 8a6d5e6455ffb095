"""Calls of any method: arrays in, arrays out, in batches, with random numbers seeded per window, results checked."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

import numpy as np

from ecgbench.baseline import of_part
from ecgbench.errors import InputError, MapError, MapWarning, UnknownKeyError
from ecgbench.inputs import as_array, as_targets, as_windows, at_least, known_options, protocol_options
from ecgbench.methods._promises import MapInfo, map_info
from ecgbench.methods._registry import METHODS, Explanation, MethodEntry
from ecgbench.needs import METHOD_NEEDS, ExplainedBatch, supplied
from ecgbench.protocol import OURS
from ecgbench.types import Attributions, Rows, Targets

if TYPE_CHECKING:
    import torch

T = TypeVar("T")

BASELINE = "baseline"
"""The option that may have a value for each window."""


@overload
def explain(
    model: torch.nn.Module, x: Any, target: Any, method: str = ..., absolute: bool = ..., *, return_info: Literal[True], **given: Any
) -> tuple[Attributions, MapInfo]: ...


@overload
def explain(
    model: torch.nn.Module, x: Any, target: Any, method: str = ..., absolute: bool = ..., *, return_info: Literal[False] = ..., **given: Any
) -> Attributions: ...


def explain(
    model: torch.nn.Module,
    x: Any,
    target: Any = None,
    method: str = "lrp",
    absolute: bool = False,
    seed: int = 0,
    protocol: str = OURS,
    device: str | None = None,
    batch_size: int | None = None,
    normal_windows: Any = None,
    classes: Sequence[str] | None = None,
    return_info: bool = False,
    **options: Any,
) -> Attributions | tuple[Attributions, MapInfo]:
    """Explain the target's logit of each window.

    Parameters
    ----------
    model : any torch module whose input is (n, leads, time) and whose output is logits (n, outputs); left unchanged. `ecgbench.adapt` makes
        one of a model with other inputs or outputs
    x : (n, leads, time) array or tensor, standardised as the model expects it; or a list of windows or of batches, or what yields batches,
        such as a DataLoader
    target : the explained class or label, an int or (n,) ints, or names out of `classes`; default what the model predicts for each window
    method : key of a method, see `ecgbench.methods()`
    absolute : return absolute values
    seed : of stochastic methods; a window's map depends on the seed and the window, never on its batch
    protocol : "ours", or "study" for the study's options
    device : where to compute; default the model's device
    batch_size : rows that pass through the model at once, which bounds memory; default 32 on a processor, and as many as a card
        takes well, which are halved where its memory runs out
    normal_windows : (m, leads, time) windows of the normal class, standardised, for methods that compare with them; take them from training
    classes : names of the model's outputs, in their order, for targets that are names
    return_info : also return what is known of the maps: totals, errors of their sums, warnings (see `MapInfo`)
    options : the method's own, which `help(ecgbench.methods()[method])` names with their defaults

    Returns
    -------
    (n, leads, time) array in the precision of the model's parameters; with `return_info` a pair of it and a `MapInfo`, (n,) each

    Raises
    ------
    UnknownKeyError
        If there is no such method, or the method has no such option.
    InputError
        If shapes, targets, the batch size or the model are not as described, the model's logits of a window are others at every call, or
        others beside other windows (unless the batch size is 1), a map is not finite, something that the method needs is missing, or most
        maps sum to less than half of what they share out, or to more than half as much again.

    Warns
    -----
    MapWarning
        If maps are zero everywhere, or don't sum to the change of the logit as their method promises.
    """
    entry, windows = METHODS[method], as_windows("x", x)
    targets = given_or_predicted(model, windows, target, classes, device, batch_size)
    found = explanation(model, windows, targets, method, seed, protocol, device, batch_size, normal_windows, **options)
    info = map_info(entry, found, options_of(entry, protocol, options))
    for text in info.warnings:
        warnings.warn(text, MapWarning, stacklevel=2)
    maps: Attributions = np.abs(found.maps) if absolute else found.maps
    return (maps, info) if return_info else maps


def explanation(
    model: torch.nn.Module,
    x: Any,
    target: Any,
    method: str,
    seed: int = 0,
    protocol: str = OURS,
    device: str | None = None,
    batch_size: int | None = None,
    normal_windows: Any = None,
    **options: Any,
) -> Explanation:
    """Signed maps as `explain` returns them, with the method's totals and measures; all arrays."""
    entry = METHODS[method]
    options = _chosen(entry, protocol, options)
    windows = as_windows("x", x)
    targets = as_targets(target, len(windows))

    def explained(batch: int) -> Explanation:
        parts = []
        for start in range(0, len(windows), batch):
            part = slice(start, start + batch)
            given = supplied(method, entry.needs, METHOD_NEEDS, ExplainedBatch(windows[part], seed, method, batch, normal_windows))
            chosen = {name: of_part(value, windows, part) if name == BASELINE else value for name, value in options.items()}
            parts.append(_arrays(entry.function(model, *place(windows[part], targets[part]), **given, **chosen)))
        return _joined(parts)

    with prepared(model, device) as place, _refusing_overwriting():
        (first,) = place(windows[:1])
        if entry.passes:
            _check_first(model, targets, first, batch_size)
        joined = _in_batches(explained, batch_size, first)
    _check(joined.maps, windows, method)
    return joined


def _check_first(model: torch.nn.Module, targets: Targets, first: torch.Tensor, batch_size: int | None) -> None:
    """Refuse a network whose logits are not a window's own; on a card check targets here, once: it would be waited for in every pass."""
    import torch

    from ecgbench.methods._gradient import all_logits, check_targets
    from ecgbench.model_calls import check_own_logits

    check_own_logits(model, first, batch_size)
    if first.is_cuda:
        with torch.no_grad():
            check_targets(int(targets.min()), int(targets.max()), all_logits(model, first).shape[1])


def _in_batches(compute: Callable[[int], T], batch_size: int | None, first: torch.Tensor) -> T:
    """What is computed with the rows at once that the caller or the first window's device says."""
    from ecgbench.placement import usual_batch, within_memory

    usual = usual_batch(first.device, *first.shape[1:])
    return within_memory(compute, usual if batch_size is None else at_least("batch_size", batch_size), first.device)


def explain_from(model: torch.nn.Module, x: Rows, start: Rows, target: Targets, steps: int = 50) -> Attributions:
    """Integrated gradients whose way begins at another signal instead of a flat line: (n, leads, time).

    Parameters
    ----------
    model : as for `explain`
    x, start : (n, leads, time), standardised
    target : (n,) int64
    steps : number of the quadrature's nodes
    """
    maps: Attributions = explanation(model, x, target, "integrated_gradients", steps=steps, baseline=start).maps
    return maps


def _arrays(returned: Any) -> Explanation:
    found = returned if isinstance(returned, Explanation) else Explanation(returned)
    total = None if found.total is None else as_array(found.total)
    return Explanation(as_array(found.maps), total, {name: as_array(values) for name, values in found.measures.items()})


def _joined(parts: list[Explanation]) -> Explanation:
    totals = [part.total for part in parts if part.total is not None]
    measures = {name: np.concatenate([part.measures[name] for part in parts]) for name in parts[0].measures}
    return Explanation(np.concatenate([part.maps for part in parts]), np.concatenate(totals) if totals else None, measures)


def given_or_predicted(
    model: torch.nn.Module, windows: Rows, target: Any, classes: Sequence[str] | None, device: str | None, batch_size: int | None
) -> Targets:
    """The targets that are given, or the output with the highest logit of each window."""
    if target is not None:
        return as_targets(target, len(windows), classes)
    import torch

    from ecgbench.nn import logits_of

    def predicted(batch: int) -> Targets:
        parts = (place(windows[first : first + batch])[0] for first in range(0, len(windows), batch))
        return np.concatenate([logits_of(model, part).argmax(dim=1).cpu().numpy() for part in parts])

    with prepared(model, device) as place, torch.no_grad():
        return _in_batches(predicted, batch_size, *place(windows[:1]))


def _chosen(entry: MethodEntry, protocol: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The options that are not the defaults."""
    if BASELINE in given and BASELINE not in entry.options:
        having = ", ".join(one.key for one in METHODS if BASELINE in one.options)
        raise UnknownKeyError(f"expected a method that takes a baseline ({having}), got {entry.key}; choose one of these, or leave it out.")
    return {**protocol_options(entry.study, protocol), **known_options(entry.key, given, entry.options)}


def options_of(entry: MethodEntry, protocol: str = OURS, given: Mapping[str, Any] = MappingProxyType({})) -> dict[str, Any]:
    """All options with the values that they have where these are given, defaults included."""
    return {**entry.options, **_chosen(entry, protocol, given)}


@contextmanager
def prepared(model: torch.nn.Module, device: str | None) -> Iterator[Callable[..., list[torch.Tensor]]]:
    """Freeze the model on the given device; yields a function that copies arrays there, in the model's precision."""
    from ecgbench.nn import device_named, frozen, place_of, usable
    from ecgbench.placement import memory_for, moved, sent
    from ecgbench.traces import without_traces

    place_now = place_of(usable(model))
    precision = place_now.dtype
    there = device_named(device) if device else place_now.device

    def place(*arrays: np.ndarray) -> list[torch.Tensor]:
        return [sent(array, there, precision) for array in arrays]

    with memory_for("a window alone", there, "name another device"), moved(model, there), frozen(model), without_traces(model):
        yield place


@contextmanager
def _refusing_overwriting() -> Iterator[None]:
    """Turn autograd's error about a model that overwrites values which its gradient needs into an `InputError`."""
    try:
        yield
    except RuntimeError as error:
        if "inplace operation" not in str(error):
            raise
        raise InputError(
            "expected a model that keeps the values its gradient needs, got one that overwrites them in place; use the operation that "
            "returns a copy."
        ) from error


def _check(maps: np.ndarray, windows: np.ndarray, method: str) -> None:
    if maps.shape != windows.shape:
        raise MapError(f"expected maps {windows.shape} from {method}, got {maps.shape}; return one value for each sample.")
    broken = np.flatnonzero(~np.isfinite(maps).all(axis=(1, 2)))
    if broken.size:
        raise MapError(f"expected finite maps from {method}, got non-finite values in windows {broken.tolist()[:10]}; check x and model.")
