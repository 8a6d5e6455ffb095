"""A MAT file of arrays that anybody may have made, read by scipy after what it holds was checked.

scipy's reader calls itself for each cell within a cell, without end, and takes the memory that a file asks for. So it is given only
variables that were looked at before: plain arrays, and cells of texts. Files of version 7.3 are HDF5.

The format: https://www.mathworks.com/help/pdf_doc/matlab/matfile_format.pdf
"""

from __future__ import annotations

import io
import struct
import zlib
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from math import prod
from pathlib import Path

import numpy as np

from ecgbench.printable import quoted
from ecgbench.untrusted.files import regular_file
from ecgbench.untrusted.hdf5_arrays import MOST_BYTES, MOST_TEXTS, Value, hdf5_arrays

HEAD, TAG = 128, 8
"""Bytes of the file's header, and of what stands before an element: its type and length."""

VERSION_5, VERSION_73 = 0x0100, 0x0200

MATRIX, COMPRESSED = 14, 15
"""Types of elements: an array, and one that is packed by zlib."""

CELL, CHAR, NUMBERS = 1, 4, range(6, 16)
"""Classes of arrays that are read."""

LARGEST_ITEM = 8
"""Bytes of the largest number."""

SMALL, SMALLEST = 16, 4
"""Bit from which on a tag holds the length of an element that stands within it, and the bytes that it then has at most."""

FLAGS = 4
"""Bytes of a whole number."""


@dataclass(frozen=True)
class _Element:
    """An element, and all that follows it."""

    kind: int
    data: memoryview
    behind: memoryview


@dataclass(frozen=True)
class _Matrix:
    """What an array element says of itself before its values."""

    class_: int
    shape: tuple[int, ...]
    name: str
    behind: memoryview


def mat_arrays(path: Path, wanted: Collection[str] | None = None) -> dict[str, Value]:
    """Arrays and texts of a file by name.

    Parameters
    ----------
    wanted : names of what is read, as far as it is there; None for everything

    Raises
    ------
    ValueError
        If the file is no MAT file of version 5 or 7.3, is cut off, or holds something else, or more, under such a name.
    """
    with regular_file(path, follow_links=True) as (file, size):
        head = file.read(HEAD)
        order = {b"IM": "<", b"MI": ">"}.get(head[-2:])
        if len(head) < HEAD or order is None:
            raise ValueError("no MAT file of version 5 or 7.3; write it with -v7")
        (version,) = struct.unpack(f"{order}H", head[-4:-2])
        if version == VERSION_73:
            return hdf5_arrays(path, wanted)
        if version != VERSION_5 or size > MOST_BYTES:
            raise ValueError(f"a MAT file of version {version >> 8} and {size} bytes; write it with -v7")
        return _version_5(head, memoryview(file.read()), order, wanted)


def _version_5(head: bytes, content: memoryview, order: str, wanted: Collection[str] | None) -> dict[str, Value]:
    from scipy.io import loadmat

    kept: dict[str, bytes] = {}
    for element in _unpacked(content, order):
        matrix = _matrix(element, order)
        if matrix.name and (wanted is None or matrix.name in wanted):
            _check(matrix, order)
            kept[matrix.name] = struct.pack(f"{order}II", MATRIX, len(element)) + element
    try:
        held = loadmat(io.BytesIO(head + b"".join(kept.values())), variable_names=list(kept))
        return {name: _plain(held[name]) for name in kept}
    except Exception as error:  # scipy raises whatever its parsing meets
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _unpacked(content: memoryview, order: str) -> Iterator[memoryview]:
    """What the array elements of a file hold, unpacked; all together within bounds."""
    room = MOST_BYTES
    for element in _elements(content, order):
        if element.kind == COMPRESSED:
            unpacked = _inflated(element.data, room)
            room -= len(unpacked)
            element = next(_elements(unpacked, order), element)
        if element.kind != MATRIX:
            raise ValueError(f"an element of type {element.kind} where an array was due")
        yield element.data


def _inflated(data: memoryview, room: int) -> memoryview:
    inner = zlib.decompressobj()
    try:
        found = inner.decompress(data, max(1, room))
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not inner.eof:
        raise ValueError(f"a packed array that is cut off, or arrays of more than {MOST_BYTES} bytes")
    return memoryview(found)


def _elements(content: memoryview, order: str) -> Iterator[_Element]:
    """The elements that follow each other; short ones stand within their tag."""
    place = 0
    while place < len(content):
        if place + TAG > len(content):
            raise ValueError(f"{len(content) - place} bytes behind the last element")
        kind, length = struct.unpack_from(f"{order}II", content, place)
        start = place + TAG
        if kind >> SMALL:
            kind, length, start = kind & 0xFFFF, min(kind >> SMALL, SMALLEST), place + SMALLEST
        if length > len(content) - start:
            raise ValueError(f"an element of {length} bytes where {len(content) - start} are left")
        data = content[start : start + length]
        place = start + length if kind == COMPRESSED else start + length + -(start + length) % TAG
        yield _Element(kind, data, content[place:])


def _matrix(content: memoryview, order: str) -> _Matrix:
    """An array's class, shape and name, and what follows them."""
    first = list(islice(_elements(content, order), 3))
    if len(first) < 3 or len(first[0].data) < FLAGS or len(first[1].data) % FLAGS:
        raise ValueError("an array without class, shape or name")
    flags, dims, name = first
    (class_,) = struct.unpack_from(f"{order}I", flags.data)
    shape = struct.unpack(f"{order}{len(dims.data) // FLAGS}i", dims.data)
    return _Matrix(class_ & 0xFF, shape, bytes(name.data).decode("latin-1"), name.behind)


def _check(matrix: _Matrix, order: str) -> None:
    """Refuse what is neither a plain array within bounds nor a cell of texts."""
    parts = list(_elements(matrix.behind, order))  # which checks their lengths
    inside = [_matrix(part.data, order) for part in parts] if matrix.class_ == CELL else []
    for one in inside:
        deque(_elements(one.behind, order), maxlen=0)
    if any(one.class_ != CHAR for one in inside) or not (matrix.class_ in (CELL, CHAR) or matrix.class_ in NUMBERS):
        raise ValueError(f"{quoted(matrix.name)} that is neither an array of numbers, nor text, nor a cell of texts")
    values = [prod(one.shape) for one in (matrix, *inside)]
    if min(values) < 0 or sum(values) * LARGEST_ITEM > MOST_BYTES or len(inside) > MOST_TEXTS:
        raise ValueError(f"{quoted(matrix.name)} of {' x '.join(map(str, matrix.shape))} values, which are too many")


def _plain(held: np.ndarray) -> Value:
    """An array of numbers as it is; texts, in a cell or as rows of letters, as a list of them."""
    if held.dtype.kind == "O":
        return [str(one[0]) if one.size else "" for one in held.ravel(order="F")]
    if held.dtype.kind in "US":
        return [str(one).rstrip() for one in held.ravel()]
    return held
