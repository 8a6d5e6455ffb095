"""Resampled rankings against a plain loop over windows that ranks each draw by the pages' own rule."""

import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ecgbench.leaderboard.statistics.patients.resampled import (
    MeanDraws,
    overall_draws,
    overall_intervals,
    place_draws,
    rank_intervals,
    resampled_means,
)
from ecgbench.leaderboard.statistics.ranking import columns, families, family_places
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores
from ecgbench.randomness import seed_generator
from ecgbench.results import expanded_tail, patient_weights
from tests.leaderboard.scored import cells, places, samples

VARIANTS = {("a", "raw"): 0.0, ("a", "abs"): 0.5, ("b", "raw"): 1.0, ("b", "abs"): 0.0, ("c", "raw"): 0.2, ("c", "abs"): 0.7}
METRICS = {"hit": True, "area": True, "mass": True, "drop": False, "corr": True}
DRAWS = 40


@pytest.fixture
def scored():
    return samples((VARIANTS, METRICS))


@pytest.fixture
def shown(metrics):
    return columns(METRICS, metrics)


def drawn(scored, counts):
    """The scores of one draw, each window as often as its patient was drawn."""
    often = dict(zip(scored.patients, counts, strict=True))
    repeated = {seed: np.repeat(np.arange(len(names)), [often[name] for name in names]) for seed, names in scored.patient.items()}
    values = {name: scores[repeated[name[3]]] for name, scores in scored.values.items()}
    return WindowScores(scored.dataset, values, {}, {})


def all_draws(scored, resamples=DRAWS):
    return patient_weights(len(scored.patients), resamples, seed_generator(0, f"patients of {scored.dataset}"))


def test_means_are_those_of_a_loop_over_draws(scored):
    found = resampled_means(scored, DRAWS)
    for draw, counts in enumerate(all_draws(scored)):
        frame = cells(drawn(scored, counts)).groupby(["source", "variant", "metric"])["value"]
        expected = frame.agg(lambda values: values.mean(skipna=False)).to_dict()
        assert {name: means[draw] for name, means in found.means.items()} == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_places_of_every_draw_are_those_of_the_pages(scored, shown):
    found = place_draws(resampled_means(scored, DRAWS), shown, places(scored, shown))
    assert set(found) == set(families(shown))
    for draw, counts in enumerate(all_draws(scored)):
        expected = family_places(cells(drawn(scored, counts)), shown)
        for family, draws in found.items():
            assert draws.places[draw].to_dict() == pytest.approx(expected[family].to_dict(), abs=1e-12)


def test_unranked_and_incomplete_variants_are_left_out(scored, shown):
    lacking = {name: scores for name, scores in scored.values.items() if name != ("b", "abs", "hit", 2)}
    incomplete = WindowScores(scored.dataset, lacking, scored.patient, scored.target)
    found = place_draws(resampled_means(incomplete, DRAWS), shown, places(incomplete, shown, unranked=["a"]))
    assert set(found["localisation"].places.index) == {("b", "raw"), ("c", "raw"), ("c", "abs")}
    assert set(found["faithfulness"].places.index) == {("b", "raw"), ("b", "abs"), ("c", "raw"), ("c", "abs")}
    assert place_draws(resampled_means(scored, DRAWS), shown, places(scored, shown, unranked=["a", "b", "c"])) == {}


def test_draw_without_a_defined_window_is_left_out_for_every_variant(shown, scored):
    scored.values["a", "raw", "hit", 1][scored.patient[1] != "p00"] = np.nan
    scored.values["a", "raw", "hit", 1][scored.patient[1] == "p00"] = 0.5
    found = place_draws(resampled_means(scored, DRAWS), shown, places(scored, shown))
    usable = [draw for draw, counts in enumerate(all_draws(scored)) if counts[0]]
    assert 0 < len(usable) < DRAWS
    assert list(found["localisation"].places) == usable
    assert list(found["faithfulness"].places) == list(range(DRAWS))


def frame_of(draws, variants):
    """Resampled means of one metric, "hit", from rows of draws."""
    return MeanDraws({(*variant, "hit"): np.array(row, dtype=np.float64) for variant, row in zip(variants, draws, strict=True)}, 30)


