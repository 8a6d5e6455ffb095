"""Linear surrogate models: a logit as a function of which patches are kept."""

from __future__ import annotations

from numbers import Real

import numpy as np
from jaxtyping import Float64
from sklearn.linear_model import Lasso

from ecgbench.errors import InputError
from ecgbench.methods._patches import Kept

PerPerturbation = Float64[np.ndarray, " perturbations"]
PerPatch = Float64[np.ndarray, " patches"]

RELATIVE_ALPHA = 0.01
"""The Lasso's penalty in standard deviations of the perturbed windows' logits, if it is relative."""


def lasso(kept: Kept, logits: PerPerturbation, energies: PerPatch, alpha: float | str) -> PerPatch:
    """Coefficients b that minimise sum w (f - b0 - z b)^2 / (2 sum w) + alpha sum abs(b).

    Parameters
    ----------
    kept : the masks z
    logits : f, of the perturbed windows
    energies : sum of squares of each patch, which determines the weights w (see `similarity`)
    alpha : the penalty in logits, or "relative"

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
    # With random_state=None scikit-learn would touch numpy's global generator, although this solver draws nothing.
    model = Lasso(alpha=penalty, tol=1e-8, max_iter=100_000, random_state=0)
    coefficients: PerPatch = model.fit(kept.astype(np.float64), logits, sample_weight=similarity(kept, energies)).coef_
    return coefficients


def similarity(kept: Kept, energies: PerPatch) -> PerPerturbation:
    """Weights exp(-d^2 / 2), d the cosine distance of the perturbed window from the intact one; a flat line has distance 1."""
    total = energies.sum()
    cosine = np.sqrt(kept @ energies / total) if total > 0 else np.zeros(len(kept))
    weights: PerPerturbation = np.exp(-((1 - cosine) ** 2) / 2)
    return weights


def paired_masks(generator: np.random.Generator, pairs: int, patches: int) -> Kept:
    """Masks of the flat line, of the intact window, and of sizes drawn by the Shapley kernel, each followed by its complement.

    Returns
    -------
    (2 + 2 * pairs, patches); with a single patch nothing is left to draw, and there are only the first two rows
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


def shapley_values(kept: Kept, logits: PerPerturbation) -> tuple[PerPatch, float]:
    """Values v of smallest norm that minimise sum (f - f(flat) - z v)^2 over the masks, with sum v = f(whole) - f(flat).

    Relative to the midpoint of the flat line and the intact window, a mask and its complement are opposite vectors, so each pair gives one
    equation: for half of the difference of its logits.

    Parameters
    ----------
    kept, logits : masks as from `paired_masks`, and the logits of their perturbed windows

    Returns
    -------
    The values, and the share of the patches' directions that the masks do not determine.
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
