"""Ranking against cases that were computed by hand."""

import numpy as np
import pandas as pd
import pytest

from ecgbench.errors import UnknownKeyError
from ecgbench.leaderboard.statistics.ranking import columns, families, family_places, gaps, grid, overall, place_order, scaled_ranks

LOCAL, FAITHFUL, CAUSAL = "localisation", "faithfulness", "localisation (causal)"


def tidy(values):
    """Frame of cells from {(method, variant, metric): {seed: value}}."""
    rows = [(*name, seed, value) for name, seeds in values.items() for seed, value in seeds.items()]
    return pd.DataFrame(rows, columns=["source", "variant", "metric", "seed", "value"])


def places(values, metrics, unranked=()):
    cells = tidy(values)
    return family_places(cells, columns(cells["metric"], metrics), unranked)


def test_column_is_a_metric_with_its_mask_and_the_longest_key_wins(metrics):
    found = {column.name: column for column in columns(["area", "area_causal", "area_hit"], metrics)}
    assert (found["area"].kind, found["area"].family) == ("spans", LOCAL)
    assert (found["area_causal"].kind, found["area_causal"].family) == ("causal", CAUSAL)
    assert found["area_causal"].entry.key == "area"
    assert (found["area_hit"].entry.key, found["area_hit"].kind) == ("area_hit", "spans")
    with pytest.raises(UnknownKeyError, match="areal"):
        columns(["areal"], metrics)


def test_order_of_columns_does_not_depend_on_that_of_names(metrics):
    names = ["corr", "mass", "hit_causal", "area", "drop", "hit"]
    expected = ["area", "hit", "mass", "hit_causal", "corr", "drop"]
    assert [column.name for column in columns(names, metrics)] == expected
    assert [column.name for column in columns(reversed(names), metrics)] == expected
    assert families(columns(names, metrics)) == (LOCAL, CAUSAL, FAITHFUL)


def test_scaled_ranks():
    cases = [
        ([0.9, 0.5, 0.1], True, [0, 0.5, 1]),
        ([0.9, 0.5, 0.1], False, [1, 0.5, 0]),
        ([0.5, 0.9, 0.5, 0.1, 0.2], True, [0.25, 0, 0.25, 1, 0.75]),  # ties share the lowest
        ([0.5, 0.5], True, [0, 0]),
        ([0.3], False, [0]),
    ]
    assert [scaled_ranks(pd.Series(values), higher).tolist() for values, higher, _ in cases] == [expected for _, _, expected in cases]


def test_one_order_has_the_best_place_first_and_those_without_one_last():
    variants = [("b", "abs"), ("b", "raw"), ("a", "raw"), ("c", "raw"), ("d", "raw")]
    index = pd.MultiIndex.from_tuples(variants, names=["method", "variant"])
    found = place_order(pd.Series([0.3, 0.1 + 0.2, 0.3, np.nan, 0.1], index))
    assert found == [("d", "raw"), ("a", "raw"), ("b", "raw"), ("b", "abs"), ("c", "raw")]


def test_rounding_of_sums_breaks_no_tie(metrics):
    found = places({("a", "raw", "hit"): {1: 0.1, 2: 0.2, 3: 0.3}, ("b", "raw", "hit"): {1: 0.3, 2: 0.2, 3: 0.1 + 1e-16}}, metrics)
    assert found[LOCAL].to_dict() == {("a", "raw"): 0, ("b", "raw"): 0}


def test_place_is_the_mean_of_scaled_ranks_of_means_over_seeds(metrics):
    found = places(
        {
            ("a", "raw", "hit"): {1: 0.9, 2: 0.1},  # mean 0.5: third, 1
            ("b", "raw", "hit"): {1: 0.6, 2: 0.6},  # mean 0.6: second, 0.5
            ("c", "raw", "hit"): {1: 0.7, 2: 0.7},  # mean 0.7: first, 0
            ("a", "raw", "area"): {1: 0.9, 2: 0.9},  # first, 0
            ("b", "raw", "area"): {1: 0.9, 2: 0.9},  # first as well, 0
            ("c", "raw", "area"): {1: 0.2, 2: 0.2},  # third, 1
        },
        metrics,
    )
    assert found[LOCAL].to_dict() == {("a", "raw"): 0.5, ("b", "raw"): 0.25, ("c", "raw"): 0.5}


