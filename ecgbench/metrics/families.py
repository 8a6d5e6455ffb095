"""Families of metrics: the question that each family answers, and how pages present it."""

from __future__ import annotations

from dataclasses import dataclass

from ecgbench.registry import Registry


@dataclass(frozen=True)
class Family:
    """Metrics that answer the same question about maps.

    Attributes
    ----------
    key : such as "localisation"
    title : heading on pages
    question : the question in one or two sentences, as shown on pages
    order : position on pages, ascending
    """

    key: str
    title: str
    question: str
    order: int


FAMILIES = Registry("families", Family, "ecgbench.metrics")

LOCALISATION, FAITHFULNESS = "localisation", "faithfulness"
"""Keys of the built-in families."""

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
