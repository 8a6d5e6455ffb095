"""What is kept of a method's maps for the gallery."""

import numpy as np
import pytest

from ecgbench.pipeline.acceptance.gallery import best_median_worst, gallery
from ecgbench.results import read_pair
from tests.pipeline.runs import accepted_files, cell, maps_of, model_at, small_run, store_with_windows


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return small_run(store_with_windows(tmp_path_factory.mktemp("artifacts")), samples=6)


@pytest.fixture(scope="module")
def kept(run):
    return {name.split("/")[1]: array for name, array in gallery(run, maps_of()).items()}


def test_best_median_and_worst_are_chosen_in_the_metrics_direction():
    for scores, higher, chosen in (
        ([0.3, 0.9, 0.1], True, [1, 0, 2]),
        ([0.3, 0.9, 0.1], False, [2, 0, 1]),
        ([0.3, np.nan, 0.1, 0.5, 0.4], True, [3, 4, 2]),
        ([np.nan, 0.5], True, [1, 1, 1]),
        ([0.5, 0.5, 0.5], True, [0, 1, 2]),
        ([np.nan], True, []),
    ):
        assert best_median_worst(np.array(scores), higher).tolist() == chosen


def test_variant_is_the_one_with_the_better_mean(run, kept):
    means = {variant: run.scores(cell("auc", "saliency", variant)).mean for variant in ("raw", "abs")}
    assert str(kept["variant"]) == max(means, key=means.get)
    assert kept["score"][0] == np.float32(np.nanmax(run.scores(cell("auc", "saliency", str(kept["variant"]))).values))


def test_signal_and_mask_are_those_of_the_windows(run, kept):
    explained = run.explained(model_at())
    for row, window in enumerate(kept["window"]):
        np.testing.assert_allclose(kept["signal"][row] / 1000, explained.windows.signal[window][kept["lead"][row]], atol=5.1e-4)
        np.testing.assert_array_equal(
            kept["mask"][row], explained.windows.mask(int(window), int(explained.target[window]))[kept["lead"][row]]
        )


def test_map_is_the_methods_to_a_level(run, kept):
    maps = run.maps(maps_of()).values[kept["window"], kept["lead"]]
    maps = maps if kept["variant"] == "raw" else np.abs(maps)
    np.testing.assert_allclose(kept["map"] / 127 * np.abs(maps).max(axis=1, keepdims=True), maps, atol=np.abs(maps).max() / 127)


def test_only_the_first_seed_has_a_gallery(run):
    assert gallery(run, maps_of(seed=2)) == {}


def test_gallery_is_accepted_beside_the_scores(run, kept, tmp_path):
    (path,) = accepted_files(run, [cell("pointing_game")], tmp_path)
    _, held = read_pair(path)
    for name, array in kept.items():
        np.testing.assert_array_equal(held[f"gallery/{name}/1"], array)
