"""Pages of the reference that follow from the code: the contract, and every method, metric and control with its options."""

from __future__ import annotations

import inspect
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

import ecgbench
from ecgbench.leaderboard.pages.facts.entry_facts import cited

SAMPLES = 1000
"""Length of the window for which costs are told."""

CONTRACT = (
    ("Data and models", ("load_dataset", "windows", "read_recording", "train", "load_model", "adapt")),
    ("Maps and scores", ("explain", "methods_for", "score", "plot", "evaluate")),
    ("Entries", ("register", "register_family", "register_arrays", "register_records")),
    ("Accepted results", ("read_results",)),
)
ARRAYS = "Arrays are `(n, leads, time)`; maps and scores are NumPy arrays, a score is nan where the metric is undefined."
LISTS = ("controls", "datasets", "methods", "metrics", "models")
ABOUT = {
    "methods": "Attribution methods: `ecgbench.explain(model, x, target, method, ...)`, with these options by name.",
    "metrics": "Metrics: `ecgbench.score(metric, maps, ...)`, with these options by name.",
    "controls": "Controls: maps made without a look at the network, or with a look at the truth. Methods must beat the former.",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages."""
    files.append(File.generated(config, "reference/python.md", content=_contract()))
    for axis, about in ABOUT.items():
        files.append(File.generated(config, f"reference/{axis}.md", content=_entries(axis, about)))
    return files


def _contract() -> str:
    parts = ["# Python", "", ARRAYS]
    for title, names in CONTRACT:
        parts += ["", f"## {title}", ""]
        parts += [_documented(getattr(ecgbench, name), f"ecgbench.{name}", level=3) for name in names]
    parts += ["", "## What there is", ""]
    parts += [f"- `ecgbench.{name}()`: all {name} by key, also those that you registered" for name in LISTS]
    left = {name for name in dir(ecgbench) if not name.startswith("_")} - {name for _, names in CONTRACT for name in names} - set(LISTS)
    if left:
        raise ValueError(f"expected every name of the contract on the reference page, got none of {sorted(left)}; add them to CONTRACT.")
    return "\n".join(parts)


def _entries(axis: str, about: str) -> str:
    parts = [f"# {axis.capitalize()}", "", about]
    for key, entry in getattr(ecgbench, axis)().items():
        parts += ["", _documented(entry.function, key, level=2), *_question(entry), "", f"Source: {cited(entry.reference)}.", *_cost(entry)]
    return "\n".join(parts)


def _documented(function: Any, heading: str, level: int) -> str:
    function = inspect.unwrap(function)
    place = f"{function.__module__}.{function.__qualname__}"
    return f"::: {place}\n    options:\n      heading: {heading}\n      heading_level: {level}\n"


def _question(entry: Any) -> list[str]:
    """What a metric asks."""
    return ["", entry.question.question] if hasattr(entry, "question") else []


def _cost(entry: Any) -> list[str]:
    """What a map costs, where the entry says it."""
    if not hasattr(entry, "passes_of"):
        return []
    passes = entry.passes_of(SAMPLES, {})
    return ["", f"Cost of a window of {SAMPLES:,} samples with these defaults: {passes:.3g} passes forward and back through the network."]
