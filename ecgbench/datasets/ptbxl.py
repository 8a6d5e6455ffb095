"""PTB-XL: 12 leads of 10 s of 18,869 patients, 22 labels, of which a record can have several."""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool

from ecgbench.datasets._part import records_note
from ecgbench.datasets._registry import DATASETS, Edition, fetch_command
from ecgbench.datasets.records.databases import ptbxl_headers, ptbxl_tables
from ecgbench.datasets.records.databases.ptbxl_tables import RecordList
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.records.whole_records import WholeSide, load_whole
from ecgbench.datasets.simulator.databases.ptbxl import simulate_ptbxl
from ecgbench.errors import DataError
from ecgbench.protocol import (
    PTBXL,
    PTBXL_100HZ,
    PTBXL_CHALLENGE,
    PTBXL_CHALLENGE_COUNTS,
    PTBXL_LEADS,
    PTBXL_RANDOM_SPLIT,
    PTBXL_TEST_FOLD,
    DatasetProtocol,
)
from ecgbench.types import Dataset

RANDOM = "random"
"""The study's split: by record, whosever it is."""

SOURCE = "https://physionet.org/content/ptb-xl/1.0.3/"

TOTAL_RECORDS = 21799
"""Records of the complete database."""


def ptbxl_files(numbers: DatasetProtocol, listed: Collection[str]) -> list[str]:
    """Files of an edition: tables and records, or records alone."""
    edition = ptbxl_headers.header_files if numbers.slug == PTBXL_CHALLENGE.slug else ptbxl_tables.table_files
    return edition(numbers, listed)


@DATASETS.register(
    version=1,
    reference="doi:10.1038/s41597-020-0495-6",
    protocol=PTBXL,
    title="PTB-XL",
    licence="CC BY 4.0",
    source=SOURCE,
    megabytes=2640,
    labels=("snomed",),
    splits=("standard", RANDOM),
    study_split=RANDOM,
    editions=MappingProxyType(
        {
            "1.0.3": Edition(PTBXL, 2640, SOURCE),
            "1.0.3@100hz": Edition(PTBXL_100HZ, 550, SOURCE),
            "challenge-2021": Edition(PTBXL_CHALLENGE, 2650, "https://physionet.org/content/challenge-2021/1.0.3/"),
        }
    ),
    files=ptbxl_files,
    simulate=simulate_ptbxl,
    published=PTBXL_CHALLENGE_COUNTS,
)
def ptbxl(request: Request) -> Dataset:
    """Load ptbxl: 12 leads, windows of 10 s, folds 1 to 9 for training and 10 for testing."""
    listed, suffixes = _record_list(request)
    tested = _tested(listed, request.split)
    train = _side(request, listed, suffixes, ~tested, "train")
    test = _side(request, listed, suffixes, tested, "test")
    return request.answer("ptbxl", train, test, PTBXL_LEADS, _notes(listed, train, test))


def _record_list(request: Request) -> tuple[RecordList, tuple[str, ...]]:
    """Records of the edition, and the suffixes of their files."""
    if request.numbers.slug == PTBXL_CHALLENGE.slug:
        return ptbxl_headers.read_headers(request, fetch_command(PTBXL, request.root)), ptbxl_headers.SUFFIXES
    return ptbxl_tables.read_tables(request), (".hea", ".dat")


def _tested(listed: RecordList, split: str) -> Bool[np.ndarray, " records"]:
    """Which records are tested on."""
    if split != RANDOM:
        return np.array([fold == PTBXL_TEST_FOLD for fold in listed.folds], dtype=bool)
    from sklearn.model_selection import train_test_split

    test = np.zeros(len(listed.records), dtype=bool)
    if len(test) > 1:  # else one side is empty, which is refused below
        test[train_test_split(np.arange(len(test)), **PTBXL_RANDOM_SPLIT)[1]] = True
    return test


def _side(request: Request, listed: RecordList, suffixes: tuple[str, ...], chosen: Bool[np.ndarray, " records"], side: str) -> WholeSide:
    records = [listed.records[i] for i in np.flatnonzero(chosen)]
    if not records:
        raise DataError(f"expected records to {side} with in {request.folder}, got none of {len(chosen)}; download the rest of them.")
    return load_whole(request, records, suffixes, PTBXL_LEADS, f"ptbxl {side}")


def _notes(listed: RecordList, train: WholeSide, test: WholeSide) -> tuple[str, ...]:
    notes = [
        records_note("PTB-XL", listed.total, TOTAL_RECORDS),
        f"{listed.unlabelled} records have none of the labels and are left out.",
        *listed.notes,
        f"{len(train.windows)} records are for training, {len(test.windows)} for testing.",
    ]
    invalid, flat = train.invalid + test.invalid, train.flat + test.flat
    shared = np.intersect1d(train.windows.patient, test.windows.patient).size
    if invalid:
        notes.append(f"{invalid} records are left out, since they hold samples that are marked invalid.")
    if flat:
        notes.append(f"{flat} records have a lead that is flat throughout; it stays so.")
    if shared:
        notes.append(f"{shared} patients have records on both sides of the split.")
    notes.append("No beat is annotated, so localisation is undefined here.")
    return tuple(notes)
