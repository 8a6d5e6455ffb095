"""`models`, `recipes`, `methods`, `controls` and `metrics`: what is registered."""

from __future__ import annotations

import argparse
import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

from ecgbench.cli._verb import DONE, say

if TYPE_CHECKING:
    from ecgbench.cli._verb import Verbs

HELP = {
    "models": "list the network architectures",
    "recipes": "list the ways of training",
    "methods": "list the attribution methods",
    "controls": "list the controls: maps made without looking at the model, and bounds",
    "metrics": "list the metrics, by family",
}
"""Axes that have a verb, with what it does."""


def add_entries(verbs: Verbs) -> None:
    """Add a verb for each axis whose entries need no files."""
    for axis, text in HELP.items():
        verbs.add_parser(axis, help=text).set_defaults(run=partial(_list, axis))


def _list(axis: str, given: argparse.Namespace) -> int:
    from tabulate import tabulate

    from ecgbench.pipeline.register import REGISTRIES

    entries = sorted(REGISTRIES[axis], key=_order)
    say(tabulate([[entry.key, *_group(entry), _what(entry), entry.reference] for entry in entries], tablefmt="plain"))
    return DONE


def _order(entry: Any) -> tuple[int, str]:
    """Metrics stand by family, everything else by key."""
    return (entry.question.order if hasattr(entry, "question") else 0, entry.key)


def _group(entry: Any) -> list[str]:
    return [entry.family] if hasattr(entry, "family") else []


def _what(entry: Any) -> str:
    """The entry's title, or the first line of its description."""
    return str(getattr(entry, "title", "") or (inspect.getdoc(entry.function) or "").partition("\n")[0])
