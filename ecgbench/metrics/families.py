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

LOCALISATION, FAITHFULNESS, CAUSAL = "localisation", "faithfulness", "causal"
"""Keys of the built-in families."""

_OWN = (
    Family(
        LOCALISATION,
        "Localisation",
        "Does the attribution point at the beats that carry the label? The mask is the spans of the label's beats.",
        order=10,
    ),
    Family(
        CAUSAL,
        "Causal faithfulness",
        "Does the attribution give each stretch of the ECG the share that it has in the model's change from normal to the label? Stretches "
        "are exchanged with the window's counterfactual twin, which has normal beats in the places of those that make the label.",
        order=15,
    ),
    Family(FAITHFULNESS, "Faithfulness", "Does the model's output change as the attribution says when samples are zeroed?", order=20),
)

for _family in _OWN:
    FAMILIES.add(_family, __name__)
