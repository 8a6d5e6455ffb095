"""Weights on disk: our own checkpoints and the study's state dicts, both as safetensors."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import save
from safetensors.torch import load

from ecgbench.artifacts import Arrays, write_atomically
from ecgbench.errors import CheckpointError
from ecgbench.models.resnet import Architecture, ResNet, blank
from ecgbench.nn import channels_last

_RENAMED = (("backbone.", ""), ("classifier.", "fc."))
"""The study's prefixes of names, and ours."""


def load_model(path: str | os.PathLike[str]) -> ResNet:
    """Read a checkpoint of ours or the study's state dict; the architecture is read off the tensors' shapes.

    Parameters
    ----------
    path : a safetensors file; half-precision tensors are read as float32. A JSON file of the same name beside it (as `save_model` and
        `ecgbench train --out` write it) is checked for the weights' SHA-256.

    Returns
    -------
    The network in evaluation mode; input (n, leads, time), standardised.

    Raises
    ------
    CheckpointError
        If the file is absent, is no safetensors file, does not have the recorded checksum or does not hold a ResNet's finite weights.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        _check_sum(path, content)
        tensors = {name: _widened(tensor).numpy() for name, tensor in load(content).items()}
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"expected a safetensors file at {path}, got {error}; name another file.") from error
    return model_from(tensors, str(path))


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


def model_from(tensors: Mapping[str, np.ndarray], source: str = "the given tensors") -> ResNet:
    """The network whose weights `tensors` holds, in evaluation mode (see `load_model`)."""
    state = {_our_name(name): torch.from_numpy(np.array(tensor)) for name, tensor in tensors.items()}
    state = {name: _widened(tensor) for name, tensor in state.items()}
    broken = [name for name, tensor in state.items() if not torch.isfinite(tensor).all()]
    if broken:
        raise CheckpointError(f"expected finite weights in {source}, got non-finite ones in {broken[0]}; train again or name another file.")
    try:
        state = {name: tensor.unsqueeze(2) if tensor.ndim == 3 else tensor for name, tensor in state.items()}
        model = blank(_architecture(state), state["fc.bias"].shape[0])
        model.load_state_dict(state)
    except (KeyError, IndexError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"expected a ResNet's tensors in {source}, got {_first_line(error)}; name another file.") from error
    return channels_last(model).eval()


def _widened(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _our_name(name: str) -> str:
    for theirs, ours in _RENAMED:
        if name.startswith(theirs):
            return ours + name.removeprefix(theirs)
    return name


def _architecture(state: Mapping[str, torch.Tensor]) -> Architecture:
    blocks = [{match[1] for name in state if (match := re.match(rf"layer{stage}\.(\d+)\.", name))} for stage in (1, 2, 3, 4)]
    bottleneck = "layer1.0.conv3.weight" in state
    kernel = state[f"layer1.0.conv{2 if bottleneck else 1}.weight"].shape[-1]
    if kernel % 2 == 0:
        raise ValueError(f"blocks with a kernel of even width, {kernel}")
    first, second, third, fourth = (len(numbers) for numbers in blocks)
    return Architecture((first, second, third, fourth), kernel, bottleneck, state["conv1.weight"].shape[0])


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
    """Write a checkpoint: `path` with the weights, and beside it a JSON file of `info` and the weights' SHA-256."""
    content = save(weights_of(model))
    record = {**info, "sha256": hashlib.sha256(content).hexdigest()}
    write_atomically(path, content)
    write_atomically(path.with_suffix(".json"), (json.dumps(record, indent=1) + "\n").encode())
