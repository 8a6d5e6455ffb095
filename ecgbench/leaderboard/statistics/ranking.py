"""How variants are ranked: pure functions on accepted results as a tidy frame (see `ecgbench.read_results`).

A variant is a method with its maps as they are ("raw") or their absolute values ("abs"); frames of variants are indexed by source
(the method) and variant. A cell is one variant x metric x seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeVar

import pandas as pd

from ecgbench.errors import UnknownKeyError
from ecgbench.metrics import FAMILIES, MetricEntry
from ecgbench.registry import Registry

SPANS = "spans"
VARIANT = ["source", "variant"]
AGREEING = 9
"""Decimals in which tied values agree; further ones are rounding errors of sums."""
Values = TypeVar("Values", pd.Series, pd.DataFrame)


@dataclass(frozen=True)
class Column:
    """A metric on one kind of mask: a column of a page.

    Attributes
    ----------
    name : in the cells: the metric's key, followed by "_" and the mask's kind unless that is "spans"
    entry : what the metric declares
    kind : kind of the mask, "spans" for metrics without one
    of_part : whether its scores are of a part of a database, which ranks nothing
    """

    name: str
    entry: MetricEntry
    kind: str
    of_part: bool = False

    @property
    def family(self) -> str:
        """Family in which it is ranked; masks of another kind make a family of their own."""
        return self.entry.family if self.kind == SPANS else f"{self.entry.family} ({self.kind})"

    @property
    def ranked(self) -> bool:
        """Whether it counts for the place."""
        return self.entry.ranked and not self.of_part

    @property
    def oracle_control(self) -> str:
        """The control that knows what the metric asks for; empty if the family declares none."""
        return self.entry.question.oracle_controls.get(self.kind, "")

    def applies(self, variant: str) -> bool:
        """Whether the metric is defined for "raw" or "abs" maps."""
        return variant != "abs" or not self.entry.signed_only

    def counts(self, variant: str) -> bool:
        """Whether it counts for the place of "raw" or "abs" maps."""
        return self.ranked and self.applies(variant)


def columns(names: Iterable[str], metrics: Registry[MetricEntry], of_part: bool = False) -> tuple[Column, ...]:
    """Columns of the cells' metric names, by family, mask and name, in each family those that don't count behind the others.

    Raises
    ------
    UnknownKeyError
        If a name is no metric's key, alone or with a kind of mask behind it.
    """
    return in_order(replace(_column(name, metrics), of_part=of_part) for name in set(names))


def in_order(found: Iterable[Column]) -> tuple[Column, ...]:
    """Columns in the pages' order."""
    return tuple(sorted(found, key=_place_on_page))


def _place_on_page(column: Column) -> tuple[Any, ...]:
    """Families stand in the order that they declare, spans before other masks, and what doesn't count behind the rest."""
    entry = column.entry
    return entry.question.order, entry.family, column.kind != SPANS, column.kind, not column.ranked, entry.key


def _column(name: str, metrics: Registry[MetricEntry]) -> Column:
    keys = [key for key in metrics.keys() if name == key or name.startswith(f"{key}_")]  # noqa: SIM118  (a Registry iterates over entries)
    key = max(keys, key=len, default=name)
    return Column(name, metrics[key], name[len(key) + 1 :] or SPANS)


def bounds_in(metrics: Registry[MetricEntry]) -> Callable[[str], tuple[float, float] | None]:
    """Lowest and highest possible score by the name of a cell's metric; None for one that nobody registered."""

    @cache
    def bounds(name: str) -> tuple[float, float] | None:
        try:
            return _column(name, metrics).entry.bounds
        except UnknownKeyError:
            return None

    return bounds


def families(shown: Iterable[Column]) -> tuple[str, ...]:
    """Families of the columns, each once, in the columns' order."""
    return tuple(dict.fromkeys(column.family for column in shown))


def family_title(family: str) -> str:
    """Title of a family of columns, by its name (see `Column.family`)."""
    key, mask, kind = family.partition(" (")
    return f"{FAMILIES[key].title}{mask}{kind}"


