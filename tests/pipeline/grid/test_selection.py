"""Which cells there are and which are selected."""

import re
from itertools import pairwise

import pytest

import ecgbench
from ecgbench.controls import CONTROLS
from ecgbench.datasets import DATASETS
from ecgbench.errors import InputError, UnknownKeyError
from ecgbench.methods import METHODS
from ecgbench.metrics import METRICS
from ecgbench.pipeline import Selection, healthy_maps, models, variant_name
from ecgbench.protocol import SYNTHETIC

METHOD_KEYS, METRIC_KEYS = METHODS.keys(), [entry.key for entry in METRICS if entry.by_default]
MITDB = ("mitdb",)


def values(cells, name):
    """The different values of one coordinate, in the order of the cells."""
    return list(dict.fromkeys(getattr(cell, name) for cell in cells))


def variants(*methods):
    return [variant_name(source.key, variant) for source, variant in Selection(methods=methods).variants()]


def test_grid_of_a_dataset_is_every_methods_variant_and_metric_of_its_default_model_and_first_seed():
    model = DATASETS["mitdb"].default_model()
    wanted = {("mitdb", model, m, v, k, 1) for m in METHOD_KEYS for v in ("raw", "abs") for k in METRIC_KEYS}
    cells = [cell for cell in Selection(MITDB).cells() if cell.source not in CONTROLS]
    assert {tuple(cell.as_dict().values()) for cell in cells} == wanted
    assert len(cells) == len(wanted)


def test_metrics_of_further_maps_are_selected_where_they_are_named():
    named = Selection(("synthetic",), metrics=("stability", "auc"))
    assert named.metrics_of("synthetic") == ["auc", "stability"]
    assert not named.metrics_left_out()
    everything = Selection(("synthetic",), metrics=("all",))
    left_out = Selection(("synthetic",)).metrics_left_out()
    assert left_out == [entry.key for entry in METRICS if not entry.by_default]
    assert sorted(everything.metrics_of("synthetic")) == sorted([*Selection(("synthetic",)).metrics_of("synthetic"), *left_out])
    assert "shift" not in Selection(("ptbxl",)).metrics_left_out()


def test_controls_that_know_the_answer_have_no_cells_of_further_maps():
    cells = Selection(("synthetic",), metrics=("randomisation",), seeds=(1,)).cells()
    assert set(values(cells, "source")) == {*METHOD_KEYS, *(entry.key for entry in CONTROLS if not entry.bound)}


def test_nothing_selected_means_the_datasets_that_run_by_default_with_all_their_seeds():
    cells = Selection().cells()
    assert values(cells, "dataset") == [entry.key for entry in DATASETS if entry.by_default] == ["synthetic"]
    assert values(cells, "seed") == [1, 2, 3]


def test_seeds_are_those_that_are_asked_for_and_that_the_dataset_has():
    selection = Selection(("mitdb", "synthetic12"), ("saliency_abs",), ("auc_c*", "twin_agreement"), seeds=(5, 2))
    assert selection.seeds_of("mitdb") == (5, 2)
    assert selection.seeds_of("synthetic12") == (2,)
    assert Selection().seeds_of("synthetic12") == (1, 2, 3)
    assert [(one.dataset, one.seed) for one in selection.cells()] == [("mitdb", 5), ("mitdb", 2), *[("synthetic12", 2)] * 2]


