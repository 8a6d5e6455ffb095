"""Trials of metrics: scores of made-up maps of made-up windows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from ecgbench.errors import InputError
from ecgbench.metrics import PASSES_FS, MetricEntry
from ecgbench.needs import FurtherMaps
from ecgbench.pipeline.score import score
from ecgbench.protocol import PROTOCOLS
from ecgbench.testing._made_up import (
    Case,
    Network,
    Rivals,
    Weighted,
    global_generators_left_alone,
    locked,
    made_up,
    others_of,
    partly,
    regions_of,
    source_of_maps,
    twins_of,
)
from ecgbench.testing._report import require
from ecgbench.types import PerWindow

LONG = 800
"""Samples of windows that are long enough for the study's options, which count in hundreds of samples."""

DRAWS = 3000
"""Maps of noise whose mean score is compared with chance."""


def scores_of(entry: MetricEntry, case: Case, model: torch.nn.Module | None = None, **given: Any) -> PerWindow:
    """Scores of a case."""
    known: dict[str, Any] = {
        "mask": case.mask,
        "x": case.x,
        "target": case.target,
        "explain": source_of_maps,
        "fs": PASSES_FS,
        "outputs": "logits",
    }
    known |= {"model": model or network_of(entry, case), "twin": twins_of(case), "donor": twins_of(case), "regions": regions_of(case)}
    known |= {"further": further_of(entry, case), "other_maps": others_of(case), "other_models": [network_of(entry, case)]}
    return score(entry.key, case.maps, **{**known, **given})


def further_of(entry: MetricEntry, case: Case) -> FurtherMaps | None:
    """As many further maps of each window as a metric asks for, each of which depends on its window alone."""
    if entry.situation is None:
        return None
    others = [source_of_maps(case.x, case.target, number) for number in range(1, entry.situation.maps + 1)]
    further: FurtherMaps = locked(np.stack(others, axis=1))
    return further


def network_of(entry: MetricEntry, case: Case) -> torch.nn.Module:
    """The network that a metric is tried on: one that the case's twins are made for, if it asks for twins or donors."""
    return Rivals(*case.x.shape[1:]) if entry.asks & {"twin", "donor"} else Network()


def direction_bounds_and_tolerance_fit(entry: MetricEntry) -> None:
    """Its direction is a bool, its bounds are in order, and its tolerance is small beside them."""
    low, high = entry.bounds
    require(type(entry.higher_is_better) is bool, entry, "higher_is_better True or False", entry.higher_is_better, "declare which")
    require(low < high, entry, "bounds (lowest, highest)", entry.bounds, "put them in order")
    small = entry.atol > 0 and (math.isinf(high - low) or entry.atol < 0.01 * (high - low))
    require(small, entry, "a tolerance above 0 and below a hundredth of the range", entry.atol, "declare room for the last digits alone")


def scores_lie_within_the_bounds(entry: MetricEntry) -> None:
    """Scores of noise are one a window, defined and within the declared bounds, for any number of leads and either precision."""
    low, high = entry.bounds
    for leads, dtype in ((1, np.float64), (2, np.float32), (12, np.float64)):
        found = scores_of(entry, made_up(leads, dtype=dtype))
        require(found.shape == (4,), entry, "scores (4,) of 4 windows", found.shape, "return one score for each window")
        require(
            not np.isnan(found).any(), entry, "scores of ordinary maps that are defined", found, "return nan only where it is undefined"
        )
        require(((low <= found) & (found <= high)).all(), entry, f"scores from {low} to {high}", found, "mend the scores, or the bounds")


def returned_scores_are_float64(entry: MetricEntry) -> None:
    """Scores are float64, however precise the maps are."""
    if entry.shared is None and entry.perturb is None and set(entry.needs) <= {"mask", "x", "target", "seed", "multilabel"}:
        case = made_up(dtype=np.float32)
        known = {"mask": case.mask, "x": case.x, "target": case.target, "seed": 0, "multilabel": False}
        found = entry.function(case.maps, **{name: known[name] for name in entry.needs})
        dtype = getattr(found, "dtype", type(found).__name__)
        require(dtype == np.float64, entry, "float64 scores", dtype, "compute in float64")


def options_of_both_protocols_work(entry: MetricEntry) -> None:
    """Scores under the study's options are one a window and never infinite."""
    for protocol in PROTOCOLS:
        found = scores_of(entry, made_up(time=LONG, windows=2), protocol=protocol)
        right = found.shape == (2,) and not np.isinf(found).any()
        require(right, entry, f"finite scores (2,) under protocol {protocol}", found, "mend the study's options")


def score_depends_on_its_window_alone(entry: MetricEntry) -> None:
    """A window's score is the same alone, in another order, and beside degenerate maps and masks."""
    case = made_up()
    together = scores_of(entry, case)
    alone = np.array([scores_of(entry, case.take(slice(i, i + 1)))[0] for i in range(4)])
    remedy = "let each score depend on its window alone"
    require(_same(alone, together), entry, "the same scores of windows alone", f"{alone} instead of {together}", remedy)
    turned = scores_of(entry, case.take([3, 2, 1, 0]))[::-1]
    require(_same(turned, together), entry, "the same scores in another order", f"{turned} instead of {together}", remedy)
    beside = scores_of(entry, degenerate(case))
    require(_same(beside[:1], together[:1]), entry, "the same score beside degenerate maps", beside[0], remedy)


def degenerate(case: Case) -> Case:
    """The first window as it is; maps of zeros, of a constant and of huge values, a full and an empty mask in the others."""
    maps, mask = case.maps.copy(), case.mask.copy()
    maps[1], maps[2], maps[3] = 0, -1, maps[3] * 1e12
    mask[2], mask[3] = True, False
    return Case(case.x, maps, mask, case.target)


