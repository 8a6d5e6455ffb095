"""Trials of families of metrics."""

from __future__ import annotations

from ecgbench.metrics import Family
from ecgbench.testing._report import require


def is_shown_by_title_and_question(family: Family) -> None:
    """It has a title and a question, which pages show."""
    require(family.title.strip(), family, "a title", repr(family.title), "name the family")
    asked = family.question.strip()
    require(len(asked) > 20, family, "a question in a sentence or two", repr(asked), "say what its metrics ask of a map")


def has_a_place(family: Family) -> None:
    """It has a place among the families."""
    require(
        type(family.order) is int,
        family,
        "an order as a whole number",
        repr(family.order),
        "choose one; families are shown in ascending order",
    )


TRIALS = (is_shown_by_title_and_question, has_a_place)
