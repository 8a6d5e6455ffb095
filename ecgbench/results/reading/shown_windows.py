"""Windows that are the same for all methods, as the archive beside accepted results keeps them with a method's maps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ecgbench.protocol import GALLERY_WINDOWS
from ecgbench.results.reading.archive import score_name, shown_name
from ecgbench.results.reading.npy import Form

FORMS = {
    "window": Form("<i8", (None,)),
    "score": Form("<f4", (None,)),
    "leads": Form("<U", (None,)),
    "probability": Form("<f4", (None, None)),
    "signal": Form("<i2", (None, None)),
    "map": Form("|i1", (None, None)),
    "mask": Form("|b1", (None, None)),
    "beats": Form("<i8", (None, 4)),
    "variant": Form("<U", ()),
    "metric": Form("<U", ()),
}
"""A row a window, in which leads stand behind each other; a beat is its window's row, its onset, its offset (exclusive) and its class."""

MOST_CLASSES = 1 << 10
"""Classes that a beat may be of."""

PARTS = ("score", "probability", "signal", "map", "mask")
"""Arrays with a row a window."""


def shown_forms(seed: int) -> dict[str, Form]:
    """Forms of the arrays of a seed by their names."""
    return {shown_name(what, seed): form for what, form in FORMS.items()}


def check_shown(arrays: Mapping[str, np.ndarray], seed: int, windows: int) -> None:
    """Refuse shown windows that are not whole, or do not agree with each other or with the scores.

    Parameters
    ----------
    windows : how many are explained

    Raises
    ------
    ValueError
        If they are not, or do not.
    """
    kept = {what: arrays[name] for what in FORMS if (name := shown_name(what, seed)) in arrays}
    if not kept:
        return
    if len(kept) < len(FORMS):
        raise ValueError(f"shown windows of seed {seed} with {len(kept)} of {len(FORMS)} arrays")
    _check_shapes(kept, seed)
    _check_range(kept["window"], 0, windows - 1, f"shown windows of seed {seed}")
    _check_range(kept["probability"], 0, 1, f"probabilities of shown windows of seed {seed}")
    _check_beats(kept, seed)
    scores = arrays.get(score_name(str(kept["variant"]), str(kept["metric"]), seed))
    # Results of a few cells may have windows whose variant was chosen by the scores of another one.
    if scores is not None and not np.array_equal(scores[kept["window"]], kept["score"], equal_nan=True):
        raise ValueError(f"scores of shown windows of seed {seed} that are not those of the windows")


def _check_shapes(kept: Mapping[str, np.ndarray], seed: int) -> None:
    count, leads = len(kept["window"]), len(kept["leads"])
    if not 1 <= count <= GALLERY_WINDOWS or {len(kept[what]) for what in PARTS} != {count}:
        raise ValueError(f"arrays of {count} shown windows of seed {seed} that are not all of 1 to {GALLERY_WINDOWS}")
    samples = {kept[what].shape[1] for what in ("signal", "map", "mask")}
    if len(samples) > 1 or not leads or not min(samples) or min(samples) % leads:
        raise ValueError(f"signals, maps and masks of shown windows of seed {seed} that are not of {leads} leads of one length")


def _check_beats(kept: Mapping[str, np.ndarray], seed: int) -> None:
    row, onset, offset, class_ = kept["beats"].T
    time = kept["signal"].shape[1] // len(kept["leads"])
    _check_range(row, 0, len(kept["window"]) - 1, f"rows of beats of shown windows of seed {seed}")
    _check_range(class_, 0, MOST_CLASSES, f"classes of beats of shown windows of seed {seed}")
    if not ((onset >= 0) & (onset < offset) & (offset <= time)).all():
        raise ValueError(f"beats of shown windows of seed {seed} that do not lie in them")


def _check_range(values: np.ndarray, low: int, high: int, what: str) -> None:
    if not ((values >= low) & (values <= high)).all():
        raise ValueError(f"{what} outside {low} to {high}")
