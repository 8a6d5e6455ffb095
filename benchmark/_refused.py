"""Cells of methods that cannot explain a model: how they are told, once a method and model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from ecgbench.errors import RefusedError
from ecgbench.pipeline import Address, judge_refusal

if TYPE_CHECKING:
    from ecgbench.pipeline import Run


def refused_cell(run: Run, cell: Address, error: RefusedError, option: Any) -> dict[str, Any]:
    """What a refused cell's test reports; it fails where a value was accepted, and where only accepted refusals pass."""
    verdict = judge_refusal(run, cell, str(error), option.scores, option.update_scores)
    if verdict.fails(option.check_only and not option.allow_new):
        pytest.fail(verdict.message, pytrace=False)
    return {"cell": cell.as_dict(), "mean": None, "cached": False, "status": verdict.status, "refused": str(error)}


def refusals(found: Iterable[Mapping[str, Any]]) -> list[str]:
    """A line for each method and model of refused cells, with the reason."""
    cells = [(Address(**one["cell"]), one["refused"]) for one in found if "refused" in one]
    return list(dict.fromkeys(f"not applicable: {of.source} on {of.dataset}'s {of.model}: {reason}" for of, reason in cells))
