"""Linear models of a logit over patches that are kept or zeroed."""

from __future__ import annotations

from numbers import Real

import numpy as np
from jaxtyping import Float64
from sklearn.linear_model import Lasso

from ecgbench.errors import InputError
from ecgbench.methods._patches import Kept

PerSample = Float64[np.ndarray, " samples"]
PerPatch = Float64[np.ndarray, " patches"]

RELATIVE_ALPHA = 0.01
"""Lasso's penalty in standard deviations of the sampled logits, where it is relative."""


def lasso(kept: Kept, logits: PerSample, energies: PerPatch, alpha: float | str) -> PerPatch:
    """Coefficients b that minimise sum w (f - b0 - z b)^2 / (2 sum w) + alpha sum abs(b).

    Parameters
    ----------
    kept : z
    logits : f
    energies : sum of squares of each patch, from which w follows
    alpha : penalty, or "relative"

    Raises
    ------
    InputError
        If alpha is neither positive nor "relative".
    """
    if alpha != "relative" and not (isinstance(alpha, Real) and 0 < alpha < np.inf):
        raise InputError(f'expected a positive alpha or "relative", got {alpha!r}; name one of these.')
    if not np.isfinite([*logits, *energies]).all():
        return np.full(kept.shape[1], np.nan)
    if np.ptp(logits) == 0:
        return np.zeros(kept.shape[1])
    penalty = RELATIVE_ALPHA * float(logits.std()) if alpha == "relative" else alpha
    # Without a state of its own it would move the process's generator, of which it has no use.
    model = Lasso(alpha=penalty, tol=1e-8, max_iter=100_000, random_state=0)
    coefficients: PerPatch = model.fit(kept.astype(np.float64), logits, sample_weight=similarity(kept, energies)).coef_
    return coefficients


def similarity(kept: Kept, energies: PerPatch) -> PerSample:
    """exp(-d^2 / 2), d the cosine distance of the window with these patches from the whole one; a flat line is at distance 1."""
    total = energies.sum()
    cosine = np.sqrt(kept @ energies / total) if total > 0 else np.zeros(len(kept))
    weights: PerSample = np.exp(-((1 - cosine) ** 2) / 2)
    return weights


def paired_masks(generator: np.random.Generator, pairs: int, patches: int) -> Kept:
    """The flat line, the whole window, and masks of sizes drawn by the Shapley kernel, each followed by its complement.

    Returns
    -------
    (2 + 2 * pairs, patches); of a single patch there is nothing to draw, and only the first two rows are there
    """
    ends = np.array([[False], [True]]).repeat(patches, axis=1)
    sizes = np.arange(1, patches)
    if not sizes.size:
        return ends
    weight = 1 / (sizes * (patches - sizes))
    drawn = generator.choice(sizes, pairs, p=weight / weight.sum())
    order = generator.random((pairs, patches)).argsort(axis=1).argsort(axis=1)
    mask = order < drawn[:, None]
    return np.concatenate([ends, np.stack([mask, ~mask], axis=1).reshape(-1, patches)])


def shapley_values(kept: Kept, logits: PerSample) -> tuple[PerPatch, float]:
    """Values v that minimise sum (f - f(flat) - z v)^2 over the masks, with sum v = f(whole) - f(flat); the smallest where many do.

    A mask and its complement differ from half of everything by opposite vectors, so half of the difference of their logits says the same
    as both.

    Parameters
    ----------
    kept, logits : of the rows that `paired_masks` gives

    Returns
    -------
    The values, and the share of the directions that the masks leave open.
    """
    patches = kept.shape[1]
    if not np.isfinite(logits).all():
        return np.full(patches, np.nan), np.nan
    share = (logits[1] - logits[0]) / patches
    if patches == 1:
        return np.array([share]), 0.0
    mask = kept[2::2].astype(np.float64)
    centred = mask - mask.mean(axis=1, keepdims=True)
    change = (logits[2::2] - logits[3::2]) / 2 - share * (mask.sum(axis=1) - patches / 2)
    values, _, rank, _ = np.linalg.lstsq(centred, change, rcond=None)
    return share + values, 1 - int(rank) / (patches - 1)
