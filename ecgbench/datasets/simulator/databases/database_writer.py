"""Writing a database as PhysioNet publishes it: WFDB records, their list and checksums, and the file that marks it as simulated."""

from __future__ import annotations

import hashlib
import os
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from ecgbench.datasets.records.files.checksums import SUMS
from ecgbench.datasets.simulator.stand_in import SIMULATED
from ecgbench.errors import InputError

RECORDS = "RECORDS"


@dataclass(frozen=True)
class Storage:
    """How a database stores its samples.

    Attributes
    ----------
    format : WFDB's number of the format, "16" or "212"
    gain : steps per mV
    zero : value of 0 mV, and the middle of the converter's range
    bits : resolution of the converter; larger values are cut off
    """

    format: str
    gain: float
    zero: int
    bits: int


@dataclass(frozen=True)
class Annotations:
    """Annotations of a record, in the order of their samples.

    Attributes
    ----------
    sample : (annotations,) int64
    symbol, aux : of each annotation; aux is empty where it has none
    """

    sample: Int64[np.ndarray, " annotations"]
    symbol: Sequence[str]
    aux: Sequence[str]


@contextmanager
def new_database(folder: Path, origin: str) -> Iterator[Path]:
    """A temporary folder to write a database into, which becomes `folder` on leaving, with the record list, SIMULATED and checksums added.

    Parameters
    ----------
    folder : `<slug>/<version>` below the root
    origin : the line in the file SIMULATED

    Raises
    ------
    InputError
        If there is such a folder already, or it cannot be written.
    """
    absent = [parent for parent in folder.parents if not parent.exists()]
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        _refuse_existing(folder)
        partial.mkdir(parents=True)
        yield partial
        _finish(partial, origin)
        _refuse_existing(folder)
        partial.rename(folder)
    except OSError as error:
        raise InputError(f"expected to write {folder}, got {error.strerror or error}; free space or name another folder.") from error
    finally:
        if partial.exists():
            shutil.rmtree(partial)
        for parent in absent:
            with suppress(OSError):  # not empty: something else was put there meanwhile
                parent.rmdir()


def _refuse_existing(folder: Path) -> None:
    if folder.exists():
        raise InputError(f"expected no {folder} yet, got one; a database is never written over: name another folder.")


def _finish(folder: Path, origin: str) -> None:
    """Write the list of records, the file SIMULATED and the checksums of all files."""
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    (folder / RECORDS).write_text("".join(f"{path.removesuffix('.hea')}\n" for path in paths if path.endswith(".hea")))
    (folder / SIMULATED).write_text(f"{origin}\n")
    with open(folder / SUMS, "w") as sums:
        for path in sorted([*paths, RECORDS, SIMULATED]):
            with open(folder / path, "rb") as file:
                sums.write(f"{hashlib.file_digest(file, 'sha256').hexdigest()} {path}\n")


def write_record(
    path: Path, steps: Int64[np.ndarray, "leads time"], leads: Sequence[str], fs: float, storage: Storage, comments: Sequence[str] = ()
) -> None:
    """Write a record's header and samples.

    Parameters
    ----------
    path : of the record, without suffix
    steps : the signal in steps of the converter, 0 at 0 mV; beyond the converter's range they are cut off
    leads : names
    comments : complete lines of the header with their "#": unlike WFDB's tools, some databases put no blank behind it
    """
    import wfdb

    count, largest = len(leads), 2 ** (storage.bits - 1) - 1
    values = np.clip(steps, -largest, largest) + storage.zero
    fields: dict[str, object] = {
        "file_name": f"{path.name}.dat",
        "fmt": storage.format,
        "adc_gain": storage.gain,
        "baseline": storage.zero,
        "units": "mV",
        "adc_res": storage.bits,
        "adc_zero": storage.zero,
        "block_size": 0,
    }
    of_leads = {name: [value] * count for name, value in fields.items()}
    found = {"init_value": values[:, 0].tolist(), "checksum": (values.sum(axis=1) % 65536).tolist(), "sig_name": list(leads)}
    about = {"record_name": path.name, "n_sig": count, "fs": fs, "sig_len": values.shape[1]}
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # wfdb 4.3.1 uses what pandas 3.1 deprecates
        wfdb.Record(**about, **of_leads, **found, d_signal=np.ascontiguousarray(values.T)).wrsamp(write_dir=str(path.parent))
    with open(path.with_name(f"{path.name}.hea"), "a") as header:
        header.writelines(f"{comment}\n" for comment in comments)


def write_annotations(path: Path, annotations: Annotations, annotator: str = "atr") -> None:
    """Write a record's annotations to the file whose suffix is the annotator's name."""
    import wfdb

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        wfdb.wrann(
            path.name,
            "atr",
            annotations.sample,
            symbol=list(annotations.symbol),
            aux_note=list(annotations.aux),
            write_dir=str(path.parent),
        )
    if annotator != "atr":  # wfdb writes no suffix with a digit, such as "v1"
        path.with_name(f"{path.name}.atr").rename(path.with_name(f"{path.name}.{annotator}"))
