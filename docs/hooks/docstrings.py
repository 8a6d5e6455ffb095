"""Docstrings as the reference reads them: what stands behind a parameter's name is its meaning; its type is the annotation's."""

from __future__ import annotations

import inspect
import re
from typing import Any

import griffe

_SECTION = re.compile(r"^(Parameters|Attributes)\n-+\n(.*?)(?=\n\n|\n[A-Z]\w+\n-+\n|\Z)", re.DOTALL | re.MULTILINE)
_FIRST_LINE = re.compile(r"^(\w[\w, *]*) : ", re.MULTILINE)


class MeaningsBehindNames(griffe.Extension):
    """Moves a parameter's meaning from the place of its type into a paragraph of its own."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Do so in an object's docstring."""
        if obj.docstring is not None:
            obj.docstring.value = _SECTION.sub(_moved, inspect.cleandoc(obj.docstring.value))


def _moved(section: re.Match[str]) -> str:
    return f"{section[1]}\n{'-' * len(section[1])}\n" + _FIRST_LINE.sub(r"\1\n    ", section[2])
