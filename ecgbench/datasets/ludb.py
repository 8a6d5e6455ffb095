"""LUDB: 12 leads of 10 s of 200 patients, several labels a record, and P, QRS and T marked by cardiologists on every lead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from ecgbench.artifacts import artifact_key
from ecgbench.datasets._part import records_note
from ecgbench.datasets._registry import DATASETS, Edition
from ecgbench.datasets.records.databases.ludb_records import LudbRecord, LudbWindows, load_records, ludb_files, passed_over, read_statements
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.simulator.databases.ludb import simulate_ludb
from ecgbench.errors import DataError
from ecgbench.protocol import LUDB, LUDB_100HZ, LUDB_FOLDS, LUDB_RECORDS, PTBXL_LEADS
from ecgbench.types import Dataset, Windows

SOURCE = "https://physionet.org/content/ludb/1.0.1/"

TRANSFER = "transfer"
"""Split whose models were trained on other databases: all records are tested on, except those of sinus rhythm without any finding. These
stand on the training side as the normal windows that methods compare with."""

FOLDS = tuple(f"fold{number}" for number in range(1, LUDB_FOLDS + 1))
"""Splits, each named after the fold that is tested on."""

NORMAL = (LUDB.classes.index(LUDB.normal),)
"""Labels of a record without any finding."""


@dataclass(frozen=True)
class LudbSide:
    """One side of a split, and a key that tells it from all others."""

    windows: Windows
    key: str


@DATASETS.register(
    version=1,
    reference="doi:10.1109/ACCESS.2020.3029211",
    protocol=LUDB_100HZ,
    title="Lobachevsky University Electrocardiography Database",
    licence="ODC-By 1.0",
    source=SOURCE,
    megabytes=26,
    labels=("statements",),
    splits=(TRANSFER, *FOLDS),
    editions=MappingProxyType({"1.0.1@100hz": Edition(LUDB_100HZ, 26, SOURCE), "1.0.1": Edition(LUDB, 26, SOURCE)}),
    files=ludb_files,
    simulate=simulate_ludb,
)
def ludb(request: Request) -> Dataset:
    """Load ludb: 12 leads, windows of 10 s; all with a finding for testing, or one of five folds and the others for training."""
    listed = read_statements(request)
    labelled = [record for record in listed if record.labels]
    tested = np.array([_is_tested(record, request.split) for record in labelled], dtype=bool)
    if not tested.any() or (tested.all() and request.split != TRANSFER):
        raise DataError(
            f"expected records to train and to test with in {request.folder}, got {tested.sum()} of {len(tested)} in {request.split}; "
            "download the rest of them."
        )
    loaded = load_records(request, labelled)
    train, test = (LudbSide(loaded.windows.take(np.flatnonzero(side)), _key(loaded, side)) for side in (~tested, tested))
    return request.answer("ludb", train, test, PTBXL_LEADS, _notes(listed, loaded, train.windows, test.windows))


def _is_tested(record: LudbRecord, split: str) -> bool:
    if split == TRANSFER:
        return record.labels != NORMAL
    return (record.number - 1) % LUDB_FOLDS == FOLDS.index(split)


def _key(loaded: LudbWindows, side: np.ndarray) -> str:
    return artifact_key("windows", of=loaded.key, taken=np.flatnonzero(side).tolist())


def _notes(listed: Sequence[LudbRecord], loaded: LudbWindows, train: Windows, test: Windows) -> tuple[str, ...]:
    others = passed_over(listed)
    counts = zip(LUDB.classes, train.y.sum(axis=0, dtype=int), test.y.sum(axis=0, dtype=int), strict=True)
    return (
        records_note("LUDB", len(listed), LUDB_RECORDS),
        f"{len(listed) - len(loaded.windows)} records have none of the labels and are left out.",
        f"{others.total()} statements of {len(others)} kinds that are none of the labels were passed over.",
        f"Records of each label for training and for testing: {', '.join(f'{name} {first}+{second}' for name, first, second in counts)}.",
        "Masks are the waves that carry a label by its diagnostic criteria, as cardiologists marked them on each lead; localisation is "
        "undefined for labels without such a wave (rhythms, premature and paced beats).",
        "The first and the last beats of a record are not marked and are in no mask.",
        f"{loaded.unmarked} peaks are of no wave, since a boundary of theirs is missing.",
    )
