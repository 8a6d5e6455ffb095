"""Files of each format, written by other libraries than those that read them, where there is another."""

from __future__ import annotations

import csv
from pathlib import Path

import h5py
import numpy as np
import pyedflib
import scipy.io

LEADS, FS, LENGTH = ("I", "II", "V1"), 250, 2000
PLACES = (125, 700, 1111, 1800)
SYMBOLS = ("N", "V", "N", "PVC late")


def signal_of(seed: int = 0, length: int = LENGTH) -> np.ndarray:
    """(leads, time) in mV, whole microvolts."""
    return np.random.default_rng(seed).integers(-3000, 3000, (len(LEADS), length)) / 1000


def write_edf(path: Path, unit: str = "uV", annotated: bool = True, signal: np.ndarray | None = None, start: float = 0.0) -> np.ndarray:
    """Write EDF+ or BDF+ by EDFlib; what it returns is the signal in mV."""
    values = signal_of() if signal is None else signal
    factor = {"uV": 1e3, "mV": 1.0, "V": 1e-3}.get(unit, 1.0)
    kind = pyedflib.FILETYPE_BDFPLUS if path.suffix == ".bdf" else pyedflib.FILETYPE_EDFPLUS
    limits = (-8388608, 8388607) if path.suffix == ".bdf" else (-32768, 32767)
    with pyedflib.EdfWriter(str(path), len(LEADS), file_type=kind) as file:
        for place, name in enumerate(LEADS):
            about = {"label": name, "dimension": unit, "sample_frequency": FS, "physical_min": -4 * factor, "physical_max": 4 * factor}
            file.setSignalHeader(place, {**about, "digital_min": limits[0], "digital_max": limits[1], "transducer": "", "prefilter": ""})
        file.writeSamples([np.ascontiguousarray(lead * factor) for lead in values])
        for place, symbol in zip(PLACES, SYMBOLS, strict=True) if annotated else ():
            file.writeAnnotation(start + place / FS, -1, symbol)
    return values


def write_csv(path: Path, signal: np.ndarray | None = None, leads: tuple[str, ...] = LEADS) -> np.ndarray:
    values = signal_of() if signal is None else signal
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(leads)
        writer.writerows(values.T.tolist())
    return values


def write_beats(path: Path) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("sample", "symbol"), *zip(PLACES, SYMBOLS, strict=True)])


def write_hdf5(path: Path, **changed: object) -> np.ndarray:
    values = signal_of()
    held = {"signal": values, "fs": FS, "leads": list(LEADS), "unit": "mV", "sample": PLACES, "symbol": list(SYMBOLS), **changed}
    with h5py.File(path, "w") as file:
        for name, value in held.items():
            if value is not None:
                file[name] = value
    return values


def write_mat(path: Path, **changed: object) -> np.ndarray:
    """Write version 5, names of leads and symbols as cells of texts."""
    values = signal_of()
    cells = {"leads": np.array(LEADS, dtype=object), "symbol": np.array(SYMBOLS, dtype=object)}
    held = {"signal": values, "fs": float(FS), "unit": "mV", "sample": np.array(PLACES), **cells, **changed}
    scipy.io.savemat(path, {name: value for name, value in held.items() if value is not None}, do_compression=True)
    return values


def write_mat73(path: Path) -> np.ndarray:
    """Write version 7.3 as MATLAB does: HDF5 behind a block of its own, axes in the other order, texts as numbers, cells as references."""
    values = signal_of()
    with h5py.File(path, "w", userblock_size=512) as file:

        def put(name: str, value: np.ndarray, class_: str) -> h5py.Dataset:
            made = file.create_dataset(name, data=np.asarray(value).T)
            made.attrs["MATLAB_class"] = np.bytes_(class_)
            return made

        def letters(text: str) -> np.ndarray:
            return np.array([[ord(letter) for letter in text]], dtype=np.uint16)

        put("signal", values, "double")
        put("fs", np.array([[float(FS)]]), "double")
        put("sample", np.array([PLACES], dtype=np.float64), "double")
        put("unit", letters("mV"), "char")
        for name, texts in (("leads", LEADS), ("symbol", SYMBOLS)):
            references = [put(f"#refs#/{name}{i}", letters(text), "char").ref for i, text in enumerate(texts)]
            made = file.create_dataset(name, data=np.array(references, dtype=h5py.ref_dtype)[:, None], dtype=h5py.ref_dtype)
            made.attrs["MATLAB_class"] = np.bytes_("cell")
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116) + bytes(8) + bytes([0, 2]) + b"IM"
    with open(path, "r+b") as file:
        file.write(head)
    return values
