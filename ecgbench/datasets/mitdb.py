"""MIT-BIH Arrhythmia Database: 44 two-lead records of half an hour, beats annotated by cardiologists."""

from __future__ import annotations

from ecgbench.datasets._registry import DATASETS
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.records.split_by_record import (
    PATIENT,
    annotated_files,
    beat_regions,
    beat_twins,
    continued_windows,
    load_annotated,
    window_beats,
)
from ecgbench.datasets.simulator.databases.annotated_records import simulate_records
from ecgbench.datasets.simulator.databases.record_forms import MITDB_FORM
from ecgbench.protocol import MITDB
from ecgbench.types import Dataset

LEAD = "MLII"
"""Name of the first lead in the headers of all records that are read but one for training, 114, where it is V5."""


@DATASETS.register(
    version=1,
    reference="doi:10.1109/51.932724",
    protocol=MITDB,
    title="MIT-BIH Arrhythmia Database",
    licence="ODC-By 1.0",
    source="https://physionet.org/content/mitdb/1.0.0/",
    megabytes=88,
    labels=("aami", "study"),
    splits=("standard", PATIENT),
    files=annotated_files,
    twins=beat_twins,
    regions=beat_regions,
    continued=continued_windows,
    beats=window_beats,
    simulate=simulate_records(MITDB_FORM),
)
def mitdb(request: Request) -> Dataset:
    """Load mitdb: the first lead, windows of 8 s, DS1 for training and DS2 for testing."""
    return load_annotated(request, "mitdb", (LEAD,), MITDB.patients)
