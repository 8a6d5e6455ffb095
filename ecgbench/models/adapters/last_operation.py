"""Which operation a model's outputs come from, by autograd's record of a pass."""

from __future__ import annotations

import torch

from ecgbench.nn import frozen, place_of
from ecgbench.types import Rows

RESHAPING = {
    "View",
    "UnsafeView",
    "Reshape",
    "ReshapeAlias",
    "Squeeze",
    "Unsqueeze",
    "Select",
    "Slice",
    "Transpose",
    "T",
    "Clone",
    "ToCopy",
}
"""Autograd's names of operations that move values and don't change them."""

LINEAR = {"Addmm", "Mm", "Bmm", "Baddbmm", "Convolution"}
"""Its names of linear layers and convolutions, whose values nothing holds within 0 and 1."""


def ends_linearly(model: torch.nn.Module, x: Rows) -> bool:
    """Whether a model's outputs are those of a linear layer or a convolution; False where autograd has no record of it.

    Parameters
    ----------
    x : (n, leads, time), of which the first window passes
    """
    place = place_of(model)
    with frozen(model), torch.enable_grad():
        window = torch.from_numpy(x[:1].copy()).to(place.device, place.dtype).requires_grad_(True)
        node = model(window.clone()).grad_fn
    while node is not None and _operation(node) in RESHAPING:
        node = node.next_functions[0][0]
    return node is not None and _operation(node) in LINEAR


def _operation(node: torch.autograd.graph.Node) -> str:
    return node.name().partition("Backward")[0]
