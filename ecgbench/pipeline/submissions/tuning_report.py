"""What `ecgbench evaluate --held-back` prints: a table, and whether the submission looks tuned to the public windows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ecgbench.pipeline.submissions.held_back import Drawing
from ecgbench.pipeline.submissions.tuning import LEVEL, VARIES, Compared

MARK = "*"
NOTHING = "-"


def tuning_report(name: str, drawn: Mapping[int, Drawing], rows: Sequence[Compared], ranked: bool) -> str:
    """The table of all rows, what was compared, and what follows from it.

    Parameters
    ----------
    name : of the submission
    drawn : the windows of each seed
    rows : of `compare_sides`
    ranked : whether scores of these maps were accepted on the public windows
    """
    from tabulate import tabulate

    headings = ["metric", "variant", "public", "held back", "public - held back", f"{LEVEL:.0%} interval", ""]
    table = tabulate([_cells(row) for row in rows], headings, disable_numparse=True, colalign=["left", "left", *["right"] * 4, "left"])
    counts = ", ".join(f"{len(one.public)} of seed {seed}" for seed, one in sorted(drawn.items()))
    about = (
        f"Compared are as many public as held-back windows of each class: {counts}. Patients are drawn again for the intervals, which hold "
        f"for all {len(rows)} rows at once; {MARK} marks where the maps of the public windows are better beyond them."
    )
    accepted = "are those whose scores were accepted" if ranked else "were compared with none, as no scores of them were accepted"
    return "\n\n".join([str(table), f"{about} The maps of the public windows {accepted}.", _conclusion(name, rows)])


def _cells(row: Compared) -> list[str]:
    name = "maps that vary" if row.metric == VARIES else row.metric
    interval = NOTHING if math.isnan(row.low) else f"{row.low:+.3f} to {row.high:+.3f}"
    values = [_number(row.public), _number(row.held_back), _number(row.public - row.held_back, "+")]
    return [name, row.variant, *values, interval, MARK if row.better_on_public else ""]


def _number(value: float, sign: str = "") -> str:
    return NOTHING if math.isnan(value) else f"{value:{sign}.3f}"


def _conclusion(name: str, rows: Sequence[Compared]) -> str:
    marked = sum(row.better_on_public for row in rows)
    if marked:
        return f"{name} looks tuned to the public windows: in {marked} of {len(rows)} rows it is better on them than chance explains."
    return f"{name} does not look tuned to the public windows: in none of {len(rows)} rows is it better on them than chance explains."
