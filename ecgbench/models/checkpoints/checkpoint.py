"""Weights on disk: our own checkpoints and state dicts of others, both as safetensors."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from msgspec import Meta, Struct, convert
from safetensors import SafetensorError
from safetensors.numpy import save
from safetensors.torch import load

from ecgbench.artifacts import Arrays, write_atomically
from ecgbench.errors import CheckpointError, InputError
from ecgbench.models._registry import Form
from ecgbench.models.checkpoints.match import filled, matched
from ecgbench.models.checkpoints.weights_file import Layout, weights_file
from ecgbench.printable import quoted
from ecgbench.untrusted.files import regular_file
from ecgbench.untrusted.json_text import strict_json
from ecgbench.untrusted.safetensors_header import OWN

RECORD_LIMIT = 1 << 24
"""Bytes that the JSON file beside the weights may have."""


class _Record(Struct):
    """What is read of the JSON file beside the weights."""

    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")] | None = None


def load_model(path: str | os.PathLike[str]) -> torch.nn.Module:
    """Read a checkpoint: one of ours, which says what its architecture is, or a state dict whose architecture is recognised.

    Parameters
    ----------
    path : a safetensors file; tensors of any precision are read as the network's. Names that all begin with `module.` or `_orig_mod.`, as
        those of a wrapped network do, are read without it. A JSON file of the same name beside it (as `save_model` and
        `ecgbench train --out` write it) is checked for the weights' SHA-256. A state dict that does not say its architecture, such as the
        study's, is one of a residual network.

    Returns
    -------
    The network in evaluation mode; input (n, leads, time), standardised.

    Raises
    ------
    CheckpointError
        If the file is absent, is no safetensors file, does not have the recorded checksum, names an architecture that is not registered
        or does not hold weights of its architecture that are finite and give finite logits.
    """
    return read_checkpoint(path)[0]


def read_checkpoint(path: str | os.PathLike[str]) -> tuple[torch.nn.Module, Form | None]:
    """The network of a file, as `load_model` reads it, and what the file says of how it is built; None if it says nothing."""
    path = Path(path)
    source = quoted(str(path))
    try:
        with weights_file(path) as file:
            form = file.form
            network = matched(file.layouts, form, source)
            content = file.content()
        _check_sum(path, content)
        tensors = load(content)
    except InputError as error:
        raise CheckpointError(str(error)) from error
    except (OSError, ValueError, SafetensorError) as error:
        raise CheckpointError(f"expected a safetensors file at {source}, got {quoted(str(error))}; name another file.") from error
    return filled(network, tensors, form, source), form


def _check_sum(path: Path, content: bytes) -> None:
    record = path.with_suffix(".json")
    if not record.exists():
        return
    try:
        with regular_file(record, follow_links=True) as (file, size):
            if size > RECORD_LIMIT:
                raise ValueError(f"{size} bytes, more than {RECORD_LIMIT}")
            recorded = convert(strict_json(file.read(size)), _Record).sha256
    except ValueError as error:
        where = quoted(str(record))
        raise CheckpointError(
            f"expected a JSON object in {where}, with the weights' sha256 if any, got {quoted(str(error))}; copy both files again."
        ) from error
    if recorded is not None and recorded != hashlib.sha256(content).hexdigest():
        raise CheckpointError(
            f"expected weights of SHA-256 {recorded[:12]}... in {path}, as {record.name} says, got others; copy both files again."
        )


def model_from(tensors: Mapping[str, np.ndarray], form: Form | None = None, source: str = "the given tensors") -> torch.nn.Module:
    """The network whose weights `tensors` holds, in evaluation mode (see `load_model`)."""
    try:
        given = {name: torch.from_numpy(np.array(array)) for name, array in tensors.items()}
    except TypeError as error:
        raise CheckpointError(f"expected arrays of numbers in {source}, got {quoted(str(error))}; pass a state dict's.") from error
    layouts = {name: Layout(tensor.dtype, tuple(tensor.shape)) for name, tensor in given.items()}
    return filled(matched(layouts, form, source), given, form, source)


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
