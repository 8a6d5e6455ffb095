"""Databases of which each record is one window: the records are read one by one into a file that is mapped into memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float32

from ecgbench.artifacts import Arrays, artifact_key, canonical
from ecgbench.datasets.records.files.source_files import check_files, source_digest
from ecgbench.datasets.records.files.wfdb_header import read_signals
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.records.windows.stored_windows import from_artifact, to_arrays
from ecgbench.errors import ArtifactError, DataError
from ecgbench.progress import progress
from ecgbench.protocol import DatasetProtocol
from ecgbench.types import Windows

VERSION = 1
"""Bumped when windows or labels change on purpose."""

SIGNAL = "signal.f32"
"""File of all windows: float32 in mV, C order."""

Built = tuple[Arrays, dict[str, object]]
"""Arrays and info of the windows' artifact."""


@dataclass(frozen=True)
class LabelledRecord:
    """A record and its labels.

    Attributes
    ----------
    name : of the record
    path : of its files below the database's folder, without suffix
    patient : name of the patient
    labels : integers of its labels
    """

    name: str
    path: str
    patient: str
    labels: tuple[int, ...]


@dataclass(frozen=True)
class WholeSide:
    """Windows of one side of a split, each a whole record, mapped from a file.

    Attributes
    ----------
    invalid : number of records that were left out, since they hold invalid samples
    flat : number of records with a flat lead, which are kept
    key : of the artifact that holds the windows
    """

    windows: Windows
    invalid: int
    flat: int
    key: str


def load_whole(request: Request, records: Sequence[LabelledRecord], suffixes: Sequence[str], leads: Sequence[str], what: str) -> WholeSide:
    """The records as windows that can have several labels, from the store if the same files were read before.

    Parameters
    ----------
    suffixes : of a record's two files, the header's first
    leads : names of the leads in their order; letters' case does not matter
    what : stands beside the progress

    Raises
    ------
    MissingDataError, DataError
        If a file is absent or unreadable, or a header announces another sampling rate, other leads or another length.
    """
    numbers, store = request.numbers, request.store
    files = [request.folder / (record.path + suffix) for record in records for suffix in suffixes]
    check_files(files, request.fetch_command)
    listed = hashlib.sha256(canonical([(record.name, record.patient, record.labels) for record in records]).encode()).hexdigest()
    key = artifact_key("windows", whole=VERSION, source=source_digest(files, store), rows=listed, window=numbers.window)
    artifact = store.get("windows", key)
    if artifact is None:
        attached = store.scratch("windows", key) / SIGNAL
        build = partial(_write_file, attached, partial(_write_records, request, records, suffixes[-1], leads, what))
        artifact = store.compute("windows", key, build, attached=attached)
        with suppress(OSError):
            attached.parent.rmdir()
    shape = (len(artifact.info["record"]), len(leads), numbers.window)
    signal = np.memmap(store.attached("windows", key, SIGNAL), dtype=np.float32, mode="r", shape=shape)
    return WholeSide(from_artifact(artifact, signal), artifact.info["invalid"], artifact.info["flat"], key)


def _write_file(path: Path, write: Callable[[BinaryIO], Built]) -> Built:
    """Let `write` write the file at `path`, and return what it returns; if it fails, the file is removed."""
    try:
        path.unlink(missing_ok=True)
        with open(path, "xb") as file:  # a new file, not what somebody's link of that name points to
            built = write(file)
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        path.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise ArtifactError(
            f"expected to write {path}, got {error.strerror or error}; free space there or point ECGBENCH_CACHE at another folder."
        ) from error
    return built


def _write_records(
    request: Request, records: Sequence[LabelledRecord], suffix: str, leads: Sequence[str], what: str, file: BinaryIO
) -> Built:
    """Write the signals of the records without invalid samples into the file, one after the other."""
    kept, flat = [], 0
    for record in progress(records, what, "record"):
        signal = read_whole(request.folder / record.path, suffix, request.numbers, leads)
        if np.isfinite(signal).all():
            file.write(signal.tobytes())
            kept.append(record)
            flat += bool((signal.min(axis=1) == signal.max(axis=1)).any())
    if not kept:
        raise DataError(
            f"expected records with valid samples in {request.folder} for {what}, got none of {len(records)}; download them again."
        )
    arrays, info = to_arrays(_without_signals(kept, len(request.numbers.classes)))
    del arrays["signal"]
    return arrays, {**info, "invalid": len(records) - len(kept), "flat": flat}


def _without_signals(records: Sequence[LabelledRecord], classes: int) -> Windows:
    """The records' windows, each with an empty signal."""
    y = np.zeros((len(records), classes), dtype=np.uint8)
    for i, record in enumerate(records):
        y[i, list(record.labels)] = 1
    return Windows(
        signal=np.empty((len(records), 1, 0), dtype=np.float32),
        y=y,
        record=np.array([record.name for record in records]),
        patient=np.array([record.patient for record in records]),
        start=np.zeros(len(records), dtype=np.int64),
        spans=(np.empty((0, 3), dtype=np.int64),) * len(records),
    )


def read_whole(path: Path, suffix: str, numbers: DatasetProtocol, leads: Sequence[str]) -> Float32[np.ndarray, "leads time"]:
    """All leads of a record in mV, nan where a sample is marked invalid."""
    record, signals = read_signals(path)
    found: Mapping[str, object] = {
        "sampling rate in Hz": record.fs,
        "leads": " ".join(name or "unnamed" for name in record.sig_name or ()).upper(),
        "files of signals": ", ".join(sorted({*(record.file_name or ())})),
        "samples": record.sig_len,
    }
    wanted = (numbers.fs, " ".join(leads).upper(), path.name + suffix, numbers.window)
    for (what, value), expected in zip(found.items(), wanted, strict=True):
        if value != expected:
            raise DataError(f"expected {what} {expected} in {path}.hea, got {value}; download the record again or name another edition.")
    return signals
