"""WFDB records with beat annotations: read, checked, cut into labelled windows, kept in the artifact store."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int64

from ecgbench.artifacts import Arrays, ArtifactStore, artifact_key
from ecgbench.datasets.physionet.download import fetch_command
from ecgbench.datasets.records.stored_windows import pack, unpack
from ecgbench.errors import DataError, MissingDataError
from ecgbench.protocol import UNCLASSIFIABLE, BeatRule, DatasetProtocol
from ecgbench.types import Spans, Windows

VERSION = 1
"""Bumped when windows, labels or spans change on purpose."""

SUFFIXES = (".hea", ".dat", ".atr")

END_OF_ANNOTATIONS = b"\0\0"


@dataclass(frozen=True)
class Record:
    """One lead of a record and its annotations.

    Attributes
    ----------
    signal : (time,) float32, mV
    sample : (annotations,) int64, ascending
    symbol : (annotations,) one-character strings
    """

    name: str
    signal: Float32[np.ndarray, " time"]
    sample: Int64[np.ndarray, " annotations"]
    symbol: Sequence[str]


def read_record(folder: Path, name: str, lead: int, fs: float, whole: bool = True) -> Record:
    """Read one lead of a WFDB record and check that it can be used.

    Parameters
    ----------
    whole : refuse a lead that has invalid samples or is flat; if not, it is for the caller to leave out what is of no use

    Raises
    ------
    MissingDataError
        If one of the record's files is absent.
    DataError
        If the files are truncated or unreadable, the sampling rate is not `fs`, the lead is absent, has invalid (NaN) samples or is
        flat, there is no annotation, or one lies outside the record.
    """
    for suffix in SUFFIXES:
        if not (folder / (name + suffix)).is_file():
            raise MissingDataError(f"expected {folder / (name + suffix)}, got no such file; download the record again.")
    path = str(folder / name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # wfdb 4.3.1 uses what pandas 3.1 deprecates
            record, announced = _read(path, name, lead, fs)
    except DataError:
        raise
    except Exception as error:  # wfdb raises whatever its parsing trips over
        raise DataError(f"expected a readable WFDB record {path}, got {type(error).__name__}: {error}; download it again.") from error
    _check(record, path, announced)
    if whole:
        _check_signal(record.signal, path)
    return record


def _read(path: str, name: str, lead: int, fs: float) -> tuple[Record, int | None]:
    """The record, and the number of samples that its header announces."""
    import wfdb

    header = wfdb.rdheader(path)
    if header.fs != fs:
        raise DataError(f"expected {fs:g} Hz in {path}.hea, got {header.fs:g} Hz; download the record again or name another dataset.")
    if lead >= header.n_sig:
        raise DataError(f"expected at least {lead + 1} leads in {path}.hea, got {header.n_sig}; download the record again.")
    signal = wfdb.rdrecord(path, channels=[lead]).p_signal[:, 0].astype(np.float32)
    annotation = wfdb.rdann(path, "atr")
    if not (annotation.symbol and Path(f"{path}.atr").read_bytes().endswith(END_OF_ANNOTATIONS)):
        raise DataError(f"expected annotations and their end mark in {path}.atr, got a truncated or empty file; download the record again.")
    return Record(name, signal, annotation.sample.astype(np.int64), tuple(annotation.symbol)), header.sig_len


def _check(record: Record, path: str, announced: int | None) -> None:
    length = len(record.signal)
    if announced is not None and length != announced:
        raise DataError(f"expected {announced} samples in {path}.dat, got {length}; download the record again.")
    outside = record.sample[(record.sample < 0) | (record.sample > length)]  # svdb's record 860 has a beat right behind its end
    if outside.size:
        raise DataError(f"expected annotations of {path}.atr within 0..{length}, got sample {outside[0]}; download the record again.")


def _check_signal(signal: Float32[np.ndarray, " time"], path: str) -> None:
    invalid = int(np.isnan(signal).sum())
    if invalid:
        raise DataError(f"expected only valid samples in {path}.dat, got {invalid} marked invalid (NaN); leave the record out or mend it.")
    if signal.size and signal.min() == signal.max():
        raise DataError(f"expected an ECG in {path}.dat, got a flat lead at {signal[0]:g} mV; leave the record out.")


def cut(record: Record, window: int, rule: BeatRule, patient: str) -> Windows:
    """Cut a record into consecutive windows from its start; the rest is dropped. Unclassifiable windows are among them."""
    count = len(record.signal) // window
    sample, class_ = beats(record, rule)
    edges = np.searchsorted(sample, np.arange(count + 1) * window)
    inside = [slice(first, last) for first, last in pairwise(edges)]
    return Windows(
        signal=record.signal[: count * window].reshape(count, 1, window),
        y=np.array([window_label(class_[beats_]) for beats_ in inside], dtype=np.int64),
        record=np.full(count, record.name),
        patient=np.full(count, patient),
        start=np.arange(count, dtype=np.int64) * window,
        spans=tuple(beat_spans(sample[beats_] - i * window, class_[beats_], window) for i, beats_ in enumerate(inside)),
    )


def beats(record: Record, rule: BeatRule) -> tuple[Int64[np.ndarray, " beats"], Int64[np.ndarray, " beats"]]:
    """Samples and classes of the annotations that the rule takes for beats, in the order of their samples."""
    pairs = [(int(s), rule.symbols.get(symbol, rule.otherwise)) for s, symbol in zip(record.sample, record.symbol, strict=True)]
    kept: list[tuple[int, int]] = [(s, class_) for s, class_ in pairs if class_ is not None]
    if rule.one_per_sample:
        kept = list(dict(sorted(kept)).items())
    order = np.array(sorted(kept, key=lambda beat: beat[0]), dtype=np.int64).reshape(-1, 2)
    return order[:, 0], order[:, 1]


def window_label(classes: Int64[np.ndarray, " beats"]) -> int:
    """The abnormal class with the most beats (ties: the lower class), 0 if there is none."""
    counts = np.bincount(classes, minlength=1)
    counts[0] = 0
    return int(counts.argmax())


def beat_spans(sample: Int64[np.ndarray, " beats"], class_: Int64[np.ndarray, " beats"], window: int) -> Spans:
    """A span per beat: borders halfway between neighbours, from the window's start to its end."""
    borders = (sample[:-1] + sample[1:]) // 2
    onsets = np.concatenate([[0], borders])[: len(sample)]
    offsets = np.concatenate([borders, [window]])[: len(sample)]
    return np.stack([onsets, offsets, class_], axis=1).astype(np.int64)


