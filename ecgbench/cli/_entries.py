"""`models`, `recipes`, `methods`, `controls` and `metrics`: what is registered, all of an axis or one entry."""

from __future__ import annotations

import argparse
import inspect
from functools import partial
from typing import TYPE_CHECKING, Any

from ecgbench.cli._verb import DONE, TEXT
from ecgbench.cli.terminal.speech import say
from ecgbench.cli.terminal.tables import add_json, say_json, say_table

if TYPE_CHECKING:
    from ecgbench.cli.terminal.parser import Parser
    from ecgbench.registry import Registry

SAMPLES = 1000
"""Samples of the window whose cost is told, of one lead."""

OUTPUTS = 2
"""Outputs of the network whose parameters are counted."""


def fill_models(verb: Parser) -> None:
    """Arguments of the verb `models`."""
    _fill(verb, "models")


def fill_recipes(verb: Parser) -> None:
    """Arguments of the verb `recipes`."""
    _fill(verb, "recipes")


def fill_methods(verb: Parser) -> None:
    """Arguments of the verb `methods`."""
    from ecgbench.cli._applicable import add_network

    _fill(verb, "methods")
    add_network(verb)


def fill_controls(verb: Parser) -> None:
    """Arguments of the verb `controls`."""
    _fill(verb, "controls")


def fill_metrics(verb: Parser) -> None:
    """Arguments of the verb `metrics`."""
    _fill(verb, "metrics")


def _fill(verb: Parser, axis: str) -> None:
    verb.add_argument("key", type=TEXT, nargs="?", metavar="KEY", help="show this one in detail (default: list all)")
    add_json(verb)
    verb.set_defaults(run=partial(_show, axis))


def _show(axis: str, given: argparse.Namespace) -> int:
    if getattr(given, "model", None) is not None:
        from ecgbench.cli._applicable import show_applicable

        return show_applicable(given)
    from ecgbench.pipeline.register import REGISTRIES

    if given.key is not None:
        return _show_one(axis, REGISTRIES[axis][given.key], given.json)
    return _list(REGISTRIES[axis], given.json)


def _list(registry: Registry[Any], as_json: bool) -> int:
    rows = [_row(entry) for entry in sorted(registry, key=_order)]
    if as_json:
        say_json(rows)
    else:
        say_table(rows)
    return DONE


def _row(entry: Any) -> dict[str, Any]:
    """An entry in a line: what pages and documents are searched for stands first and last."""
    family = {"family": entry.family} if hasattr(entry, "family") else {}
    cost = {"passes": _passes(entry)} if hasattr(entry, "passes") else {}
    options = {"options": entry.options} if hasattr(entry, "passes") else {}
    return {"key": entry.key, **family, **cost, "what it is": entry.what, **options, "reference": entry.reference}


def _show_one(axis: str, entry: Any, as_json: bool) -> int:
    facts = _facts(axis, entry)
    if as_json:
        say_json({"key": entry.key, **facts, "description": inspect.getdoc(entry.function) or ""})
        return DONE
    width = max(map(len, facts))
    said = [f"{name:{width}}  {_said(value)}" for name, value in facts.items() if value not in (None, "", (), {}, [])]
    say("\n".join([entry.key, "", inspect.getdoc(entry.function) or "", "", *said]))
    return DONE


def _facts(axis: str, entry: Any) -> dict[str, Any]:
    """What an entry declares, and what it costs."""
    declared = {name: getattr(entry, name) for name in DECLARED if hasattr(entry, name)}
    cost = {"passes": _passes(entry)} if hasattr(entry, "passes") else {}
    counted = {"parameters": _parameters(entry)} if axis == "models" else {}
    return {**declared, **cost, **counted, "version": entry.version, "reference": entry.reference}


DECLARED = (
    *("title", "family", "higher_is_better", "bounds", "needs", "options", "study", "recipe", "gradcam_layer", "fine_cam_layer"),
    *("sum_within", "ranked", "aside", "bound", "sees_model", "mask", "twin"),
)
"""What is shown of an entry that has it."""


def _said(value: Any) -> str:
    from ecgbench.cli.terminal.tables import as_cell

    return as_cell(value)


def _passes(entry: Any) -> float:
    """Forward and backward passes for a window of `SAMPLES` samples, or a metric's forward passes, with the default options."""
    return float(entry.passes(SAMPLES) if callable(entry.passes) else entry.passes_of(SAMPLES, {}))


def _parameters(entry: Any) -> int:
    """Weights of a network for windows of one lead and `SAMPLES` samples, and `OUTPUTS` outputs."""
    from ecgbench.models import untrained

    return sum(parameter.numel() for parameter in untrained(entry.key, OUTPUTS, samples=SAMPLES).parameters())


def _order(entry: Any) -> tuple[int, str]:
    """Metrics stand by family, everything else by key."""
    return (entry.question.order if hasattr(entry, "question") else 0, entry.key)
