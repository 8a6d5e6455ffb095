"""Explained windows without a counterfactual twin, by class and reason, and what metrics say of the models."""

from __future__ import annotations

from collections.abc import Mapping

from ecgbench.leaderboard.pages.tables import NOTHING, escaped, number, table
from ecgbench.leaderboard.statistics.board import Board
from ecgbench.metrics import METRICS
from ecgbench.results import BETWEEN, TWINLESS

Facts = Mapping[str, Mapping[str, float]]


def twinless_table(board: Board) -> str:
    """Number of the windows without a twin by class and reason, a column for each seed; empty if none is said to lack one."""
    by_seed = {seed: found.get(TWINLESS, {}) for seed, found in _facts(board).items()}
    names = sorted({name for counts in by_seed.values() for name in counts})
    rows = [[*_class_and_reason(name), *(f"{counts.get(name, 0):.0f}" for counts in by_seed.values())] for name in names]
    return table(["class", "why there is no twin", *(f"seed {seed}" for seed in by_seed)], rows, numbers_from=2) if rows else ""


def metric_facts(board: Board) -> list[dict[str, str]]:
    """By metric what it says of the models that are explained, a row for each seed."""
    by_seed = _facts(board)
    metrics = sorted({name for found in by_seed.values() for name in found if name in METRICS.keys()})  # noqa: SIM118  (a Registry iterates over entries)
    return [{"metric": metric.replace("_", " "), "key": metric, "table": _facts_table(by_seed, metric)} for metric in metrics]


def _facts_table(by_seed: Mapping[int, Facts], metric: str) -> str:
    said = {seed: found[metric] for seed, found in by_seed.items() if metric in found}
    names = list(dict.fromkeys(name for facts in said.values() for name in facts))
    rows = [[str(seed), *(_fact(facts, name) for name in names)] for seed, facts in said.items()]
    return table(["seed", *(name.replace("_", " ") for name in names)], rows)


def _fact(facts: Mapping[str, float], name: str) -> str:
    if name not in facts:
        return NOTHING
    return f"{facts[name]:.0f}" if float(facts[name]).is_integer() else number(facts[name])


def _facts(board: Board) -> dict[int, Facts]:
    """What is said of each seed's model, by whatever method's results say it."""
    found: dict[int, dict[str, Mapping[str, float]]] = {seed: {} for seed in board.seeds}
    for method in sorted(board.files):
        for seed, model in board.files[method].models.items():
            for name, facts in model.get("facts", {}).items():
                found.get(int(seed), {}).setdefault(name, facts)
    return dict(found)


def _class_and_reason(name: str) -> tuple[str, str]:
    class_, _, reason = name.rpartition(BETWEEN)
    return escaped(class_) or NOTHING, escaped(reason)
