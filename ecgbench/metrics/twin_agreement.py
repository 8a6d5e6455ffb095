"""Twin-Shapley agreement: do a map's patches have the shares that they have in the model's change from normal to the label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Shaped
from numpy.typing import NDArray

from ecgbench.metrics._checks import flat_maps, require_shape
from ecgbench.metrics._correlation import constant_rows, row_correlations
from ecgbench.metrics._outputs import target_logit
from ecgbench.metrics._registry import METRICS, PASSES_FS
from ecgbench.metrics._shapley import Members, antithetic_orders, marginal_gains
from ecgbench.metrics._twins import REASONS, Grid, Window, grid_of, patch_samples, reasons
from ecgbench.randomness import window_generator
from ecgbench.types import Attributions, Evaluate, PerWindow, Rows, Targets

PERMUTATIONS = 16
"""Orders in which the players join, half of them reverses of the others."""

ROWS = 512
"""Coalitions that are evaluated at once; more would need much memory for windows of many leads."""

SUM_WITHIN = 1e-6
"""Largest error of the sum of Shapley values, as a share of the largest logit: more than rounding is a fault."""


def twin_shapley(
    x: Rows, twin: Rows, sham: Rows, target: Targets, evaluate: Evaluate, seed: int, multilabel: bool, fs: float
) -> dict[str, Shaped[np.ndarray, "n ..."]]:
    """Shapley values of the game in which patches of the window join its twin, and whether each window qualifies.

    A coalition is worth the label's logit of the twin with the coalition's patches of the window. Patches that are equal in both don't play
    and have the value 0. The values sum to the fall of the logit from window to twin.

    Parameters
    ----------
    x, twin, sham : (n, leads, time); twins and shams are nan where there is none
    target : (n,) int64
    evaluate : returns the logits of rows
    seed : seeds the orders, together with the window
    multilabel : whether a window can have several labels
    fs : Hz

    Returns
    -------
    reason : (n,) int64, number of `REASONS`
    phi : (n, cells) Shapley values, nan for windows that don't qualify
    halves : (n, 2, cells) the same from either half of the orders, whose agreement says how exact the values are
    """
    grid = grid_of(x, fs)
    players = grid.players(x, twin)
    reason, logit, twin_logit = reasons(x, twin, sham, target, evaluate, multilabel)
    halves = np.full((len(x), 2, players.shape[1]), np.nan)
    for i in np.flatnonzero(reason == REASONS.index("qualifies")):
        game = Game(x[i], twin[i], grid, players[i], target[i : i + 1], evaluate)
        orders = antithetic_orders(window_generator(seed, x[i], "twin_agreement"), int(players[i].sum()), PERMUTATIONS)
        gains = marginal_gains(orders, game.worth, float(twin_logit[i]), float(logit[i]))
        halves[i] = 0
        halves[i][:, players[i]] = gains.reshape(2, PERMUTATIONS // 2, -1).mean(axis=1)
    phi = halves.mean(axis=1)
    _require_efficiency(phi, logit, twin_logit)
    return {"reason": reason, "phi": phi, "halves": halves}


def twin_facts(shared: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """How many windows qualify, or why they don't, and how exact the Shapley values are.

    Returns
    -------
    the number of windows for each of `REASONS`, and `split_half`, the mean correlation of the values from either half of the orders; that
    of all orders is higher. It is left out if no window qualifies
    """
    found = {reason: float((shared["reason"] == number).sum()) for number, reason in enumerate(REASONS)}
    halves = shared["halves"][shared["reason"] == REASONS.index("qualifies")]
    if len(halves):
        found["split_half"] = float(row_correlations(halves[:, 0], halves[:, 1]).mean())
    return found


class Game:
    """A window against its twin.

    Parameters
    ----------
    window, twin : (leads, time)
    grid : its cells
    players : (cells,) which of them play
    target : (1,) the label
    evaluate : returns the logits of rows
    """

    def __init__(
        self, window: Window, twin: Window, grid: Grid, players: Bool[np.ndarray, " cells"], target: Targets, evaluate: Evaluate
    ) -> None:
        self._window, self._twin, self._cells = window, twin, grid.cells
        self._players, self._target, self._evaluate = players, target, evaluate

    def worth(self, members: Members) -> Float64[np.ndarray, " coalitions"]:
        """The label's logit of the twin with the members' cells of the window."""
        parts = [members[first : first + ROWS] for first in range(0, len(members), ROWS)]
        return np.concatenate([np.empty(0), *(self._logits(part) for part in parts)])

    def _logits(self, members: Members) -> Float64[np.ndarray, " coalitions"]:
        joined = np.zeros((len(members), len(self._players)), dtype=bool)
        joined[:, self._players] = members
        rows = np.where(joined[:, self._cells], self._window, self._twin)
        return target_logit(self._evaluate(rows), np.repeat(self._target, len(rows)))


def _require_efficiency(phi: Float64[np.ndarray, "n cells"], logit: PerWindow, twin_logit: PerWindow) -> None:
    error = np.abs(phi.sum(axis=1) - (logit - twin_logit))
    assert not (error > SUM_WITHIN * np.maximum(np.abs(logit), np.abs(twin_logit))).any(), "Shapley values sum to the fall of the logit"


@METRICS.register(
    family="causal",
    higher_is_better=True,
    bounds=(-1.0, 1.0),
    needs=("x", "fs", "shared"),
    atol=1e-5,
    version=1,
    reference="doi:10.1016/j.cor.2008.04.004",
    shared=twin_shapley,
    facts=twin_facts,
    signed_only=True,
    passes=lambda samples: 2 + PERMUTATIONS * (-(-samples // patch_samples(PASSES_FS)) - 2),
)
def twin_agreement(attributions: Attributions, x: Rows, fs: float, shared: Mapping[str, NDArray[Any]]) -> PerWindow:
    """Pearson correlation of the patches' attributions with their Shapley values in the change from the counterfactual twin to the window.

    Undefined for windows that don't qualify (no twin, a twin that keeps the label, a sham that loses it, a small fall of the logit) and for
    maps that are constant. Baseline Shapley values (Sundararajan & Najmi 2020, arXiv:1908.08474) by permutation sampling (Castro et al.
    2009), antithetic (Mitchell et al. 2022, JMLR 23).

    Parameters
    ----------
    attributions, x : (n, leads, time)
    fs : Hz; a patch is 0.1 s of all leads, of more than three leads of three neighbours
    shared : what `twin_shapley` returned for these windows
    """
    values, phi = flat_maps(attributions), shared["phi"]
    require_shape("x", x, attributions.shape)
    sums = grid_of(x, fs).sums(attributions)
    require_shape("shared phi", phi, sums.shape)
    undefined = (shared["reason"] != REASONS.index("qualifies")) | constant_rows(values) | constant_rows(sums) | constant_rows(phi)
    return np.where(undefined, np.nan, row_correlations(sums, np.nan_to_num(phi)))
