"""Colours: one pair for and against a class everywhere, legible on light and dark pages, and told apart without telling red from green."""

from itertools import combinations
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex, to_rgb

import ecgbench
from ecgbench.leaderboard.figures import style
from ecgbench.leaderboard.figures.canvas import render_figure
from ecgbench.leaderboard.figures.charts import STEPS, Interval, Panel, interval_figure
from ecgbench.leaderboard.figures.method_style import KINDS, MARKERS, OTHER, method_style
from ecgbench.leaderboard.figures.paper.ruling import map_colours
from ecgbench.leaderboard.site.build import render_site
from ecgbench.methods import METHODS

DEUTERANOPIA = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]])
PROTANOPIA = np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]])
"""Of linear RGB, as Machado, Oliveira & Fernandes 2009 (doi:10.1109/TVCG.2009.113) give them for dichromats."""

TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
GRAPHIC, TEXT = 3.0, 4.5
"""Contrast that WCAG 2.2 asks of graphics and of text."""

APART = 10.0
"""Distance in CIELAB at which small marks are told apart."""


def linear(colour):
    channels = np.array(to_rgb(colour))
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one, other):
    """Contrast of two colours by WCAG 2.2."""
    low, high = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    """CIELAB of linear RGB under D65."""
    share = TO_XYZ @ np.clip(rgb, 0, 1) / TO_XYZ.sum(axis=1)
    root = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    return np.array([116 * root[1] - 16, 500 * (root[0] - root[1]), 200 * (root[1] - root[2])])


def test_what_speaks_for_the_class_is_warm_and_what_speaks_against_it_cool():
    red, _, blue, _ = map_colours()(1.0)
    assert red > blue
    red, _, blue, _ = map_colours()(0.0)
    assert blue > red


def test_the_two_colours_stand_once_in_the_code_and_reach_the_site(tmp_path):
    css = render_site({}, tmp_path)["style.css"].decode()
    assert f"--for: {style.FOR};" in css
    assert f"--against: {style.AGAINST};" in css
    root = Path(ecgbench.__file__).parent
    holding = [path for path in root.rglob("*") if path.suffix in (".py", ".css", ".js", ".j2", ".html") and style.FOR in path.read_text()]
    assert holding == [root / "leaderboard" / "figures" / "style.py"]


def test_text_and_marks_have_contrast_on_light_and_on_dark_pages():
    grounds = (style.PAPER, style.DARK[style.PAPER])
    for colour, least in ((style.INK, TEXT), (style.QUIET, TEXT), (style.FAINT, GRAPHIC)):
        assert contrast(colour, grounds[0]) >= least
        assert contrast(style.DARK.get(colour, colour), grounds[1]) >= least
    for colour in (style.BLUE, style.GREEN, style.PURPLE, style.AMBER, style.FOR, style.AGAINST):
        assert all(contrast(colour, ground) >= GRAPHIC for ground in grounds)


def test_numbers_on_coloured_cells_have_contrast():
    heat = [colormaps["cividis_r"].resampled(len(STEPS) + 1)(level) for level in range(len(STEPS) + 1)]
    shown = [style.ON_LIGHT if level <= len(STEPS) / 2 else style.ON_DARK for level in range(len(STEPS) + 1)]
    pairs = [(colormaps["Blues"](0.25 / 1.1), style.ON_LIGHT), (colormaps["Blues"](1 / 1.1), style.ON_DARK)]
    assert all(contrast(cell, text) >= TEXT for cell, text in [*zip(heat, shown, strict=True), *pairs])


def test_colours_that_mean_something_else_are_told_apart_by_people_who_are_colour_blind():
    kinds = [colour for colour, _ in KINDS.values()] + [style.QUIET]
    for seen in (np.eye(3), DEUTERANOPIA, PROTANOPIA):
        for one, other in [*combinations(kinds, 2), (style.FOR, style.AGAINST)]:
            assert np.linalg.norm(lab(seen @ linear(one)) - lab(seen @ linear(other))) > APART, (one, other)


def test_a_method_has_one_colour_and_marker_whatever_else_is_drawn():
    known = [name for _, names in KINDS.values() for name in names.split()]
    assert {entry.key for entry in METHODS if not entry.blind} <= set(known)
    assert len({method_style(name)[1:] for name in known}) == len(known)
    assert method_style("mine") == method_style("mine")
    assert method_style("mine").kind == OTHER
    assert all(len(names.split()) <= len(MARKERS) for _, names in KINDS.values())


def test_svg_brings_a_dark_form_of_every_colour_that_needs_one():
    content = render_figure(interval_figure(["a"], [Panel("auc", [Interval(0.5, 0.4, 0.6)])]), ".svg").decode()
    for light, dark in style.DARK.items():
        assert f'[style*="fill: {to_hex(light)}"]{{fill:{dark}!important}}' in content
    assert content.index("prefers-color-scheme:dark") < content.index("</style>")