def test_intervals_of_ranks_are_quantiles_of_drawn_ranks(metrics):
    rng = np.random.default_rng(0)
    variants = [("a", "raw"), ("b", "raw"), ("c", "raw")]
    draws = rng.normal([[0.0], [0.4], [2.0]], 0.5, size=(3, 500))
    shown = columns(["hit"], metrics)
    ranked = pd.DataFrame({"localisation": [1.0, 0.5, 0.0]}, index=pd.MultiIndex.from_tuples(variants))
    found = rank_intervals(place_draws(frame_of(draws, variants), shown, ranked)["localisation"], level=0.9)
    ranks = np.sort(1 + (draws[None] > draws[:, None]).sum(axis=1), axis=1)
    tail = expanded_tail(30, 0.9)
    low, high = ranks[:, int(np.ceil(500 * tail)) - 1], ranks[:, int(np.ceil(500 * (1 - tail))) - 1]
    assert found["hit"].to_numpy().tolist() == np.transpose([low, high]).tolist()
    assert found["rank"].equals(found["hit"])
    assert found["place"].to_numpy() == pytest.approx((np.transpose([low, high]) - 1) / 2)


def test_metric_that_does_not_apply_has_no_interval(scored, shown):
    found = rank_intervals(place_draws(resampled_means(scored, DRAWS), shown, places(scored, shown))["faithfulness"])
    absent = found[("corr", "low")].isna()
    assert {variant for _, variant in found.index[absent]} == {"abs"}
    assert not found.drop(columns="corr", level=0).isna().any(axis=None)


def test_variant_far_ahead_is_always_first(metrics):
    shown = columns(["hit", "drop"], metrics)
    scored = samples(({("a", "raw"): 0.0, ("b", "raw"): 9.0, ("c", "raw"): 0.0}, {"hit": True, "drop": False}), patients=12)
    for draws in place_draws(resampled_means(scored), shown, places(scored, shown)).values():
        found = rank_intervals(draws)
        assert found.loc[("b", "raw"), "rank"].tolist() == [1, 1]
        assert found.loc[("b", "raw"), "place"].tolist() == [0, 0]
        assert found.loc[("a", "raw"), "rank"].tolist() == [2, 3]


def test_one_patient_has_no_interval(metrics):
    shown = columns(["hit"], metrics)
    scored = samples(({("a", "raw"): 0.0, ("b", "raw"): 1.0}, {"hit": True}), patients=1, undefined=0)
    (draws,) = place_draws(resampled_means(scored, DRAWS), shown, places(scored, shown)).values()
    assert rank_intervals(draws).isna().all(axis=None)


def two_datasets(metrics):
    shown = columns(["hit"], metrics)
    for name, patients in (("first", 8), ("second", 5)):
        variants = {("a", "raw"): 0.0, ("b", "raw"): 0.4, ("c", "raw"): 0.6}
        scored = samples((variants if name == "first" else variants | {("d", "raw"): 0.3}, {"hit": True}), patients, dataset=name)
        yield place_draws(resampled_means(scored, DRAWS), shown, places(scored, shown))["localisation"]


def test_overall_draw_is_the_mean_of_the_datasets_draws_with_the_same_number(metrics):
    first, second = two_datasets(metrics)
    found = overall_draws([first, second])
    assert set(found.places.index) == {("a", "raw"), ("b", "raw"), ("c", "raw")}
    assert found.patients == 5
    for draw in found.places:
        for variant in found.places.index:
            expected = (first.places.loc[variant, draw] + second.places.loc[variant, draw]) / 2
            assert found.places.loc[variant, draw] == pytest.approx(expected, abs=1e-12)


def test_overall_intervals_are_those_of_the_mean_place_of_common_variants(metrics):
    first, second = two_datasets(metrics)
    assert overall_intervals([first, second]).equals(rank_intervals(overall_draws([first, second])))
    assert set(overall_intervals([first, second]).columns.get_level_values(0)) == {"place", "rank"}
    alone = replace(second, places=second.places.drop(index=["a", "b", "c"], level=0))
    assert overall_intervals([first, alone]).empty


def test_patients_of_two_datasets_are_drawn_independently(scored):
    other = WindowScores("another", scored.values, scored.patient, scored.target)
    first, second = resampled_means(scored, DRAWS), resampled_means(other, DRAWS)
    assert not np.allclose(first.means["a", "raw", "hit"], second.means["a", "raw", "hit"])


def test_a_whole_dataset_takes_seconds_at_most():
    variants = {(f"m{i:02}", variant): i for i in range(13) for variant in ("raw", "abs")}
    scored = samples((variants, {f"metric{i}": True for i in range(8)}), patients=40, seeds=(1, 2, 3))
    start = time.perf_counter()
    found = resampled_means(scored)
    # A quarter of a second on one core that does nothing else.
    assert time.perf_counter() - start < 3
    assert len(found.means) == 26 * 8
