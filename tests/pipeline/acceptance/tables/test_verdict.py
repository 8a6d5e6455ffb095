"""The verdict that ends a run, and the order of the tables' rows."""

from ecgbench.pipeline import score_tables, verdicts
from tests.pipeline.acceptance.tables.test_score_table import cell

METHODS = ("gradcam", "saliency", "lrp", "occlusion", "lime", "rise", "smoothgrad")


def body(table):
    """The lines of a table behind its heading."""
    lines = table.splitlines()
    return lines[[line.startswith("---") for line in lines].index(True) + 1 :]


def test_rows_stand_in_the_order_of_places_and_what_is_not_ranked_last():
    scores = {"saliency": 0.5, "constant": 0.9, "gradcam": 0.8, "lrp": 0.6}
    (table,) = score_tables({cell(source): score for source, score in scores.items()})
    assert [line.split()[0] for line in body(table)] == ["gradcam", "lrp", "saliency", "constant"]


def test_verdict_names_the_best_five_and_every_control_with_the_share_of_methods_that_beat_it():
    means = {cell(source): i / 10 for i, source in enumerate(METHODS)}
    means |= {cell("constant"): 0.45, cell("beat_mask"): 1.0}
    (table,) = verdicts(means)
    lines = [line.rsplit(maxsplit=2) for line in body(table)]
    best = [[name, place, place] for name, place in zip(METHODS[:1:-1], ("0.00", "0.17", "0.33", "0.50", "0.67"), strict=True)]
    # 0.45 lies below two of seven methods.
    controls = [["beat_mask (knows the answer)", "0.00", "0.00"], ["constant (control)", "0.29", "0.29"]]
    assert lines[:-1] == [*best, *controls]
    assert table.endswith("The best 5 of 7 variants of methods, and controls.")


def test_place_is_the_mean_over_families_whose_metrics_count():
    lower = "twin_lerf"
    means = {
        cell("gradcam", dataset="synthetic"): 0.9,
        cell("saliency", dataset="synthetic"): 0.1,
        cell("lrp", dataset="synthetic"): 0.5,
        cell("gradcam", lower, dataset="synthetic"): 0.9,
        cell("saliency", lower, dataset="synthetic"): 0.1,
        # shown and not ranked
        cell("gradcam", "pointing_game", dataset="synthetic"): 0.0,
        cell("saliency", "pointing_game", dataset="synthetic"): 1.0,
    }
    (table,) = verdicts(means)
    assert [line.split() for line in body(table)] == [
        ["gradcam", "0.50", "0.00", "1.00"],
        ["saliency", "0.50", "1.00", "0.00"],
        ["lrp", "0.50", "0.50", "-"],
    ]
