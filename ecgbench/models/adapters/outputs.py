"""What a model's outputs are, and logits made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from ecgbench.errors import InputError
from ecgbench.types import Logits, Rows

LOGITS, PROBABILITIES, BINARY = KINDS = ("logits", "probabilities", "binary")
"""What outputs can be: logits, probabilities, or one logit whose sigmoid is the probability."""

PROBED, LOUD = 8, 100.0
"""Windows that are looked at, and how much larger they are made: probabilities stay within 0 and 1 then, logits leave."""

ROUNDING = 1e-4
"""How far probabilities may lie outside of 0 and 1, and their sum from 1."""


def known_kind(kind: Any) -> str | None:
    """The kind of outputs, if it is one; None stands for logits that must not look like probabilities.

    Raises
    ------
    InputError
        If there is no such kind.
    """
    if kind is not None and kind not in KINDS:
        raise InputError(f'expected outputs "{LOGITS}", "{PROBABILITIES}" or "{BINARY}", got {kind!r}; choose one of these.')
    return None if kind is None else str(kind)


def picked(returned: object, path: tuple[int | str, ...], kind: str | None = None) -> torch.Tensor:
    """The output at the end of a path of keys, names and indices; without a path, what a mapping has under the kind's name.

    Raises
    ------
    InputError
        If there is nothing of that name, or it is no tensor.
    """
    if not path and isinstance(returned, Mapping) and (kind or LOGITS) in returned:
        path = (kind or LOGITS,)
    for step in path:
        returned = _step(returned, step)
    if not isinstance(returned, torch.Tensor):
        raise InputError(
            f"expected a tensor from the model, got {_said(returned)}; name which of its outputs to take, such as outputs=0 or "
            'outputs=("head", "probabilities").'
        )
    return returned


def logits_from(output: torch.Tensor, kind: str | None, multilabel: bool = False, pair: bool = True) -> torch.Tensor:
    """Logits (n, outputs) from outputs (n,) or (n, outputs) of a kind.

    Of probabilities of one class out of several these are their logarithms, whose softmax is the probabilities again; of those of labels,
    or of a single one, the log-odds, whose sigmoid they are.

    Parameters
    ----------
    multilabel : whether each probability is a label's by itself
    pair : give a single log-odds z the two outputs (-z/2, z/2), of the class's absence and of the class, whose softmax is its sigmoid

    Raises
    ------
    InputError
        If outputs of that kind have another shape.
    """
    columns = output[:, None] if output.ndim == 1 and kind in (BINARY, PROBABILITIES) else output
    if columns.ndim != 2 or (kind == BINARY and columns.shape[1] != 1):
        wanted = "(n,) or (n, 1)" if kind == BINARY else "(n, outputs)"
        remedy = f'say outputs="{BINARY}" of one logit a window' if output.ndim == 1 else "name the output that has it"
        raise InputError(f"expected {kind or LOGITS} {wanted} from the model, got {tuple(output.shape)}; {remedy}.")
    alone = columns.shape[1] == 1
    if kind == PROBABILITIES:
        columns = log_odds(columns) if multilabel or alone else log_share(columns)
    if kind in (BINARY, PROBABILITIES) and alone and pair and not multilabel:
        return torch.nn.functional.linear(columns, columns.new_tensor([[-0.5], [0.5]]))
    return columns


def log_odds(probability: torch.Tensor) -> torch.Tensor:
    """Logit of each probability, clipped by the precision's rounding error at both ends: 16 in float32."""
    return torch.logit(probability, eps=torch.finfo(probability.dtype).eps)


def log_share(probability: torch.Tensor) -> torch.Tensor:
    """Logarithm of each probability, clipped at the precision's smallest number: -87 in float32."""
    return probability.clamp(min=torch.finfo(probability.dtype).tiny).log()


def check_outputs(found: Logits, kind: str | None, multilabel: bool) -> None:
    """Refuse outputs (n, outputs) that are of another kind than said.

    Raises
    ------
    InputError
        If probabilities are beyond 0 and 1 or those of a window's classes don't sum to 1, or what nobody called logits looks like them.
    """
    inside = bool((found >= -ROUNDING).all() and (found <= 1 + ROUNDING).all())
    shares = inside and found.shape[1] > 1 and bool(np.allclose(found.sum(axis=1), 1, rtol=0, atol=ROUNDING))
    if kind == PROBABILITIES and not (shares or (inside and (multilabel or found.shape[1] == 1))):
        remedy = "say multilabel=True of labels that stand by themselves" if inside else f'say outputs="{LOGITS}" of logits'
        raise InputError(f"expected probabilities within 0 and 1 that sum to 1, got {found.min():.3g} to {found.max():.3g}; {remedy}.")
    if kind is None and inside and (shares or multilabel or found.shape[1] == 1) and np.ptp(found) > 0:
        raise InputError(
            f"expected a model that returns logits, got outputs that all lie within 0 and 1{' and sum to 1' if shares else ''}, as "
            f'probabilities do; say outputs="{PROBABILITIES}", or outputs="{LOGITS}" if they are logits.'
        )


def probing_rows(x: Rows) -> Float[np.ndarray, "rows leads time"]:
    """The first windows as they are, 100 times as large, and upside down."""
    return np.concatenate([scale * x[:PROBED] for scale in (1.0, LOUD, -LOUD)]).astype(x.dtype)


def _step(returned: Any, step: int | str) -> Any:
    if isinstance(returned, Mapping) and step in returned:
        return returned[step]
    if isinstance(step, int) and isinstance(returned, list | tuple) and -len(returned) <= step < len(returned):
        return returned[step]
    if isinstance(step, str) and not isinstance(returned, torch.Tensor) and hasattr(returned, step):
        return getattr(returned, step)
    raise InputError(f"expected an output {step!r} of the model, got {_said(returned)}; name one that it returns.")


def _said(returned: object) -> str:
    if isinstance(returned, Mapping):
        return f"a mapping of {', '.join(map(str, returned))}"
    if isinstance(returned, list | tuple):
        return f"{type(returned).__name__} of {len(returned)}"
    return f"a tensor {tuple(returned.shape)}" if isinstance(returned, torch.Tensor) else type(returned).__name__
