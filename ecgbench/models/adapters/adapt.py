"""A user's model as one that takes (n, leads, time) and returns logits (n, outputs)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from ecgbench.errors import InputError
from ecgbench.inputs import as_windows
from ecgbench.models._forward import forward
from ecgbench.models.adapters.calls import Called, Extra, extra_inputs
from ecgbench.models.adapters.last_operation import ends_linearly
from ecgbench.models.adapters.outputs import KINDS, PROBABILITIES, check_outputs, known_kind, logits_from, picked, probing_rows
from ecgbench.nn import usable
from ecgbench.types import Rows

LEADS, TIME, ONE = AXES = ("leads", "time", "1")
"""What the axes of a model's input can be, beside that of windows."""

ALIKE = 1e-3
"""How far a window's logits may differ, relative to the largest, with another window beside it."""

Path = tuple[int | str, ...]


def adapt(
    model: nn.Module | Callable[..., Any],
    inputs: str = "leads,time",
    outputs: str | int | Path | None = None,
    extra: Any = None,
    multilabel: bool = False,
    x: Any = None,
) -> Adapted:
    """A model of other inputs or outputs as one that takes windows (n, leads, time) and returns logits (n, outputs).

    The model is not copied: it is trained, moved and explained where it is. Gradients pass, and names of layers begin with "model.".

    Parameters
    ----------
    model : torch module or function; modules that a function names are found, frozen and moved with it
    inputs : axes of the model's input behind that of windows, of "leads", "time" and "1": "time,leads" for (n, time, leads), "1,leads,time"
        for (n, 1, leads, time), "time" for (n, time) of one lead
    outputs : "logits"; "probabilities", whose logarithms are then the logits, so that their softmax is the probabilities again (of a single
        one the log-odds; clipped by the precision at 16, a logarithm at -87, in float32); or "binary", one logit z for each window, (n,) or
        (n, 1). One logit, or one probability, gets two outputs (-z/2, z/2), 0 of the class's absence and 1 of the class, whose softmax is
        the sigmoid of z. An index or a name takes an output from a tuple, a mapping or an object; a tuple of these, at whose end one of the
        kinds may stand, one from deeper within. Default: logits, or what a mapping has under that name
    extra : further inputs (age, sex): an array whose first axis is that of windows, a tuple of arrays, or a dict of arrays passed by name.
        One row serves all windows. With a row for each window, `ecgbench.evaluate` asks of each one with its own, and
        `adapted.for_window(i)` is the model for window i, with which this is explained and scored alone: copies of a window that methods
        and metrics perturb and reorder cannot be told apart
    multilabel : whether each probability is a label's by itself: logits are log-odds then
    x : (n, leads, time) windows on which the model is tried; the first windows of your data

    Returns
    -------
    torch module in the model's own mode

    Raises
    ------
    InputError
        If an argument is not as described or, where `x` is given, the model does not take its windows, returns something else than
        `outputs` says, has logits that look like probabilities, or gives a window other logits beside another window.

    Examples
    --------
    >>> import torch, ecgbench
    >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2 * 100, 1))
    >>> adapted = ecgbench.adapt(network, inputs="time,leads", outputs="binary")
    >>> adapted(torch.zeros(3, 2, 100)).shape
    torch.Size([3, 2])
    >>> two = ecgbench.adapt(lambda x, age: (network(x) + age, None), outputs=(0, "binary"), extra=[[63.0]])
    >>> two(torch.zeros(3, 2, 100)).shape
    torch.Size([3, 2])
    """
    path, kind = _path(outputs)
    adapted = Adapted(_module(model), _axes(inputs), path, kind, multilabel, extra_inputs(extra))
    if x is not None:
        _check(adapted, as_windows("x", x))
    return adapted


def with_extra(model: nn.Module, extra: Any) -> Adapted:
    """A model, adapted or not, with the further inputs of windows; the same weights.

    Parameters
    ----------
    extra : as for `adapt`

    Raises
    ------
    InputError
        If it is not as described, or the model has further inputs already.
    """
    if not isinstance(model, Adapted):
        return adapt(model, extra=extra)
    if model.extra.count:
        raise InputError("expected further inputs once, got some in the adapted model and others as extra; leave one of them out.")
    return model.with_inputs(extra_inputs(extra))


