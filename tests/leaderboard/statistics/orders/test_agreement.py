"""Agreement of rankings against SciPy, one draw at a time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from ecgbench.leaderboard.statistics.correlation import kendall, spearman
from ecgbench.leaderboard.statistics.orders.agreement import dataset_agreement, metric_agreement
from ecgbench.leaderboard.statistics.patients.resampled import place_draws, resampled_means
from ecgbench.leaderboard.statistics.ranking import columns
from ecgbench.results import expanded_tail
from tests.leaderboard.scored import places, samples

TIED = arrays(np.float64, st.tuples(st.integers(2, 6), st.integers(1, 4)), elements=st.sampled_from([0.0, 0.25, 0.5, 1.0]))


def series(**values):
    index = pd.MultiIndex.from_tuples([(name, "raw") for name in values], names=["source", "variant"])
    return pd.Series(list(values.values()), index=index, dtype="float64")


def per_column(coefficient, first, second):
    """SciPy's coefficient of each column; nan where one is constant, which SciPy warns about."""
    constant = (first == first[0]).all(axis=0) | (second == second[0]).all(axis=0)
    pairs = zip(first.T, second.T, constant, strict=True)
    return [np.nan if none else coefficient(a, b).statistic for a, b, none in pairs]


@pytest.mark.parametrize(("ours", "oracle"), [(kendall, stats.kendalltau), (spearman, stats.spearmanr)])
@given(first=TIED, data=st.data())
def test_coefficients_are_scipy_s(ours, oracle, first, data):
    second = data.draw(arrays(np.float64, first.shape, elements=st.sampled_from([0.1, 0.2, 0.3])))
    assert ours(first, second) == pytest.approx(per_column(oracle, first, second), abs=1e-12, nan_ok=True)


def accept_three(accept):
    for method, shift in (("lime", 0.3), ("saliency", 0.0), ("gradcam", 0.1), ("lrp_epsilon", 0.35)):
        rng = np.random.default_rng(len(method))
        both = {metric: {1: list(np.clip(0.5 + shift * sign + rng.normal(0, 0.1, 4), 0, 1))} for metric, sign in SIGNS.items()}
        unranked = {"provenance": {"packages": {}, "processor": "p", "device": "cpu", "date": "2026-01-02", "ranked": False}}
        accept("mitdb", method, {"raw": both, "abs": both}, **(unranked if method == "lrp_epsilon" else {}))


SIGNS = {"auc": 1, "pointing_game": 0, "region_perturbation_lerf": -1, "faithfulness_correlation": 1}


def means_of(analysis, metric, variants):
    sign = -1 if metric == "region_perturbation_lerf" else 1
    return [sign * analysis.cells[(*variant, metric)].mean for variant in variants]


def test_metrics_are_compared_with_higher_as_better(accept, analysed):
    accept_three(accept)
    analysis = analysed()["mitdb"]
    found = metric_agreement(analysis)
    variants = [(method, variant) for method in ("gradcam", "lime", "saliency") for variant in ("abs", "raw")]
    for a, b in (("auc", "region_perturbation_lerf"), ("auc", "pointing_game")):
        expected = stats.spearmanr(means_of(analysis, a, variants), means_of(analysis, b, variants)).statistic
        assert found.value.loc[a, b] == found.value.loc[b, a] == pytest.approx(expected, abs=1e-12)
    assert found.variants.loc["auc", "pointing_game"] == 6
    assert (np.diag(found.value) == 1).all()


def test_signed_metric_is_compared_over_signed_variants(accept, analysed):
    accept_three(accept)
    found = metric_agreement(analysed()["mitdb"])
    assert found.variants.loc["auc", "faithfulness_correlation"] == 3


def test_interval_of_metrics_agreement_is_that_of_the_draws(accept, analysed):
    accept_three(accept)
    analysis = analysed()["mitdb"]
    found = metric_agreement(analysis)
    variants = [(method, variant) for method in ("gradcam", "lime", "saliency") for variant in ("abs", "raw")]
    a, b = (np.array([analysis.means.means[(*variant, metric)] for variant in variants]) for metric in ("auc", "pointing_game"))
    drawn = [stats.spearmanr(a[:, i], b[:, i]).statistic for i in range(a.shape[1])]
    tail = expanded_tail(3, 0.95)
    expected = np.quantile(drawn, [tail, 1 - tail])
    bounds = found.low.loc["auc", "pointing_game"], found.high.loc["auc", "pointing_game"]
    assert bounds == pytest.approx(tuple(expected), abs=1e-9)


@pytest.fixture
def datasets(metrics):
    """Places and draws of two datasets with three variants in common."""
    shown, found = columns(["hit"], metrics), {}
    for name, gains in (("first", {"a": 0.0, "b": 0.2, "c": 0.5, "d": 0.9}), ("second", {"a": 0.0, "c": 0.2, "b": 0.5, "e": 0.1})):
        variants = {(method, "raw"): gain for method, gain in gains.items()}
        scored = samples((variants, {"hit": True}), 9, undefined=0, dataset=name)
        ranked = places(scored, shown)
        found[name] = ranked["localisation"], place_draws(resampled_means(scored, 60), shown, ranked)["localisation"]
    return {name: pair[0] for name, pair in found.items()}, {name: pair[1] for name, pair in found.items()}


def rank_agreement(first, second):
    """Kendall's tau-b over the variants that both rank."""
    both = first.dropna().index.intersection(second.dropna().index)
    return stats.kendalltau(first[both], second[both]).statistic


def test_datasets_are_compared_over_the_variants_that_both_rank(datasets):
    ranked, draws = datasets
    found = dataset_agreement(ranked, draws)
    assert found.value.loc["first", "second"] == pytest.approx(rank_agreement(ranked["first"], ranked["second"]))
    assert found.variants.loc["second", "first"] == 3
    assert found.value.loc["first", "first"] == 1


def test_interval_of_datasets_agreement_is_that_of_the_draws(datasets):
    ranked, draws = datasets
    found = dataset_agreement(ranked, draws)
    drawn = [rank_agreement(draws["first"].places[i], draws["second"].places[i]) for i in range(60)]
    tail = expanded_tail(9, 0.95)
    expected = np.nanquantile(drawn, [tail, 1 - tail])
    assert (found.low.loc["first", "second"], found.high.loc["first", "second"]) == pytest.approx(tuple(expected))


def test_datasets_without_variants_in_common_do_not_agree_or_disagree(datasets):
    ranked, draws = datasets
    ranked["second"] = ranked["second"].drop(index=["b", "c"], level=0)
    found = dataset_agreement(ranked, draws)
    assert np.isnan([found.value.loc["first", "second"], found.low.loc["first", "second"]]).all()
    assert found.variants.loc["first", "second"] == 1
