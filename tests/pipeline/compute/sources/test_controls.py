"""Controls as cells of the grid: which there are, how they are scored, judged and accepted."""

from functools import partial

import numpy as np
import pytest

import ecgbench
from ecgbench.controls import CONTROLS, Scene, control_maps
from ecgbench.datasets import DATASETS
from ecgbench.errors import DuplicateKeyError, UnknownKeyError
from ecgbench.methods import explain_from
from ecgbench.metrics import LOCALISATION, METRICS
from ecgbench.pipeline import Selection, accept, judge, lost_cells, metric_names, split_metric
from ecgbench.pipeline.acceptance.gallery import gallery
from ecgbench.results import read_pair
from tests.pipeline.runs import FOLDER, cell, maps_of, model_at, small_run, store_with_logits

KEYS = CONTROLS.keys()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return small_run(store_with_logits(tmp_path_factory.mktemp("artifacts")))


def controls(*datasets, **chosen):
    return [one for one in Selection(datasets, **chosen).cells() if one.source in CONTROLS]


# Selecting


@pytest.mark.parametrize(
    ("dataset", "absent"),
    [
        ("synthetic", set()),
        ("mitdb", {"causal_mask"}),
        ("ludb", {"causal_mask", "ig_twin"}),
        ("ptbxl", {"beat_mask", "beat_prior", "causal_mask", "ig_twin"}),
    ],
)
def test_a_dataset_has_the_controls_that_its_masks_allow_with_every_metrics_cell_once_and_signed(dataset, absent):
    assert {one.source for one in controls(dataset)} == set(KEYS) - absent
    found = controls(dataset, methods=("amplitude",), seeds=DATASETS[dataset].protocol.seeds[:1])
    assert [one.metric for one in found] == [name for name in metric_names(dataset) if split_metric(name)[0].by_default]
    assert {one.variant for one in found} == {"raw"}


def test_keys_and_globs_select_methods_and_controls():
    assert {one.source for one in Selection(("synthetic",), methods=("*_mask", "saliency_*", "slope")).cells()} == {
        *("beat_mask", "causal_mask", "saliency", "slope")
    }
    assert Selection(("mitdb",), methods=("causal_mask",)).cells() == []
    with pytest.raises(UnknownKeyError, match='expected a key of methods, got "amplitude_abs"; did you mean amplitude'):
        Selection(methods=("amplitude_abs",)).cells()


@pytest.mark.usefixtures("registries_restored")
def test_key_of_a_method_and_a_control_is_refused():
    @ecgbench.register("controls", version=1, reference="none", title="another saliency")
    def saliency(scene):
        return np.ones(scene.shape)

    with pytest.raises(DuplicateKeyError, match='expected other keys of controls than of methods, got "saliency" of both'):
        Selection().cells()


# Scoring


def test_maps_are_the_controls_of_the_explained_windows_and_have_no_health_and_no_gallery(run):
    dataset, explained = run.dataset("synthetic"), run.explained(model_at())
    integrate = partial(explain_from, run.subject(model_at()).network, explained.windows.x, target=explained.target)
    scene = Scene(explained.windows, explained.target, dataset.train, dataset.fs, integrate)
    for control in KEYS:
        np.testing.assert_array_equal(run.maps(maps_of(control)).values, control_maps(control, scene))
        assert run.health(maps_of(control)) == {}
        assert gallery(run, maps_of(control)) == {}


def test_a_mask_is_the_best_that_localisation_can_give(run):
    for key in (entry.key for entry in METRICS if entry.family == LOCALISATION):
        np.testing.assert_allclose(run.scores(cell(key, "beat_mask")).values, 1.0)
        np.testing.assert_allclose(run.scores(cell(f"{key}_causal", "causal_mask")).values, 1.0)


def test_constant_map_has_what_chance_gives(run):
    np.testing.assert_allclose(run.scores(cell("auc", "constant")).values, 0.5)


def test_a_control_has_the_same_maps_for_all_seeds_since_windows_are_the_same(run):
    first, second = (run.maps(maps_of("amplitude", seed)) for seed in (1, 2))
    assert first.keys == second.keys
    np.testing.assert_array_equal(first.values, second.values)


# Judging and accepting


def test_a_control_is_never_unhealthy_and_a_method_with_such_maps_is(run, tmp_path, monkeypatch):
    for control in KEYS:
        one = cell("auc", control)
        assert judge(run, one, run.scores(one), tmp_path).status == "no_baseline"
        assert judge(run, one, run.scores(one), tmp_path, update=True).status == "updated"
    constant, scores = run.maps(maps_of("constant")), run.scores(cell("auc", "constant"))
    monkeypatch.setattr(run, "maps", lambda *_: constant)
    assert judge(run, cell("auc", "saliency"), scores, tmp_path).status == "unhealthy"


@pytest.fixture(scope="module")
def root(run, tmp_path_factory):
    """Folder of accepted results of two controls and a method."""
    folder = tmp_path_factory.mktemp("scores")
    accept(run, [cell(metric, source) for source in ("beat_mask", "amplitude", "saliency") for metric in ("auc", "pointing_game")], folder)
    return folder


def test_accepted_results_say_what_a_control_does_and_whether_it_knows_the_answer(root):
    held = {source: read_pair(root / FOLDER / f"{source}.json") for source in ("amplitude", "beat_mask", "saliency")}
    found = {source: results.provenance for source, (results, _) in held.items()}
    assert found["amplitude"]["control"] == CONTROLS["amplitude"].title
    assert found["beat_mask"]["control"] == CONTROLS["beat_mask"].title
    assert [source for source in found if found[source].get("bound")] == ["beat_mask"]
    assert "control" not in found["saliency"]
    assert "ranked" not in found["amplitude"]
    assert dict(held["amplitude"][0].health) == {"1": {}}
    assert [source for source in held if any(name.startswith("shown/") for name in held[source][1])] == ["saliency"]


def test_accepted_controls_stand_and_a_moved_number_does_not(run, root):
    one = cell("auc", "amplitude")
    assert judge(run, one, run.scores(one), root).status == "accepted"
    assert judge(run, one, run.scores(cell("pointing_game", "amplitude")), root).status == "changed"


def test_cells_of_controls_are_not_lost_until_the_control_is_gone(run, root, monkeypatch):
    assert lost_cells(run, model_at(), root) == []
    monkeypatch.setattr(CONTROLS, "_entries", {key: CONTROLS[key] for key in KEYS if key != "amplitude"})
    assert lost_cells(run, model_at(), root) == [cell(metric, "amplitude").id for metric in ("auc", "pointing_game")]