class Adapted(nn.Module):
    """A model as `adapt` returns it.

    Parameters
    ----------
    model : takes windows with the axes of `axes`, and the extra inputs
    axes : see `AXES`
    path, kind : where in what it returns its outputs are, and what they are (see `KINDS`)
    multilabel : whether each probability is a label's by itself
    extra : further inputs, with a row for all windows or for each
    pair : whether one log-odds gets two outputs
    """

    def __init__(
        self,
        model: nn.Module,
        axes: tuple[str, ...] = (LEADS, TIME),
        path: Path = (),
        kind: str | None = None,
        multilabel: bool = False,
        extra: Extra | None = None,
        pair: bool = True,
    ) -> None:
        super().__init__()
        self.model, self.extra = model, Extra() if extra is None else extra
        self.axes, self.path, self.kind, self.multilabel, self.pair = axes, path, kind, multilabel, pair
        self.training = model.training

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (n, outputs) of windows (n, leads, time)."""
        return logits_from(self.returned(x), self.kind, self.multilabel, self.pair)

    def returned(self, x: torch.Tensor) -> torch.Tensor:
        """The model's own outputs of windows (n, leads, time)."""
        given, named = self.extra.rows(x)
        return picked(self.model(self.arranged(x), *given, **named), self.path, self.kind)

    def arranged(self, x: torch.Tensor) -> torch.Tensor:
        """Windows (n, leads, time) with the model's axes."""
        if LEADS not in self.axes:
            if x.shape[1] != 1:
                raise InputError(
                    f"expected windows of one lead, as the model's inputs name none, got {x.shape[1]}; name the axis of leads."
                )
            x = x.squeeze(1)
        elif self.axes.index(TIME) < self.axes.index(LEADS):
            x = x.transpose(1, 2).contiguous()
        for place, axis in enumerate(self.axes, start=1):
            x = x.unsqueeze(place) if axis == ONE else x
        return x

    def for_window(self, i: int) -> Adapted:
        """The model with the extra inputs of window i alone; the same weights."""
        return self.with_inputs(self.extra.of(i))

    def with_inputs(self, extra: Extra) -> Adapted:
        """The model with other extra inputs; the same weights."""
        return Adapted(self.model, self.axes, self.path, self.kind, self.multilabel, extra, self.pair)


class Returned(nn.Module):
    """A model's own outputs, as `adapted` picks them: (n, leads, time) to (n, outputs)."""

    def __init__(self, adapted: Adapted) -> None:
        super().__init__()
        self.adapted = adapted

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Outputs (n, outputs) of windows (n, leads, time)."""
        return self.adapted.returned(x).reshape(len(x), -1)


def _module(model: Any) -> nn.Module:
    if isinstance(model, nn.Module):
        return model
    if not callable(model):
        raise InputError(f"expected a model that is a torch module or a function, got {type(model).__name__}; give what computes logits.")
    return Called(model)


def _axes(inputs: Any) -> tuple[str, ...]:
    axes = tuple(axis.strip() for axis in inputs.split(",")) if isinstance(inputs, str) else ()
    if axes.count(TIME) != 1 or axes.count(LEADS) > 1 or not set(axes) <= set(AXES):
        raise InputError(f'expected inputs as axes behind that of windows, such as "time,leads", got {inputs!r}; name these.')
    return axes


def _path(outputs: Any) -> tuple[Path, str | None]:
    if outputs is None or outputs in KINDS:
        return (), known_kind(outputs)
    steps = outputs if isinstance(outputs, tuple) else (outputs,)
    kind = steps[-1] if steps and steps[-1] in KINDS else None
    path = steps if kind is None else steps[:-1]
    if not path or not all(isinstance(step, int | str) and not isinstance(step, bool) for step in path):
        raise InputError(
            f"expected outputs as one of {', '.join(KINDS)}, an index, a name, or a tuple of these, got {outputs!r}; name one."
        )
    return path, kind


def _check(adapted: Adapted, x: Rows) -> None:
    """Try the model on windows."""
    if adapted.extra.count > 1:
        adapted = adapted.for_window(0)
    usable(adapted)
    logits = forward(adapted, x[:2])
    if not np.isfinite(logits).all():
        raise InputError("expected finite logits, got nan or infinity; look at the model's weights, its inputs and x.")
    alone, most = forward(adapted, x[:1])[0], float(np.abs(logits).max())
    if np.abs(alone - logits[0]).max() > ALIKE * most:
        raise InputError(
            "expected a window's logits to be its own, got others beside another window; look at the model's axes: see inputs."
        )
    check_kind(adapted, x)


def check_kind(adapted: Adapted, x: Rows, batch: int | None = None) -> None:
    """Refuse a model whose outputs on the first windows are of another kind than said.

    Raises
    ------
    InputError
        If they are (see `check_outputs`).
    """
    if adapted.kind in (None, PROBABILITIES):
        outputs = Returned(adapted)
        check_outputs(forward(outputs, probing_rows(x), batch), adapted.kind, adapted.multilabel, partial(ends_linearly, outputs, x))
