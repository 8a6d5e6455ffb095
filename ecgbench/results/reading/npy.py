"""An array out of the bytes of an .npy file that anybody may have written.

Not by NumPy's own reader, which makes room for whatever shape a file announces and reads headers that are programs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod

import numpy as np

PREAMBLE = 128
"""Bytes that NumPy writes before the values of an array of few dimensions."""

LONGEST_NAME = 200
"""Characters that a text in an array may have."""

LONGEST_AXIS = 1 << 20
"""Size of an axis whose length is not known before: samples of a window."""

_MAGIC = b"\x93NUMPY\x01\x00"
_HEADER = re.compile(
    rb"\{'descr': '([<|][a-zA-Z]\d{1,3})', 'fortran_order': (True|False), 'shape': \((|\d{1,9},|\d{1,9}, \d{1,9})\), \} *\n"
)


@dataclass(frozen=True)
class Form:
    """What an array must be.

    Attributes
    ----------
    type : "<f4", "<i8", "<i2", "|i1", "|b1" or "<U" (texts of up to `LONGEST_NAME` characters)
    shape : its shape; None for an axis of any size
    """

    type: str
    shape: tuple[int | None, ...]

    @property
    def limit(self) -> int:
        """Bytes that its file may have."""
        size = 4 * LONGEST_NAME if self.type == "<U" else int(self.type[2:])
        return PREAMBLE + size * prod(LONGEST_AXIS if length is None else length for length in self.shape)

    def __str__(self) -> str:
        return f"{self.type} of shape ({', '.join('any' if length is None else str(length) for length in self.shape)})"

    def fits(self, kind: str, shape: tuple[int, ...]) -> bool:
        """Whether an array of a type and shape has this form."""
        same_type = kind[:2] == self.type and 1 <= int(kind[2:]) <= LONGEST_NAME if self.type == "<U" else kind == self.type
        lengths = zip(shape, self.shape, strict=False)
        return same_type and len(shape) == len(self.shape) and all(wanted in (None, length) for length, wanted in lengths)


def array_of(content: bytes, form: Form) -> np.ndarray:
    """The array of an .npy file's content; it cannot be written to.

    Raises
    ------
    ValueError
        If it is none, or of another form.
    """
    start = PREAMBLE if content.startswith(_MAGIC + (PREAMBLE - 10).to_bytes(2, "little")) else 0
    header = _HEADER.fullmatch(content[len(_MAGIC) + 2 : start])
    if header is None:
        raise ValueError(f"a header {ascii(content[:PREAMBLE])[2:-1]} instead of that of {form}")
    kind, shape = header[1].decode(), tuple(int(length) for length in re.findall(rb"\d+", header[3]))
    if not form.fits(kind, shape):
        raise ValueError(f"{kind} of shape {shape} instead of {form}")
    dtype = np.dtype(kind)
    if len(content) - start != dtype.itemsize * prod(shape):
        raise ValueError(f"{len(content) - start} bytes of values instead of {dtype.itemsize * prod(shape)}")
    if dtype.kind in "bU":
        _refuse_impossible(content[start:], dtype.kind)
    return np.frombuffer(content, dtype, offset=start).reshape(shape, order="F" if header[2] == b"True" else "C")


def _refuse_impossible(values: bytes, kind: str) -> None:
    """Refuse bytes that are no truth value or no character: NumPy would stumble over them only when they are used."""
    if kind == "b" and max(values, default=0) > 1:
        raise ValueError("truth values other than 0 and 1")
    if kind == "U":
        try:
            text = values.decode("utf-32-le")
        except UnicodeDecodeError as error:
            raise ValueError(f"texts that are no Unicode ({error.reason})") from error
        if not text.replace("\0", "").isprintable():
            raise ValueError("texts that cannot be printed")
