"""Description, options and reference of a method or metric, for its page."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from ecgbench.leaderboard.pages.tables import escaped, table

_OF_ADDRESS = "/:;?#@!$&'()*+,=%~"
"""Characters that stand in an address as they are."""

_SECTION = re.compile(r"^(Parameters|Returns|Raises|References)\n-+$", re.MULTILINE)


def description(function: Callable[..., Any]) -> str:
    """The docstring up to its first section, a paragraph a line."""
    text = inspect.getdoc(function) or ""
    head = _SECTION.split(text, maxsplit=1)[0].strip()
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in head.split("\n\n"))


def options_table(function: Callable[..., Any], set_elsewhere: dict[str, str], study: dict[str, Any]) -> str:
    """Table of a function's options; empty if it has none.

    Parameters
    ----------
    function : of a method or metric; its arguments with defaults are options
    set_elsewhere : what sets an option instead of its default, by the option's name
    study : the study's values, by the option's name
    """
    given = {name: one.default for name, one in inspect.signature(function).parameters.items() if one.default is not one.empty}
    rows = [
        [f"`{name}`", f"`{default!r}`", set_elsewhere.get(name, ""), f"`{study[name]!r}`" if name in study else ""]
        for name, default in given.items()
    ]
    return table(["option", "default", "set by", "the study's"], rows, numbers_from=9) if rows else ""


def cited(reference: str) -> str:
    """A reference, linked where it is a DOI, an arXiv number or an address."""
    if reference.startswith(("http://", "https://")):
        return f"<{quote(reference, safe=_OF_ADDRESS)}>"
    kind, _, identifier = reference.partition(":")
    host = {"doi": "https://doi.org/", "arXiv": "https://arxiv.org/abs/"}.get(kind)
    return escaped(reference) if host is None else f"[{escaped(reference)}]({host}{quote(identifier, safe='/:;')})"
