"""What a reader study shows to whom in which order.

A rater sees the cases in an own order. Of each case he first marks, on the ECG alone, the region that he would use himself, so that no map
leads him; then he rates the maps in an order of that case. In the end some cases come a second time, which measures how far he agrees with
himself. Catch trials stand among the maps of some cases: noise, which nobody should find
useful, and every QRS complex, which needs no model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ecgbench.errors import InputError
from ecgbench.printable import shortened
from ecgbench.randomness import seed_generator
from ecgbench.untrusted.texts import seen_text

USUAL = ("saliency", "integrated_gradients", "gradcam", "lrp")
"""Methods that are rated unless others are named: one of each kind."""

NOISE, PEAKS = "random_baseline", "r_peaks"
CATCH = (NOISE, PEAKS)
"""Sources of the maps of catch trials."""

CATCH_SHARE, REPEATED_SHARE = 1 / 4, 1 / 5
"""Of the cases, how many have each catch trial, and how many come again; one at least."""

LONGEST_NAME, MOST_RATERS = 40, 50

REGION, MAP = "region", "map"
"""Kinds of trials: a region is marked, or a map is rated."""


@dataclass(frozen=True)
class Design:
    """What tells one reader study from another.

    Attributes
    ----------
    dataset, model : keys, and `model_seed` the seed of the model's training
    choice : further options of the dataset and the explained windows, by name
    samples : number of cases that are asked for
    maps : names of the rated maps, such as "saliency" or "saliency_abs"
    raters : names
    seed : of all orders
    """

    dataset: str
    model: str
    model_seed: int
    choice: dict[str, str]
    samples: int
    maps: tuple[str, ...]
    raters: tuple[str, ...]
    seed: int

    def __post_init__(self) -> None:
        for name in self.raters:
            seen_text("names of raters", name)
        if not 1 <= len(self.raters) <= MOST_RATERS or len(set(self.raters)) != len(self.raters):
            raise InputError(f"expected 1 to {MOST_RATERS} raters of different names, got {len(self.raters)}; name each once.")
        long = [name for name in self.raters if len(name) > LONGEST_NAME]
        if long:
            raise InputError(f'expected names of at most {LONGEST_NAME} letters, got "{shortened(long[0])}"; shorten it.')
        if not self.maps:
            raise InputError("expected methods whose maps are rated, got none; name one with --method.")

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as it comes back from JSON."""
        return {**asdict(self), "maps": list(self.maps), "raters": list(self.raters)}


@dataclass(frozen=True)
class Trial:
    """One screen of one rater.

    Attributes
    ----------
    rater, case : numbers from 0
    kind : `REGION` or `MAP`
    map : name of the map; empty where a region is marked
    repeat : whether the rater has rated this map of this case before
    """

    rater: int
    case: int
    kind: str
    map: str = ""
    repeat: bool = False


def schedule(design: Design, cases: int) -> list[list[Trial]]:
    """The trials of each rater, in order; the same for the same design.

    Parameters
    ----------
    cases : how many there are; fewer than were asked for where the dataset has no more
    """
    drawn = seed_generator(design.seed, "catch trials")
    with_catch = {source: set(drawn.permutation(cases)[: _share(cases, CATCH_SHARE)].tolist()) for source in CATCH}
    shown = [[*design.maps, *_catch_of(case, with_catch, design.maps)] for case in range(cases)]
    return [_of_rater(number, seed_generator(design.seed, f"order of rater {number}"), shown) for number in range(len(design.raters))]


def _of_rater(number: int, generator: np.random.Generator, shown: Sequence[Sequence[str]]) -> list[Trial]:
    order = generator.permutation(len(shown)).tolist()
    trials = []
    for case in order:
        trials.append(Trial(number, case, REGION))
        trials += [Trial(number, case, MAP, name) for name in _mixed(shown[case], generator)]
    # What comes again was among the first, so that much lies between.
    again = order[: _share(len(shown), REPEATED_SHARE)]
    for case in _mixed(again, generator):
        trials += [Trial(number, case, MAP, name, repeat=True) for name in _mixed(shown[case], generator)]
    return trials


def _catch_of(case: int, with_catch: dict[str, set[int]], maps: Sequence[str]) -> list[str]:
    return [source for source in CATCH if case in with_catch[source] and source not in maps]


def _mixed(values: Sequence[Any], generator: np.random.Generator) -> list[Any]:
    return [values[place] for place in generator.permutation(len(values))]


def _share(cases: int, share: float) -> int:
    return math.ceil(cases * share)