def family_name(family: str) -> str:
    """Title of a family of columns within a sentence: "causal faithfulness"; one that begins with an abbreviation stays as it is."""
    title = family_title(family)
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def grid(cells: pd.DataFrame) -> pd.DataFrame:
    """Values of one dataset: variants x (metric, seed), nan where a cell is missing or undefined on every window.

    Parameters
    ----------
    cells : tidy frame of one dataset; every metric is expected for every seed that any cell has
    """
    values = cells.assign(value=cells["value"].astype("float64")).pivot(index=VARIANT, columns=["metric", "seed"], values="value")
    full = pd.MultiIndex.from_product([sorted(set(cells["metric"])), sorted(set(cells["seed"]))], names=["metric", "seed"])
    return values.reindex(columns=full).sort_index()


def gaps(values: pd.DataFrame, counted: Sequence[Column]) -> dict[tuple[str, str], dict[str, list[int]]]:
    """Seeds in which a variant lacks a value of a metric that applies to it, by variant and the metric's name."""
    found: dict[tuple[str, str], dict[str, list[int]]] = {}
    for column in counted:
        cells = values[column.name]
        for (method, variant), absent in zip(values.index, cells.isna().to_numpy(), strict=True):
            if absent.any() and column.applies(variant):
                found.setdefault((method, variant), {})[column.name] = [int(seed) for seed in cells.columns[absent]]
    return found


def plain_ranks(values: Values, higher_is_better: bool) -> Values:
    """Ranks from 1 (best), of a frame in each column; ties share the lowest rank."""
    return values.round(AGREEING).rank(method="min", ascending=not higher_is_better)


def scaled_ranks(values: Values, higher_is_better: bool) -> Values:
    """Ranks scaled to 0 (best) .. 1 (worst), of a frame in each column; ties share the lowest rank.

    Of n values, rank r (from 1) becomes (r - 1) / (n - 1); a single value becomes 0.
    """
    return (plain_ranks(values, higher_is_better) - 1) / max(len(values) - 1, 1)


def place_order(places: pd.Series[float]) -> list[tuple[str, str]]:
    """Variants in the one order that all pages and figures have: the best place first, those without a place last.

    Variants of the same place stand by name, a method's signed maps before its absolute ones.

    Parameters
    ----------
    places : by method and variant, nan where a variant is not ranked
    """

    def key(variant: tuple[str, str]) -> tuple[bool, float, str, bool]:
        place = float(rounded[variant])
        return math.isnan(place), 0.0 if math.isnan(place) else place, variant[0], variant[1] != "raw"

    rounded = places.round(AGREEING)
    return sorted(((str(method), str(variant)) for method, variant in places.index), key=key)


def family_places(cells: pd.DataFrame, shown: Sequence[Column], unranked: Iterable[str] = ()) -> pd.DataFrame:
    """Place of every variant of one dataset in every family: variants x families, nan where a variant is not ranked.

    A metric's value is the mean over seeds of the means over windows. A place is the mean of the scaled ranks over the family's metrics
    that count and apply to the variant. A variant that lacks a cell which applies to it is not ranked in that family, and the others are
    ranked as if it weren't there.

    Parameters
    ----------
    cells : tidy frame of one dataset
    shown : columns of its metrics
    unranked : methods that are shown but not ranked
    """
    values = grid(cells)
    counted = [column for column in shown if column.ranked]
    candidates = values.drop(index=list(unranked), level="source")
    places = {family: _places(candidates, [c for c in counted if c.family == family]) for family in families(shown)}
    return pd.DataFrame(places, index=values.index, dtype="float64")


def _places(values: pd.DataFrame, counted: Sequence[Column]) -> pd.Series[float]:
    complete = values.drop(index=list(gaps(values, counted)))
    means = complete.T.groupby(level="metric").mean().T
    scaled = {}
    for column in counted:
        applies = [column.applies(variant) for variant in means.index.get_level_values("variant")]
        scaled[column.name] = scaled_ranks(means.loc[applies, column.name], column.entry.higher_is_better)
    # What is nan here does not apply to the variant, so that leaving it out of the mean is the definition.
    return pd.DataFrame(scaled, index=complete.index, dtype="float64").mean(axis=1)


def overall(places: Mapping[str, pd.Series[float]]) -> pd.Series[float]:
    """Mean of a family's places over datasets; nan for a variant that is not ranked on one of them."""
    return pd.DataFrame(dict(places), dtype="float64").mean(axis=1, skipna=False)
