"""Arrays out of an .npz file that somebody else made: those that are asked for, of the announced form, within bounded memory."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from math import prod
from pathlib import Path

import numpy as np

from ecgbench.bounded_files import regular_file
from ecgbench.errors import InputError

PREAMBLE = 1024
"""Bytes that may stand before an array's values; `numpy.save` writes 128."""

TEXT = 400
"""Characters that a text may have."""

_MAGIC = re.compile(rb"\x93NUMPY(?:\x01\x00(..)|[\x02\x03]\x00(....))", re.DOTALL)
_HEADER = re.compile(
    r"\{\s*'descr':\s*'([^']{1,8})',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\(([\d, ]{0,60})\),?\s*\}\s*", re.ASCII
)
_KINDS = {"f": ("floats", "[<>]f[48]"), "i": ("whole numbers", "[<>|][iu][1248]"), "U": ("texts", f"[<>]U({TEXT}|[1-3]?\\d?\\d)")}
_DAMAGE = (OSError, EOFError, RuntimeError, ValueError, struct.error, zipfile.BadZipFile, zlib.error)
"""What reading a damaged archive raises; one that is encrypted or compressed in an unknown way, a RuntimeError."""


@dataclass(frozen=True)
class Form:
    """What an array must be.

    Attributes
    ----------
    kind : "f" (float32 or float64), "i" (whole numbers) or "U" (texts)
    shape : its shape
    """

    kind: str
    shape: tuple[int, ...] = ()

    @property
    def limit(self) -> int:
        """Bytes that its file in the archive may have."""
        return PREAMBLE + prod(self.shape) * (4 * TEXT if self.kind == "U" else 8)


Reader = Callable[[str, Form], np.ndarray]
"""Reads an array by its name, in a given form."""


@contextmanager
def archive(path: Path, names: tuple[str, ...], limit: int) -> Iterator[Reader]:
    """What reads the arrays of an .npz file; nothing is unpacked before it is asked for.

    Parameters
    ----------
    names : of the arrays that may be in it
    limit : bytes that the file may have

    Raises
    ------
    InputError
        If it is no such file, is larger, or holds anything else; and from the reader, if an array is missing or of another form.
    """
    with regular_file(path) as (file, size):
        if size > limit:
            raise _refusal(path, f"at most {limit} bytes", str(size))
        members = _members(path, file, {f"{name}.npy" for name in names})

        def read(name: str, form: Form) -> np.ndarray:
            if f"{name}.npy" not in members:
                raise _refusal(path, f'an array "{name}"', "none")
            return _array(path, name, form, _content(path, file, members[f"{name}.npy"], form.limit))

        yield read


def _members(path: Path, file: BufferedReader, known: set[str]) -> dict[str, zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(file) as directory:
            entries = directory.infolist()
    except _DAMAGE as error:
        raise _refusal(path, "an .npz file", str(error)) from error
    for entry in entries:
        if entry.filename not in known:
            raise _refusal(path, f"no array but {', '.join(sorted(known))}", entry.filename)
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise _refusal(path, "arrays stored or deflated", f"compression {entry.compress_type}")
    members = {entry.filename: entry for entry in entries}
    if len(members) < len(entries):
        raise _refusal(path, "each array once", "one twice")
    return members


def _content(path: Path, file: BufferedReader, member: zipfile.ZipInfo, limit: int) -> bytes:
    """A member's bytes: not unpacked if it is announced as too large, and no further than announced."""
    if member.file_size > limit:
        raise _refusal(path, f"at most {limit} bytes in {member.filename}", str(member.file_size))
    try:
        with zipfile.ZipFile(file) as opened, opened.open(member) as stream:
            content = stream.read(limit + 1)
    except _DAMAGE as error:
        raise _refusal(path, f"a whole {member.filename}", str(error)) from error
    return content


def _array(path: Path, name: str, form: Form, content: bytes) -> np.ndarray:
    """The array in the bytes of an .npy file. Not by NumPy's own reader, which makes room for whatever shape a file announces."""
    words, pattern = _KINDS[form.kind]
    wanted = f'"{name}" as {words} of shape {form.shape}'
    magic = _MAGIC.match(content)
    start = 0 if magic is None else magic.end() + int.from_bytes(magic[1] or magic[2], "little")
    header = None if magic is None or start > PREAMBLE else _HEADER.fullmatch(content[magic.end() : start].decode("latin-1"))
    if header is None:
        raise _refusal(path, wanted, str(content[:PREAMBLE]))
    shape = tuple(int(number) for number in header[3].split(",") if number.strip().isdecimal())
    if not re.fullmatch(pattern, header[1]) or shape != form.shape:
        raise _refusal(path, wanted, f"{header[1]} of shape {shape}")
    dtype = np.dtype(header[1])
    if len(content) != start + dtype.itemsize * prod(shape):
        raise _refusal(path, wanted, f"{len(content) - start} bytes of them")
    return np.frombuffer(content, dtype, offset=start).reshape(shape, order="F" if header[2] == "True" else "C")


def _refusal(path: Path, expected: str, got: str) -> InputError:
    quoted = ascii(got)[1:-1][:200]
    return InputError(f"expected {expected} in {path}, got {quoted}; write the file with numpy.savez, as `ecgbench windows` does.")
