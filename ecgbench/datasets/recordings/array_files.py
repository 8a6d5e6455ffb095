"""Leads in HDF5 and MAT files, as arrays of usual or own names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Int64, Shaped

from ecgbench.datasets.recordings.recording import NO_ANNOTATIONS, Recording, Wanted, factor_of, in_millivolts
from ecgbench.errors import DataError, InputError
from ecgbench.printable import quoted
from ecgbench.untrusted.hdf5_arrays import Value, hdf5_arrays
from ecgbench.untrusted.mat_arrays import mat_arrays

ARRAYS = ("signal", "fs", "leads", "unit", "sample", "symbol")
"""Usual names of arrays: (leads, time) values, their rate in Hz, the leads' names and unit, and samples and symbols of annotations."""

MAT = ".mat"


def read_arrays(path: Path, wanted: Wanted, remedy: str) -> Recording:
    """The wanted leads of an HDF5 or MAT file, and its annotations.

    Raises
    ------
    DataError
        If it is no such file, lacks a signal or a rate, or its arrays do not fit each other.
    """
    held = _held(path, wanted, remedy)
    signal = _signal(held, path)
    fs = wanted.stated("a rate of", _one(held, "fs", path), wanted.record_fs, str(path))
    if not isinstance(fs, float | int) or not 0 < fs < float("inf"):
        raise DataError(f'expected a rate in {path}, got {fs}; write it as an array "fs", or name it in Hz with record_fs=.')
    unit = wanted.stated("the unit", _one(held, "unit", path), wanted.unit, str(path)) or "mV"
    names = _lead_names(held, signal.shape, path)
    if signal.shape[0] != len(names):
        signal = signal.T
    places = wanted.places(names, str(path), remedy)
    chosen = in_millivolts(signal[places], factor_of(str(unit), str(path)))
    return Recording(chosen, float(fs), tuple(names[place] for place in places), *_annotations(held, path))


def _held(path: Path, wanted: Wanted, remedy: str) -> Mapping[str, Value]:
    """The arrays by their usual names."""
    own = {name: name for name in ARRAYS} | dict(wanted.arrays)
    try:
        found = (mat_arrays if path.suffix.lower() == MAT else hdf5_arrays)(path, list(own.values()))
    except InputError:
        raise
    except ValueError as error:
        raise DataError(f"expected a readable file of arrays {path}, got {quoted(str(error))}; {remedy}.") from error
    absent = [own["signal"]] if own["signal"] not in found else [name for _, name in wanted.arrays if name not in found]
    if absent:
        raise DataError(f'expected an array "{absent[0]}" in {path}, got none; name it as arrays={{"signal": "its name"}} does.')
    return {usual: found[name] for usual, name in own.items() if name in found}


def _signal(held: Mapping[str, Value], path: Path) -> Shaped[np.ndarray, "leads time"]:
    found = held["signal"]
    if isinstance(found, list) or found.dtype.kind not in "fiu" or found.ndim not in (1, 2) or not found.size:
        got = "texts" if isinstance(found, list) else f"{found.dtype} {found.shape}"
        raise DataError(f"expected signal in {path} as (leads, time) real numbers, got {got}; write a recording a file so.")
    return found[None] if found.ndim == 1 else found


def _one(held: Mapping[str, Value], what: str, path: Path) -> float | str | None:
    """The one number or text of an array; None where there is no such array."""
    if what not in held:
        return None
    found = held[what]
    if isinstance(found, list) and len(found) == 1:
        return found[0]
    if isinstance(found, list) or found.size != 1 or found.dtype.kind not in "fiu":
        raise DataError(f"expected {what} in {path} as one value, got {len(found) if isinstance(found, list) else found.shape}; write one.")
    return float(found.reshape(())[()])


def _lead_names(held: Mapping[str, Value], shape: tuple[int, ...], path: Path) -> list[str]:
    """Names of the leads, which say too which axis of the signal they stand along."""
    names = held.get("leads")
    if names is None and shape[0] <= shape[1]:
        return [f"lead {place}" for place in range(shape[0])]
    if names is None:
        raise DataError(f"expected signal in {path} as (leads, time), got {shape}; transpose it, or name the leads in an array.")
    if not isinstance(names, list) or shape.count(len(names)) != 1:
        raise DataError(f"expected as many names of leads in {path} as one axis of signal has, got {len(names)} for {shape}; name each.")
    return names


def _annotations(held: Mapping[str, Value], path: Path) -> tuple[Int64[np.ndarray, " annotations"], tuple[str, ...]]:
    if "sample" not in held and "symbol" not in held:
        return NO_ANNOTATIONS
    sample, symbol = held.get("sample", np.empty(0)), held.get("symbol", [])
    count = len(symbol)
    if isinstance(sample, list) or not isinstance(symbol, list) or sample.size != count or sample.dtype.kind not in "fiu":
        raise DataError(f"expected sample and symbol in {path} as whole numbers and as many texts, got others; write one of each a beat.")
    place = sample.ravel().astype(np.float64)
    if not (np.isfinite(place).all() and (place == np.round(place)).all() and (np.abs(place) < 2**53).all()):
        raise DataError(f"expected samples of annotations in {path} as whole numbers from 0, got {place[:3].tolist()}; write them so.")
    order = np.argsort(place, kind="stable")
    return place[order].astype(np.int64), tuple(symbol[i].strip() for i in order)
