"""Figures that need not be drawn again, since their files were drawn from the same data by the same code.

A list beside the figures has a digest of each: of its data, of what draws and renders them, and of its file's bytes. Where one of them
has changed, or the list is not there, the figure is drawn; so the list only saves time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from ecgbench.leaderboard.figures.drawing import Drawing
from ecgbench.leaderboard.pages.page_figures import FOLDER

PATH = f"{FOLDER}/digests.json"
"""Of the list below the pages' folder."""


def known_digests(out: Path) -> Mapping[str, str]:
    """The list in a folder of pages, by the figures' paths below it; empty where there is none that can be read."""
    try:
        found = json.loads((out / PATH).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def kept_figure(out: Path, path: str, drawing: Drawing, known: Mapping[str, str]) -> bytes | None:
    """The file of a figure as it was drawn before; None where it has to be drawn.

    Parameters
    ----------
    out : folder of the pages
    path : of the figure below it
    drawing : the figure
    known : of `known_digests`
    """
    file = out / path
    if path not in known or not file.is_file():
        return None
    content = file.read_bytes()
    return content if known[path] == figure_digest(drawing, content) else None


def figure_digest(drawing: Drawing, content: bytes) -> str:
    """What stands in the list of a figure and its file."""
    return hashlib.sha256(drawing.digest.encode() + content).hexdigest()


def digests_file(digests: Mapping[str, str]) -> bytes:
    """The list as it is written."""
    return (json.dumps(dict(digests), indent=0, sort_keys=True) + "\n").encode()
