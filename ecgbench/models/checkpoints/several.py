"""Weights of several networks of one architecture as one safetensors file, each network's tensors under its seed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.numpy import save
from safetensors.torch import load

from ecgbench.errors import CheckpointError
from ecgbench.models._registry import Form
from ecgbench.models.checkpoints.checkpoint import weights_of
from ecgbench.models.checkpoints.match import filled, matched
from ecgbench.models.checkpoints.weights_file import DTYPES, FILE_LIMIT, Layout
from ecgbench.printable import quoted
from ecgbench.untrusted.files import regular_file
from ecgbench.untrusted.safetensors_header import OWN, Header, read_header

BETWEEN = "/"
"""Between a seed and the name of a tensor."""


def packed_models(modules: Mapping[int, torch.nn.Module], text: str) -> bytes:
    """The content of a file of these networks, with a text of the file's own."""
    tensors = {f"{seed}{BETWEEN}{name}": array for seed, module in modules.items() for name, array in weights_of(module).items()}
    return save(tensors, {OWN: text})


@dataclass(frozen=True)
class ModelsFile:
    """An open file of networks of which the header alone was read.

    Attributes
    ----------
    text : the file's own
    """

    text: str
    _header: Header
    _file: BufferedReader
    _size: int
    _source: str

    def networks(self, form: Form, seeds: Sequence[int]) -> tuple[dict[int, torch.nn.Module], str]:
        """The networks by seed, in evaluation mode, and the SHA-256 of the file; call it once.

        No value is read before every network is known to have the tensors that the file announces.

        Raises
        ------
        CheckpointError
            If the architecture is not registered, or the file does not hold usable weights of it for these seeds.
        """
        layouts = self._layouts()
        if set(layouts) != set(map(str, seeds)):
            raise self._fault(f"those of {', '.join(sorted(layouts)) or 'none'}", f"networks of seeds {', '.join(map(str, seeds))}")
        networks = {seed: matched(layouts[str(seed)], form, self._source) for seed in seeds}
        content = self._header.content + self._file.read(self._size + 1 - len(self._header.content))
        if len(content) != self._size:
            raise self._fault("one that changes while it is read")
        try:
            tensors = load(content)
        except SafetensorError as error:
            raise self._fault(quoted(str(error))) from error
        found = {seed: filled(networks[seed], _under(seed, tensors), form, self._source) for seed in seeds}
        return found, hashlib.sha256(content).hexdigest()

    def _layouts(self) -> dict[str, dict[str, Layout]]:
        """The forms of the tensors by seed and name."""
        found: dict[str, dict[str, Layout]] = {}
        for name, tensor in self._header.tensors.items():
            seed, _, bare = name.partition(BETWEEN)
            found.setdefault(seed, {})[bare] = Layout(DTYPES[tensor.dtype], tensor.shape)
        return found

    def _fault(self, got: str, expected: str = "a file of networks") -> CheckpointError:
        return CheckpointError(f"expected {expected} in {self._source}, got {quoted(got)}; ask its author for it again.")


def _under(seed: int, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    start = f"{seed}{BETWEEN}"
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}


@contextmanager
def models_file(path: Path) -> Iterator[ModelsFile]:
    """Open a file and read its header.

    Raises
    ------
    InputError
        If there is no such regular file.
    CheckpointError
        If its header does not describe tensors that fill the file, or it has no text of its own.
    """
    with regular_file(path) as (file, size):
        source = quoted(str(path))
        try:
            if size > FILE_LIMIT:
                raise ValueError(f"a file of {size} bytes instead of at most {FILE_LIMIT}")
            header = read_header(file, size)
            if OWN not in header.metadata:
                raise ValueError("one without a text of its own")
        except ValueError as error:
            raise CheckpointError(
                f"expected a file as `ecgbench submit` writes it at {source}, got {quoted(str(error))}; ask its author for it again."
            ) from error
        yield ModelsFile(header.metadata[OWN], header, file, size, source)
