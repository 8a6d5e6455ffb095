"""What the command line reads: a function that builds a network, its weights, and windows."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.errors import CheckpointError, InputError
from ecgbench.printable import shortened
from ecgbench.untrusted.hdf5_arrays import hdf5_arrays
from ecgbench.untrusted.mat_arrays import mat_arrays
from ecgbench.untrusted.npz_arrays import npz_arrays

if TYPE_CHECKING:
    import torch

REQUIRED, OPTIONAL = ("x", "fs"), ("y", "masks", "patient", "twin", "classes", "leads", "normal_windows", "normal", "extra")
"""Arrays of a file of windows, under the names of `evaluate`'s arguments."""

SAFE, MAT = ".safetensors", ".mat"

READERS: Mapping[str, Callable[[Path], Mapping[str, np.ndarray | list[str]]]] = MappingProxyType(
    {".npz": npz_arrays, ".h5": hdf5_arrays, ".hdf5": hdf5_arrays, MAT: mat_arrays}
)
"""Readers of files of windows, by the endings of their names."""


def network_of(text: str) -> torch.nn.Module:
    """The network that a function builds, named as "my_package.my_module:function"; modules of the working folder are found too.

    Raises
    ------
    InputError
        If there is no such function, it fails, or what it returns is no network.
    """
    from torch import nn

    module, _, name = text.partition(":")
    if not module or not name:
        raise InputError(f'expected a network as module:function, got "{shortened(text)}"; write my_package.my_module:build.')
    try:
        with _working_folder():
            network = attrgetter(name)(importlib.import_module(module))()
    except Exception as error:  # the module is the user's, and so is what it raises
        said = shortened(" ".join(str(error).split()))
        raise InputError(
            f"expected {shortened(text)} to build a network without arguments, got {type(error).__name__}: {said}; mend it."
        ) from error
    if not isinstance(network, nn.Module):
        raise InputError(f"expected {text} to return a torch module, got {type(network).__name__}; let it return the network itself.")
    return network


def load_weights(network: torch.nn.Module, path: Path) -> None:
    """Give a network the weights of a safetensors file, or of a state dict that was saved with torch, of which no code is run.

    Raises
    ------
    CheckpointError
        If the file holds anything else, or not this network's weights.
    """
    state = _safe(path) if path.suffix == SAFE else _state_dict(path)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        said = shortened(" ".join(str(error).split()))
        raise CheckpointError(f"expected the weights of {type(network).__name__} in {path}, got others: {said}; name its own.") from error


def windows_of(path: Path) -> dict[str, Any]:
    """Arguments of `evaluate` from an .npz, HDF5 or MAT file: x and fs, and those of the others that are in it.

    Raises
    ------
    InputError
        If it is no such file.
    """
    held = _arrays(path)
    wrong = [name for name in held if name not in (*REQUIRED, *OPTIONAL)]
    missing = [name for name in REQUIRED if name not in held]
    if wrong or missing:
        got = f"none named {', '.join(missing)}" if missing else f'"{shortened(wrong[0])}"'
        raise InputError(f"expected arrays {', '.join(REQUIRED)} and any of {', '.join(OPTIONAL)} in {path}, got {got}; name them so.")
    fs = held.pop("fs")
    if fs.size != 1 or fs.dtype.kind not in "fiu":
        raise InputError(f"expected fs as one number in {path}, got {fs.dtype} {fs.shape}; save the sampling rate in Hz.")
    names: dict[str, Any] = {name: held.pop(name).astype(str).tolist() for name in ("classes", "leads") if name in held}
    if "normal" in held and held["normal"].size == 1:
        held["normal"] = held["normal"].reshape(())
    return {**held, **names, "fs": float(fs.reshape(()))}


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file, texts among them, in the kinds and axes that `evaluate` takes."""
    try:
        found = READERS.get(path.suffix.lower(), npz_arrays)(path)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"expected a file of arrays at {path}, got {error}; write it again, as with numpy.savez.") from error
    held = {name: np.array(values) if isinstance(values, list) else values for name, values in found.items()}
    return {name: _of_matlab(name, values) for name, values in held.items()} if path.suffix.lower() == MAT else held


def _of_matlab(name: str, values: np.ndarray) -> np.ndarray:
    """An array without what MATLAB adds: vectors are rows or columns there, and whole numbers mostly floats."""
    if name == "masks" and np.isin(values, (0, 1)).all():
        return values.astype(bool)
    if name not in ("y", "patient", "normal"):
        return values
    whole = values.dtype.kind == "f" and np.isfinite(values).all() and (values == np.round(values)).all() and (np.abs(values) < 2**53).all()
    given = values.astype(np.int64) if whole else values
    return given.ravel() if 1 in given.shape else given


@contextmanager
def _working_folder() -> Iterator[None]:
    """Find modules of the working folder too: a command that is installed does not look where it is called."""
    here = str(Path.cwd())
    added = here not in sys.path
    if added:
        sys.path.insert(0, here)
    try:
        yield
    finally:
        if added:
            sys.path.remove(here)


def _safe(path: Path) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"expected a {SAFE} file at {path}, got {shortened(str(error))}; write it with safetensors.") from error


def _state_dict(path: Path) -> dict[str, torch.Tensor]:
    import torch

    remedy = f"save `model.state_dict()`, at best with safetensors.torch.save_file as a {SAFE} file"
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # of a file that anybody made, torch's reader raises whatever it stumbles on
        what = "a file that runs code when it is read, or none of torch" if path.is_file() else "no file"
        raise CheckpointError(f"expected a state dict of tensors at {path}, got {what}; {remedy}.") from error
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise CheckpointError(f"expected a state dict of tensors at {path}, got something else; {remedy}.")
    return found
