"""How figures look: legible on light and dark pages, and without telling red from green."""

from __future__ import annotations

from typing import Any

BLUE, GREEN, PURPLE, AMBER = "#0072B2", "#009E73", "#CC79A7", "#B87700"
"""Colours that people who are colour-blind can tell apart (Okabe & Ito 2008, their orange darkened): 3:1 on light and on dark pages."""

FOR, AGAINST = "#D55E00", "#0072B2"
"""Warm: what speaks for the class. Cool: what speaks against it. The same in every map: figures, `ecgbench.plot`, reports and the site."""

INK, QUIET, FAINT, PAPER = "#1f2328", "#59636e", "#8c959f", "#ffffff"
"""Of text, of text beside it, of lines, and the ground."""

DARK = {INK: "#e2e6eb", QUIET: "#9aa4b0", PAPER: "#14171c", BLUE: "#4aa3e0"}
"""What an SVG has instead where the page is dark; all other colours serve on both grounds."""

ON_LIGHT, ON_DARK = "#000000", "#f8f9fa"
"""Of text on coloured cells, which are the same on light and on dark pages."""

STYLE: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
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
"""Settings of matplotlib; all others are its defaults, whatever the session has set."""
