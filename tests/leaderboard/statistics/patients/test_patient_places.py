"""Places within patients, against cases by hand and a plain loop."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from ecgbench.leaderboard.statistics.patients.patient_places import chosen_variants, patient_places
from ecgbench.leaderboard.statistics.ranking import columns
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores
from tests.leaderboard.scored import samples

PATIENT = np.array(["p", "p", "q", "r"])
RAW = (("a", "raw"), ("b", "raw"), ("c", "raw"))


def one_seed(**scores):
    """Scores of seed 1 with four windows of three patients, from `a_hit=[...]` or `a_abs_hit=[...]`."""
    values = {}
    for name, row in scores.items():
        method, _, rest = name.partition("_")
        variant, metric = ("abs", rest[4:]) if rest.startswith("abs_") else ("raw", rest)
        values[method, variant, metric, 1] = np.array(row, dtype=np.float64)
    return WindowScores("made up", values, {1: PATIENT}, {1: np.ones(4, dtype=np.int64)})


def series(places):
    return pd.Series(list(places.values()), index=pd.MultiIndex.from_tuples(places, names=["source", "variant"]), dtype="float64")


def test_variant_with_the_better_place_stands_for_its_method():
    places = {("b", "abs"): 0.2, ("b", "raw"): 0.3, ("a", "abs"): 0.6, ("a", "raw"): 0.5}
    assert chosen_variants(series(places)) == (("a", "raw"), ("b", "abs"))
    # The signed one where both have the same place; none without a place.
    assert chosen_variants(series({("a", "abs"): 0.1 + 0.2, ("a", "raw"): 0.3})) == (("a", "raw"),)
    without = {("a", "abs"): 0.9, ("a", "raw"): np.nan, ("b", "abs"): np.nan, ("b", "raw"): np.nan}
    assert chosen_variants(series(without)) == (("a", "abs"),)


def test_ranks_are_scaled_within_each_patient_and_ties_share_the_average(metrics):
    scored = one_seed(a_hit=[0.9, 0.1, 0.3, 0.3], b_hit=[0.6, 0.6, 0.3, 0.2], c_hit=[0.1, 0.2, 0.1, 0.3])
    found = patient_places(scored, columns(["hit"], metrics), RAW)
    # p: means 0.5, 0.6, 0.15; q: the first two tied; r: the first and the last tied.
    assert found.values.tolist() == [[0.5, 0.25, 0.25], [0, 0.25, 1], [1, 1, 0.25]]
    assert (found.variants, found.left_out, found.without) == (RAW, 0, {"hit": 0})


def test_lower_is_better_where_the_metric_says_so(metrics):
    scored = one_seed(a_drop=[0.1] * 4, b_drop=[0.2] * 4)
    assert patient_places(scored, columns(["drop"], metrics), RAW[:2]).values.tolist() == [[0, 0, 0], [1, 1, 1]]


def test_undefined_window_is_left_out_of_the_patient_s_mean(metrics):
    scored = one_seed(a_hit=[np.nan, 0.9, 0.5, 0.5], b_hit=[0.8, 0.8, 0.6, 0.4])
    assert patient_places(scored, columns(["hit"], metrics), RAW[:2]).values.tolist() == [[0, 1, 0], [1, 0, 1]]


def test_metric_undefined_for_one_variant_is_left_out_for_all_of_the_patient(metrics):
    scored = one_seed(a_hit=[0.9] * 4, b_hit=[0.1, 0.1, np.nan, 0.1], a_area=[0.1] * 4, b_area=[0.9] * 4)
    found = patient_places(scored, columns(["hit", "area"], metrics), RAW[:2])
    assert found.values.tolist() == [[0.5, 1, 0.5], [0.5, 0, 0.5]]
    assert (found.left_out, found.without) == (0, {"area": 0, "hit": 1})


def test_patient_without_any_metric_is_left_out(metrics):
    scored = one_seed(a_hit=[0.9, 0.9, 0.5, 0.9], b_hit=[0.1, 0.1, np.nan, 0.1])
    found = patient_places(scored, columns(["hit"], metrics), RAW[:2])
    assert found.values.tolist() == [[0, 0], [1, 1]]
    assert (found.left_out, found.without) == (1, {"hit": 1})


def test_signed_metric_ranks_signed_variants_among_themselves_and_a_single_one_not(metrics):
    variants = (("a", "raw"), ("b", "abs"), ("c", "raw"))
    rows = {"a_corr": [0.1] * 4, "b_abs_corr": [0.9] * 4, "c_corr": [0.2] * 4}
    scored = one_seed(**rows, a_drop=[0.1] * 4, b_abs_drop=[0.2] * 4, c_drop=[0.3] * 4)
    found = patient_places(scored, columns(["corr", "drop"], metrics), variants)
    # corr: a 1, c 0; drop: a 0, b 0.5, c 1.
    assert found.values[:, 0].tolist() == [0.5, 0.5, 0.5]
    assert found.without == {"corr": 0, "drop": 0}
    found = patient_places(scored, columns(["corr", "drop"], metrics), variants[:2])
    assert found.values[:, 0].tolist() == [0, 1]
    assert found.without == {"drop": 0}


def test_seed_counts_for_a_patient_where_every_variant_is_defined(metrics):
    values = {
        ("a", "raw", "hit", 1): np.array([0.9, np.nan]),
        ("b", "raw", "hit", 1): np.array([0.8, 0.8]),
        ("a", "raw", "hit", 2): np.array([0.1, 0.5]),
        ("b", "raw", "hit", 2): np.array([0.3, 0.4]),
    }
    patient = {1: np.array(["p", "q"]), 2: np.array(["p", "q"])}
    scored = WindowScores("made up", values, patient, {})
    # p: 0.5 against 0.55; q: 0.5 against 0.4, since a is undefined with the first seed.
    assert patient_places(scored, columns(["hit"], metrics), RAW[:2]).values.tolist() == [[1, 0], [0, 1]]


def plain_score(scored, name, patient, variants):
    """Mean over seeds of the means over a patient's defined windows, of seeds in which all variants have one."""
    method, variant, metric = name
    means = []
    for seed in scored.seeds:
        rows = [scored.values[(*other, metric, seed)][scored.patient[seed] == patient] for other in variants]
        if all((~np.isnan(row)).any() for row in rows):
            own = scored.values[method, variant, metric, seed][scored.patient[seed] == patient]
            means.append(np.mean([value for value in own if not np.isnan(value)]))
    return np.mean(means) if means else np.nan


@pytest.mark.parametrize("undefined", [0.0, 0.6])
def test_agrees_with_a_plain_loop(metrics, undefined):
    variants = {("a", "raw"): 0.0, ("b", "raw"): 0.2, ("c", "raw"): 0.4}
    scored = samples((variants, {"hit": True, "area": True}), patients=9, undefined=undefined)
    found = patient_places(scored, columns(["hit", "area"], metrics), RAW)
    expected = []
    for patient in scored.patients:
        rows = [[plain_score(scored, (*variant, metric), patient, RAW) for variant in RAW] for metric in ("hit", "area")]
        ranked = [(rankdata([-score for score in row]) - 1) / 2 for row in rows if not np.isnan(row).any()]
        expected += [np.mean(ranked, axis=0)] if ranked else []
    assert found.left_out == len(scored.patients) - len(expected)
    assert found.values == pytest.approx(np.transpose(expected), abs=1e-12)
