"""The residual networks that the package has, by key."""

from __future__ import annotations

from collections.abc import Mapping

from ecgbench.models import MODELS, untrained
from ecgbench.models.residual.network import Architecture, ResNet

ARCHITECTURES: Mapping[str, Architecture] = {
    entry.key: model.architecture for entry in MODELS if isinstance(model := untrained(entry.key, 1), ResNet)
}

KINDS = ("resnet18", "resnet18_7", "resnet50")
"""One of each kind of block: of narrow and of wide kernels, and the bottleneck."""

DISTINCT = tuple(key for key in ARCHITECTURES if not key.startswith("resnet18_7_narrow"))
"""Those that still differ where tests make all of them equally narrow."""
