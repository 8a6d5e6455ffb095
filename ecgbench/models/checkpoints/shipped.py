"""Weights that the package ships: pruned, so that they are small, and compressed, beside a record of their training."""

from __future__ import annotations

import copy
import functools
import json
import lzma
from collections.abc import Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import torch
from safetensors.numpy import load, save

from ecgbench.artifacts import write_atomically
from ecgbench.errors import CheckpointError
from ecgbench.models._registry import Form
from ecgbench.models.checkpoints.checkpoint import model_digest, model_from, weights_of
from ecgbench.models.fast.compact import pruned


def shipped_weights() -> Traversable:
    """The folder of the shipped weights."""
    return resources.files("ecgbench.models") / "weights"


def shipped_record(name: str, folder: Traversable | None = None) -> dict[str, Any] | None:
    """The record of a shipped network's training; None if no network of that name is shipped."""
    file = (folder or shipped_weights()) / f"{name}.json"
    return json.loads(file.read_text()) if file.is_file() else None


def shipped_model(name: str, record: Mapping[str, Any], folder: Traversable | None = None) -> torch.nn.Module:
    """The shipped network of a name and its record.

    Raises
    ------
    CheckpointError
        If the weights are not those that the record was made of.
    """
    form = Form(**record["form"]) if record.get("form") else None
    if folder is not None:
        return _read(folder, name, form, record["digest"])
    return copy.deepcopy(_packaged(name, form, record["digest"]))


@functools.lru_cache(maxsize=32)
def _packaged(name: str, form: Form | None, digest: str) -> torch.nn.Module:
    """The network in the package, whose weights no process writes; reading and checking them takes ten times as long as a copy."""
    return _read(shipped_weights(), name, form, digest)


def _read(folder: Traversable, name: str, form: Form | None, digest: str) -> torch.nn.Module:
    file = folder / f"{name}.safetensors.xz"
    module = model_from(load(lzma.decompress(file.read_bytes())), form, file.name)
    if model_digest(module) != digest:
        raise CheckpointError(f"expected weights of digest {digest[:12]}... in {file.name}, got others; install the package again.")
    return module


def ship(model: torch.nn.Module, info: Mapping[str, Any], name: str, folder: Path, bits: int | None = None) -> torch.nn.Module:
    """Write a network's weights and record as the package ships them; returns the pruned network that they give.

    Parameters
    ----------
    bits : significant bits that weights are rounded to, which the record then states: the noise of the others cannot be compressed. By
        default they stay as they are
    """
    smaller = pruned(model)
    if bits is not None:
        info = {**info, "significant_bits": bits}
        with torch.no_grad():
            for values in smaller.state_dict().values():
                values.copy_(rounded(values, bits))
    content = lzma.compress(save(weights_of(smaller)), preset=6)  # a higher one would take 64 MiB to be read
    write_atomically(folder / f"{name}.safetensors.xz", content)
    record = json.dumps({**info, "digest": model_digest(smaller)}, indent=1) + "\n"
    write_atomically(folder / f"{name}.json", record.encode())
    return smaller


def rounded(values: torch.Tensor, bits: int) -> torch.Tensor:
    """The values to so many significant bits; whole numbers stay as they are."""
    if not values.is_floating_point():
        return values
    mantissa, exponent = torch.frexp(values)
    return torch.ldexp(torch.round(mantissa * 2**bits) / 2**bits, exponent)