def undefined_scores_are_nan(entry: MetricEntry) -> None:
    """Scores of constant and huge maps, and with full and empty masks, are nan or within the bounds."""
    low, high = entry.bounds
    found = scores_of(entry, degenerate(made_up()))
    right = np.isnan(found) | ((low <= found) & (found <= high))
    require(right.all(), entry, f"nan or scores from {low} to {high} of degenerate windows", found, "return nan where it is undefined")


def no_windows_have_no_scores(entry: MetricEntry) -> None:
    """No windows give no scores."""
    found = scores_of(entry, made_up().take(slice(0, 0)))
    require(found.shape == (0,), entry, "scores (0,) of no windows", found.shape, "return one score for each window")


def maps_that_are_not_finite_are_refused(entry: MetricEntry) -> None:
    """Maps with nan or infinity are refused by an InputError, never scored."""
    for bad in (np.nan, np.inf):
        case = made_up()
        maps = case.maps.copy()
        maps[2, 1, 7] = bad
        try:
            found = scores_of(entry, case.with_maps(maps))
        except InputError:
            continue
        require(False, entry, f"an InputError for a map with {bad}", found, "check the maps, as ecgbench.metrics._checks.flat_maps does")


def arguments_are_not_written_into(entry: MetricEntry) -> None:
    """Maps, windows, masks and targets are as they were, and read-only ones are enough."""
    case, wanted = made_up(), made_up()
    scores_of(entry, case)
    pairs = ((case.x, wanted.x), (case.maps, wanted.maps), (case.mask, wanted.mask), (case.target, wanted.target))
    same = all(np.array_equal(found, as_it_was) for found, as_it_was in pairs)
    require(same, entry, "arguments as they were", "others", "copy what you write into")


def seed_decides_what_is_drawn(entry: MetricEntry) -> None:
    """The same seed gives the same scores, and generators of the process are left alone."""
    case = made_up()
    with global_generators_left_alone(entry):
        first, again = (scores_of(entry, case, seed=1) for _ in range(2))
    require(np.array_equal(first, again), entry, "the same scores for the same seed", f"{first} and {again}", "draw from window_generator")


def right_maps_score_better(entry: MetricEntry) -> None:
    """The map that is the mask, or what each sample adds to the logit, scores better than its inverse in the declared direction."""
    given = {}
    if "mask" in entry.needs:
        case, model, right = made_up(), None, made_up().mask.astype(np.float64)
    elif {"evaluate", "curves"}.intersection((*entry.needs, *entry.shared_needs)) and not entry.by_source:
        case, model, right = _contributions()
        given = dict.fromkeys(("twin", "donor"), partly(case.x, -case.x))
    else:
        return
    good, bad = (np.nan_to_num(scores_of(entry, case.with_maps(maps), model, **given)) for maps in (right, right.max() - right))
    better = good.mean() > bad.mean() if entry.higher_is_better else good.mean() < bad.mean()
    remedy = "turn higher_is_better round, or mend the scores"
    require(better, entry, "a better score of the right map than of its inverse", f"{good.mean():.3g} and {bad.mean():.3g}", remedy)


def _contributions() -> tuple[Case, torch.nn.Module, np.ndarray]:
    """Windows and weights of which no value is negative, so that each sample adds to the logit what it is worth."""
    case = made_up()
    x = np.abs(case.x)
    weights = np.where(np.abs(np.arange(x.shape[2]) - 40) < 8, 0.2, 0.01) * np.ones(x.shape[1:])
    return Case(x, case.maps, case.mask, np.zeros(len(x), dtype=np.int64)), Weighted(weights), x * weights


def chance_is_the_mean_of_noise(entry: MetricEntry) -> None:
    """Its chance is the mean score of maps of noise, and undefined where the score is."""
    inside = made_up(time=40, windows=1).mask
    chance = entry.chance_of(inside, PASSES_FS)
    if chance is None:
        return
    noise = np.random.default_rng(1).random((DRAWS, *inside.shape[1:]))
    found = scores_of(entry, Case(noise, noise, np.repeat(inside, DRAWS, axis=0), np.zeros(DRAWS, dtype=np.int64)))
    expected = float(chance[0])
    near = abs(found.mean() - expected) <= 5 * found.std() / math.sqrt(DRAWS) + 1e-12
    require(near, entry, f"a mean score of noise near its chance, {expected:.3f}", f"{found.mean():.3f}", "mend chance")
    for whole in (False, True):
        mask = np.full((1, *inside.shape[1:]), whole)
        scored = scores_of(entry, Case(noise[:1], noise[:1], mask, np.zeros(1, dtype=np.int64)))
        of_whole = entry.chance_of(mask, PASSES_FS)
        agree = of_whole is not None and np.array_equal(np.isnan(of_whole), np.isnan(scored))
        require(agree, entry, "a chance that is nan where the score is", "another", "mend chance for full and empty masks")


def _same(found: np.ndarray, wanted: np.ndarray) -> bool:
    return bool(np.allclose(found, wanted, rtol=1e-9, atol=1e-12))


TRIALS = (
    direction_bounds_and_tolerance_fit,
    returned_scores_are_float64,
    scores_lie_within_the_bounds,
    options_of_both_protocols_work,
    score_depends_on_its_window_alone,
    undefined_scores_are_nan,
    no_windows_have_no_scores,
    maps_that_are_not_finite_are_refused,
    arguments_are_not_written_into,
    seed_decides_what_is_drawn,
    right_maps_score_better,
    chance_is_the_mean_of_noise,
)
