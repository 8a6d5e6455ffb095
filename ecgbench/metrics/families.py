"""Families of metrics: what a question is called on pages, what it asks, and in which order families are shown."""

from __future__ import annotations

from dataclasses import dataclass

from ecgbench.registry import Registry


@dataclass(frozen=True)
class Family:
    """A question about maps that several metrics answer.

    Attributes
    ----------
    key : its name, such as "localisation"
    title : the same as a heading
    question : in a sentence or two, as pages ask it
    order : families are shown in ascending order of it
    """

    key: str
    title: str
    question: str
    order: int


FAMILIES = Registry("families", Family, "ecgbench.metrics")

LOCALISATION, FAITHFULNESS = "localisation", "faithfulness"
"""Keys of the families that the package's own metrics belong to."""

_OWN = (
    Family(
        LOCALISATION,
        "Localisation",
        "Does the attribution point at the beats that carry the label? The mask is the spans of the label's beats.",
        order=10,
    ),
    Family(FAITHFULNESS, "Faithfulness", "Does the model's output change as the attribution says when samples are zeroed?", order=20),
)

for _family in _OWN:
    FAMILIES.add(_family, __name__)
