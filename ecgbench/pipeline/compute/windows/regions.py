"""Regions of explained windows, where the dataset knows them: made when a metric first asks for them."""

from __future__ import annotations

from typing import Any

from ecgbench.artifacts import Arrays, artifact_key
from ecgbench.datasets import DATASETS, Request
from ecgbench.types import Dataset, Explained, Regions


def regions_of(explained: Explained, dataset: Dataset, request: Request) -> Regions | None:
    """The regions that the dataset's entry makes of the explained windows, from the store where they are there; None if it makes none.

    Parameters
    ----------
    request : how the dataset was loaded
    """
    entry, windows = DATASETS[dataset.name], explained.windows
    make = entry.regions
    if make is None:
        return None

    def compute() -> tuple[Arrays, dict[str, Any]]:
        return {"regions": make(request, windows, explained.target)}, {"dataset": dataset.name}

    places = {"record": windows.record.tolist(), "start": windows.start.tolist(), "target": explained.target.tolist()}
    key = artifact_key("regions", dataset=dataset.name, version=entry.version, windows=dataset.key, **places)
    found: Regions = request.store.compute("regions", key, compute).arrays["regions"]
    return found
