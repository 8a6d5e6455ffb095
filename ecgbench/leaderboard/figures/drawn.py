"""The numbers, texts and colours of a figure as plain data, and their digest.

A rendered file holds the digest. A check compares digests instead of bytes, because bytes change with the build of the renderer.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.artifacts import canonical
from ecgbench.leaderboard.figures.style import DARK, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.collections import Collection
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from matplotlib.lines import Line2D
    from matplotlib.text import Text

DIGITS = 5
"""Significant digits of the numbers; further ones depend on the processor."""

_COLOURS = 5
"""Number of colours that stand for a colour map, from its lowest to its highest."""

_MARK = "drawn-sha256-"
_EMBEDDED = re.compile(rf"{_MARK}([0-9a-f]{{64}})".encode())


def digest(figure: Figure) -> str:
    """Digest of what a figure shows and of the style it is rendered in, as it stands in the rendered file."""
    shown = canonical({"figure": drawn(figure), "style": {name: str(value) for name, value in STYLE.items()}, "dark": DARK})
    return _MARK + hashlib.sha256(shown.encode()).hexdigest()


def embedded_digest(content: bytes) -> str | None:
    """The digest that a rendered file holds; None if it holds none."""
    found = _EMBEDDED.search(content)
    return found[0].decode() if found else None


def drawn(figure: Figure) -> dict[str, Any]:
    """Numbers, texts and colours of a figure; without what a renderer or the layout works out, such as ticks that nobody set."""
    return {
        "size": _numbers(figure.get_size_inches()),
        "axes": [_axes(axes) for axes in figure.axes],
        "legends": [[text.get_text() for text in legend.get_texts()] for legend in figure.legends],
    }


def _axes(axes: Axes) -> dict[str, Any]:
    return {
        "titles": [axes.get_title(loc=where) for where in ("left", "center", "right")],
        "x": _axis(axes.xaxis, axes.get_xlim(), axes.get_autoscalex_on()),
        "y": _axis(axes.yaxis, axes.get_ylim(), axes.get_autoscaley_on()),
        "lines": [_line(line) for line in axes.lines],
        "texts": [_text(text) for text in axes.texts],
        "images": [_image(image) for image in axes.images],
        "collections": [_collection(collection) for collection in axes.collections],
    }


def _axis(axis: Axis, limits: tuple[float, float], scaled: bool) -> dict[str, Any]:
    """Limits and ticks as far as they were set."""
    from matplotlib.ticker import FixedLocator

    said = {"label": axis.get_label_text(), "scale": axis.get_scale(), "limits": None if scaled else _numbers(limits)}
    if not isinstance(axis.get_major_locator(), FixedLocator):
        return said
    places = axis.get_majorticklocs()
    return said | {"ticks": _numbers(places), "names": axis.get_major_formatter().format_ticks(list(places))}


def _line(line: Line2D) -> dict[str, Any]:
    return {
        "points": _numbers(line.get_xydata()),
        "colours": _colours([line.get_color(), line.get_markerfacecolor(), line.get_markeredgecolor()]),
        "drawn": [str(line.get_linestyle()), str(line.get_marker()), *_numbers([line.get_linewidth(), line.get_markersize()])],
    }


def _text(text: Text) -> dict[str, Any]:
    place = [text.get_position(), *([text.xy] if hasattr(text, "xy") else [])]
    return {"text": text.get_text(), "at": _numbers(place), "colour": _colours([text.get_color()]), "size": text.get_fontsize()}


def _image(image: AxesImage) -> dict[str, Any]:
    values = np.ma.filled(np.ma.asarray(image.get_array()).astype(np.float64), np.nan)
    colours = image.cmap(np.linspace(0, 1, _COLOURS)).tolist()
    return {"values": _numbers(values), "colours": _colours(colours), "range": _numbers([*image.get_clim(), *image.get_extent()])}


def _collection(collection: Collection) -> dict[str, Any]:
    """Corners of the box around each path, since a library may build one shape from other points."""
    boxes = [path.get_extents().get_points() for path in collection.get_paths()]
    colours = _colours([*collection.get_facecolor(), *collection.get_edgecolor()])
    return {"boxes": _numbers(boxes), "colours": colours, "widths": _numbers(collection.get_linewidth())}


def _colours(colours: Iterable[Any]) -> list[str]:
    from matplotlib.colors import to_hex

    return [to_hex(colour, keep_alpha=True) for colour in colours]


def _numbers(values: Any) -> list[Any]:
    """Nested lists of numbers with as many digits as are compared; None for nan."""
    array = np.asarray(values, dtype=np.float64)
    rounded = [None if np.isnan(value) else float(f"{value:.{DIGITS}g}") + 0.0 for value in array.ravel()]
    shaped: list[Any] = np.array(rounded, dtype=object).reshape(array.shape).tolist()
    return shaped
