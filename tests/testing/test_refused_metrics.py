"""Metrics that must be refused: one for each trial."""

import numpy as np
import pytest

from ecgbench.errors import EntryError
from ecgbench.metrics import METRICS
from ecgbench.metrics._checks import flat_maps
from ecgbench.metrics._masks import area_chance, flat_pair, ratio
from ecgbench.metrics._outputs import target_logit
from ecgbench.testing import check_entry
from ecgbench.types import Steps

from .broken import registered

pytestmark = pytest.mark.usefixtures("registries_restored")

FAITHFUL = {"family": "faithfulness", "bounds": (-np.inf, np.inf), "atol": 1e-5}
CALLS = []
"""What a careless metric keeps between calls."""


def metric(function, **declared):
    return registered(METRICS, function, **declared)


def share(attributions, mask):
    values, inside = flat_pair(attributions, mask)
    mass = np.abs(values)
    return np.where(inside.any(axis=1), ratio(np.where(inside, mass, 0.0).sum(axis=1), mass.sum(axis=1)), np.nan)


def falls(x, target, evaluate):
    """By how far the logit falls when the middle half is zeroed, and how often it was asked."""
    quiet = x.copy()
    quiet[..., x.shape[2] // 4 : 3 * x.shape[2] // 4] = 0
    return {"fall": target_logit(evaluate(x), target) - target_logit(evaluate(quiet), target)}


def agreeing(attributions, shared):
    """How much of the map lies in the middle half, as the logit's fall has it."""
    flat_maps(attributions)
    time = attributions.shape[2]
    maps = np.abs(attributions).astype(np.float64)
    middle = maps[..., time // 4 : 3 * time // 4].sum(axis=(1, 2)) / np.maximum(maps.sum(axis=(1, 2)), 1e-300)
    return middle * shared["fall"]


SHARED = {**FAITHFUL, "needs": ("shared",), "shared": falls, "passes": lambda samples: 2}


def two_steps(attributions, x, seed):
    """The half of the window with the larger attributions is zeroed first."""
    flat_maps(attributions)
    half, n = x.shape[2] // 2, len(x)
    first = np.abs(attributions[..., :half]).sum(axis=(1, 2)) >= np.abs(attributions[..., half:]).sum(axis=(1, 2))
    onset = np.where(first[:, None], [0, half], [half, 0])
    return Steps(np.arange(n), onset, onset + np.where(onset == 0, half, x.shape[2] - half))


def first_fall(curves, target):
    """How far the logit falls with the first step."""
    return np.take_along_axis(curves[:, 0] - curves[:, 1], target[:, None], axis=1)[:, 0].astype(np.float64)


STEPWISE = {**FAITHFUL, "needs": ("curves", "target"), "perturb": two_steps, "passes": lambda samples: 3}


def asking_again(attributions, x, target, explain):
    """Distance of the maps of windows that are a little louder."""
    values, again = flat_maps(attributions), flat_maps(explain(1.01 * x, target))
    return np.sqrt(((values - again) ** 2).sum(axis=1))


AGAIN = {**FAITHFUL, "needs": ("x", "target", "explain"), "higher_is_better": False}

HEALTHY = {
    "mask": (share, {"chance": area_chance}),
    "shared": (agreeing, SHARED),
    "step by step": (first_fall, STEPWISE),
    "asking the source again": (asking_again, AGAIN),
}


@pytest.mark.parametrize(("function", "declared"), HEALTHY.values(), ids=HEALTHY.keys())
def test_what_is_broken_below_is_healthy_before(monkeypatch, function, declared):
    monkeypatch.setattr(function, "__name__", "broken")
    monkeypatch.setattr(function, "__doc__", "An entry that was made up for a test.")
    check_entry(metric(function, **declared))


def writing(attributions, mask):
    attributions -= attributions.mean()
    return share(attributions, mask)


def remembering(attributions, mask):
    CALLS.append(1)
    return share(attributions, mask) / len(CALLS)


def seeding(attributions, mask):
    np.random.seed(0)  # noqa: NPY002
    return share(attributions, mask)


def of_the_batch(attributions, mask):
    return share(attributions / np.abs(attributions).max(), mask) * 0.5 + 0.1 * (len(attributions) > 1)


def of_the_order(attributions, mask):
    return share(attributions, mask) * np.linspace(1, 0.5, len(mask))


def of_the_largest(attributions, mask):
    values, inside = flat_pair(attributions, mask)
    mass = np.maximum(values, 0)
    return np.where(inside, mass, 0).sum(axis=1) / max(mass.sum(), 1e-300)


def infinite_where_undefined(attributions, mask):
    scores = share(attributions, mask)
    return np.where(np.isnan(scores), np.inf, scores)


def undefined_for_one(attributions, mask):
    return np.where(np.arange(len(mask)) == 0, np.nan, share(attributions, mask))


def unchecked(attributions, mask):
    mass = np.nan_to_num(np.abs(attributions.astype(np.float64)), posinf=1.0)
    inside, whole = np.where(mask, mass, 0).sum(axis=(1, 2)), mass.sum(axis=(1, 2))
    return np.where(mask.any(axis=(1, 2)), ratio(inside, whole), np.nan)


def failing_without_windows(attributions, mask):
    attributions.max()
    return share(attributions, mask)


def of_study(attributions, mask, power: float = 1.0):
    """Share of the attributions' powers that lies in the mask.

    Parameters
    ----------
    power : to which attributions are raised
    """
    if power != 1:
        return np.full(len(mask), np.inf)
    return share(attributions, mask)


def of_all(x, target, evaluate):
    """Falls of which each is beside that of the whole batch."""
    found = falls(x, target, evaluate)["fall"]
    return {"fall": found - found.mean() * (len(x) > 1) * 0.01}


def one_for_all(x, target, evaluate):
    """One fall for the whole batch."""
    return {"fall": falls(x, target, evaluate)["fall"][:1]}


def changing_what_is_shared(attributions, shared):
    shared["fall"] *= 1.0
    return agreeing(attributions, shared)


def beyond(attributions, x, seed):
    """Steps of which the last ends behind the window."""
    steps = two_steps(attributions, x, seed)
    return Steps(steps.window, steps.onset, steps.offset + (steps.offset == x.shape[2]))


def backwards(attributions, x, seed):
    """Steps of windows in another order."""
    steps = two_steps(attributions, x, seed)
    return Steps(steps.window[::-1].copy(), steps.onset, steps.offset)


def empty_first(attributions, x, seed):
    """An empty step before the others."""
    steps = two_steps(attributions, x, seed)
    nothing = np.zeros((len(x), 1), dtype=np.int64)
    return Steps(steps.window, np.hstack([nothing, steps.onset]), np.hstack([nothing, steps.offset]))


def steps_of_the_batch(attributions, x, seed):
    """Steps that hang on the number of windows."""
    steps = two_steps(attributions, x, seed)
    return steps if len(x) == 1 else Steps(steps.window, steps.onset[:, ::-1].copy(), steps.offset[:, ::-1].copy())


REFUSED = {
    "bounds reversed": (share, {"bounds": (1.0, 0.0)}, r"bounds .lowest, highest., got \(1.0, 0.0\); put them in order"),
    "no tolerance": (share, {"atol": 0.0}, "a tolerance above 0 and below a hundredth of the range, got 0.0"),
    "wide tolerance": (share, {"atol": 0.1}, "a tolerance above 0 and below a hundredth of the range, got 0.1"),
    "one score for all": (lambda attributions, mask: share(attributions, mask)[:1], {}, r"scores \(4,\) of 4 windows, got \(1,\)"),
    "out of bounds": (lambda attributions, mask: 2 + share(attributions, mask), {}, "scores from 0.0 to 1.0, got"),
    "nan of an ordinary map": (undefined_for_one, {}, "scores of ordinary maps that are defined, got"),
    "single precision": (lambda attributions, mask: share(attributions, mask).astype(np.float32), {}, "float64 scores, got float32"),
    "infinite under the study": (of_study, {"study": {"power": 2.0}}, r"finite scores \(2,\) under protocol study, got"),
    "dependence on the batch": (of_the_batch, {}, "the same scores of windows alone, got"),
    "dependence on the order": (of_the_order, {}, "the same scores of windows alone, got"),
    "dependence on the batch's sum": (of_the_largest, {}, "the same scores of windows alone, got"),
    "infinite where undefined": (infinite_where_undefined, {}, "nan or scores from 0.0 to 1.0 of degenerate windows, got"),
    "failing without windows": (failing_without_windows, {}, "No windows give no scores, got ValueError: zero-size array"),
    "scoring nan": (unchecked, {}, "an InputError for a map with nan, got"),
    "writing into maps": (writing, {}, "got ValueError: .*read-only; mend what raises it"),
    "remembering": (remembering, {}, "the same scores"),
    "seeding numpy": (seeding, {}, "global random generators left as they were"),
    "wrong direction": (share, {"higher_is_better": False}, "a better score of the right map than of its inverse, got"),
    "blind": (lambda attributions, mask: share(attributions, mask) * 0 + 0.5, {}, "a better score of the right map than of its inverse"),
    "wrong chance": (share, {"chance": lambda mask: area_chance(mask) + 0.1}, "a mean score of noise near its chance, "),
    "chance where undefined": (
        share,
        {"chance": lambda mask: np.nan_to_num(area_chance(mask))},
        "a chance that is nan where the score is, got another",
    ),
    "shared and not asked for": (
        lambda attributions, mask: share(attributions, mask),
        {"shared": falls},
        '"shared" in needs where shared is declared and nowhere else, got shared in needs False, shared declared True',
    ),
    "asked for and not shared": (agreeing, {**SHARED, "shared": None}, "got shared in needs True, shared declared False; declare both"),
    "shared of the batch": (agreeing, {**SHARED, "shared": of_all}, "shared arrays of each window alone, got others of window 0 alone"),
    "shared once": (agreeing, {**SHARED, "shared": one_for_all}, r"shared fall as an array \(n, ...\), got \(1,\)"),
    "writing into what is shared": (changing_what_is_shared, SHARED, "got ValueError: .*read-only"),
    "wrong direction of the model": (
        agreeing,
        {**SHARED, "higher_is_better": False},
        "a better score of the right map than of its inverse",
    ),
    "steps beyond the window": (first_fall, {**STEPWISE, "perturb": beyond}, "intervals from onset to offset within the window"),
    "steps of other windows": (first_fall, {**STEPWISE, "perturb": backwards}, "a row of steps for each map, in order"),
    "steps that zero nothing": (first_fall, {**STEPWISE, "perturb": empty_first}, "steps that zero something, empty ones behind"),
    "steps of the batch": (first_fall, {**STEPWISE, "perturb": steps_of_the_batch}, "steps that depend on each window alone"),
    "more passes than declared": (agreeing, {**SHARED, "passes": lambda samples: 0}, "0 rows of a window of 48 samples, got 2 passed"),
    "fewer passes than declared": (agreeing, {**SHARED, "passes": lambda samples: 40}, "40 rows of a window of 48 samples, got 2 passed"),
}


@pytest.mark.parametrize(("function", "declared", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_metric_is_refused(monkeypatch, function, declared, message):
    monkeypatch.setattr(function, "__name__", "broken")
    monkeypatch.setattr(function, "__doc__", function.__doc__ or "An entry that was made up for a test.")
    with pytest.raises(EntryError, match=message):
        check_entry(metric(function, **declared))


def test_direction_that_is_no_bool_is_refused(monkeypatch):
    monkeypatch.setattr(share, "__name__", "broken")
    monkeypatch.setattr(share, "__doc__", "An entry that was made up for a test.")
    entry = metric(share)
    object.__setattr__(entry, "higher_is_better", 1)
    with pytest.raises(EntryError, match="higher_is_better True or False, got 1"):
        check_entry(entry)
