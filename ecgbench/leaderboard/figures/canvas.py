"""Figures begun and rendered in the pages' style: the same bytes from the same numbers and libraries."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.leaderboard.figures.drawn import digest
from ecgbench.leaderboard.figures.style import DARK, STYLE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CREATOR = "ecgbench leaderboard"
"""Stands in every figure, so that one that is not drawn any more can be told from somebody's own file."""

DPI = 101.6
"""Pixels an inch of a PNG: four a millimetre."""

MOST_PIXELS = 1_000_000
"""Of a page's picture: three sheets of twelve leads have 1.8 million at `DPI`, of which the letters need fewer."""

COLOURS = 64
"""Colours of a PNG; few make it small."""


@contextmanager
def canvas(width: float, height: float, arranged: bool = True) -> Iterator[Figure]:
    """A figure of a size in inches, arranged so that nothing overlaps; what is drawn within the context has the pages' style."""
    from matplotlib.figure import Figure

    with _styled():
        yield Figure(figsize=(width, height), layout="constrained" if arranged else None)


def render_figure(figure: Figure, suffix: str) -> bytes:
    """The file of a figure, which holds the digest of what is drawn.

    Parameters
    ----------
    figure : begun on a `canvas`
    suffix : ".svg" or ".png"
    """
    with _styled():
        return as_png(figure, dpi=_fine_enough(figure)) if suffix == ".png" else as_svg(figure)


def _fine_enough(figure: Figure) -> float:
    """`DPI`, or as much less as keeps the picture below `MOST_PIXELS`."""
    width, height = figure.get_size_inches()
    return float(min(DPI, (MOST_PIXELS / (width * height)) ** 0.5))


def as_svg(figure: Figure) -> bytes:
    """The figure as SVG, its text as text; without a date, so that nothing changes but what is drawn."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    about = {"Date": None, "Creator": CREATOR, "Identifier": digest(figure)}
    FigureCanvasSVG(figure)
    if (engine := figure.get_layout_engine()) is not None:
        # Arranged here, since `savefig` would draw everything once more to do it.
        engine.execute(figure)
        figure.set_layout_engine(None)
    content = io.BytesIO()
    figure.savefig(content, format="svg", metadata=about)
    dark = content.getvalue().replace(b"</style>", f"{_dark_rules()}</style>".encode(), 1)
    return re.sub(rb"\n +", b"\n", dark)  # a seventh of the bytes are indentation


def _dark_rules() -> str:
    """Style rules that exchange colours where the page is dark, so that no figure is a white slab on it."""
    pairs = [(light.lower(), dark) for light, dark in DARK.items()]
    rules = [f'[style*="{what}: {light}"]{{{what}:{dark}!important}}' for light, dark in pairs for what in ("fill", "stroke")]
    return f"@media(prefers-color-scheme:dark){{{''.join(rules)}}}"


def as_png(figure: Figure, colours: int | None = COLOURS, dpi: float = DPI) -> bytes:
    """The figure as PNG with few colours, or with all it has."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    about = PngInfo()
    about.add_text("Software", CREATOR)
    about.add_text("Source", digest(figure))
    figure.set_dpi(dpi)
    content = io.BytesIO()
    rendered: Any = FigureCanvasAgg(figure)
    rendered.draw()
    image = Image.fromarray(np.asarray(rendered.buffer_rgba())).convert("RGB")
    # Chosen so that no colour is far from its own: others would turn a colour that few pixels have, as of the legend, into grey.
    image = image if colours is None else image.quantize(colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    image.save(content, format="png", optimize=True, pnginfo=about)
    return content.getvalue()


@contextmanager
def _styled() -> Iterator[None]:
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield
