"""Calling a user's function as a module, and with further inputs beside the windows."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from ecgbench.errors import InputError


class Called(nn.Module):
    """A function as a module, which holds the modules that the function names: these are frozen, moved and found with it.

    Parameters
    ----------
    function : of a batch of windows
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function
        self.named = nn.ModuleList(dict.fromkeys(_modules_of(function)))
        self.training = any(module.training for module in self.named)

    def forward(self, *given: torch.Tensor, **named: torch.Tensor) -> Any:
        """What the function returns."""
        return self.function(*given, **named)


class Extra(nn.Module):
    """Further inputs of a model, with a row for all windows or for each.

    Parameters
    ----------
    given : passed behind the windows, in this order
    named : passed by name
    """

    def __init__(self, given: Iterable[torch.Tensor] = (), named: Mapping[str, torch.Tensor] | None = None) -> None:
        super().__init__()
        by_place, by_name = list(given), dict(named or {})
        self.given_count, self.names = len(by_place), tuple(by_name)
        for number, tensor in enumerate([*by_place, *by_name.values()]):
            self.register_buffer(f"input_{number}", tensor, persistent=False)

    @property
    def count(self) -> int:
        """Rows; 0 where there are no further inputs."""
        return max((len(tensor) for tensor in self.buffers()), default=0)

    def rows(self, x: torch.Tensor) -> tuple[list[torch.Tensor], dict[str, torch.Tensor]]:
        """The inputs by place and by name for windows (n, leads, time), in their precision where they are real.

        Raises
        ------
        InputError
            If there is a row for each of several windows: which is whose cannot be told.
        """
        if self.count > 1:
            raise InputError(
                f"expected one row of extra inputs for all windows, got {self.count}; give the model to ecgbench.evaluate, or explain and "
                "score each window i by itself, with the adapted model's for_window(i)."
            )
        held = [tensor.to(x) if tensor.is_floating_point() else tensor.to(x.device) for tensor in self.buffers()]
        repeated = [tensor.expand(len(x), *tensor.shape[1:]) for tensor in held]
        by_name = zip(self.names, repeated[self.given_count :], strict=True)
        return repeated[: self.given_count], dict(by_name)

    def of(self, i: int) -> Extra:
        """The inputs of window i alone.

        Raises
        ------
        InputError
            If there is no such row.
        """
        if not 0 <= i < self.count:
            raise InputError(
                f"expected a window from 0 to {self.count - 1}, which has a row of extra inputs, got {i!r}; name one of these."
            )
        rows = [tensor if len(tensor) == 1 else tensor[i : i + 1] for tensor in self.buffers()]
        return Extra(rows[: self.given_count], dict(zip(self.names, rows[self.given_count :], strict=True)))


def extra_inputs(extra: Any) -> Extra:
    """Further inputs as `ecgbench.adapt` takes them.

    Raises
    ------
    InputError
        If they are no arrays of numbers, or have different numbers of rows.
    """
    if extra is None:
        return Extra()
    named = {str(name): _tensor(values) for name, values in extra.items()} if isinstance(extra, Mapping) else {}
    given = () if isinstance(extra, Mapping) else tuple(map(_tensor, extra if isinstance(extra, tuple) else (extra,)))
    counts = {len(tensor) for tensor in (*given, *named.values())} - {1}
    if len(counts) > 1 or 0 in counts:
        raise InputError(f"expected extra inputs with one row, or as many as there are windows, got {sorted(counts)}; give a row for each.")
    return Extra(given, named)


def _tensor(values: Any) -> torch.Tensor:
    tensor = values.detach().clone() if isinstance(values, torch.Tensor) else None
    if tensor is None:
        array = np.asarray(values)
        if array.dtype.kind not in "fiub":
            raise InputError(f"expected extra inputs as arrays of numbers, got {array.dtype}; code names by numbers.")
        tensor = torch.from_numpy(np.array(array, dtype=np.float32) if array.dtype.kind == "f" else np.array(array))
    return tensor.reshape(1) if tensor.ndim == 0 else tensor


def _modules_of(function: Any) -> list[nn.Module]:
    """Modules that a function uses: its method's, its closure's, its globals', and those that it is called with."""
    if isinstance(function, partial):
        return [*_modules_of(function.func), *_among([*function.args, *function.keywords.values()])]
    if inspect.ismethod(function):
        return [*_among([function.__self__]), *_modules_of(function.__func__)]
    if inspect.isfunction(function):
        names = inspect.getclosurevars(function)
        return _among([*names.nonlocals.values(), *names.globals.values()])
    return _among(vars(function).values()) if hasattr(function, "__dict__") else []


def _among(values: Iterable[Any]) -> list[nn.Module]:
    return [value for value in values if isinstance(value, nn.Module)]
