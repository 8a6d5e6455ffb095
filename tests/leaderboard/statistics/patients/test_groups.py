"""The paired test, its correction and the groups, against SciPy, statsmodels, scikit-posthocs and brute force."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scikit_posthocs._plotting import _find_maximal_cliques
from scipy import stats
from statsmodels.stats.multitest import multipletests

from ecgbench.leaderboard.statistics.patients.groups import EXACT, alike, attainable, comparison, holm, sign_flip
from ecgbench.leaderboard.statistics.patients.patient_places import patient_places
from ecgbench.leaderboard.statistics.ranking import columns
from tests.leaderboard.scored import places, samples

RAW = {("a", "raw"): 0.0, ("b", "raw"): 0.1, ("c", "raw"): 0.5, ("d", "raw"): 3.0}
METRICS = {"hit": True, "area": True}


def flipped(differences, **options):
    return sign_flip(differences, np.random.default_rng(0), **options)


def oracle(differences, resamples):
    """SciPy's randomisation test of the mean of paired differences."""
    test = stats.permutation_test(
        (differences,),
        lambda values, axis: values.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        rng=np.random.default_rng(1),
    )
    return test.pvalue


def test_exact_p_is_scipy_s_with_ties_too():
    rng = np.random.default_rng(0)
    for differences in (rng.normal(0.3, 0.5, (4, 2)), rng.normal(0.3, 0.5, (4, 9)), rng.choice([-0.25, 0.0, 0.25, 0.5], (6, 10))):
        assert flipped(differences) == pytest.approx([oracle(row, np.inf) for row in differences], abs=1e-12)


def test_drawn_p_is_scipy_s_up_to_the_draws():
    differences = np.random.default_rng(0).normal(0.2, 0.5, (4, EXACT + 6))
    found = flipped(differences, flips=20_000)
    assert found == pytest.approx([oracle(row, 20_000) for row in differences], abs=0.015)


def test_drawn_p_is_never_below_that_of_the_draws_and_depends_on_the_generator_alone():
    assert flipped(np.ones((1, 40)), flips=10_500).tolist() == [1 / 10_501]
    differences = np.random.default_rng(0).normal(0.1, 0.5, (2, 20))
    assert flipped(differences, flips=500).tolist() == flipped(differences, flips=500).tolist()
    assert flipped(differences, flips=500).tolist() != sign_flip(differences, np.random.default_rng(1), flips=500).tolist()


def test_methods_without_a_difference_have_p_1_though_sums_are_rounded():
    for patients in (6, 30):
        balanced = np.tile([1 / 3, -1 / 3], patients // 2)
        assert flipped(np.stack([np.zeros(patients), balanced]), flips=10_500).tolist() == [1, 1]
    # 0.1 + 0.2 - 0.3 is not 0 in floating point, 0.3 - 0.2 - 0.1 is something else again.
    assert flipped(np.array([[0.1, 0.2, -0.3]])).tolist() == [1]


@given(arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(2, 8)), elements=st.floats(-1, 1, width=16)))
def test_p_is_a_share_of_all_flips_and_of_both_directions(differences):
    found = flipped(differences)
    assert (found >= 2 / 2 ** differences.shape[1]).all()
    assert (found <= 1).all()
    assert found.tolist() == flipped(-differences).tolist()
    assert found.tolist() == flipped(differences[:, ::-1]).tolist()


def test_holm_s_correction_is_that_of_statsmodels():
    rng = np.random.default_rng(0)
    for number in (1, 2, 5, 12):
        p = np.round(rng.uniform(0, 1, number) ** 3, 2)  # small ones, ties, zeros and ones
        assert holm(p) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-12)


def plain_runs(differ):
    """Runs without a difference that no longer run holds."""
    n = len(differ)
    runs = [(i, j) for i in range(n) for j in range(i + 1, n + 1) if not any(differ[a][b] for a, b in combinations(range(i, j), 2))]
    return tuple((i, j) for i, j in runs if not any(a <= i and j <= b and (a, b) != (i, j) for a, b in runs))


@given(st.integers(1, 7), st.randoms(use_true_random=False))
def test_groups_are_the_longest_runs_without_a_difference(methods, random):
    differ = np.zeros((methods, methods), dtype=bool)
    for i, j in combinations(range(methods), 2):
        differ[i, j] = differ[j, i] = random.random() < 0.3
    assert alike(differ) == plain_runs(differ)


def test_groups_are_the_bars_of_a_critical_difference_diagram():
    ranks = np.sort(np.random.default_rng(3).uniform(0, 6, 9))
    differ = np.abs(ranks[:, None] - ranks) > 1.0
    names = pd.Index([f"m{i}" for i in range(9)])
    linked = pd.DataFrame(~differ & ~np.eye(9, dtype=bool), index=names, columns=names)
    bars = {frozenset(bar) for bar in _find_maximal_cliques(linked)}
    assert {frozenset(names[start:stop]) for start, stop in alike(differ)} == bars


def test_drawn_flips_attain_no_p_below_one_in_their_number_and_one():
    differences = np.random.default_rng(0).normal(size=(3, 40))
    for flips, possible in ((99, True), (49, False)):
        found = attainable(differences, flips=flips)
        assert (found.smallest, found.possible) == (pytest.approx(1 / (flips + 1)), possible)


