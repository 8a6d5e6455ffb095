"""Twins of explained windows, where the dataset makes them for these alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ecgbench.artifacts import Arrays, artifact_key
from ecgbench.datasets import DATASETS, Request
from ecgbench.results import BETWEEN
from ecgbench.types import Dataset, Explained, Targets, Twins

LAYOUT = 2
"""Bumped when the artifact says something else of the same twins."""


def with_twins(explained: Explained, dataset: Dataset, request: Request) -> Explained:
    """The explained windows with twins and shams: their own, or those that the dataset's entry makes, from the store where they are there.

    Where a dataset scores localisation against causal masks, they are made with the twins: they are where the two differ. What a twin
    takes away is what makes the window's own class, also where a model predicts another: that is what there is to take away.

    Parameters
    ----------
    request : how the dataset was loaded
    """
    entry, windows = DATASETS[dataset.name], explained.windows
    make = entry.twins
    if make is None or windows.twin is not None:
        return explained
    own = windows.y.astype(np.int64) if windows.y.ndim == 1 else explained.target

    def compute() -> tuple[Arrays, dict[str, Any]]:
        made = make(request, windows, own)
        return {"twin": made.twin, "sham": made.sham}, {"dataset": dataset.name, "twinless": _twinless(made, own, dataset.classes)}

    places = {"record": windows.record.tolist(), "start": windows.start.tolist(), "target": own.tolist()}
    key = artifact_key("twins", layout=LAYOUT, dataset=dataset.name, version=entry.version, windows=dataset.key, **places)
    found = request.store.compute("twins", key, compute)
    twin, sham = found.arrays["twin"], found.arrays["sham"]
    masked = "causal" in entry.protocol.mask_kinds and windows.causal is None
    causal = (twin != windows.signal) & np.isfinite(twin) if masked else windows.causal
    return replace(explained, windows=replace(windows, twin=twin, sham=sham, causal=causal), twinless=found.info["twinless"])


def _twinless(made: Twins, target: Targets, classes: Sequence[str]) -> Counter[str]:
    """Number of the windows without a twin, by class and reason."""
    reasons = [""] * len(target) if made.reason is None else made.reason.tolist()
    return Counter(f"{classes[class_]}{BETWEEN}{reason}" for class_, reason in zip(target.tolist(), reasons, strict=True) if reason)
