"""Controls as cells of the grid: which there are, how they are scored, judged and accepted."""

import numpy as np
import pytest

from ecgbench.controls import CONTROLS, Scene, control_maps
from ecgbench.datasets import DATASETS
from ecgbench.errors import DuplicateKeyError, UnknownKeyError
from ecgbench.methods import METHODS
from ecgbench.metrics import METRICS
from ecgbench.pipeline import Selection, accept, judge, lost_cells, metric_names
from ecgbench.pipeline.acceptance.gallery import gallery
from ecgbench.results import read_file, read_scores
from tests.pipeline.runs import cell, small_run, store_with_windows

KEYS = CONTROLS.keys()
LOCALISATION = [entry.key for entry in METRICS if "mask" in entry.needs]
every_control = pytest.mark.parametrize("control", KEYS)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return small_run(store_with_windows(tmp_path_factory.mktemp("artifacts")))


def controls(*datasets, **chosen):
    return [one for one in Selection(datasets, **chosen).cells() if one.is_control]


# Selecting


@pytest.mark.parametrize(
    ("dataset", "absent"),
    [("synthetic", set()), ("mitdb", {"causal_mask"}), ("ptbxl", {"beat_mask", "beat_prior", "causal_mask"})],
)
def test_a_dataset_has_the_controls_that_its_masks_allow(dataset, absent):
    assert {one.method for one in controls(dataset)} == set(KEYS) - absent


@pytest.mark.parametrize("dataset", DATASETS.keys())
def test_a_control_has_every_metrics_cell_once(dataset):
    found = [one.metric for one in controls(dataset, methods=("amplitude",), seeds=DATASETS[dataset].protocol.seeds[:1])]
    assert found == metric_names(dataset)


def test_controls_have_signed_maps_only():
    assert {one.variant for one in controls("*")} == {"raw"}


@every_control
def test_a_key_selects_that_control_alone(control):
    assert {one.method for one in Selection(("synthetic",), methods=(control,)).cells()} == {control}


def test_globs_select_methods_and_controls():
    assert {one.method for one in Selection(("synthetic",), methods=("*_mask", "saliency_*")).cells()} == {
        *("beat_mask", "causal_mask", "saliency")
    }


def test_a_control_that_a_dataset_does_not_have_selects_nothing():
    assert Selection(("mitdb",), methods=("causal_mask",)).cells() == []


def test_absolute_values_of_a_control_are_unknown():
    with pytest.raises(UnknownKeyError, match='expected a key of methods, got "amplitude_abs"; did you mean amplitude'):
        Selection(methods=("amplitude_abs",)).cells()


@pytest.mark.usefixtures("registries_restored")
def test_key_of_a_method_and_a_control_is_refused():
    @CONTROLS.register(version=1, reference="none", title="another saliency")
    def saliency(scene):
        return np.ones(scene.shape)

    with pytest.raises(DuplicateKeyError, match='expected other keys of controls than of methods, got "saliency" of both'):
        Selection().cells()


def test_methods_are_no_controls():
    assert not any(cell(method=method).is_control for method in METHODS.keys())  # noqa: SIM118


# Scoring


@every_control
def test_maps_are_the_controls_of_the_explained_windows(run, control):
    dataset, explained = run.dataset("synthetic"), run.explained("synthetic", 1)
    wanted = control_maps(control, Scene(explained.windows, explained.target, dataset.train, dataset.fs))
    np.testing.assert_array_equal(run.maps("synthetic", 1, control).values, wanted)


@pytest.mark.parametrize(
    ("control", "metric"), [("beat_mask", key) for key in LOCALISATION] + [("causal_mask", f"{key}_causal") for key in LOCALISATION]
)
def test_a_mask_is_the_best_that_localisation_can_give(run, control, metric):
    np.testing.assert_allclose(run.scores(cell(metric, control)).values, 1.0)


@pytest.mark.parametrize(("metric", "chance"), [("auc", 0.5), ("auc_causal", 0.5)])
def test_constant_map_has_what_chance_gives(run, metric, chance):
    np.testing.assert_allclose(run.scores(cell(metric, "constant")).values, chance)


def test_scores_do_not_depend_on_what_else_is_wanted(run):
    metric = "region_perturbation_morf"
    wanted = [cell(metric, method) for method in ("amplitude", "saliency", "r_peaks")]
    together = small_run(run.options.store, wanted=wanted)
    np.testing.assert_allclose(together.scores(wanted[0]).values, run.scores(wanted[0]).values, atol=1e-12)


def test_seeds_explain_windows_of_their_own(run):
    first, second = (run.maps("synthetic", seed, "amplitude").values for seed in (1, 2))
    assert not np.array_equal(first, second)


@every_control
def test_a_control_has_no_health_and_no_gallery(run, control):
    assert run.health("synthetic", 1, control) == {}
    assert gallery(run, "synthetic", 1, control) == {}


# Judging and accepting


@every_control
def test_a_control_is_never_unhealthy(run, control, tmp_path):
    one = cell("auc", control)
    assert judge(run, one, run.scores(one), tmp_path).status == "no_baseline"
    assert judge(run, one, run.scores(one), tmp_path, update=True).status == "updated"


def test_a_method_with_such_maps_is_unhealthy(run, tmp_path, monkeypatch):
    constant = run.maps("synthetic", 1, "constant")
    scores = run.scores(cell("auc", "constant"))
    monkeypatch.setattr(run, "maps", lambda *_: constant)
    assert judge(run, cell("auc", "saliency"), scores, tmp_path).status == "unhealthy"


@pytest.fixture(scope="module")
def accepted(run, tmp_path_factory):
    """Accepted results of two controls and a method, by key."""
    root = tmp_path_factory.mktemp("scores")
    cells = [cell(metric, method) for method in ("beat_mask", "amplitude", "saliency") for metric in ("auc", "pointing_game")]
    return {path.stem: path for path in accept(run, cells, root)}


def test_provenance_says_what_a_control_does_and_whether_it_knows_the_answer(accepted):
    found = {key: read_file(path).provenance for key, path in accepted.items()}
    assert found["amplitude"]["control"] == CONTROLS["amplitude"].title
    assert found["beat_mask"]["control"] == CONTROLS["beat_mask"].title
    assert found["beat_mask"]["bound"] is True
    assert "bound" not in found["amplitude"]
    assert not {"control", "bound"} & found["saliency"].keys()
    assert "ranked" not in found["amplitude"]


def test_accepted_controls_have_no_health_and_no_gallery(accepted):
    found = read_file(accepted["amplitude"])
    assert dict(found.health) == {"1": {}}
    assert not [name for name in read_scores(accepted["amplitude"]) if name.startswith("gallery/")]
    assert [name for name in read_scores(accepted["saliency"]) if name.startswith("gallery/")]


def test_accepted_controls_stand_and_a_moved_number_does_not(run, accepted, tmp_path):
    one, root = cell("auc", "amplitude"), accepted["amplitude"].parents[2]
    assert judge(run, one, run.scores(one), root).status == "accepted"
    moved = run.scores(cell("pointing_game", "amplitude"))
    assert judge(run, one, moved, root).status == "changed"


def test_cells_of_controls_are_not_lost_until_the_control_is_gone(run, accepted, monkeypatch):
    root = accepted["amplitude"].parents[2]
    assert lost_cells(run, "synthetic", 1, root) == []
    monkeypatch.setattr(CONTROLS, "_entries", {key: CONTROLS[key] for key in KEYS if key != "amplitude"})
    assert lost_cells(run, "synthetic", 1, root) == ["synthetic-amplitude-auc-seed1", "synthetic-amplitude-pointing_game-seed1"]
