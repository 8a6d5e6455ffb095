"""Colour and marker of each method, the same in every figure: the colour tells how a method works, the marker which one it is."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from ecgbench.leaderboard.figures.style import AMBER, BLUE, GREEN, PURPLE, QUIET

MARKERS = "osD^vP*X"

KINDS = {
    "gradients": (BLUE, "saliency input_gradient integrated_gradients expected_gradients smoothgrad vargrad guided_backprop"),
    "class activation": (PURPLE, "gradcam guided_gradcam layercam hirescam"),
    "relevance": (GREEN, "lrp lrp_epsilon lrp_gamma deep_lift deep_shap"),
    "perturbation": (AMBER, "occlusion lime kernel_shap rise shapley_patches"),
}
"""Kinds of methods with their colour. A further method goes to the end of its line: the place there is its marker."""

OTHER = "other"
"""Kind of all other methods: their marker follows from their name."""


class MethodStyle(NamedTuple):
    """How a method is drawn."""

    kind: str
    colour: str
    marker: str


def method_style(method: str) -> MethodStyle:
    """Kind, colour and marker of a method, whatever else is drawn."""
    for kind, (colour, names) in KINDS.items():
        if method in names.split():
            return MethodStyle(kind, colour, MARKERS[names.split().index(method)])
    number = hashlib.sha256(method.encode()).digest()[0]
    return MethodStyle(OTHER, QUIET, MARKERS[number % len(MARKERS)])
