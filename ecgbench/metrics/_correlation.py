"""Pearson's correlation row by row, safe for tiny and for huge values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64

from ecgbench.types import PerWindow

Values = Float64[np.ndarray, "n values"]


def constant_rows(values: Values) -> Bool[np.ndarray, " n"]:
    """Which rows hold equal values alone: no correlation with them is defined."""
    constant: Bool[np.ndarray, " n"] = (values == values[:, :1]).all(axis=1)
    return constant


def row_correlations(a: Values, b: Values) -> PerWindow:
    """Pearson's correlation of each row of `a` with that of `b`; what it is of a constant row means nothing."""
    correlation: PerWindow = np.clip((_direction(a) * _direction(b)).sum(axis=1), -1.0, 1.0)
    return correlation


def mean_correlation(own: Values, others: Sequence[Values]) -> PerWindow:
    """Mean correlation of each row with the same row of the others; nan where one of these rows is constant."""
    undefined = np.logical_or.reduce([constant_rows(values) for values in (own, *others)])
    mean: PerWindow = np.mean([row_correlations(own, values) for values in others], axis=0)
    return np.where(undefined, np.nan, mean)


def _direction(values: Values) -> Values:
    """Rows with their mean removed, scaled to norm 1; first to a largest value of 1, so that squares of tiny values do not underflow."""
    direction: Values = values - values.mean(axis=1, keepdims=True)
    for order in (np.inf, 2):
        length = np.linalg.norm(direction, ord=order, axis=1, keepdims=True)
        direction = direction / np.where(length > 0, length, 1.0)
    return direction
