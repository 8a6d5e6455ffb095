"""Windows that accepted results keep of a method's maps, ready to be drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from ecgbench.leaderboard.figures.paper.beats import Beat, letter_of, marked_beats
from ecgbench.leaderboard.figures.paper.layout import STANDARD
from ecgbench.leaderboard.statistics.board import Board
from ecgbench.results import gallery_name, sample_name, shown_name

Arrays = Mapping[str, np.ndarray]

MICROVOLTS = 1000
"""Microvolts in a millivolt."""

_SHOWN = ("window", "score", "leads", "probability", "signal", "map", "mask", "beats", "variant", "metric")
_RANKED = ("window", "score", "signal", "map", "mask", "lead", "variant", "metric")
_RANKS = ("best", "median", "worst")


@dataclass(frozen=True)
class KeptWindow:
    """An explained window with a method's map of it.

    Attributes
    ----------
    index : of the window among the explained ones
    rank : "best", "median" or "worst" of the method's windows; empty where windows are the same for all methods
    target : index of the explained class
    record, start, fs : where it stands: the record, its first sample there, and the sampling rate in Hz
    leads : names of the leads; empty where the only lead has none
    signal, values, marks : (leads, time): mV, the map in any unit, and the samples that it should point at
    beats : of any class where they are known, else of the label alone
    probability : (outputs,) of the model; None where it was not kept
    metric, score : by which the variant was chosen, and the window's score
    """

    index: int
    rank: str
    target: int
    record: str
    start: int
    fs: float
    leads: tuple[str, ...]
    signal: Float[np.ndarray, "leads time"]
    values: Float[np.ndarray, "leads time"]
    marks: Bool[np.ndarray, "leads time"]
    beats: tuple[Beat, ...]
    probability: Float[np.ndarray, " outputs"] | None
    metric: str
    score: float


def keeps_windows(board: Board, method: str) -> bool:
    """Whether windows of a method's maps are kept and the dataset is registered here."""
    return board.dataset is not None and bool(_kept(board, method, shown_name, _SHOWN) or _kept(board, method, gallery_name, _RANKED))


def kept_windows(board: Board, method: str) -> list[KeptWindow]:
    """The kept windows of a method, if any: the same for all methods, or, where results kept these, its best, median and worst."""
    if board.dataset is None:
        return []
    if kept := _kept(board, method, shown_name, _SHOWN):
        return [_shown(board, method, kept, row) for row in range(len(kept["window"]))]
    kept = _kept(board, method, gallery_name, _RANKED)
    return [_ranked(board, method, kept, row) for row in range(len(kept["window"]))] if kept else []


def _kept(board: Board, method: str, name_of: Callable[[str, int], str], wanted: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The arrays of a gallery by what they are; none if some are not there."""
    arrays, seed = board.samples[method], board.seeds[0]
    names = {what: name_of(what, seed) for what in wanted}
    return {what: arrays[name] for what, name in names.items()} if all(name in arrays for name in names.values()) else {}


def _shown(board: Board, method: str, kept: Arrays, row: int) -> KeptWindow:
    leads = tuple(str(name) for name in kept["leads"])
    target = _of_window(board, method, kept, row)["target"]
    spans = [beat[1:].tolist() for beat in kept["beats"] if beat[0] == row]
    return KeptWindow(
        **_common(board, method, kept, row),
        rank="",
        leads=leads,
        **_arrays({what: kept[what][row].reshape(len(leads), -1) for what in ("signal", "map", "mask")}),
        beats=tuple(Beat(onset, offset, letter_of(board.class_name(class_)), class_ == target) for onset, offset, class_ in spans),
        probability=kept["probability"][row].astype(np.float64),
    )


def _ranked(board: Board, method: str, kept: Arrays, row: int) -> KeptWindow:
    """A window of which one lead was kept, and of its beats those that carry the label."""
    letter = letter_of(board.class_name(_of_window(board, method, kept, row)["target"]))
    return KeptWindow(
        **_common(board, method, kept, row),
        rank=_RANKS[row],
        leads=(_lead_name(board, int(kept["lead"][row])),),
        **_arrays({what: kept[what][row][None] for what in ("signal", "map", "mask")}),
        beats=tuple(marked_beats(kept["mask"][row][None], letter)),
        probability=None,
    )


def _common(board: Board, method: str, kept: Arrays, row: int) -> dict[str, Any]:
    """What both kinds of galleries say of a window."""
    assert board.dataset is not None
    fs = board.dataset.numbers(board.identity.edition or None).fs
    said = {"metric": str(kept["metric"]), "score": float(kept["score"][row]), "index": int(kept["window"][row]), "fs": float(fs)}
    return said | _of_window(board, method, kept, row)


def _of_window(board: Board, method: str, kept: Arrays, row: int) -> dict[str, Any]:
    """What the results say of an explained window: its record, its start there and its class."""
    found = {what: board.samples[method][sample_name(what, board.seeds[0])][kept["window"][row]] for what in ("record", "start", "target")}
    return {"record": str(found["record"]), "start": int(found["start"]), "target": int(found["target"])}


def _arrays(kept: Arrays) -> dict[str, Any]:
    return {"signal": kept["signal"] / MICROVOLTS, "values": kept["map"].astype(np.float64), "marks": kept["mask"]}


def _lead_name(board: Board, lead: int) -> str:
    leads = board.dataset.protocol.leads if board.dataset else 1
    if leads == 1:
        return ""
    return STANDARD[lead] if leads == len(STANDARD) else f"lead {lead + 1}"
