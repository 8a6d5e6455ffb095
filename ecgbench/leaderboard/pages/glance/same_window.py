"""The window of which the most methods have a kept map, so that their maps can stand side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ecgbench.leaderboard.figures.gallery import MICROVOLTS
from ecgbench.leaderboard.statistics.board import Board
from ecgbench.results import gallery_name, sample_name

_KEPT = ("window", "signal", "map", "mask", "lead")


class SameWindow(NamedTuple):
    """One explained window and the methods' maps of it.

    Attributes
    ----------
    said : its class and where it lies: "SVEB, record 849"
    signal : (time,) of the lead that is shown, mV
    mask : (time,) samples of the beats that carry its label
    fs : Hz
    maps : by method, (time,) of that lead
    """

    said: str
    signal: np.ndarray
    mask: np.ndarray
    fs: float
    maps: Mapping[str, np.ndarray]


def same_window(board: Board, methods: Sequence[str], first: int = 0) -> SameWindow | None:
    """The window that the most of the methods have in their galleries; None where none has one.

    Parameters
    ----------
    board : whose accepted results hold the galleries
    methods : of which the window is wanted; of two windows that as many have, it is the one that stands higher in their galleries,
        which begin with a method's best window
    first : how many of the methods come before the others: as many of these as can be have the window
    """
    kept = {method: found for method in methods if (found := _kept(board, method))}
    shown = [(place, row, method) for method, found in kept.items() for row, place in enumerate(_places(found))]
    if not shown or board.dataset is None:
        return None
    count = Counter(place for place, _, _ in shown)
    before = Counter(place for place, _, method in shown if method in methods[:first])
    below = {place: sum(row for one, row, _ in shown if one == place) for place in count}
    window, lead = max(count, key=lambda place: (before[place], count[place], -below[place], place))
    rows = {method: _places(found).index((window, lead)) for method, found in kept.items() if (window, lead) in _places(found)}
    method, row = next(iter(rows.items()))
    return SameWindow(
        _said(board, method, window),
        kept[method]["signal"][row] / MICROVOLTS,
        kept[method]["mask"][row],
        board.dataset.numbers(board.identity.edition or None).fs,
        {name: kept[name]["map"][at].astype(np.float64) for name, at in rows.items()},
    )


def _kept(board: Board, method: str) -> Mapping[str, np.ndarray]:
    """What a method's gallery of the first seed holds; empty if there is none."""
    arrays, seed = board.samples[method], board.seeds[0]
    names = {what: gallery_name(what, seed) for what in _KEPT}
    return {what: arrays[name] for what, name in names.items()} if all(name in arrays for name in names.values()) else {}


def _places(kept: Mapping[str, np.ndarray]) -> list[tuple[int, int]]:
    """Window and lead of each row of a gallery."""
    return list(zip(kept["window"].tolist(), kept["lead"].tolist(), strict=True))


def _said(board: Board, method: str, window: int) -> str:
    arrays, seed = board.samples[method], board.seeds[0]
    record, target = (arrays[sample_name(what, seed)][window] for what in ("record", "target"))
    return f"{board.class_name(int(target))}, record {record}"
