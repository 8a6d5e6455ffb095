"""The archive of per-window scores beside a file of accepted results: names and content of its arrays, and how it is unpacked."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ecgbench.results.reading.npy import Form, array_of

LARGEST = 1 << 25
"""Bytes that an archive may have, packed and unpacked: those of 75,000 windows with all cells of two seeds."""

ENTRY = 512
"""Bytes that an array's entry in an archive's list may have."""

_END = struct.Struct("<4s4H2LH")
"""What an archive ends with: mark, numbers of two disks, members on this one and in all, bytes and place of their list, of a comment."""

_LOCATOR = 20
"""Bytes of what precedes it in archives larger than these may be."""


def score_name(variant: str, metric: str, seed: int) -> str:
    """Name of a cell's scores in the archive."""
    return f"{variant}/{metric}/{seed}"


def sample_name(what: str, seed: int) -> str:
    """Name of the explained windows' record, patient, start or target, or of their maps' sketch, in the archive."""
    return f"samples/{what}/{seed}"


def gallery_name(what: str, seed: int) -> str:
    """Name of what a gallery of a method's best, median and worst window draws, in the archive."""
    return f"gallery/{what}/{seed}"


def shown_name(what: str, seed: int) -> str:
    """Name of what a gallery of windows that are the same for all methods draws, in the archive: their signal, maps and masks, ..."""
    return f"shown/{what}/{seed}"


def score_digest(values: np.ndarray) -> str:
    """SHA-256 of per-window scores as little-endian float32."""
    return hashlib.sha256(values.astype("<f4").tobytes()).hexdigest()


def digest_of(content: bytes) -> str:
    """SHA-256 of a file's content."""
    return hashlib.sha256(content).hexdigest()


def packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    """The archive of the arrays; equal arrays give equal bytes."""
    content, ordered = io.BytesIO(), dict[str, Any](sorted(arrays.items()))
    np.savez_compressed(content, **ordered)
    return content.getvalue()


def unpacked(content: bytes, forms: Mapping[str, Form]) -> dict[str, np.ndarray]:
    """The arrays of an archive; nothing is unpacked before what it announces fits.

    Parameters
    ----------
    forms : of the arrays that may be in it

    Raises
    ------
    ValueError
        If it is damaged, is too large, or holds anything but arrays of these forms.
    """
    _refuse_large_directory(content, len(forms))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = _members(archive, forms)
            return {name: _array(archive, member, name, forms[name]) for name, member in members.items()}
    # Damage can make an archive look encrypted (RuntimeError), or compressed in an unknown way (NotImplementedError).
    except (OSError, EOFError, RuntimeError, struct.error, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"a damaged archive: {error}") from error


def _refuse_large_directory(content: bytes, arrays: int) -> None:
    """Refuse an archive whose list of members is longer than that of so many arrays; `zipfile` reads all of it at once."""
    if len(content) < _END.size or len(content) > LARGEST:
        raise ValueError(f"an archive of {len(content)} bytes instead of {_END.size} to {LARGEST}")
    mark, _, _, _, members, size, _, comment = _END.unpack(content[-_END.size :])
    larger = content[-_END.size - _LOCATOR : -_END.size].startswith(b"PK\x06\x07")
    if mark != b"PK\x05\x06" or comment or larger:
        raise ValueError("no zip archive as NumPy writes it")
    if members > arrays or size > ENTRY * arrays:
        raise ValueError(f"{members} arrays, listed in {size} bytes, instead of at most {arrays}")


def _members(archive: zipfile.ZipFile, forms: Mapping[str, Form]) -> dict[str, zipfile.ZipInfo]:
    """What to unpack by the arrays' names, after a look at what the archive says of its size."""
    found: dict[str, zipfile.ZipInfo] = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if name not in forms or name == member.filename:
            raise ValueError(f'an array "{member.filename}", which the results do not know')
        if name in found:
            raise ValueError(f'the array "{name}" twice')
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ValueError(f"compression {member.compress_type} under {name} instead of what NumPy writes")
        if member.file_size > forms[name].limit:
            raise ValueError(f"{member.file_size} bytes under {name} instead of at most {forms[name].limit}")
        found[name] = member
    total = sum(member.file_size for member in found.values())
    if total > LARGEST:
        raise ValueError(f"{total} bytes, unpacked, instead of at most {LARGEST}")
    return found


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str, form: Form) -> np.ndarray:
    with archive.open(member) as stream:
        content = stream.read(member.file_size)  # Without a size, all that is packed would be unpacked, whatever was announced.
    try:
        return array_of(content, form)
    except ValueError as error:
        raise ValueError(f"{error} under {name}") from error
