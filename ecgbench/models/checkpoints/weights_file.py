"""A safetensors file of weights that anybody may have made: its header is read and checked before any tensor is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import torch
from msgspec import Meta, Struct

from ecgbench.models._registry import Form, Shape
from ecgbench.untrusted.files import regular_file
from ecgbench.untrusted.json_text import strict_json, strictly
from ecgbench.untrusted.safetensors_header import OWN, read_header

FILE_LIMIT = 1 << 32
"""Bytes that a file may have."""

SAMPLES_LIMIT, OUTPUTS_LIMIT = 1 << 20, 1 << 16
"""Samples of a window, of all its leads together, and logits that a network may have."""

DTYPES: Mapping[str, torch.dtype] = MappingProxyType(
    {
        "F64": torch.float64,
        "F32": torch.float32,
        "F16": torch.float16,
        "BF16": torch.bfloat16,
        "I64": torch.int64,
        "I32": torch.int32,
        "I16": torch.int16,
        "I8": torch.int8,
        "U8": torch.uint8,
        "BOOL": torch.bool,
    }
)
"""Kinds of numbers that weights and what a network counts beside them are stored as, by their names in a header."""


class _Form(Struct, forbid_unknown_fields=True):
    model: Annotated[str, Meta(max_length=200)]
    leads: Annotated[int, Meta(ge=1, le=SAMPLES_LIMIT)]
    samples: Annotated[int, Meta(ge=1, le=SAMPLES_LIMIT)]
    outputs: Annotated[int, Meta(ge=1, le=OUTPUTS_LIMIT)]


@dataclass(frozen=True)
class Layout:
    """The form of a stored tensor: the kind of its numbers, and its shape."""

    dtype: torch.dtype
    shape: Shape


@dataclass(frozen=True)
class WeightsFile:
    """An open file of weights of which the header alone was read.

    Attributes
    ----------
    layouts : of its tensors by name; one behind the other they fill the file
    form : of the network, None where the file does not say it
    """

    layouts: Mapping[str, Layout]
    form: Form | None
    _start: bytes
    _file: BufferedReader
    _size: int

    def content(self) -> bytes:
        """All bytes of the file; call it once.

        Raises
        ------
        ValueError
            If the file does not have its size any more.
        """
        content = self._start + self._file.read(self._size + 1 - len(self._start))
        if len(content) != self._size:
            raise ValueError("a file that changes while it is read")
        return content


@contextmanager
def weights_file(path: Path) -> Iterator[WeightsFile]:
    """Open a file and read its header.

    Raises
    ------
    ValueError
        If it is no regular file, or its header does not describe tensors that fill the file.
    """
    with regular_file(path, follow_links=True) as (file, size):
        if size > FILE_LIMIT:
            raise ValueError(f"a file of {size} bytes instead of at most {FILE_LIMIT}")
        header = read_header(file, size)
        layouts = {name: Layout(DTYPES[tensor.dtype], tensor.shape) for name, tensor in header.tensors.items()}
        yield WeightsFile(layouts, _form_of(header.metadata.get(OWN)), header.content, file, size)


def _form_of(text: str | None) -> Form | None:
    if text is None:
        return None
    try:
        form = strictly(strict_json(text), _Form)
    except ValueError as error:
        raise ValueError(f"a network's form that is none, {error}") from error
    if form.leads * form.samples > SAMPLES_LIMIT:
        raise ValueError(f"windows of {form.leads} leads and {form.samples} samples, more than {SAMPLES_LIMIT} together")
    return Form(form.model, form.leads, form.samples, form.outputs)
