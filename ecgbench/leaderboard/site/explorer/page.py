"""The explorer's page, as files of a site or as a part of a page that needs no other file."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from string import Template

from ecgbench.leaderboard.figures.style import AGAINST, FOR
from ecgbench.leaderboard.site.explorer.case import Shown
from ecgbench.leaderboard.site.explorer.scripts import case_scripts, catalogue_script

FOLDER = "explorer"
"""Folder of the site that holds the explorer's files."""

STYLE = "explorer.css"
MODULES = ("data.js", "state.js", "layout.js", "paper.js", "sheet.js", "tables.js", "choices.js", "explorer.js")
"""Scripts in the order in which they build on each other; the last one starts."""


def explorer_files(shown: Sequence[Shown]) -> dict[str, bytes]:
    """Content of the files beside the page by their path below the site's folder."""
    files = {f"{FOLDER}/{name}": asset(name).encode() for name in (STYLE, *MODULES)}
    files[f"{FOLDER}/data/catalogue.js"] = catalogue_script(shown).encode()
    return files | {f"{FOLDER}/data/{path}": script.encode() for path, script in case_scripts(shown)}


def explorer_head() -> str:
    """Elements of the head of a page that loads the explorer's files."""
    *modules, start = MODULES
    scripts = [*modules, "data/catalogue.js", start]
    link = f'<link rel="stylesheet" href="{FOLDER}/{STYLE}">'
    return "\n".join([link, *(f'<script src="{FOLDER}/{name}" defer></script>' for name in scripts), ""])


def explorer_markup(schemes: bool) -> str:
    """The explorer's place in a page.

    Parameters
    ----------
    schemes : whether the page is dark where its reader prefers that
    """
    return asset("explorer.html").replace("{{folder}}", f"{FOLDER}/data/").replace("{{schemes}}", " schemes" if schemes else "")


def inlined_scripts(shown: Shown) -> list[str]:
    """All scripts of a page that holds the explorer and needs no other file, in order."""
    *modules, start = MODULES
    data = [script for _, script in case_scripts([shown])]
    return [*map(asset, modules), catalogue_script([shown]), *data, asset(start)]


def asset(name: str) -> str:
    """Text of one of the explorer's files; its style has the colours that maps have in figures too."""
    text = (resources.files("ecgbench.leaderboard.site.explorer") / "assets" / name).read_text(encoding="utf-8")
    return Template(text).safe_substitute({"for": FOR, "against": AGAINST}) if name == STYLE else text
