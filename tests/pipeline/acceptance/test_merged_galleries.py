"""A new gallery takes the place of the held one, of whichever kind, and of no other seed's."""

import numpy as np

from ecgbench.pipeline.acceptance.merge import merged
from ecgbench.results import read_pair
from tests.attacks.accepted import accepted


def kinds(arrays):
    return sorted({tuple(name.split("/")[::2]) for name in arrays if name.split("/")[0] in ("gallery", "shown")})


def without(arrays, kind):
    return {name: array for name, array in arrays.items() if not name.startswith(f"{kind}/")}


def test_windows_that_are_the_same_for_all_methods_take_the_place_of_best_median_and_worst(tmp_path):
    results, arrays = read_pair(accepted(tmp_path))
    assert kinds(arrays) == [("gallery", "1"), ("shown", "1")]
    new, held = without(arrays, "gallery"), without(arrays, "shown")
    assert kinds(merged((results, new), (results, held))[1]) == [("shown", "1")]
    assert kinds(merged((results, without(new, "shown")), (results, held))[1]) == [("gallery", "1")]


def test_shown_windows_whose_scores_are_others_now_are_dropped(tmp_path):
    results, arrays = read_pair(accepted(tmp_path))
    new = without(without(arrays, "gallery"), "shown")
    new["raw/auc/1"] = np.roll(new["raw/auc/1"], 1)
    assert kinds(merged((results, new), (results, arrays))[1]) == []
