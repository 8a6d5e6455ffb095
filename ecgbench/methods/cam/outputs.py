"""What a layer returns when windows pass through the model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ecgbench.errors import InputError

Probe = Callable[[torch.Tensor], torch.Tensor]
"""Returns a layer's output for windows (n, leads, time): (n, ...)."""


class NetworkError(Exception):
    """Somebody's network raised an error about a window that is no ECG, or longer than usual, or returned none by window."""


class _ReachedError(Exception):
    """The layer has returned, so that what follows need not be computed."""


def probe_of(model: torch.nn.Module, layer: str, rows: int) -> Probe:
    """The layer's outputs for any windows; what follows the layer is not computed. It raises `NetworkError` where the network raises.

    Parameters
    ----------
    rows : windows that pass through the model at once, at most
    """

    def of_rows(x: torch.Tensor) -> torch.Tensor:
        with _kept(model.get_submodule(layer), stop=True) as kept:
            try:
                model(x.clone())
            except _ReachedError:
                pass
            except Exception as error:
                raise NetworkError from error
        found = _only(kept)
        if len(found) != len(x):  # windows are not on the first axis
            raise NetworkError
        return found

    return lambda x: torch.cat([of_rows(part) for part in torch.split(x, rows)])


@contextmanager
def output_kept(module: torch.nn.Module) -> Iterator[Callable[[], torch.Tensor]]:
    """Keep what a module returns during a pass; yields a function that gives it afterwards.

    Raises
    ------
    InputError
        By that function, if the module was not called once, or returned no tensor (n, channels, [rows,] time) or one of other order.
    """
    with _kept(module, stop=False) as kept:
        yield lambda: _only(kept)


@contextmanager
def _kept(module: torch.nn.Module, stop: bool) -> Iterator[list[Any]]:
    kept: list[Any] = []

    def keep(module: torch.nn.Module, inputs: Any, output: Any) -> Any:
        kept.append(output)
        if stop:
            raise _ReachedError
        # Later layers get a copy, so that an in-place activation does not overwrite the activations that are kept.
        return output.clone() if isinstance(output, torch.Tensor) else None

    handle = module.register_forward_hook(keep)
    try:
        yield kept
    finally:
        handle.remove()


def _only(kept: list[Any]) -> torch.Tensor:
    if len(kept) != 1 or not isinstance(kept[0], torch.Tensor) or kept[0].ndim not in (3, 4):
        raise InputError(
            "expected a layer that is called once and returns a tensor with an axis of time, such as (n, channels, [leads,] time), got "
            "something else; name another layer."
        )
    return kept[0]


@contextmanager
def buffers_restored(model: torch.nn.Module) -> Iterator[None]:
    """Put all buffers back, as windows that are no ECGs may leave traces in statistics that a model keeps."""
    held = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        for buffer, value in held:
            buffer.copy_(value)
