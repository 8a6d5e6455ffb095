"""Models: is there one for the dataset and seed, does it classify better than by chance, are its accepted cells still there?"""

from __future__ import annotations

from ecgbench.pipeline import lost_cells


def test_model_is_better_than_chance(model_of, run, benchmark):
    model = benchmark.pedantic(run.model, (model_of,), rounds=1, iterations=1)
    name, value, chance = above_chance(model.info["test"])
    assert value > chance, f"expected a test {name} above {chance:.3f}, got {value:.3f}; train it again"


def above_chance(test):
    """The measure of a model that is to be above chance, and chance: AUC of several labels, else the mean sensitivity of the classes.

    A model that was trained on as many windows of each class names the most frequent one less often than it occurs, and may be right less
    often than one that names nothing else. The mean sensitivity (balanced accuracy, doi:10.1109/ICPR.2010.764) is the same for every model
    that does not look at the window.
    """
    if "macro_auc" in test:
        return "macro AUC", test["macro_auc"], 0.5
    of_class = [right for right, windows in zip(test["sensitivity"], test["confusion"], strict=True) if sum(windows)]
    return "mean sensitivity", sum(of_class) / len(of_class), 1 / len(of_class)


def test_accepted_cells_are_in_the_grid(model_of, run, scores_root):
    lost = lost_cells(run, model_of, scores_root)
    assert not lost, f"expected every accepted cell in the grid, got no way to compute {lost}; restore its method or metric, or remove it"
