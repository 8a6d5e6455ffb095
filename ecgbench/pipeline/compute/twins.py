"""Twins of explained windows, where the dataset makes them for these alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from ecgbench.artifacts import Arrays, artifact_key
from ecgbench.datasets import DATASETS, Request
from ecgbench.types import Dataset, Explained


def with_twins(explained: Explained, dataset: Dataset, request: Request) -> Explained:
    """The explained windows with twins and shams: their own, or those that the dataset's entry makes, from the store where they are there.

    Parameters
    ----------
    request : how the dataset was loaded
    """
    entry, windows = DATASETS[dataset.name], explained.windows
    make = entry.twins
    if make is None or windows.twin is not None:
        return explained

    def compute() -> tuple[Arrays, dict[str, Any]]:
        made = make(request, windows, explained.target)
        reasons = [] if made.reason is None else made.reason.tolist()
        return {"twin": made.twin, "sham": made.sham}, {"dataset": dataset.name, "twinless": Counter(filter(None, reasons))}

    places = {"record": windows.record.tolist(), "start": windows.start.tolist(), "target": explained.target.tolist()}
    key = artifact_key("twins", dataset=dataset.name, version=entry.version, windows=dataset.key, **places)
    found = request.store.compute("twins", key, compute)
    twinned = replace(windows, twin=found.arrays["twin"], sham=found.arrays["sham"])
    return replace(explained, windows=twinned, twinless=found.info["twinless"])
