"""Does a cell's new value stand by the accepted one? Two-sided: a surprising improvement fails as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ecgbench.results.identity import Identity
from ecgbench.results.records import Cell, SourceResults

Status = Literal["accepted", "baseline_lost", "changed", "no_baseline", "not_computed", "unhealthy", "updated"]


@dataclass(frozen=True)
class Fresh:
    """A newly computed cell and what it was computed from.

    Attributes
    ----------
    name : the cell's id
    cell : its numbers
    identity : what it is of
    model : digest of the model
    panel : digests by seed of the models that recognise what is explained; empty where each explains its own
    packages : versions by name
    by_default : whether a run computes its metric where none is named, so that accepted results hold it beside others
    """

    name: str
    cell: Cell
    identity: Identity
    model: str
    panel: Mapping[str, str]
    packages: Mapping[str, str]
    by_default: bool = True


@dataclass(frozen=True)
class Verdict:
    """What the comparison found.

    Attributes
    ----------
    status : "accepted" (stands by it), "changed", "baseline_lost" (it was accepted beside others and is gone), "no_baseline" (nothing was
        accepted), "unhealthy" (the method's maps are broken), "updated" (not compared, since it is being accepted) or "not_computed" (its
        scores may not be computed and are not stored)
    message : one line that says so, with the numbers
    """

    status: Status
    message: str

    def fails(self, check_only: bool = False) -> bool:
        """Whether the regression check fails; with `check_only` also where there is nothing to compare with."""
        return self.status in ("baseline_lost", "changed", "not_computed", "unhealthy") or (check_only and self.status == "no_baseline")


def compare(fresh: Fresh, accepted: SourceResults | None, atol: float, command: str) -> Verdict:
    """Compare a new cell with the accepted results of its method.

    With the same models the mean must be met within `atol`, with as many undefined windows. With another model (trained on another
    machine), the explained one or one that must recognise its windows, the two intervals over patients must meet; where a mean has none,
    since it rests on one patient, it stands for it. Other windows, seeds or samples have nothing to be compared with.

    Parameters
    ----------
    atol : the metric's tolerance
    command : what accepts the new value; quoted in the message
    """
    seed = str(fresh.cell.seed)
    if accepted is None or accepted.identity != fresh.identity or seed not in accepted.models:
        return Verdict("no_baseline", f"{fresh.name}: {_shown(fresh.cell)}, no accepted result")
    old = _find(accepted, fresh.cell)
    if old is None and not fresh.by_default:
        return Verdict("no_baseline", f"{fresh.name}: {_shown(fresh.cell)}, no accepted result")
    if old is None:
        return Verdict(
            "baseline_lost",
            f"{fresh.name}: expected an accepted value, as its method has for other cells of seed {seed}, got none (new value "
            f"{_shown(fresh.cell)}); take the results file back from version control, or accept the new value: {command}",
        )
    same_model = accepted.models[seed]["digest"] == fresh.model and accepted.panel == fresh.panel
    if same_number(old, fresh.cell, atol) if same_model else _overlap(old, fresh.cell, atol):
        return Verdict("accepted", f"{fresh.name}: {_shown(fresh.cell)}, accepted {_shown(old)}")
    tolerance = f"tolerance {atol:g}" if same_model else "another model: its interval must meet the accepted one"
    return Verdict(
        "changed",
        f"{fresh.name}: expected {_shown(old)} (accepted), got {_shown(fresh.cell)}; {tolerance}. Likely cause: "
        f"{_cause(old, fresh, accepted)}. To accept the new value: {command}",
    )


def _find(accepted: SourceResults, cell: Cell) -> Cell | None:
    wanted = (cell.variant, cell.metric, cell.seed)
    return next((old for old in accepted.cells if (old.variant, old.metric, old.seed) == wanted), None)


def same_number(old: Cell, new: Cell, atol: float) -> bool:
    """Whether two values of a cell agree within the metric's tolerance and rest on as many windows."""
    if old.value is None or new.value is None:
        return old.value is new.value and old.undefined == new.undefined
    return abs(old.value - new.value) <= atol and (old.n, old.undefined) == (new.n, new.undefined)


def _overlap(old: Cell, new: Cell, atol: float) -> bool:
    (old_low, old_high), (new_low, new_high) = _interval(old), _interval(new)
    if old_low is None or old_high is None or new_low is None or new_high is None:
        return old.value is new.value
    return old_low <= new_high + atol and new_low <= old_high + atol


def _interval(cell: Cell) -> tuple[float | None, float | None]:
    return (cell.value, cell.value) if cell.low is None else (cell.low, cell.high)


def _cause(old: Cell, fresh: Fresh, accepted: SourceResults) -> str:
    if accepted.models[str(old.seed)]["digest"] != fresh.model:
        return "another model, and more than patients' spread between the two"
    if accepted.panel != fresh.panel:
        return "another model of another seed, so that other windows are common to all, and more than patients' spread between the two"
    before = accepted.provenance.get("packages", {})
    moved = [f"{name} {before[name]} -> {version}" for name, version in fresh.packages.items() if before.get(name, version) != version]
    if moved:
        return "another version of " + ", ".join(moved)
    return "a definition changed (then its version must be bumped)"


def _shown(cell: Cell) -> str:
    if cell.value is None:
        return f"undefined in all {cell.undefined} windows"
    interval = f", 95 % {cell.low:.6g}..{cell.high:.6g}" if cell.low is not None and cell.high is not None else ""
    undefined = f", {cell.undefined} undefined" if cell.undefined else ""
    return f"{cell.value:.9g} (n {cell.n}{undefined}{interval})"
