"""What an analysis adds to the means, against a second computation on the accepted scores."""

import math

import numpy as np
import pytest

from ecgbench.results import seeds_interval

from ..conftest import PATIENT, per_window

LIME = ("lime", "raw")


def column(analysis, name):
    return next(column for column in analysis.board.columns if column.name == name)


def test_summary_is_over_windows_then_seeds(accept, analysed):
    scores = {1: [0.1, 0.2, math.nan, 0.6], 2: [0.5, 0.5, 0.8, 0.2]}
    accept("mitdb", "lime", {"raw": {"auc": scores}})
    cell = analysed()["mitdb"].cells[*LIME, "auc"]
    assert cell.mean == pytest.approx((0.3 + 0.5) / 2)
    assert cell.spread == pytest.approx(0.2 / math.sqrt(2))
    assert cell.balanced == pytest.approx(((0.1 + 0.4) / 2 + (0.5 + 0.5) / 2) / 2)
    assert (cell.windows, cell.undefined, cell.seeds) == (8, 1, 2)


def test_interval_is_that_of_the_seeds(accept, analysed):
    scores = {1: [0.1, 0.2, 0.3, 0.6], 2: [0.5, 0.5, 0.8, 0.2]}
    accept("mitdb", "lime", {"raw": {"auc": scores}})
    cell = analysed()["mitdb"].cells[*LIME, "auc"]
    kept = [np.array(values, dtype=np.float32).astype(np.float64) for values in scores.values()]
    assert (cell.low, cell.high) == seeds_interval(kept, [PATIENT, PATIENT])
    assert cell.low < cell.mean < cell.high


def test_undefined_seed_is_not_hidden_and_a_single_one_has_no_spread(accept, analysed):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5, 2: None}}})
    cell = analysed()["mitdb"].cells[*LIME, "auc"]
    assert all(map(math.isnan, (cell.mean, cell.spread, cell.low, cell.high, cell.balanced)))
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5}}})
    assert math.isnan(analysed()["mitdb"].cells[*LIME, "auc"].spread)


def test_variant_without_cells_has_no_summary(accept, analysed):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5}}})
    accept("mitdb", "lrp", {"raw": {"pointing_game": {1: 0.5}}})
    analysis = analysed()["mitdb"]
    assert analysis.summary(("lrp", "raw"), column(analysis, "auc")) is None


@pytest.fixture
def controlled(accept, accept_control, analysed):
    """A method with 0.5 everywhere, beside two controls and a bound."""
    metrics = ("auc", "region_perturbation_lerf")
    accept("mitdb", "lime", {"raw": {metric: {1: 0.5} for metric in metrics}})

    def analyse(values, **provenance):
        for control, value in values.items():
            accept_control("mitdb", control, {metric: {1: value} for metric in metrics}, **provenance)
        return analysed()["mitdb"]

    return analyse


def test_best_control_goes_by_the_direction_of_the_metric(controlled):
    analysis = controlled({"centre": 0.2, "slope": 0.4})
    best = {metric: analysis.best_control(column(analysis, metric))[0] for metric in ("auc", "region_perturbation_lerf")}
    assert best == {"auc": "slope", "region_perturbation_lerf": "centre"}


def test_method_that_is_not_better_than_a_control_is_beaten(controlled):
    found = {}
    for control in (0.6, 0.5, 0.4):
        analysis = controlled({"centre": control})
        found[control] = tuple(analysis.beaten(LIME, column(analysis, metric)) for metric in ("auc", "region_perturbation_lerf"))
        assert not analysis.beaten(("centre", "raw"), column(analysis, "auc"))
    assert found == {0.6: (True, False), 0.5: (True, True), 0.4: (False, True)}


def test_method_whose_gain_may_be_none_is_marked(accept, accept_control, analysed):
    accept("mitdb", "lime", {"raw": {"auc": {1: [0.9, 0.9, 0.4, 0.9]}}})
    accept_control("mitdb", "centre", {"auc": {1: [0.5, 0.5, 0.5, 0.5]}})
    analysis = analysed()["mitdb"]
    gain = analysis.gain(LIME, column(analysis, "auc"))
    assert gain.value == pytest.approx(0.275)
    assert gain.low < 0 < gain.high
    assert analysis.beaten(LIME, column(analysis, "auc"))


def test_method_that_does_not_look_at_the_model_is_a_blind_control(accept, analysed):
    accept("mitdb", "random_baseline", {"raw": {"auc": {1: 0.5}}})
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.7}}})
    analysis = analysed()["mitdb"]
    assert analysis.board.blind == ("random_baseline",)
    assert analysis.gain(LIME, column(analysis, "auc")).control == "random_baseline"
    assert analysis.gain(("random_baseline", "raw"), column(analysis, "auc")) is None


def test_bound_beats_nobody(controlled):
    analysis = controlled({"beat_mask": 0.95}, bound=True)
    assert analysis.best_control(column(analysis, "auc")) is None
    assert not analysis.beaten(LIME, column(analysis, "auc"))


def test_control_has_no_place_and_moves_nobody(accept, accept_control, analysed):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5}}})
    accept("mitdb", "lrp", {"raw": {"auc": {1: 0.6}}})
    before = analysed()["mitdb"].board.places
    accept_control("mitdb", "centre", {"auc": {1: 0.55}})
    assert analysed()["mitdb"].board.places.to_dict() == before.to_dict()


def test_classes_are_over_the_windows_of_all_seeds(accept, analysed):
    accept("mitdb", "lime", {"raw": {"auc": {1: [0.1, 0.2, math.nan, 0.6], 2: 0.5}}})
    analysis = analysed()["mitdb"]
    found = analysis.classes(LIME, column(analysis, "auc"))
    assert {class_: counts for class_, (_, *counts) in found.items()} == {1: [2, 0], 2: [5, 1]}
    assert found[1][0] == pytest.approx((0.1 + per_window(0.5)[0]) / 2)
    assert found[2][0] == pytest.approx((0.8 + per_window(0.5)[1:].sum()) / 5)


def test_letters_are_those_of_the_groups(accept_small, analysed):
    accept_small("mitdb")
    analysis = analysed()["mitdb"]
    assert analysis.comparisons["localisation"].groups == (("lime", "saliency"),)
    assert analysis.groups("localisation") == {("lime", "raw"): "A", ("saliency", "raw"): "A"}
    assert analysis.groups("no such family") == {}


def test_variant_that_is_not_ranked_has_no_interval_of_its_rank(accept, analysed):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5}}})
    accept("mitdb", "lrp", {"raw": {"auc": {1: 0.6}}}, provenance={"ranked": False})
    analysis = analysed()["mitdb"]
    assert analysis.interval("localisation", LIME, "rank") == (1, 1)
    assert all(map(math.isnan, analysis.interval("localisation", ("lrp", "raw"), "rank")))
    assert math.isnan(analysis.place("localisation", ("lrp", "raw")))
