"""How figures are drawn: the same bytes from the same numbers, legible on light and dark pages and without telling red from green."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
"""Colours of Okabe & Ito 2008, which people who are colour-blind can tell apart."""

INK, FAINT, PAPER = "#1f2328", "#8c959f", "#ffffff"
CREATOR = "ecgbench leaderboard"
"""Stands in every figure, so that one that is not drawn any more can be told from somebody's own file."""

_STYLE: Any = {
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",
    "svg.hashsalt": "ecgbench",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "ytick.left": False,
}


@contextmanager
def canvas(width: float, height: float, arranged: bool = True) -> Iterator[Figure]:
    """A figure of a size in inches in the pages' style, arranged so that nothing overlaps; what is drawn within the context has it."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_STYLE)
        yield Figure(figsize=(width, height), layout="constrained" if arranged else None)


def as_svg(figure: Figure) -> bytes:
    """The figure as SVG, its text as text; without a date, so that nothing changes but what is drawn."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    FigureCanvasSVG(figure)
    if (engine := figure.get_layout_engine()) is not None:
        # Arranged here, since `savefig` would draw everything once more to do it.
        engine.execute(figure)
        figure.set_layout_engine(None)
    content = io.BytesIO()
    figure.savefig(content, format="svg", metadata={"Date": None, "Creator": CREATOR})
    return content.getvalue()


def as_png(figure: Figure, dpi: float, colours: int = 64) -> bytes:
    """The figure as PNG with few colours, which makes it small."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    about = PngInfo()
    about.add_text("Software", CREATOR)
    figure.set_dpi(dpi)
    content = io.BytesIO()
    drawn: Any = FigureCanvasAgg(figure)
    drawn.draw()
    image = Image.fromarray(np.asarray(drawn.buffer_rgba())).convert("RGB").quantize(colours, dither=Image.Dither.NONE)
    image.save(content, format="png", optimize=True, pnginfo=about)
    return content.getvalue()
