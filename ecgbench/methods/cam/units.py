"""The units of a layer: which layer, what its axes are, and where in the window each unit stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch

from ecgbench.errors import InputError
from ecgbench.methods.cam.layout import Layout, layout_named, layout_of
from ecgbench.methods.cam.outputs import NetworkError, Probe, buffers_restored, output_kept, probe_of
from ecgbench.methods.cam.places import Places
from ecgbench.methods.cam.pooled import by_place
from ecgbench.methods.cam.reach import moving_axes, places_by_reach, rows_that_one_lead_moves
from ecgbench.methods.cam.response import places_by_response, rows_moved_by_leads, where_they_respond
from ecgbench.placement import moved


@dataclass(frozen=True, eq=False)
class Units:
    """Units of a layer.

    Attributes
    ----------
    layer : the module's name
    layout : what the axes of its output are
    places : where the units stand
    whole : whether the logits depend on the window through this layer alone, where that was asked
    """

    layer: str
    layout: Layout
    places: Places
    whole: bool = True


_FOUND: WeakKeyDictionary[torch.nn.Module, dict[tuple[object, ...], Units | str]] = WeakKeyDictionary()
"""By model and what was asked, the units, or why there are none."""


def units_of(model: torch.nn.Module, x: torch.Tensor, layer: str, layer_layout: str | None = None) -> Units:
    """The units of a layer for windows as long as these; found once for a model.

    Parameters
    ----------
    x : (n, leads, time)
    layer : name of a module that is called once
    layer_layout : what the axes of its output after the windows are, such as "time, channels"; default what is found out

    Raises
    ------
    InputError
        If none of the axes is time, or more than one may be, or one unit stands for the whole window.
    """

    def find() -> Units:
        here = torch.device("cpu")  # a card's fast convolutions spread what is not a number beyond what a unit depends on
        with moved(model, here), torch.enable_grad(), buffers_restored(model):
            return _found(model, x.detach().to(here), layer, layer_layout)

    return found_once(model, x, (layer, layer_layout), find)


def found_once(model: torch.nn.Module, x: torch.Tensor, what: tuple[str | None, ...], find: Callable[[], Units]) -> Units:
    """What is found of a model for windows as long as these, the first time it is asked for; a refusal is found once as well."""
    known = _FOUND.setdefault(model, {})
    key = (*what, *x.shape[1:], x.dtype, x.device, torch.nn.Module.__repr__(model))
    if key not in known:
        try:
            known[key] = find()
        except InputError as error:
            known[key] = str(error)
            raise
    found = known[key]
    if isinstance(found, str):
        raise InputError(found)
    return found


def _found(model: torch.nn.Module, windows: torch.Tensor, layer: str, layer_layout: str | None) -> Units:
    probe, x = probe_of(model, layer, len(windows)), windows[:1]
    with torch.no_grad():
        ndim = _number_of_axes(model, x, layer)
        seen = None if layer_layout is None else layout_named(layer_layout, ndim)
        local = by_place(probe, x)
        probes = [probe] if local is None else [probe, local]
        axes = [seen.time] if seen else _where_numbers_are_lost(probes, x) or list(range(1, ndim))
    places = {axis: found for axis in axes if (found := _places(probes, x, axis)) is not None}
    if len(places) != 1:
        what = "none of whose axes moves" if not places else "of which several axes move"
        raise InputError(
            f'expected a layer whose units stand at places in time, got "{layer}", {what} when the window does; name another layer, or '
            'say what its axes are, such as layer_layout="time, channels".'
        )
    ((axis, found),) = places.items()
    if len(found.centres) == 1:  # as of a last convolution that is as wide as the window: its output are the logits
        raise InputError(
            f'expected a layer of several units in time, got "{layer}", whose only one makes maps that are constant; name an earlier layer.'
        )
    return Units(layer, seen or layout_of(axis, _rows_are_leads(probe, x, axis, ndim), ndim), found)


def _number_of_axes(model: torch.nn.Module, x: torch.Tensor, layer: str) -> int:
    with output_kept(model.get_submodule(layer)) as kept:
        model(x.clone())
    return kept().ndim


def _where_numbers_are_lost(probes: Sequence[Probe], x: torch.Tensor) -> list[int]:
    """The axis of time, if samples that are not a number show one and no other."""
    for probe in probes:
        with suppress(NetworkError):
            found = moving_axes(probe, x)
            if len(found) == 1:
                return found
    return []


def _places(probes: Sequence[Probe], x: torch.Tensor, axis: int) -> Places | None:
    """The units' places by what they can see, or else by what moves them, or else by what they see beside what is pooled."""
    whole, *local = probes
    found = _places_by_reach(whole, whole, x, axis)
    if found is None:
        with suppress(NetworkError):
            found = places_by_response(whole, x, axis)
    if found is None and local:
        found = _places_by_reach(local[0], whole, x, axis)
    return found


def _places_by_reach(probe: Probe, whole: Probe, x: torch.Tensor, axis: int) -> Places | None:
    places = None
    with torch.no_grad(), suppress(NetworkError):
        places = places_by_reach(probe, x, axis)
    if places is not None:
        with suppress(NetworkError):
            return where_they_respond(whole, x, axis, places)
    return places


def _rows_are_leads(probe: Probe, x: torch.Tensor, time: int, ndim: int) -> bool:
    """Whether the third axis has a row for each lead, which no other lead moves as much."""
    if ndim == 3:
        return False
    axis = 2 if time != 2 else 3
    with torch.no_grad():
        rows, leads = probe(x).shape[axis], x.shape[1]
    if rows != leads or leads == 1:
        return rows == 1
    with torch.no_grad(), suppress(NetworkError):
        lost = np.array([rows_that_one_lead_moves(probe, x, axis, lead) for lead in range(leads)])
        if not lost.all():
            return bool((lost == np.eye(leads, dtype=bool)).all())
    with suppress(NetworkError):
        moved = rows_moved_by_leads(probe, x, axis)
        return bool((2 * (moved - np.diag(moved.diagonal())) < moved.diagonal()[:, None]).all())
    return False
