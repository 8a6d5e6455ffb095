"""Chance levels of the accepted results: of every seed, and equal to what a map without information scores."""

from functools import cache
from pathlib import Path

import pytest

from ecgbench.results import result_files
from ecgbench.results.records import from_text

SCORES = Path(__file__).parents[2] / "leaderboards" / "scores"
CONSTANTS = sorted(path for path in result_files(SCORES) if path.stem == "constant")


@cache
def results_of(path):
    """What a file records; that its scores follow from its archive is checked where pages are drawn."""
    return from_text(path.read_text())[0]


@pytest.mark.parametrize("path", CONSTANTS, ids=lambda path: path.parts[-3])
def test_chance_of_attribution_localization_is_the_mean_of_constant_maps_for_every_seed(path):
    results = results_of(path)
    means = {(cell.metric, str(cell.seed)): cell.value for cell in results.cells}
    levels = [results_of(other).chance for other in path.parent.glob("*.json")]
    for seed in results.models:
        for metric in {metric for metric, of in means if metric.startswith("attribution_localization") and of == seed}:
            known = [level[seed][metric] for level in levels if seed in level]  # a method that is refused for a seed has none
            assert known == pytest.approx([means[metric, seed]] * len(known), abs=1e-9)
            assert known


def test_every_seed_has_the_same_levels_in_all_files_of_a_folder():
    folders = {}
    for path in result_files(SCORES):
        for seed, levels in results_of(path).chance.items():
            for name, level in levels.items():
                folders.setdefault((path.parent, seed, name), []).append(level)
    assert folders
    for place, levels in folders.items():
        assert max(levels) - min(levels) <= 1e-9, place
