"""MIT-BIH Supraventricular Arrhythmia Database: 78 two-lead records of half an hour, beats annotated."""

from __future__ import annotations

from ecgbench.datasets._registry import DATASETS
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.records.split_by_record import (
    annotated_files,
    beat_regions,
    beat_twins,
    continued_windows,
    load_annotated,
    window_beats,
)
from ecgbench.datasets.simulator.databases.annotated_records import simulate_records
from ecgbench.datasets.simulator.databases.record_forms import SVDB_FORM
from ecgbench.protocol import SVDB
from ecgbench.types import Dataset

LEAD = "ECG1"
"""What every header calls the first of the two leads: where its electrodes were is not known."""


@DATASETS.register(
    version=1,
    reference="doi:10.13026/C2V30W",
    protocol=SVDB,
    title="MIT-BIH Supraventricular Arrhythmia Database",
    licence="ODC-By 1.0",
    source="https://physionet.org/content/svdb/1.0.0/",
    megabytes=53,
    labels=("aami", "study"),
    files=annotated_files,
    twins=beat_twins,
    regions=beat_regions,
    continued=continued_windows,
    beats=window_beats,
    simulate=simulate_records(SVDB_FORM),
)
def svdb(request: Request) -> Dataset:
    """Load svdb: the first lead, windows of 8 s, records 800 to 855 for training and 856 to 894 for testing."""
    return load_annotated(request, "svdb", (LEAD,), SVDB.patients)
