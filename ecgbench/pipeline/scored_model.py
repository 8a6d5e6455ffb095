"""The model that `ecgbench.score` evaluates: where, with which batches, and with logits made of what it returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import numpy as np

from ecgbench.models import LOGITS, PROBABILITIES, Adapted, check_kind, declared_evaluator, forward, plain_evaluator
from ecgbench.types import EvaluateSteps, Rows

if TYPE_CHECKING:
    import torch
    from torch import nn


def usable_evaluator(
    model: torch.nn.Module, x: Rows | None = None, outputs: str | None = None, multilabel: bool = False, batch_size: int | None = None
) -> EvaluateSteps:
    """What metrics evaluate the model with; its outputs are found out on the windows x.

    Raises
    ------
    InputError
        If the model cannot be evaluated, or its outputs are not what `outputs` says.
    """
    from ecgbench.nn import usable

    declared = declared_evaluator(usable(model)) if outputs in (None, LOGITS) else None
    if declared is not None:
        return declared
    adapted = Adapted(usable(model), kind=outputs, multilabel=multilabel, pair=False)
    taken = model if outputs in (None, LOGITS) else adapted
    if x is not None and len(x):
        _check_logits(taken, x, batch_size)
    unsaid = outputs is None and not (isinstance(model, Adapted) and model.kind)  # who adapted it may have said what its outputs are
    if x is not None and len(x) and (unsaid or outputs == PROBABILITIES):
        forward(taken, x[:1])
        check_kind(adapted, x, batch_size)
    return plain_evaluator(taken, batch_size)


def _check_logits(model: torch.nn.Module, x: Rows, batch_size: int | None) -> None:
    import torch

    from ecgbench.model_calls import check_own_logits
    from ecgbench.nn import frozen, place_of
    from ecgbench.traces import without_traces

    with frozen(model), without_traces(model):
        check_own_logits(model, torch.from_numpy(np.array(x[:1])).to(place_of(model)), batch_size)


@contextmanager
def all_moved(models: Iterable[nn.Module], device: str | None) -> Iterator[None]:
    """The models on the device of that name, and back where each was afterwards; None leaves them where they are.

    Raises
    ------
    InputError
        If torch cannot compute there.
    """
    from ecgbench.nn import device_named, usable
    from ecgbench.placement import moved

    with ExitStack() as stack:
        if device:
            for model in sorted(map(usable, models), key=id):  # threads that want the same models take turns in one order
                stack.enter_context(moved(model, device_named(device)))
        yield
