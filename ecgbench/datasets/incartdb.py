"""St Petersburg INCART 12-lead Arrhythmia Database: 75 records of half an hour of 32 patients, beats annotated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ecgbench.datasets._registry import DATASETS
from ecgbench.datasets.records.files.source_files import check_files
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
from ecgbench.datasets.simulator.databases.record_forms import INCARTDB_FORM
from ecgbench.errors import DataError
from ecgbench.protocol import INCARTDB
from ecgbench.types import Dataset

PATIENT_LINE = re.compile(r"^#\s*patient\s+(\d+)\s*$", re.MULTILINE)
"""The header's comment that names the patient."""


@DATASETS.register(
    version=1,
    reference="doi:10.13026/C2V88N",
    protocol=INCARTDB,
    title="St Petersburg INCART 12-lead Arrhythmia Database",
    licence="ODC-By 1.0",
    source="https://physionet.org/content/incartdb/1.0.0/",
    megabytes=836,
    labels=("aami", "study"),
    splits=("standard", PATIENT),
    files=annotated_files,
    twins=beat_twins,
    regions=beat_regions,
    continued=continued_windows,
    beats=window_beats,
    simulate=simulate_records(INCARTDB_FORM),
)
def incartdb(request: Request) -> Dataset:
    """Load incartdb: lead II, windows of 8 s, records I01 to I37 for training and I38 to I75 for testing."""
    return load_annotated(request, "incartdb", ("II",), patients_of(request))


def patients_of(request: Request) -> Mapping[str, str]:
    """Patient of each record, from the comments of its header.

    Raises
    ------
    MissingDataError, DataError
        If a header is absent or does not say it.
    """
    headers = {name: request.folder / f"{name}.hea" for name in (*request.numbers.train, *request.numbers.test)}
    check_files(headers.values(), request.fetch_command)
    return {name: f"patient {_patient(header)}" for name, header in headers.items()}


def _patient(header: Path) -> str:
    try:
        found = PATIENT_LINE.search(header.read_text(errors="replace"))
    except OSError as error:
        raise DataError(f"expected a readable file {header}, got {error.strerror or error}; mend its permissions.") from error
    if found is None:
        raise DataError(f'expected a comment like "# patient 1" in {header}, got none; download the record again.')
    return found[1]
