"""Datasets: records become windows. One file per dataset; `load_dataset` is the way in."""

from __future__ import annotations

from ecgbench.datasets._part import part_of
from ecgbench.datasets._registry import (
    DATASETS,
    DatasetEntry,
    Edition,
    data_root,
    fetch_command,
    load_dataset,
    request_for,
)
from ecgbench.datasets.own.arrays import register_arrays
from ecgbench.datasets.own.recording_files import read_recording
from ecgbench.datasets.own.records import register_records
from ecgbench.datasets.own.windows import windows
from ecgbench.datasets.physionet.download import Downloaded, download
from ecgbench.datasets.physionet.needed_files import folder_of
from ecgbench.datasets.physionet.pins import pinned_sums
from ecgbench.datasets.physionet.verify import Verification, files_here, verify
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.simulator.stand_in import SIMULATED, SimulatedSize, is_simulated
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
    "part_of",
    "pinned_sums",
    "read_recording",
    "register_arrays",
    "register_records",
    "request_for",
    "verify",
    "windows",
]

make_callable(__name__, DATASETS)