@pytest.mark.parametrize(
    ("datasets", "seeds", "message"),
    [
        (("mitdb",), (1, 9), "expected seeds of mitdb among 1, 2, 3, 4, 5, got 9; choose among these."),
        (("synthetic",), (9,), "expected seeds of synthetic among 1, 2, 3, 4, 5, 6, 7, 8, got 9; choose among these."),
        ((), (0,), "expected seeds of synthetic among 1, 2, 3, 4, 5, 6, 7, 8, got 0; choose among these."),
        (("mitdb", "synthetic"), (5, 99), "expected seeds of mitdb, synthetic among 1, 2, 3, 4, 5, 6, 7, 8, got 99; choose among these."),
    ],
)
def test_seed_that_no_selected_dataset_has_is_refused(datasets, seeds, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        Selection(datasets, seeds=seeds).cells()


def test_models_are_selected_by_keys_and_globs():
    cells = Selection(("synthetic",), ("saliency",), ("auc",), (1,), ("resnet50", "resnet*_narrow")).cells()
    assert values(cells, "model") == ["resnet18_7_narrow", "resnet50"]
    assert [of.model for of in models(cells)] == ["resnet18_7_narrow", "resnet50"]
    assert values(Selection(("synthetic", "mitdb"), ("saliency",), ("auc",)).cells(), "model") == ["resnet18_7", "resnet18_7_narrow"]


@pytest.mark.parametrize(
    ("named", "recipes", "found"),
    [
        ((), (), ["resnet18_7_narrow"]),
        ((), ("balanced",), ["resnet18_7_narrow+balanced"]),
        ((), ("*",), ["resnet18_7_narrow+balanced", "resnet18_7_narrow"]),
        (("resnet34", "resnet50"), (), ["resnet34", "resnet50"]),
        (("resnet34",), ("study", "balanced"), ["resnet34+balanced", "resnet34"]),
        (("resnet34+balanced",), (), ["resnet34+balanced"]),
        (("resnet34+balanced", "resnet50"), (), ["resnet50", "resnet34+balanced"]),
        (("resnet[35]*+bal*",), (), ["resnet34+balanced", "resnet50+balanced"]),
    ],
)
def test_models_are_selected_by_architecture_and_recipe_of_which_the_studys_is_the_usual_one(named, recipes, found):
    assert Selection(models=named, recipes=recipes).models_of("synthetic") == found


def test_globs_select_among_the_datasets_own_architectures_and_keys_any():
    own = sorted([SYNTHETIC.recipe.architecture, *SYNTHETIC.further_models])
    assert Selection(models=("*",)).models_of("synthetic") == own
    assert Selection(models=("*_narrow", "resnet34")).models_of("synthetic") == sorted([*own, "resnet34"])
    assert Selection(models=("*",)).models_of("mitdb") == ["resnet18_7"]
    assert Selection().models_of("synthetic") == [SYNTHETIC.recipe.architecture]


def test_unknown_recipe_is_refused():
    with pytest.raises(UnknownKeyError, match='expected a key of recipes, got "balance"; did you mean balanced'):
        Selection(recipes=("balance",)).cells()


def test_further_seeds_are_taken_where_they_are_named():
    assert Selection().seeds_of("synthetic") == (1, 2, 3)
    assert Selection(seeds=tuple(range(1, 9))).seeds_of("synthetic") == tuple(range(1, 9))
    assert Selection(seeds=(1, 4)).seeds_of("mitdb") == (1, 4)


def test_a_methods_key_means_both_its_variants_and_a_variants_name_that_one():
    assert variants("gradcam") == ["gradcam", "gradcam_abs"]
    assert variants("gradcam_abs") == ["gradcam_abs"]
    assert variants("saliency_abs", "saliency", "gradcam_ab?") == ["gradcam_abs", "saliency", "saliency_abs"]


def test_globs_select_by_the_variants_name():
    assert variants("*_abs") == [f"{key}_abs" for key in METHOD_KEYS]
    assert variants("sal*") == ["saliency", "saliency_abs"]
    assert variants("*rated_gradients") == ["integrated_gradients"]


def test_datasets_and_metrics_are_selected_by_globs_too():
    assert Selection(("mit*",)).dataset_keys() == ["mitdb"]
    assert Selection(metrics=("region*",)).metrics_of("mitdb") == ["region_perturbation_lerf", "region_perturbation_morf"]
    assert {cell.dataset for cell in Selection(("*",), metrics=("auc_causal",)).cells()} == {"synthetic", "synthetic12"}
    assert Selection(metrics=("auc",)).metrics_of("synthetic") == ["auc"]


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(("mitbd",)), 'expected a key of datasets, got "mitbd"; did you mean mitdb'),
        (Selection(models=("resnet19",)), 'expected a key of models, got "resnet19"; did you mean resnet18'),
        (Selection(methods=("saliency", "gradcam_ab")), 'expected a key of methods, got "gradcam_ab"; did you mean gradcam_abs'),
        (Selection(metrics=("auc_casual",)), 'expected a key of metrics, got "auc_casual"; did you mean auc_causal'),
        (Selection(("zzz*",)), r'expected a key of datasets, got "zzz\*"; choose one of .*mitdb'),
        (Selection(methods=("Saliency",)), 'expected a key of methods, got "Saliency"'),
    ],
    ids=["dataset", "model", "variant", "metric", "glob", "capital"],
)
def test_a_pattern_that_matches_nothing_is_refused_with_the_nearest_keys(selection, message):
    with pytest.raises(UnknownKeyError, match=message):
        selection.cells()


def test_cells_that_share_maps_stand_together_and_health_is_measured_of_methods_maps():
    cells = Selection(("*",)).cells()
    places = [cell.of_maps for cell in cells]
    assert sum(before != after for before, after in pairwise(places)) + 1 == len(set(places))
    assert {of.source for of in healthy_maps(cells)} == set(METHOD_KEYS)


@pytest.mark.usefixtures("registries_restored")
def test_metric_that_asks_the_source_again_has_cells_of_methods_alone():
    declared = {"higher_is_better": True, "bounds": (0, 1), "needs": ("explain",), "atol": 0, "family": "faithfulness"}

    @ecgbench.register("metrics", version=1, reference="", **declared)
    def stable(attributions, explain):
        raise AssertionError

    assert set(values(Selection(("synthetic",), metrics=("stable",)).cells(), "source")) == set(METHOD_KEYS)
