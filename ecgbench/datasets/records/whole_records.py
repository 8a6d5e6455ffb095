"""Databases whose records are windows themselves: read record by record into a file that is mapped into memory."""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float32

from ecgbench.artifacts import Arrays, ArtifactStore, artifact_key, canonical
from ecgbench.datasets.records.stored_windows import pack, unpack
from ecgbench.datasets.records.wfdb_reader import check_files, source_digest
from ecgbench.errors import ArtifactError, DataError
from ecgbench.protocol import DatasetProtocol
from ecgbench.types import Windows

VERSION = 1
"""Bumped when windows or labels change on purpose."""

SIGNAL = "signal.f32"
"""File of all windows: float32 in mV, C order."""


Built = tuple[Arrays, dict[str, object]]


@dataclass(frozen=True)
class Row:
    """A record and what is known of it beside its signal.

    Attributes
    ----------
    record : its name, the same in all editions as far as it can be
    path : of its files below the database's folder, without suffix
    patient : whose it is
    labels : integers of its labels
    """

    record: str
    path: str
    patient: str
    labels: tuple[int, ...]


@dataclass(frozen=True)
class Whole:
    """Windows that are whole records, mapped from a file, with the counts that a reader must know."""

    windows: Windows
    invalid: int
    flat: int
    key: str


def load_whole(
    folder: Path,
    rows: Sequence[Row],
    suffixes: Sequence[str],
    numbers: DatasetProtocol,
    leads: Sequence[str],
    store: ArtifactStore,
    name: str,
) -> Whole:
    """The records of `rows` as windows of several labels, from the store if the same files were read before.

    Parameters
    ----------
    suffixes : of a record's files, the header's first
    leads : names of the leads in their order; letters' case does not matter
    name : shown in the progress bar

    Raises
    ------
    MissingDataError, DataError
        If a file is absent or unreadable, or a header announces another sampling rate, other leads or another length.
    """
    files = [folder / (row.path + suffix) for row in rows for suffix in suffixes]
    check_files(files, numbers, folder)
    listed = hashlib.sha256(canonical([(row.record, row.patient, row.labels) for row in rows]).encode()).hexdigest()
    key = artifact_key("windows", whole=VERSION, source=source_digest(files, store), rows=listed, window=numbers.window)
    artifact = store.get("windows", key)
    if artifact is None:
        attached = store.scratch("windows", key) / SIGNAL
        build = partial(_written, attached, partial(_build, folder, rows, numbers, leads, name))
        artifact = store.compute("windows", key, build, attached=attached)
        with suppress(OSError):
            attached.parent.rmdir()
    shape = (len(artifact.info["record"]), len(leads), numbers.window)
    signal = np.memmap(store.folder("windows", key) / SIGNAL, dtype=np.float32, mode="r", shape=shape)
    return Whole(unpack(artifact, signal), artifact.info["invalid"], artifact.info["flat"], key)


def _written(path: Path, build: Callable[[BinaryIO], Built]) -> Built:
    """What `build` returns that writes into the file at `path`, of which nothing stays if that fails."""
    try:
        with open(path, "wb") as file:
            built = build(file)
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


def _build(folder: Path, rows: Sequence[Row], numbers: DatasetProtocol, leads: Sequence[str], name: str, file: BinaryIO) -> Built:
    from tqdm import tqdm

    kept, flat = [], 0
    for row in tqdm(rows, desc=name, unit="record", leave=False):
        signal = read_whole(folder / row.path, numbers, leads)
        if np.isfinite(signal).all():
            file.write(signal.tobytes())
            kept.append(row)
            flat += bool((signal.min(axis=1) == signal.max(axis=1)).any())
    if not kept:
        raise DataError(f"expected records with valid samples in {folder} for {name}, got none of {len(rows)}; download them again.")
    arrays, info = pack(_windows(kept, numbers))
    del arrays["signal"]
    return arrays, {**info, "invalid": len(rows) - len(kept), "flat": flat}


def _windows(rows: Sequence[Row], numbers: DatasetProtocol) -> Windows:
    """All of the windows but their signals."""
    y = np.zeros((len(rows), len(numbers.classes)), dtype=np.uint8)
    for i, row in enumerate(rows):
        y[i, list(row.labels)] = 1
    return Windows(
        signal=np.empty((len(rows), 1, 0), dtype=np.float32),
        y=y,
        record=np.array([row.record for row in rows]),
        patient=np.array([row.patient for row in rows]),
        start=np.zeros(len(rows), dtype=np.int64),
        spans=(np.empty((0, 3), dtype=np.int64),) * len(rows),
    )


def read_whole(path: Path, numbers: DatasetProtocol, leads: Sequence[str]) -> Float32[np.ndarray, "leads time"]:
    """All leads of a record in mV, nan where a sample is marked invalid."""
    import wfdb

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # wfdb 4.3.1 uses what pandas 3.1 deprecates
            record = wfdb.rdrecord(str(path))
    except Exception as error:  # wfdb raises whatever its parsing trips over
        raise DataError(f"expected a readable WFDB record {path}, got {type(error).__name__}: {error}; download it again.") from error
    found: Mapping[str, object] = {
        "sampling rate in Hz": record.fs,
        "leads": " ".join(name or "unnamed" for name in record.sig_name or ()).upper(),
        "units": " ".join(sorted({unit.lower() for unit in record.units or ()})),
        "samples": 0 if record.p_signal is None else len(record.p_signal),
    }
    wanted = (numbers.fs, " ".join(leads).upper(), "mv", numbers.window)
    for (what, value), expected in zip(found.items(), wanted, strict=True):
        if value != expected:
            raise DataError(f"expected {what} {expected} in {path}.hea, got {value}; download the record again or name another edition.")
    signal: Float32[np.ndarray, "leads time"] = np.ascontiguousarray(record.p_signal.T, dtype=np.float32)
    return signal
