"""What is kept of a method's maps for the gallery."""

import numpy as np
import pytest

from ecgbench.pipeline.acceptance.gallery import gallery, surest
from ecgbench.results import read_pair
from ecgbench.types import Explained, Windows
from tests.pipeline.runs import accepted_files, cell, maps_of, model_at, small_run, store_with_logits


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return small_run(store_with_logits(tmp_path_factory.mktemp("artifacts")), samples=6)


@pytest.fixture(scope="module")
def kept(run):
    return {name.split("/")[1]: array for name, array in gallery(run, maps_of()).items()}


def explained(targets, probabilities, patients):
    """Explained windows of which no more is known than who they are of and how sure the model is."""
    count = len(targets)
    nothing = np.zeros((count, 1, 4), dtype=np.float32)
    names = np.array(patients)
    windows = Windows(
        nothing, np.array(targets), names, names, np.zeros(count, dtype=np.int64), (np.zeros((0, 3), dtype=np.int64),) * count
    )
    sure = np.array(probabilities, dtype=np.float64)
    return Explained(windows, np.array(targets), sure, sure, np.zeros(2), count, count)


def test_windows_are_of_each_class_and_of_further_patients_and_the_model_is_sure_of_them():
    for targets, probabilities, patients, chosen in (
        ([0, 0, 0, 1], [0.7, 0.9, 0.8, 0.6], "abcd", [1, 3, 2]),
        ([0, 0, 0, 1], [0.7, 0.9, 0.8, 0.6], "aabb", [1, 3, 2]),
        ([0, 0, 0, 0], [0.7, 0.90001, 0.9, 0.6], "aaab", [1, 3, 2]),
        ([2], [0.5], "a", [0]),
        ([0, 1, 2, 3], [0.6, 0.7, 0.8, 0.9], "aaaa", [0, 1, 2]),
    ):
        assert surest(explained(targets, probabilities, list(patients))).tolist() == chosen


def test_windows_are_the_same_for_all_methods(run, kept):
    other = {name.split("/")[1]: array for name, array in gallery(run, maps_of("input_gradient")).items()}
    for what in ("window", "leads", "probability", "signal", "mask", "beats"):
        np.testing.assert_array_equal(kept[what], other[what])
    assert not np.array_equal(kept["map"], other["map"])


def test_variant_is_the_one_with_the_better_mean(run, kept):
    means = {variant: run.scores(cell("auc", "saliency", variant)).mean for variant in ("raw", "abs")}
    assert str(kept["variant"]) == max(means, key=means.get)
    scores = run.scores(cell("auc", "saliency", str(kept["variant"]))).values
    np.testing.assert_array_equal(kept["score"], scores[kept["window"]].astype(np.float32))


def test_signal_mask_beats_and_probabilities_are_those_of_the_windows(run, kept):
    explained, dataset = run.explained(model_at()), run.dataset("synthetic")
    for row, window in enumerate(kept["window"]):
        target = int(explained.target[window])
        np.testing.assert_allclose(kept["signal"][row].reshape(1, -1) / 1000, explained.windows.signal[window], atol=2.6e-3)
        np.testing.assert_array_equal(kept["mask"][row].reshape(1, -1), explained.windows.mask(int(window), target))
        np.testing.assert_array_equal(kept["beats"][kept["beats"][:, 0] == row][:, 1:], explained.windows.spans[window])
        assert kept["probability"][row, target] == pytest.approx(explained.probability[window], abs=1e-6)
    assert kept["probability"].sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert kept["leads"].tolist() == list(dataset.leads)


def test_map_is_the_methods_to_a_level(run, kept):
    maps = run.maps(maps_of()).values[kept["window"]]
    maps = (maps if kept["variant"] == "raw" else np.abs(maps)).reshape(len(maps), -1)
    np.testing.assert_allclose(kept["map"] / 127 * np.abs(maps).max(axis=1, keepdims=True), maps, atol=np.abs(maps).max() / 127)


def test_only_the_first_seed_has_a_gallery(run):
    assert gallery(run, maps_of(seed=2)) == {}


def test_gallery_is_accepted_beside_the_scores(run, kept, tmp_path):
    (path,) = accepted_files(run, [cell("pointing_game")], tmp_path)
    _, held = read_pair(path)
    for name, array in kept.items():
        np.testing.assert_array_equal(held[f"shown/{name}/1"], array)
