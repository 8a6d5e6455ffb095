"""Datasets: records become windows. One file per dataset; `load_dataset` is the way in."""

from __future__ import annotations

from ecgbench.datasets._fetch import Downloaded, download, fetch_command
from ecgbench.datasets._needed import folder_of
from ecgbench.datasets._own_arrays import register_arrays
from ecgbench.datasets._own_records import register_records
from ecgbench.datasets._own_windows import windows
from ecgbench.datasets._registry import (
    DATASETS,
    SIMULATED,
    DatasetEntry,
    Edition,
    Request,
    SimulatedSize,
    data_root,
    is_simulated,
    load_dataset,
)
from ecgbench.datasets._verify import Verification, files_here, verify
from ecgbench.registry import make_callable

__all__ = [
    "DATASETS",
    "SIMULATED",
    "DatasetEntry",
    "Downloaded",
    "Edition",
    "Request",
    "SimulatedSize",
    "Verification",
    "data_root",
    "download",
    "fetch_command",
    "files_here",
    "folder_of",
    "is_simulated",
    "load_dataset",
    "register_arrays",
    "register_records",
    "verify",
    "windows",
]

make_callable(__name__, DATASETS)
