"""The archive of per-window scores beside a file of accepted results: names and content of its arrays."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np


def score_name(variant: str, metric: str, seed: int) -> str:
    """Name of a cell's scores in the archive."""
    return f"{variant}/{metric}/{seed}"


def sample_name(what: str, seed: int) -> str:
    """Name of the explained windows' record, patient, start or target, or of their maps' sketch, in the archive."""
    return f"samples/{what}/{seed}"


def gallery_name(what: str, seed: int) -> str:
    """Name of what the gallery draws, in the archive: its windows, their signal, maps and masks, ..."""
    return f"gallery/{what}/{seed}"


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


def unpacked(content: bytes) -> dict[str, np.ndarray]:
    """The arrays of an archive.

    Raises
    ------
    ValueError
        If it is damaged, or holds anything but arrays of numbers and texts.
    """
    try:
        archive = np.load(io.BytesIO(content), allow_pickle=False)
        if isinstance(archive, np.ndarray):
            raise ValueError("a single array")
        return dict(archive)
    # Damage can make an archive look encrypted (RuntimeError), or an array larger than the memory.
    except (OSError, EOFError, MemoryError, RuntimeError, struct.error, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(str(error)) from error
