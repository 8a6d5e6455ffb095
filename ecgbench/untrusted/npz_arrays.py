"""An .npz file of arrays that anybody may have made."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, is_zipfile

import numpy as np


def npz_arrays(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a file by name; nothing in it is run.

    Raises
    ------
    ValueError
        If it cannot be read, or is no .npz file of plain arrays.
    """
    try:
        content = path.read_bytes()
        # Of anything else NumPy says that it may be a pickle, which is no help.
        if not (content.startswith(b"PK") and is_zipfile(BytesIO(content))):
            raise ValueError("no whole zip archive")
        with np.load(BytesIO(content), allow_pickle=False) as held:
            return dict(held)
    # Damage can make an archive look encrypted (RuntimeError), or an array larger than the memory.
    except (OSError, EOFError, MemoryError, RuntimeError, struct.error, BadZipFile, zlib.error) as error:
        raise ValueError(str(error)) from error
