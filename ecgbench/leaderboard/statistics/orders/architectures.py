"""Does the order of methods depend on the architecture? The anchor's orders for the architectures of one dataset, compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from ecgbench.leaderboard.statistics.models import OrderAgreement, mean_agreement, order_agreement, same_patient_draws, tally
from ecgbench.leaderboard.statistics.orders.agreement import Agreement, agreement_tables
from ecgbench.leaderboard.statistics.orders.anchor import Anchor
from ecgbench.models.recipes import split_model
from ecgbench.randomness import seed_generator
from ecgbench.results import Identity

RESAMPLES = 2000
"""Draws of models and patients."""


@dataclass(frozen=True)
class Architectures:
    """Several architectures of one dataset, options and recipe.

    Attributes
    ----------
    anchors : one an architecture, in the order of their boards' names
    pairs : Kendall's tau of each two, by the names of their models
    mean : the mean over pairs
    best : methods that may be the best for the models of every architecture
    common : methods that all architectures compare
    """

    anchors: tuple[Anchor, ...]
    pairs: Agreement
    mean: OrderAgreement
    best: tuple[str, ...]
    common: tuple[str, ...]

    @property
    def boards(self) -> tuple[str, ...]:
        """Names of their boards."""
        return tuple(one.analysis.board.name for one in self.anchors)

    @property
    def folder(self) -> str:
        """Folder of their results: the dataset's key and what differs from its default identity."""
        return self.anchors[0].analysis.board.identity.folder

    @property
    def recipe(self) -> str:
        """How their models were trained."""
        return split_model(self.anchors[0].analysis.board.identity.model)[1]


def architectures(anchors: Sequence[Anchor]) -> list[Architectures]:
    """The architectures that are compared with each other: of the same data, options and recipe; without those that stand alone.

    Parameters
    ----------
    anchors : of all boards that may be compared
    """
    groups: dict[Identity, list[Anchor]] = {}
    for one in anchors:
        identity = one.analysis.board.identity
        groups.setdefault(replace(identity, model=split_model(identity.model)[1]), []).append(one)
    return [_compared(group) for group in groups.values() if len(group) > 1]


def _compared(anchors: Sequence[Anchor]) -> Architectures:
    """Patients are drawn once for all architectures, whose windows are of the same patients; models are drawn for each."""
    values, draws, fewest = _orders(anchors)
    methods = [[method for method, _ in one.compared.variants] for one in anchors]
    names = [one.analysis.board.identity.model for one in anchors]
    found, orders = {}, []
    for i, j in combinations(range(len(anchors)), 2):
        both = [method for method in methods[i] if method in methods[j]]
        rows = [[methods[k].index(method) for method in both] for k in (i, j)]
        value = (values[i][rows[0]], values[j][rows[1]])
        drawn = (draws[i][rows[0]], draws[j][rows[1]])
        orders.append((value, drawn))
        agreement = order_agreement(value, drawn, min(fewest[i], fewest[j]))
        found[names[i], names[j]] = (agreement.tau, agreement.low, agreement.high, agreement.items)
    common = [method for method in methods[0] if all(method in others for others in methods)]
    best = [method for method in common if all(_may_be_best(one, method) for one in anchors)]
    return Architectures(tuple(anchors), agreement_tables(names, found), mean_agreement(orders, min(fewest)), tuple(best), tuple(common))


def _orders(anchors: Sequence[Anchor]) -> tuple[list[np.ndarray], list[np.ndarray], list[int]]:
    """Of each architecture its methods' means, higher being better, the same resampled, and how many models or patients were drawn."""
    scores = [tally(one.analysis.windows, [(*variant, one.column.name) for variant in one.compared.variants]) for one in anchors]
    signs = [1.0 if one.column.entry.higher_is_better else -1.0 for one in anchors]
    generator = seed_generator(0, f"architectures of {anchors[0].analysis.board.identity.folder}")
    patients = [one.analysis.windows.patients for one in anchors]
    draws = same_patient_draws(list(zip(scores, patients, strict=True)), RESAMPLES, generator)
    values = [sign * one.means for sign, one in zip(signs, scores, strict=True)]
    fewest = [min(one.models, int(one.patients.min())) for one in scores]
    return values, [sign * one for sign, one in zip(signs, draws, strict=True)], fewest


def _may_be_best(found: Anchor, method: str) -> bool:
    """Whether a method is not told apart from the best one, for these models."""
    best = found.compared.best_of_these
    if best is None:
        return False
    named = [variant[0] for variant, may_be in zip(found.compared.variants, best.candidates, strict=True) if may_be]
    return method in named
