"""Packages that only some files need, and that are installed on their own."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from ecgbench.errors import InputError


def needed(package: str, path: Path) -> None:
    """Refuse to read a file whose reader is not installed.

    Raises
    ------
    InputError
        With the extra that brings it.
    """
    if find_spec(package) is None:
        raise InputError(
            f"expected the package {package} to read {path}, got none; install the extra formats: python -m pip install "
            "-c constraints.txt -e '.[formats]'."
        )
