"""Families of metrics: the question that each family answers, and how pages present it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

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
    oracle_controls : by the kind of mask ("spans" for metrics without one), the control that knows the answer: a metric of the family
        counts only if it gives that control's maps a better score than any blind control's (see
        `ecgbench.leaderboard.statistics.controls.oracles`)
    chance_control : the control whose maps hold no information, so that its score of a window is what chance gives there; pages show the
        skill of scores over it. Empty where scores have no skill
    aside : why none of its metrics counts for the ranking, whatever they declare themselves; empty where they may
    anchor : key of the metric whose order of methods the overview gives and compares those of all others with; empty if there is none
    variant : "raw" for signed maps or "abs" for absolute ones, which the question is about; by it a method can be placed without choosing a
        variant on the scores
    """

    key: str
    title: str
    question: str
    order: int
    oracle_controls: Mapping[str, str] = field(default_factory=dict)
    chance_control: str = ""
    anchor: str = ""
    variant: Literal["raw", "abs"] = "raw"
    aside: str = ""


FAMILIES = Registry("families", Family, "ecgbench.metrics")

LOCALISATION, FAITHFULNESS, CAUSAL, DONOR = "localisation", "faithfulness", "causal", "donor"
WAVES, CONSISTENCY, COMPLEXITY, SANITY = "waves", "consistency", "complexity", "sanity"
"""Keys of the built-in families."""

_OWN = (
    Family(
        LOCALISATION,
        "Localisation",
        "Does the attribution point at the beats that carry the label? The mask is the spans of the label's beats.",
        order=10,
        variant="abs",
        oracle_controls=MappingProxyType({"spans": "beat_mask", "causal": "causal_mask"}),
        chance_control="constant",
    ),
    Family(
        FAITHFULNESS,
        "Faithfulness",
        "Does the model's output change as the attribution says when samples are zeroed?",
        order=20,
        oracle_controls=MappingProxyType({"spans": "causal_mask"}),
    ),
    Family(
        CAUSAL,
        "Causal faithfulness",
        "Does the attribution give each stretch of the ECG the share that it has in the model's change from normal to the label? Stretches "
        "are exchanged with the window's counterfactual twin, which has normal beats in the places of those that make the label.",
        order=15,
        oracle_controls=MappingProxyType({"spans": "causal_mask"}),
        anchor="twin_agreement",
    ),
    Family(
        WAVES,
        "Waves",
        "Where in the ECG is the attribution: in the label's beats from P to T (core), in the rest of the stretch from the R peak before "
        "each to the one behind it (rhythm), or elsewhere? These are shares of the absolute attribution.",
        order=30,
    ),
    Family(
        SANITY,
        "Sanity checks",
        "Does the attribution change with what it should depend on, the model's weights and the class, and stay as it is under what should "
        "not matter, noise and where the window begins?",
        order=45,
    ),
    Family(
        DONOR,
        "Faithfulness against the patient's normal ECG",
        "Does the model's output change as the attribution says when stretches are replaced by what a normal ECG of the same patient has "
        "at the same cardiac phase?",
        order=17,
        oracle_controls=MappingProxyType({"spans": "causal_mask"}),
    ),
    Family(
        CONSISTENCY,
        "Consistency",
        "Do maps by two trainings of one recipe tell the same of an ECG, as far as the two models do?",
        order=35,
        aside="maps that know no model are the same for all models",
    ),
    Family(
        COMPLEXITY,
        "Complexity",
        "How much of the ECG would a reader have to look at?",
        order=40,
        aside="a simple map can be wrong, and a right one as extended as its cause",
    ),
)

for _family in _OWN:
    FAMILIES.add(_family, __name__)
