"""Whether methods keep their scores where the model is wrong, for results of explained predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ecgbench.leaderboard.pages.facts.provenance import these_models
from ecgbench.leaderboard.pages.tables import NOTHING, heading, label, number, signed, table
from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.ranking import Column
from ecgbench.leaderboard.statistics.scores.strata import STRATA, ByStratum, Estimate, by_stratum, members
from ecgbench.leaderboard.statistics.scores.window_scores import LEAST_PATIENTS
from ecgbench.protocol import SURE

_OF_WRONG = " where wrong"
"""Behind a metric's key where accepted results say what it found of the wrong predictions alone."""


def strata_section(analysis: Analysis) -> dict[str, Any] | None:
    """What the template `sections/strata.md.j2` asks for; None where no predictions are explained.

    Parameters
    ----------
    analysis : of one dataset
    """
    board = analysis.board
    if not board.of_predictions:
        return None
    shown = [(column, _scored(analysis, column)) for column in board.columns]
    known = [(column, found) for column, found in shown if _is_known(found)]
    return {
        "models": these_models(board),
        "sure": f"{SURE:g}",
        "least": LEAST_PATIENTS,
        "windows": _windows_table(analysis),
        "undefined": [heading(column) for column, found in shown if not _is_known(found)],
        "summary": table(
            ["metric", "better where wrong", "worse where wrong", "not told apart"],
            [[heading(column, "metrics/"), *_summary(analysis, found)] for column, found in known],
        ),
        "tables": [{"metric": heading(column), "table": _table(analysis, found)} for column, found in known],
        "reasons": _reasons(analysis),
    }


def _scored(analysis: Analysis, column: Column) -> Mapping[Variant, ByStratum]:
    """Each method and control by the variant that the family's question is about: no variant is chosen on the scores."""
    own = column.entry.question.variant if column.applies(column.entry.question.variant) else "raw"
    complete = set(analysis.windows.variants(column.name))
    methods = [(method, own) for method in sorted(analysis.board.files) if (method, own) in complete]
    controls = [(control, "raw") for control in sorted(analysis.board.controls) if (control, "raw") in complete]
    return by_stratum(analysis.windows, column, [*methods, *controls]) if methods or controls else {}


def _is_known(found: Mapping[Variant, ByStratum]) -> bool:
    return not all(np.isnan(one.kept.value) for one in found.values())


def _windows_table(analysis: Analysis) -> str:
    """Windows and patients of every stratum, by seed."""
    rows = []
    for seed in analysis.windows.seeds:
        patient = analysis.windows.patient[seed]
        counts = [f"{inside.sum()} ({len(np.unique(patient[inside]))})" for inside in members(analysis.windows, seed).values()]
        rows.append([str(seed), *counts])
    return table(["seed", *STRATA], rows)


def _summary(analysis: Analysis, found: Mapping[Variant, ByStratum]) -> list[str]:
    """Methods and controls that do better and worse where the model is wrong, and how many methods neither, of those with an interval."""
    signs = {variant: one.kept.sign for variant, one in found.items() if not np.isnan(one.kept.low)}
    if not signs:
        return [NOTHING, NOTHING, f"fewer than {LEAST_PATIENTS} patients"]
    named = [", ".join(_name(analysis, variant) for variant, sign in signs.items() if sign == wanted) or NOTHING for wanted in (1, -1)]
    methods = [sign for variant, sign in signs.items() if variant[0] in analysis.board.files]
    return [*named, f"{methods.count(0)} of {len(methods)}"]


def _name(analysis: Analysis, variant: Variant) -> str:
    return f"*{variant[0]}*" if variant[0] in analysis.board.controls else label(*variant)


def _table(analysis: Analysis, found: Mapping[Variant, ByStratum]) -> str:
    rows = []
    for variant, one in found.items():
        cells = [f"{_shown(one.strata[stratum])}<br><sub>of {one.defined[stratum]}</sub>" for stratum in STRATA]
        rows.append([_name(analysis, variant), *cells, _shown(one.kept, signed)])
    return table(["variant", *STRATA, "better where wrong by"], rows)


def _shown(found: Estimate, form: Any = number) -> str:
    between = "" if np.isnan(found.low) else f" ({form(found.low)}..{form(found.high)})"
    return f"{form(found.value)}{between}"


def _reasons(analysis: Analysis) -> list[str]:
    """Of how many wrong predictions a metric of twins is defined, and why not of the others, in a sentence for each seed."""
    said = {}
    for _, results in sorted(analysis.board.files.items()):
        for seed, model in sorted(results.models.items(), key=lambda item: int(item[0])):
            for name, facts in model.get("facts", {}).items():
                if name.endswith(_OF_WRONG):
                    said[seed, name.removesuffix(_OF_WRONG).replace("_", " ")] = facts
    return [_reason(seed, metric, facts) for (seed, metric), facts in said.items()]


def _reason(seed: str, metric: str, facts: Mapping[str, float]) -> str:
    counts = {name.replace("_", " "): int(count) for name, count in facts.items() if name not in ("qualifies", "split_half") and count}
    others: Sequence[str] = [f"{name} {count}" for name, count in counts.items()]
    total = sum(counts.values()) + int(facts["qualifies"])
    return f"{metric} is defined of {int(facts['qualifies'])} of the {total} wrong predictions of seed {seed}" + (
        f"; of the others: {', '.join(others)}" if others else ""
    )