@dataclass(frozen=True)
class Side:
    """The windows of one side of a split, with the counts that a reader must know."""

    windows: Windows
    left_out: int
    without_beat: int
    key: str


def load_records(
    folder: Path,
    names: Iterable[str],
    numbers: DatasetProtocol,
    patients: Mapping[str, str],
    rule: BeatRule,
    store: ArtifactStore,
    progress: str,
) -> Side:
    """The windows of some records, from the store if the same files were cut by the same rule before."""
    names = tuple(names)
    files = [folder / (name + suffix) for name in names for suffix in SUFFIXES]
    check_files(files, numbers, folder)
    source = source_digest(files, store)
    options = {"window": numbers.window, "lead": numbers.lead, "patients": dict(patients), "rule": repr(rule)}
    key = artifact_key("windows", version=VERSION, source=source, **options)

    def build() -> tuple[Arrays, dict[str, object]]:
        return _build(folder, names, numbers, patients, rule, progress)

    artifact = store.compute("windows", key, build)
    return Side(unpack(artifact), artifact.info["left_out"], artifact.info["without_beat"], key)


def _build(
    folder: Path, names: Sequence[str], numbers: DatasetProtocol, patients: Mapping[str, str], rule: BeatRule, progress: str
) -> tuple[Arrays, dict[str, object]]:
    from tqdm import tqdm

    assert numbers.lead is not None
    parts = []
    for name in tqdm(names, desc=progress, unit="record", leave=False):
        record = read_record(folder, name, numbers.lead, numbers.fs)
        parts.append(cut(record, numbers.window, rule, patients.get(name, name)))
    windows = concatenate(parts)
    keep = windows.y != UNCLASSIFIABLE if rule.leave_out_unclassifiable else np.ones(len(windows), dtype=bool)
    kept = windows.take(np.flatnonzero(keep))
    without_beat = sum(len(spans) == 0 for spans in kept.spans)
    arrays, info = pack(kept)
    return arrays, {**info, "left_out": int((~keep).sum()), "without_beat": without_beat}


def concatenate(parts: Sequence[Windows]) -> Windows:
    """Windows of several records, one after the other."""
    return Windows(
        signal=np.concatenate([part.signal for part in parts]),
        y=np.concatenate([part.y for part in parts]),
        record=np.concatenate([part.record for part in parts]),
        patient=np.concatenate([part.patient for part in parts]),
        start=np.concatenate([part.start for part in parts]),
        spans=tuple(span for part in parts for span in part.spans),
    )


def check_files(files: Iterable[Path], numbers: DatasetProtocol, folder: Path) -> None:
    """Refuse to go on where a file of the database in `folder`, which is `<slug>/<version>/`, is absent.

    Raises
    ------
    MissingDataError
        With the command that fetches it.
    """
    for path in files:
        if not path.is_file():
            raise MissingDataError(f"expected {path}, got no such file; fetch it: {fetch_command(numbers, folder.parent.parent)}")


def source_digest(files: Sequence[Path], store: ArtifactStore) -> str:
    """SHA-256 over the content of the records' files; remembered for as long as their sizes and times stay as they are."""
    stats = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]

    def digest() -> tuple[Arrays, dict[str, object]]:
        total = hashlib.sha256()
        for path in files:
            total.update(path.name.encode() + hashlib.sha256(_content(path)).digest())
        return {}, {"digest": total.hexdigest()}

    return str(store.compute("source", artifact_key("source", files=stats), digest).info["digest"])


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"expected a readable file {path}, got {error.strerror or error}; mend its permissions.") from error
