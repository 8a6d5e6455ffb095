"""Datasets: records become windows. One file per dataset; `load_dataset` is the way in."""

from __future__ import annotations

from ecgbench.datasets._fetch import fetch_command
from ecgbench.datasets._registry import DATASETS, DatasetEntry, Edition, Request, SimulatedSize, data_root, load_dataset
from ecgbench.registry import make_callable

__all__ = ["DATASETS", "DatasetEntry", "Edition", "Request", "SimulatedSize", "data_root", "fetch_command", "load_dataset"]

make_callable(__name__, DATASETS)