def test_signed_metric_ranks_signed_variants_only(metrics):
    found = places(
        {
            ("a", "raw", "corr"): {1: 0.2},  # second of two signed, 1
            ("a", "abs", "corr"): {1: 0.9},  # does not apply
            ("b", "raw", "corr"): {1: 0.3},  # first, 0
            ("b", "abs", "corr"): {1: 0.8},  # does not apply
            ("a", "raw", "drop"): {1: 0.1},  # lowest, first of four, 0
            ("a", "abs", "drop"): {1: 0.2},  # 1/3
            ("b", "raw", "drop"): {1: 0.3},  # 2/3
            ("b", "abs", "drop"): {1: 0.4},  # 1
        },
        metrics,
    )
    expected = {("a", "raw"): 1 / 2, ("a", "abs"): 1 / 3, ("b", "raw"): 1 / 3, ("b", "abs"): 1}
    assert found[FAITHFUL].to_dict() == pytest.approx(expected)


def test_what_does_not_count_moves_nobody(metrics):
    values = {("a", "raw", "hit"): {1: 0.2}, ("b", "raw", "hit"): {1: 0.3}}
    shown = values | {("a", "raw", "mass"): {1: 0.9}, ("proof", "raw", "hit"): {1: 0.25}}
    found = places(shown, metrics, unranked=["proof"])[LOCAL]
    assert np.isnan(found[("proof", "raw")])
    assert found.drop(("proof", "raw")).to_dict() == places(values, metrics)[LOCAL].to_dict()


def test_families_are_ranked_apart(metrics):
    found = places(
        {
            ("a", "raw", "hit"): {1: 0.2},
            ("b", "raw", "hit"): {1: 0.3},
            ("a", "raw", "hit_causal"): {1: 0.3},
            ("b", "raw", "hit_causal"): {1: 0.2},
        },
        metrics,
    )
    assert found[LOCAL].to_dict() == {("a", "raw"): 1, ("b", "raw"): 0}
    assert found[CAUSAL].to_dict() == {("a", "raw"): 0, ("b", "raw"): 1}


@pytest.mark.parametrize("lacking", [{}, {1: 0.9, 2: None}], ids=["metric", "undefined"])
def test_variant_that_lacks_a_cell_is_not_ranked_and_moves_nobody(metrics, lacking):
    found = places(
        {
            ("a", "raw", "hit"): {1: 0.3, 2: 0.3},
            ("b", "raw", "hit"): {1: 0.2, 2: 0.2},
            ("c", "raw", "hit"): {1: 0.25, 2: 0.25},
            ("a", "raw", "area"): {1: 0.3, 2: 0.3},
            ("b", "raw", "area"): {1: 0.2, 2: 0.2},
            ("c", "raw", "area"): lacking,
        },
        metrics,
    )
    assert np.isnan(found.loc[("c", "raw"), LOCAL])
    assert found[LOCAL].drop(("c", "raw")).to_dict() == {("a", "raw"): 0, ("b", "raw"): 1}


def test_gaps_name_metric_and_seeds(metrics):
    cells = tidy({("a", "raw", "hit"): {1: 0.3, 2: 0.3}, ("b", "raw", "hit"): {2: 0.3}, ("b", "abs", "corr"): {1: 0.1}})
    assert gaps(grid(cells), columns(["hit", "corr"], metrics)) == {
        ("a", "raw"): {"corr": [1, 2]},
        ("b", "abs"): {"hit": [1, 2]},
        ("b", "raw"): {"hit": [1], "corr": [1, 2]},
    }


def test_overall_needs_a_place_on_every_dataset():
    index = pd.MultiIndex.from_tuples([("a", "raw"), ("b", "raw")])
    found = overall({"one": pd.Series([0.0, 1.0], index), "two": pd.Series([0.5, np.nan], index), "three": pd.Series([1.0, 0.0], index)})
    assert found[("a", "raw")] == 0.5
    assert np.isnan(found[("b", "raw")])


def test_order_of_cells_does_not_matter(metrics):
    rng = np.random.default_rng(0)
    values = {
        (m, v, k): {s: rng.random() for s in (1, 2, 3)} for m in "abc" for v in ("raw", "abs") for k in ("hit", "area", "drop", "corr")
    }
    cells = tidy(values)
    shuffled = cells.sample(frac=1, random_state=1)
    shown = columns(cells["metric"], metrics)
    pd.testing.assert_frame_equal(family_places(cells, shown), family_places(shuffled, shown))
    pd.testing.assert_frame_equal(grid(cells), grid(shuffled))
