"""What a report says in words: which methods may be trusted on this network, by the rule of the leaderboards."""

from __future__ import annotations

from ecgbench.leaderboard.statistics.analysis import Analysis, Variant
from ecgbench.leaderboard.statistics.ranking import families, family_name, place_order
from ecgbench.leaderboard.statistics.scores.window_scores import LEAST_PATIENTS
from ecgbench.pipeline.grid.address import variant_name

CAVEAT = (
    "Controls are maps that ignore the network, such as bumps at every R peak: a method that no metric shows to be better than all of them "
    "is not recommended, whatever its place."
)

UNORDERED = (
    "Nothing here orders the methods: without masks of what an explanation should point at, twins, or normal windows of the same patients, "
    "only metrics are left that do not count, since a map that knows the answer need not be the best in them; their scores are shown all "
    "the same."
)

LISTED = 5
"""Methods that a sentence names."""


def recommended(analysis: Analysis, family: str) -> list[Variant]:
    """Variants of the first group of a family that some of its metrics shows to be better than every blind control.

    Without a comparison of methods it is the best ranked one of them. Of a single patient nothing is recommended: there is no interval.
    """
    if len(analysis.windows.patients) < 2:
        return []
    compared = analysis.comparisons.get(family)
    if compared is not None:
        chosen = dict(compared.order)
        candidates = [(method, chosen[method]) for method in compared.groups[0]]
        return [variant for variant in candidates if not analysis.fails_controls(variant, family)]
    ranked = place_order(analysis.board.places[family].dropna())
    return [variant for variant in ranked if not analysis.fails_controls(variant, family)][:1]


def ordered_families(analysis: Analysis) -> list[str]:
    """Families in which something counts."""
    return [family for family in families(analysis.board.columns) if analysis.board.orders(family)]


def verdict(analysis: Analysis) -> str:
    """The answer in two sentences, the second of which says what it rests on."""
    if not ordered_families(analysis):
        return f"{UNORDERED} {CAVEAT}"
    found = {family: recommended(analysis, family) for family in ordered_families(analysis)}
    led = [f"{_listed(variants)} in {family_name(family)}" for family, variants in found.items() if variants]
    none = [family_name(family) for family, variants in found.items() if not variants]
    if not led:
        answer = "No method is recommended on this network: no metric shows one to be better than every control that ignores the network."
    else:
        without = f"; none in {' and '.join(none)}" if none else ""
        answer = f"On this network, trust {'; '.join(led)}{without}."
    return f"{answer} {CAVEAT}"


def cautions(analysis: Analysis) -> list[str]:
    """What a reader of the numbers must know about the windows."""
    windows, said = analysis.windows, []
    count = len(windows.patients)
    if count < LEAST_PATIENTS:
        said.append(f"The windows are of {count} patient{'s' if count > 1 else ''}: intervals of so few say little.")
    return said


def _listed(variants: list[Variant]) -> str:
    names = [variant_name(*variant) for variant in variants[:LISTED]]
    more = len(variants) - len(names)
    return ", ".join(names) + (f" and {more} more that cannot be told from these" if more else "")
