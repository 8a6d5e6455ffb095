"""One ECG with the maps of four methods, for the README: an SVG of text alone, legible on light and dark pages and at 400 pixels."""

from __future__ import annotations

import html
from collections.abc import Mapping
from itertools import islice

import numpy as np

from ecgbench.leaderboard.figures.gallery import probabilities, title_of
from ecgbench.leaderboard.figures.kept_windows import KeptWindow, kept_windows
from ecgbench.leaderboard.figures.paper.beats import peak, shares
from ecgbench.leaderboard.figures.strip import STYLE, ground, line, svg
from ecgbench.leaderboard.figures.style import AGAINST, DARK, FOR, INK, QUIET
from ecgbench.leaderboard.statistics.board import Board

NAMES = {
    "lrp": "LRP",
    "guided_gradcam": "Guided Grad-CAM",
    "integrated_gradients": "Integrated Gradients",
    "lime": "LIME",
    "deep_shap": "DeepSHAP",
    "gradcam": "Grad-CAM",
    "saliency": "Saliency",
}
"""Methods with the names that readers know, those first that are shown where all keep the same windows: one of each kind."""

METHODS = 4
"""Methods that are shown."""

WIDTH, ROW, HEAD, NAME, FOOT = 800, 72, 54, 38, 44
"""Pixels: width, and heights of a strip, of what stands above all, above a strip and below all."""

_TEXT = (
    ".ecg{stroke-width:1.3}"
    f"text{{font:20px sans-serif;fill:{INK}}}.quiet{{fill:{QUIET}}}.bold{{font-weight:bold}}.mid{{text-anchor:middle}}"
    f".end{{text-anchor:end}}@media(prefers-color-scheme:dark){{text{{fill:{DARK[INK]}}}.quiet{{fill:{DARK[QUIET]}}}}}"
)


def teaser(board: Board) -> bytes | None:
    """A window that four methods keep, in the lead with the largest attribution of the first method; None if there is none.

    Parameters
    ----------
    board : accepted results
    """
    maps = _same_window(board)
    if maps is None:
        return None
    first = next(iter(maps.values()))
    lead = int(np.abs(first.values).max(axis=1).argmax())
    rows = [_row(number, NAMES[method], window, lead) for number, (method, window) in enumerate(maps.items())]
    height = HEAD + len(rows) * (NAME + ROW) + FOOT
    said = "; ".join(filter(None, [title_of(board, first), probabilities(board, first)]))
    ecg = f'<defs><path id="ecg" class="ecg" d="{line(first.signal[lead], WIDTH, ROW)}"/></defs>'
    drawn = [ecg, _text(0, 20, said, "quiet"), *_letters(first, lead), *rows, _legend(height)]
    return svg(WIDTH, height, STYLE + _TEXT, "".join(drawn))


def _same_window(board: Board) -> dict[str, KeptWindow] | None:
    """By method the window that `METHODS` methods keep, of which the first ones; one with beats that carry the label where there is one."""
    kept: dict[int, dict[str, KeptWindow]] = {}
    for method in NAMES:
        for window in kept_windows(board, method) if method in board.samples else []:
            kept.setdefault(window.index, {})[method] = window
    found = [dict(islice(of_window.items(), METHODS)) for of_window in kept.values() if len(of_window) >= METHODS]
    return min(found, key=_preference, default=None)


def _preference(maps: Mapping[str, KeptWindow]) -> tuple[bool, int, int]:
    """Lower is better: beats with the label, the first methods, and the first window."""
    window = next(iter(maps.values()))
    return not any(beat.labelled for beat in window.beats), sum(list(NAMES).index(method) for method in maps), window.index


def _letters(window: KeptWindow, lead: int) -> list[str]:
    """The letter of each beat above its peak."""
    scale = WIDTH / window.signal.shape[1]
    styles = {True: "mid bold", False: "mid quiet"}
    return [_text(peak(window.signal[lead], beat) * scale, HEAD - 4, beat.letter, styles[beat.labelled]) for beat in window.beats]


def _row(number: int, name: str, window: KeptWindow, lead: int) -> str:
    """A method's name, which share of its map lies in the beats that carry the label, and the strip."""
    top = HEAD + number * (NAME + ROW)
    labelled = [beat for beat in window.beats if beat.labelled]
    share = f"{100 * np.nansum(shares(window.values, labelled)):.0f}% in the labelled beats" if labelled else ""
    strip = f'<g transform="translate(0 {top + NAME})">{ground(window.values[lead], WIDTH, ROW)}<use href="#ecg"/></g>'
    return _text(0, top + NAME - 10, name, "bold") + _text(WIDTH, top + NAME - 10, share, "quiet end") + strip


def _legend(height: int) -> str:
    at, parts = 0, []
    for colour, said in ((FOR, "speaks for the class"), (AGAINST, "speaks against it")):
        parts.append(f'<rect x="{at}" y="{height - 24}" width="30" height="18" fill="{colour}"/>{_text(at + 38, height - 9, said, "")}')
        at += 270
    return "".join(parts)


def _text(x: float, y: float, said: str, style: str) -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" class="{style}">{html.escape(said)}</text>' if said else ""
