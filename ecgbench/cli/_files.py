"""What verbs write: checked before the work, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgbench.errors import InputError

if TYPE_CHECKING:
    import numpy as np


def check_out(path: Path | None, suffix: str, flag: str = "--out") -> None:
    """Refuse a file that cannot be written before hours go into what it is to hold."""
    if path is not None and path.suffix != suffix:
        raise InputError(f'expected {flag} as a {suffix} file, got "{path}"; name it so.')
    if path is not None and not path.parent.is_dir():
        raise InputError(f'expected {flag} in a folder that is there, got "{path}"; make the folder or name another.')


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays as an .npz file."""
    import io

    import numpy as np

    from ecgbench.artifacts import write_atomically

    content, named = io.BytesIO(), dict[str, Any](arrays)
    np.savez_compressed(content, **named)
    write_atomically(path, content.getvalue())
