"""Submissions that know the answer on the public windows: found whatever the secret and however few they know; methods are not marked."""

import numpy as np
import pytest

from ecgbench.pipeline import Options, compare_sides, held_back_run, pack
from tests.pipeline.runs import MODEL, maps_of, model_at, small_run, store_with_windows
from tests.pipeline.submissions.submission_files import ABOUT

pytestmark = pytest.mark.slow

PUBLIC = 64
METRICS = ("auc", "relevance_mass_accuracy")
SEEDS = (1, 2)


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    return small_run(store_with_windows(tmp_path_factory.mktemp("held_back")), samples="all")


def marked(run, path, maps, rng):
    """Whether a submission of these maps, by seed, is marked with some secret."""
    given = {seed: array.astype(np.float32) for seed, array in maps.items()}
    path.write_bytes(pack(run, "synthetic", MODEL, given, ABOUT))
    rows = compare_sides(held_back_run(path, Options(store=run.options.store), rng.bytes(32), METRICS))
    return any(row.better_on_public for row in rows)


def maps_of_method(run, method, seed):
    return run.maps(maps_of(method, seed)).values.astype(np.float64)


def fitted(run, method, seed, share, rng):
    """A method's maps, with the answer mixed into those of a share of the public windows."""
    explained, maps = run.explained(model_at(seed)), maps_of_method(run, method, seed)
    known = rng.permutation(PUBLIC)[: round(share * PUBLIC)]
    answers = explained.windows.masks(explained.target)[known]
    maps[known] = answers * np.abs(maps[known]).max() + rng.uniform(0, 0.3) * maps[known]
    return maps


@pytest.mark.parametrize("method", ["saliency", "random_baseline"])
@pytest.mark.parametrize("share", [0.25, 1])
def test_answers_on_public_windows_are_found(everything, tmp_path, tries, method, share):
    for number in tries(30):
        rng = np.random.default_rng(number)
        maps = {seed: fitted(everything, method, seed, share, rng) for seed in SEEDS}
        assert marked(everything, tmp_path / "file", maps, rng), number


@pytest.mark.parametrize("method", ["saliency", "lrp", "random_baseline"])
def test_method_is_seldom_marked(everything, tmp_path, tries, method):
    maps = {seed: maps_of_method(everything, method, seed) for seed in SEEDS}
    numbers = tries(40)
    found = [marked(everything, tmp_path / "file", maps, np.random.default_rng(number)) for number in numbers]
    assert sum(found) <= max(1, len(numbers) // 10)
