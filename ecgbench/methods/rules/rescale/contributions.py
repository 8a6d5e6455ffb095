"""Contributions of samples to the change of a logit from references to windows."""

from __future__ import annotations

import torch

from ecgbench.errors import InputError
from ecgbench.methods._gradient import logits_of_target
from ecgbench.methods._registry import Explanation
from ecgbench.methods.rules.rescale.compared import Compared


def contributions(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, references: torch.Tensor) -> Explanation:
    """What each sample contributes to the change of the target's logit from a reference to the window.

    Parameters
    ----------
    references : (1, leads, time), or (n, leads, time) for one per window

    Raises
    ------
    InputError
        If the model calls a function that is neither linear nor has a rule, calls others for a window than for its reference, or has no
        finite logits of the references.
    """
    windows, flat = Compared(model, x), _references(model, references)
    if flat.moved and len(flat.rows) < len(x):
        flat = _references(model, references.expand_as(x))
    maps = windows.multipliers(flat.trace, target) * (x - references)
    return Explanation(maps, logits_of_target(windows.logits - flat.logits, target).detach())


def mean_contributions(
    model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, references: torch.Tensor, batch_size: int
) -> Explanation:
    """The mean of `contributions` over references (m, leads, time), in forward passes of `batch_size` references.

    Raises
    ------
    InputError
        As for `contributions`, and if the model does not keep the windows on the first axis.
    """
    windows = Compared(model, x)
    sums = [_summed_over(model, windows, x, target, some) for some in torch.split(references, batch_size)]
    maps, total = (sum(of_some) / len(references) for of_some in zip(*sums, strict=True))
    return Explanation(maps, total)


def _summed_over(
    model: torch.nn.Module, windows: Compared, x: torch.Tensor, target: torch.Tensor, references: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Sums over references of `contributions` to windows (n, leads, time) and of the changes (n,) of their logits."""
    compared, maps = _references(model, references, are_rows=True), torch.zeros_like(x)
    for i in range(len(x)):
        # Where rows are not on the first axis, a window is compared with the references one by one.
        trace = Compared(model, x[i].expand_as(references)).trace if windows.moved else windows.row(i)
        multipliers = compared.multipliers(trace, target[i].expand(len(references)))
        maps[i] = (multipliers * (x[i] - references)).sum(dim=0)
    change = windows.logits.detach() * len(references) - compared.logits.detach().sum(dim=0)
    return maps, logits_of_target(change, target)


def _references(model: torch.nn.Module, references: torch.Tensor, are_rows: bool = False) -> Compared:
    compared = Compared(model, references, references=are_rows)
    if not torch.isfinite(compared.logits).all():
        raise InputError(
            "expected finite logits of the references, got others; a model that divides by a window's deviation cannot take a flat line: "
            "add a small number there, or use deep_shap."
        )
    return compared
