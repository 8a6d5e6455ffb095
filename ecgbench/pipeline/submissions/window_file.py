"""The explained windows as arrays that a method's author can work with, and the maps that come back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ecgbench.errors import InputError
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.address import ModelAddress
from ecgbench.pipeline.grid.selection import check_seeds
from ecgbench.pipeline.submissions.expected_windows import other_model, other_windows
from ecgbench.types import Attributions
from ecgbench.untrusted.npz_arrays import npz_arrays

WINDOW_ARRAYS = ("x", "target", "record", "patient", "start", "fs", "seed", "model")
"""Arrays of a file of explained windows."""

ATTRIBUTIONS = "attributions"
"""What stands beside them in a file of maps."""

REQUIRED = ("target", "start", "record")
"""Arrays that must stand beside the maps and their seed and model; the others are compared where they do."""

_KINDS = {"f": ("floats", "f"), "i": ("whole numbers", "iu"), "U": ("texts", "U")}
"""What arrays of a kind hold, and the kinds of NumPy that do."""


def window_arrays(run: Run, of: ModelAddress) -> dict[str, np.ndarray]:
    """The explained windows of a seed, and what they are known by: `WINDOW_ARRAYS` by name.

    Returns
    -------
    x : (n, leads, time) float32, standardised
    target : (n,) int64, the class that is explained
    record, patient : (n,) str
    start : (n,) int64, first sample in the record
    fs : Hz
    seed : of the model
    model : digest of the model
    """
    explained = run.explained(of)
    windows, model = explained.windows, run.model(of).digest
    found = (windows.x, explained.target, windows.record, windows.patient, windows.start, run.dataset(of.dataset).fs, of.seed, model)
    return {name: np.asarray(value) for name, value in zip(WINDOW_ARRAYS, found, strict=True)}


def read_maps(run: Run, dataset: str, model: str, path: Path) -> tuple[int, Attributions]:
    """The seed and the maps (n, leads, time), as float32, of an author's own .npz file, which holds beside them what tells their windows.

    The maps are the same whatever their byte order, precision and order in memory.

    Raises
    ------
    InputError
        If the file is none, or its maps are not finite or explain other windows or another model.
    """
    held = _arrays(path)
    seed = int(_array(held, "seed", "i", (), path))
    check_seeds(dataset, run.spec(dataset).all_seeds, [seed])
    of = ModelAddress(dataset, model, seed)
    if _array(held, "model", "U", (), path) != run.model(of).digest:
        raise other_model(of, path)
    own = window_arrays(run, of)
    maps = _float32(_array(held, ATTRIBUTIONS, "f", own["x"].shape, path), path)
    for name, values in own.items():
        if (name in held or name in REQUIRED) and not np.array_equal(_array(held, name, values.dtype.kind, values.shape, path), values):
            raise other_windows(of, path, f'another "{name}"')
    return seed, maps


def _arrays(path: Path) -> Mapping[str, np.ndarray]:
    try:
        return npz_arrays(path)
    except ValueError as error:
        raise _refusal(path, "an .npz file of arrays", str(error)) from error


def _array(held: Mapping[str, np.ndarray], name: str, kind: str, shape: tuple[int, ...], path: Path) -> np.ndarray:
    """One of the arrays, which must be of a kind and shape."""
    words, kinds = _KINDS[kind]
    wanted = f'"{name}" as {words} of shape {shape}'
    if name not in held:
        raise _refusal(path, wanted, f"no such array among {', '.join(held) or 'none'}")
    array = np.asarray(held[name])
    if array.dtype.kind not in kinds or array.shape != shape:
        raise _refusal(path, wanted, f"{array.dtype} of shape {array.shape}")
    return array


def _float32(maps: np.ndarray, path: Path) -> Attributions:
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused as such
        found = np.ascontiguousarray(maps, dtype=np.float32)
    odd = int((~np.isfinite(found)).any(axis=(1, 2)).sum())
    if odd:
        raise InputError(
            f'expected "{ATTRIBUTIONS}" of finite float32 values in {path}, got {odd} of {len(found)} maps with others; look at what the '
            "method returns."
        )
    return found


def _refusal(path: Path, expected: str, got: str) -> InputError:
    quoted = ascii(" ".join(got.split()))[1:-1][:200]
    return InputError(f"expected {expected} in {path}, got {quoted}; write it with numpy.savez, beside what `ecgbench windows` wrote.")
