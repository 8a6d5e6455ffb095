"""Weights on disk: our own checkpoints and state dicts of others, both as safetensors."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import save
from safetensors.torch import load

from ecgbench.artifacts import Arrays, write_atomically
from ecgbench.errors import CheckpointError, UnknownKeyError
from ecgbench.models._build import built, of_weights
from ecgbench.models._registry import Blueprint, Form

OWN = "ecgbench"
"""Name in a checkpoint's header under which it says how its network is built."""


def load_model(path: str | os.PathLike[str]) -> torch.nn.Module:
    """Read a checkpoint: one of ours, which says what its architecture is, or a state dict whose architecture is recognised.

    Parameters
    ----------
    path : a safetensors file; half-precision tensors are read as float32. A JSON file of the same name beside it (as `save_model` and
        `ecgbench train --out` write it) is checked for the weights' SHA-256. A state dict that does not say its architecture, such as the
        study's, is one of a residual network.

    Returns
    -------
    The network in evaluation mode; input (n, leads, time), standardised.

    Raises
    ------
    CheckpointError
        If the file is absent, is no safetensors file, does not have the recorded checksum, names an architecture that is not registered
        or does not hold finite weights of its architecture.
    """
    return read_checkpoint(path)[0]


def read_checkpoint(path: str | os.PathLike[str]) -> tuple[torch.nn.Module, Form | None]:
    """The network of a file, as `load_model` reads it, and what the file says of how it is built; None if it says nothing."""
    path = Path(path)
    try:
        content = path.read_bytes()
        _check_sum(path, content)
        tensors = {name: _widened(tensor).numpy() for name, tensor in load(content).items()}
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"expected a safetensors file at {path}, got {error}; name another file.") from error
    form = _form_in(content, path)
    return model_from(tensors, form, str(path)), form


def _form_in(content: bytes, path: Path) -> Form | None:
    """What a checkpoint's header says of its network; None if it says nothing."""
    length = int.from_bytes(content[:8], "little")
    text = json.loads(content[8 : 8 + length]).get("__metadata__", {}).get(OWN)
    try:
        return None if text is None else Form(**json.loads(text))
    except (TypeError, ValueError) as error:
        raise CheckpointError(f"expected a network's form in the header of {path}, got {_first_line(error)}; write it again.") from error


def _check_sum(path: Path, content: bytes) -> None:
    record = path.with_suffix(".json")
    try:
        recorded = json.loads(record.read_text()).get("sha256") if record.exists() else None
    except (ValueError, AttributeError) as error:
        raise CheckpointError(f"expected a JSON object in {record}, got {_first_line(error)}; copy both files again.") from error
    if recorded is not None and recorded != hashlib.sha256(content).hexdigest():
        raise CheckpointError(
            f"expected weights of SHA-256 {recorded[:12]}... in {path}, as {record.name} says, got others; copy both files again."
        )


def model_from(tensors: Mapping[str, np.ndarray], form: Form | None = None, source: str = "the given tensors") -> torch.nn.Module:
    """The network whose weights `tensors` holds, in evaluation mode (see `load_model`)."""
    wide = {name: array.astype(np.float32) if array.dtype == np.float16 else np.asarray(array) for name, array in tensors.items()}
    broken = [name for name, array in wide.items() if not np.isfinite(array).all()]
    if broken:
        raise CheckpointError(f"expected finite weights in {source}, got non-finite ones in {broken[0]}; train again or name another file.")
    try:
        model = of_weights(wide) if form is None else _filled(form, wide)
    except UnknownKeyError as error:
        raise CheckpointError(f"expected a registered architecture in {source}, got another ({error}); register it first.") from error
    except (KeyError, IndexError, RuntimeError, ValueError) as error:
        what = "a ResNet's tensors" if form is None else f"the tensors of {form.model}"
        raise CheckpointError(f"expected {what} in {source}, got {_first_line(error)}; name another file.") from error
    if model is None:
        raise CheckpointError(f"expected a ResNet's tensors in {source}, got others; name a file that `ecgbench train --out` wrote.")
    return model.eval()


def _filled(form: Form, tensors: Mapping[str, np.ndarray]) -> torch.nn.Module:
    model = built(Blueprint(form, seed=0))
    model.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in tensors.items()})
    return model


def _widened(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def weights_of(model: torch.nn.Module) -> Arrays:
    """The state dict as contiguous arrays."""
    return {name: tensor.detach().cpu().contiguous().numpy() for name, tensor in model.state_dict().items()}


def model_digest(model: torch.nn.Module) -> str:
    """SHA-256 over names and float32 values of all weights, hexadecimal."""
    total = hashlib.sha256()
    for name, array in sorted(weights_of(model).items()):
        total.update(name.encode() + array.astype(np.float32).tobytes())
    return total.hexdigest()


def save_model(model: torch.nn.Module, info: Mapping[str, Any], path: Path) -> None:
    """Write a checkpoint: `path` with the weights, and beside it a JSON file of `info` and the weights' SHA-256.

    Where `info` has a network's `form`, as the model of a dataset has, the file says how its network is built.
    """
    header = {OWN: json.dumps(info["form"], sort_keys=True)} if info.get("form") else None
    content = save(weights_of(model), header)
    record = {**info, "sha256": hashlib.sha256(content).hexdigest()}
    write_atomically(path, content)
    write_atomically(path.with_suffix(".json"), (json.dumps(record, indent=1) + "\n").encode())
