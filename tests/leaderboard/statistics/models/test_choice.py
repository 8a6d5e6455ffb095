"""The choice of a variant on one half of the patients and its score on the other, against a plain loop."""

import numpy as np
import pandas as pd
import pytest

from ecgbench.errors import InputError
from ecgbench.leaderboard.statistics.models import crossfitted_choices
from ecgbench.leaderboard.statistics.models.choice import _halves
from ecgbench.leaderboard.statistics.patients.patient_places import chosen_variants
from ecgbench.leaderboard.statistics.ranking import columns, families, family_places
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores
from ecgbench.randomness import seed_generator

from ...scored import cells, places, samples

CLEAR = {("a", "raw"): 0.0, ("a", "abs"): 2.0, ("b", "raw"): 3.0, ("b", "abs"): 1.0}
ALIKE = {("a", "raw"): 0.0, ("a", "abs"): 0.0, ("b", "raw"): 0.0, ("b", "abs"): 0.0, ("c", "raw"): 0.0, ("c", "abs"): 0.0}
METRICS = {"hit": True, "area": True, "drop": False, "corr": True}


@pytest.fixture
def shown(metrics):
    return columns(METRICS, metrics)


def test_halves_share_no_patient_and_hold_all():
    found = _halves(7, 5, np.random.default_rng(0))
    assert (found[0::2] + found[1::2] == 1).all()
    assert found[0::2].sum(axis=1).tolist() == [3] * 5
    assert len({tuple(half) for half in found}) > 5


def test_variants_that_are_far_apart_are_chosen_by_every_half_without_optimism(shown):
    scored = samples((CLEAR, METRICS))
    found = crossfitted_choices(scored, shown, places(scored, shown))[families(shown)[0]]
    assert found.chosen == {"a": "abs", "b": "raw"}
    assert found.kept.tolist() == [1, 1]
    assert found.optimism.tolist() == [0, 0]
    assert (found.score_optimism.to_numpy() == 0).all()


def half_of(scored, held):
    """The windows of some of the patients."""
    of = {seed: np.isin(names, held) for seed, names in scored.patient.items()}
    return WindowScores(scored.dataset, {name: values[of[name[3]]] for name, values in scored.values.items()}, {}, {})


@pytest.mark.parametrize(("family", "metric", "sign"), [(0, "hit", 1), (1, "drop", -1)])
def test_choice_is_that_of_a_loop_over_halves(shown, family, metric, sign):
    scored = samples((ALIKE, METRICS), patients=9, gain=0.02)
    of_all = places(scored, shown)
    name = families(shown)[family]
    found = crossfitted_choices(scored, shown, of_all, splits=4, seed=3)[name]
    halves = _halves(9, 4, seed_generator(3, f"halves of the patients of {scored.dataset}"))
    chosen, kept, gains, scores = dict(chosen_variants(of_all[name])), [], [], []
    for half, other in zip(halves, halves.reshape(-1, 2, 9)[:, ::-1].reshape(-1, 9), strict=True):
        frames = [cells(half_of(scored, np.array(scored.patients)[part == 1])) for part in (half, other)]
        choice = dict(chosen_variants(family_places(frames[0], shown)[name]))
        placed = family_places(frames[1], shown)[name]
        kept.append({method: choice[method] == chosen[method] for method in chosen})
        gains.append({method: placed[method, choice[method]] - placed[method, chosen[method]] for method in chosen})
        means = frames[1].groupby(["source", "variant", "metric"])["value"].mean()
        scores.append({m: sign * (means[m, chosen[m], metric] - means[m, choice[m], metric]) for m in chosen})
    for expected, ours in ((kept, found.kept), (gains, found.optimism), (scores, found.score_optimism[metric])):
        assert ours.to_dict() == pytest.approx(pd.DataFrame(expected).mean().to_dict(), abs=1e-12)
    assert found.halves == 8


def test_choice_between_variants_that_are_alike_looks_too_good(shown):
    found = []
    for seed in range(8):
        scored = samples((ALIKE, METRICS), patients=10, generator_seed=seed)
        found.append(crossfitted_choices(scored, shown, places(scored, shown))[families(shown)[0]].optimism.mean())
    assert np.mean(found) > 0.03


def test_one_patient_chooses_nothing(shown):
    scored = samples((ALIKE, METRICS), patients=1, undefined=0)
    assert families(shown)[0] not in crossfitted_choices(scored, shown, places(scored, shown))


def test_family_in_which_nothing_is_ranked_chooses_nothing(shown):
    scored = samples((CLEAR, METRICS))
    assert families(shown)[0] not in crossfitted_choices(scored, shown, places(scored, shown, {"a", "b"}))


def test_no_split_is_refused(shown):
    scored = samples((CLEAR, METRICS))
    with pytest.raises(InputError, match="expected one split or more, got 0"):
        crossfitted_choices(scored, shown, places(scored, shown), splits=0)
