"""Controls in the pipeline: which cells there are, what is accepted of them, how they are judged."""

import numpy as np
import pytest

from ecgbench.controls import CONTROLS
from ecgbench.errors import DuplicateKeyError
from ecgbench.methods import METHODS
from ecgbench.pipeline import Selection, accept, judge, lost_cells
from ecgbench.results import read_file, read_scores
from tests.pipeline.runs import cell, small_run, store_with_windows


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return small_run(store_with_windows(tmp_path_factory.mktemp("artifacts")))


def controls(selection):
    return {one.method for one in selection.cells() if one.is_control}


def test_all_controls_that_a_dataset_has_are_selected_with_the_methods():
    assert controls(Selection(("synthetic",))) == set(CONTROLS.keys())
    assert controls(Selection(("mitdb",))) == set(CONTROLS.keys()) - {"causal_mask"}
    assert controls(Selection(("ptbxl",))) == set(CONTROLS.keys()) - {"causal_mask", "beat_mask", "beat_prior"}


def test_controls_are_selected_by_key_and_glob():
    assert {one.method for one in Selection(("mitdb",), ("r_peaks",)).cells()} == {"r_peaks"}
    assert {one.method for one in Selection(("mitdb",), ("beat_*",)).cells()} == {"beat_mask", "beat_prior"}


def test_controls_have_signed_maps_only():
    assert {one.variant for one in Selection(("synthetic",)).cells() if one.is_control} == {"raw"}


def test_a_key_of_both_families_is_refused(monkeypatch):
    Selection().cells()
    monkeypatch.setitem(METHODS._entries, "constant", METHODS["saliency"])
    with pytest.raises(DuplicateKeyError, match='"constant" of both'):
        Selection().cells()


def test_mask_localises_perfectly_and_constant_does_not(run):
    assert run.scores(cell("auc", "beat_mask")).mean == 1
    assert run.scores(cell("auc", "constant")).mean == 0.5
    assert run.scores(cell("auc_causal", "causal_mask")).mean == 1


@pytest.mark.parametrize(("control", "bound"), [("constant", None), ("beat_mask", True)])
def test_accepted_results_say_that_it_is_a_control(control, bound, run, tmp_path):
    (path,) = accept(run, [cell("auc", control)], tmp_path)
    held = read_file(path)
    assert held.provenance["control"] == CONTROLS[control].title
    assert held.provenance.get("bound") == bound
    assert dict(held.health) == {"1": {}}
    assert not [name for name in read_scores(path) if name.startswith("gallery/")]


def test_constant_maps_of_a_control_are_not_ill(run, tmp_path):
    wanted = cell("auc", "constant")
    assert judge(run, wanted, run.scores(wanted), tmp_path).status == "nothing"
    accept(run, [wanted], tmp_path)
    assert judge(small_run(run.options.store), wanted, run.scores(wanted), tmp_path).status == "accepted"


def test_metrics_that_perturb_take_controls(run):
    scores = run.scores(cell("region_perturbation_morf", "r_peaks")).values
    assert np.isfinite(scores).all()


def test_accepted_cells_of_a_control_that_is_gone_are_lost(run, tmp_path, monkeypatch):
    accept(run, [cell("auc", "centre")], tmp_path)
    assert lost_cells(small_run(run.options.store), "synthetic", 1, tmp_path) == []
    monkeypatch.delitem(CONTROLS._entries, "centre")
    assert lost_cells(small_run(run.options.store), "synthetic", 1, tmp_path) == ["synthetic-centre-auc-seed1"]
