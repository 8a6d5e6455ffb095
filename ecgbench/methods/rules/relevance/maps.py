"""Maps of relevance."""

from __future__ import annotations

import torch

from ecgbench.methods._gradient import explained_logit, gradient_of
from ecgbench.methods._registry import Explanation
from ecgbench.methods.rules.relevance.context import Relevance
from ecgbench.methods.rules.relevance.shares import Account

BALANCE = 1e-3
"""Error of a map's balance, as a share of what its absolute values sum to, beyond which it is no rounding."""


def relevance(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, rules: type[Relevance]) -> Explanation:
    """Relevance of each sample for the target's logit; its total is the logit less what biases, constants and stabilisers absorbed.

    Parameters
    ----------
    rules : what convolutions follow

    Raises
    ------
    InputError
        If the model calls a function that is neither linear nor has a rule.
    """
    found = _of_batch(model, x, target, rules)
    if len(x) == 1 or _balanced(found):
        return found
    # A model that moves windows off the first axis: what was absorbed of which window is known only if it is alone.
    alone = [_of_batch(model, x[i : i + 1], target[i : i + 1], rules) for i in range(len(x))]
    return Explanation(found.maps, torch.cat([one.total for one in alone]))


def _of_batch(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, rules: type[Relevance]) -> Explanation:
    x, account = x.detach().requires_grad_(True), Account(x)
    followed = rules(model, account)
    with followed:
        logit = explained_logit(model, x, target)
    maps = followed.finished(gradient_of(logit, x) * x.detach())
    return Explanation(maps, logit.detach() - account.absorbed)  # filled in by the rules during backpropagation


def _balanced(found: Explanation) -> bool:
    off = (found.maps.sum(dim=(1, 2)) - found.total).abs()
    return bool((off <= BALANCE * found.maps.abs().sum(dim=(1, 2))).all())
