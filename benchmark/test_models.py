"""Models: is there one for the dataset and seed, does it classify better than by chance, are its accepted cells still there?"""

from __future__ import annotations

from ecgbench.pipeline import lost_cells

GROUP = ("dataset", "seed")


def test_model_beats_the_most_frequent_class(group, run, benchmark):
    dataset, seed = group
    model = benchmark.pedantic(run.model, (dataset, seed), rounds=1, iterations=1)
    test = model.info["test"]
    frequent = max(sum(row) for row in test["confusion"]) / sum(map(sum, test["confusion"]))
    assert test["accuracy"] > frequent, f"expected a test accuracy above {frequent:.3f}, got {test['accuracy']:.3f}; train it again"


def test_accepted_cells_are_in_the_grid(group, run, scores_root):
    lost = lost_cells(run, *group, scores_root)
    assert not lost, f"expected every accepted cell in the grid, got no way to compute {lost}; restore its method or metric, or remove it"
