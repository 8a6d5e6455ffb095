"""Tables of how far rankings agree."""

from __future__ import annotations

from ecgbench.leaderboard.pages.tables import table, with_interval
from ecgbench.leaderboard.statistics.orders.agreement import Agreement


def agreement_table(found: Agreement) -> str:
    """Coefficients below the diagonal with their intervals."""
    names, rows = [str(name) for name in found.value.index], []
    value, low, high = (part.to_numpy() for part in (found.value, found.low, found.high))
    for i, first in enumerate(names):
        cells = [with_interval(value[i, j], low[i, j], high[i, j], 2) for j in range(i)]
        rows.append([first.replace("_", " "), *cells, *("" for _ in names[i:])])
    return table(["", *(name.replace("_", " ") for name in names)], rows)