@pytest.mark.parametrize(("pairs", "patients", "possible"), [(1, 6, True), (66, 11, False), (66, 12, True)])
def test_few_patients_can_tell_nothing_apart_after_the_correction(pairs, patients, possible):
    """2 / 2^P times the number of pairs must reach 0.05."""
    found = attainable(np.random.default_rng(0).normal(size=(pairs, patients)))
    assert found.possible == possible
    assert np.isnan(found.difference) != possible
    assert possible == bool((holm(flipped(np.ones((pairs, patients)), flips=10_000)) <= 0.05).any())


def test_difference_found_with_probability_0_8_is_found_about_that_often():
    rng = np.random.default_rng(0)
    spread = 0.3
    sample = rng.normal(size=(1, 25))
    difference = attainable(spread * sample / sample.std(ddof=1)).difference
    found = [flipped(rng.normal(difference, spread, (1, 25)), flips=400)[0] <= 0.05 for _ in range(300)]
    assert 0.65 <= np.mean(found) <= 0.9


def test_attainable_difference_is_the_normal_approximation():
    differences = np.random.default_rng(0).normal(size=(3, 20))
    reach = stats.norm.ppf(1 - 0.05 / 6) + stats.norm.ppf(0.8)
    assert attainable(differences).difference == pytest.approx(reach * np.median(differences.std(axis=1, ddof=1)) / np.sqrt(20))


def compared(metrics, variants=RAW, patients=20, unranked=(), **options):
    shown = columns(METRICS, metrics)
    scored = samples((variants, METRICS), patients, **options)
    return comparison(scored, shown, places(scored, shown, unranked), "localisation", flips=2000)


def test_methods_stand_in_the_order_of_their_places_and_groups_follow_from_p(metrics):
    found = compared(metrics)
    names = [method for method, _ in found.order]
    assert names == list(found.places.index) == list(found.within.index)
    assert found.places.is_monotonic_increasing
    assert (names[0], found.patients, found.left_out) == ("d", 20, 0)
    assert found.groups == tuple(tuple(names[start:stop]) for start, stop in plain_runs((found.adjusted <= 0.05).to_numpy()))


def test_method_far_ahead_is_a_group_of_its_own(metrics):
    found = compared(metrics, gain=1.0)
    assert found.groups[0] == ("d",)
    assert found.ahead_of_all
    assert found.friedman < 1e-6


def test_tables_of_p_are_symmetric_and_corrected_together(metrics):
    found = compared(metrics)
    upper = np.triu_indices(4, 1)
    for table in (found.p, found.adjusted):
        assert list(table.index) == list(table.columns) == list(found.places.index)
        assert (table.to_numpy() == table.to_numpy().T).all()
        assert (np.diag(table) == 1).all()
    assert found.adjusted.to_numpy()[upper] == pytest.approx(holm(found.p.to_numpy()[upper]))


def test_ranked_methods_are_compared_by_their_better_variants(metrics):
    found = compared(metrics, variants=RAW | {("a", "abs"): 5.0, ("d", "abs"): 0.0}, unranked=["b"])
    assert dict(found.order) == {"a": "abs", "c": "raw", "d": "raw"}
    assert found.p.equals(compared(metrics, variants=RAW | {("a", "abs"): 5.0, ("d", "abs"): 0.0}, unranked=["b"]).p)


def test_five_patients_are_one_group(metrics):
    found = compared(metrics, patients=5, gain=5.0, undefined=0)
    assert len(found.groups) == 1
    assert not found.attainable.possible


def test_methods_that_are_the_same_are_told_so(metrics):
    found = compared(metrics, variants={(name, "raw"): 0.0 for name in "abc"}, gain=0, undefined=1)
    assert found is None
    shown = columns(METRICS, metrics)
    scored = samples(({("a", "raw"): 0.0}, METRICS), undefined=0)
    copies = {(name, *key[1:]): values for key, values in scored.values.items() for name in "abc"}
    scored.values.update(copies)
    found = comparison(scored, shown, places(scored, shown), "localisation")
    assert found.groups == (("a", "b", "c"),)
    assert (found.p == 1).all(axis=None)
    assert (found.friedman, found.attainable.smallest) == (1, 2 / 2**6)


def test_friedman_s_p_is_scipy_s_of_the_patients_places_and_needs_three_methods(metrics):
    shown = columns(METRICS, metrics)
    scored = samples((RAW, METRICS), patients=12)
    found = comparison(scored, shown, places(scored, shown), "localisation")
    expected = stats.friedmanchisquare(*patient_places(scored, shown, list(RAW)).values).pvalue
    assert found.friedman == pytest.approx(expected, rel=1e-9)
    assert np.isnan(compared(metrics, variants={("a", "raw"): 0.0, ("b", "raw"): 1.0}).friedman)


def test_nothing_is_compared_without_two_methods_and_two_patients(metrics):
    cases = ({"variants": {("a", "raw"): 0.0}}, {"patients": 1}, {"unranked": ["a", "b", "c", "d"]})
    assert [compared(metrics, **case) for case in cases] == [None, None, None]
