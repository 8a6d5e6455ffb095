"""Shapley values by permutation sampling (Castro et al. 2009, doi:10.1016/j.cor.2008.04.004), antithetic (Mitchell et al. 2022)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float64, Int64

Members = Bool[np.ndarray, "coalitions players"]
Worth = Callable[[Members], Float64[np.ndarray, " coalitions"]]
Orders = Int64[np.ndarray, "permutations players"]
PerPlayer = Float64[np.ndarray, " players"]


def antithetic_orders(generator: np.random.Generator, players: int, permutations: int) -> Orders:
    """Random orders of the players, each followed by its reverse.

    Parameters
    ----------
    permutations : how many orders there are, reverses among them; even
    """
    drawn = np.array([generator.permutation(players) for _ in range(permutations // 2)], dtype=np.int64).reshape(-1, players)
    return np.stack([drawn, drawn[:, ::-1]], axis=1).reshape(-1, players)


def marginal_gains(orders: Orders, worth: Worth, empty: float, full: float) -> Float64[np.ndarray, "permutations players"]:
    """What each player adds to those before it in each order; the mean over orders estimates the Shapley values.

    Parameters
    ----------
    orders : of the players
    worth : of coalitions, asked for all but the empty and the full one
    empty, full : worth of these two, so that each order's gains sum to their difference
    """
    permutations, players = orders.shape
    members = np.zeros((permutations, players - 1, players), dtype=bool)
    for order, coalitions in zip(orders, members, strict=True):
        for size in range(1, players):
            coalitions[size - 1 :, order[size - 1]] = True
    between = worth(members.reshape(-1, players)).reshape(permutations, players - 1)
    along = np.pad(between, ((0, 0), (1, 1)), constant_values=((empty, empty), (empty, full)))
    along[:, -1] = full
    gains = np.empty((permutations, players))
    np.put_along_axis(gains, orders, np.diff(along, axis=1), axis=1)
    return gains
