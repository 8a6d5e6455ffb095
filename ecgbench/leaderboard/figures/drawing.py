"""A figure that is drawn when it is asked for, and the digest of everything that decides how its file looks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.artifacts import canonical

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIGITS = 9
"""Significant digits of the numbers that are compared; further ones depend on the processor."""


@dataclass(frozen=True)
class Drawing:
    """A figure that is not drawn yet.

    Attributes
    ----------
    chart : draws it from plain data alone, by code of this folder
    arguments : of the chart: numbers, texts, arrays, and dataclasses, lists and mappings of them
    """

    chart: Callable[..., Figure]
    arguments: tuple[Any, ...]

    def draw(self) -> Figure:
        """The figure."""
        return self.chart(*self.arguments)

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the data and over what draws and renders them, which takes a small part of the time of drawing."""
        said = canonical({"chart": self.chart.__qualname__, "data": _plain(self.arguments), "renderer": renderer()})
        return hashlib.sha256(said.encode()).hexdigest()


@cache
def renderer() -> str:
    """SHA-256 over the code of this folder and the versions of the libraries that render figures."""
    import matplotlib as mpl
    import PIL

    folder = Path(__file__).parent
    found = hashlib.sha256(f"{mpl.__version__} {PIL.__version__}".encode())
    for path in sorted(folder.rglob("*.py")):
        found.update(f"\n{path.relative_to(folder).as_posix()}\n".encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return found.hexdigest()


def _plain(value: Any) -> Any:
    """What JSON can say of an argument; mappings keep their order, since charts draw in it."""
    if is_dataclass(value):
        return [_plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, Mapping):
        return [[_plain(key), _plain(held)] for key, held in value.items()]
    if isinstance(value, np.ndarray):
        return _of_array(value)
    if isinstance(value, float):
        return f"{value + 0.0:.{DIGITS}g}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(held) for held in value]
    return value


def _of_array(values: np.ndarray) -> list[Any]:
    """Shape and SHA-256 of an array, whose floats count by their first digits."""
    if values.dtype.kind != "f":
        return [values.shape, hashlib.sha256(canonical(values.tolist()).encode()).hexdigest()]
    share, exponent = np.frexp(values.astype(np.float64))
    digits = np.round(share, DIGITS) + 0.0  # no negative zero
    return [values.shape, hashlib.sha256(digits.tobytes() + exponent.astype(np.int64).tobytes()).hexdigest()]
