"""How much a method's place owes to that its variant was chosen on the scores: beside it the place without that choice, by family."""

from __future__ import annotations

from ecgbench.leaderboard.pages.sections.models_section import percent
from ecgbench.leaderboard.pages.tables import label, number, signed, table
from ecgbench.leaderboard.statistics.analysis import Analysis


def variant_choice(analysis: Analysis, family: str) -> str:
    """Each ranked method's place by the better variant, by the one chosen on other patients, and by the family's own; empty if unknown.

    Parameters
    ----------
    analysis : of one dataset
    family : one of its families
    """
    found = None if analysis.board.part else analysis.choices.get(family)
    if found is None:
        return ""
    own = next(column.entry.question.variant for column in analysis.board.columns if column.family == family)
    rows = []
    for method in sorted(found.chosen, key=lambda method: (analysis.place(family, (method, found.chosen[method])), method)):
        fitted, optimism, kept = (float(values[method]) for values in (found.place, found.optimism, found.kept))
        rows.append(
            [
                label(method, found.chosen[method]),
                number(analysis.place(family, (method, found.chosen[method]))),
                number(fitted),
                signed(optimism),
                percent(kept),
                number(analysis.place(family, (method, own))),
            ]
        )
    of_family = "absolute maps" if own == "abs" else "signed maps"
    header = ["better variant", "place", "chosen on other patients", "looks better by", "halves that choose it", f"place of {of_family}"]
    return table(header, rows)
