"""Which cells there are, what they are called and which are selected."""

from itertools import pairwise

import pytest

from ecgbench.datasets import DATASETS
from ecgbench.errors import UnknownKeyError
from ecgbench.methods import METHODS
from ecgbench.metrics import METRICS
from ecgbench.pipeline import Cell, Selection, metric_names, split_metric, variant_name

METHOD_KEYS, METRIC_KEYS = METHODS.keys(), METRICS.keys()
LOCALISATION = [entry.key for entry in METRICS if "mask" in entry.needs]
FAITHFULNESS = [key for key in METRIC_KEYS if key not in LOCALISATION]
MITDB = ("mitdb",)


def values(cells, name):
    """The different values of one coordinate, in the order of the cells."""
    return list(dict.fromkeys(getattr(cell, name) for cell in cells))


def variants(*methods):
    return [variant_name(*pair) for pair in Selection(methods=methods).variants()]


def test_id_names_everything():
    assert Cell("mitdb", "guided_gradcam", "abs", "auc", 1).id == "mitdb-guided_gradcam_abs-auc-seed1"
    assert Cell("synthetic", "saliency", "raw", "auc_causal", 3).id == "synthetic-saliency-auc_causal-seed3"


def test_ids_of_all_cells_differ():
    cells = Selection(("*",), seeds=(1, 2, 3, 4, 5)).cells()
    assert len({cell.id for cell in cells}) == len(cells) == len(set(cells))


def test_grid_of_a_dataset_is_every_methods_variant_and_metric_of_its_first_seed():
    wanted = {(m, v, k, 1) for m in METHOD_KEYS for v in ("raw", "abs") for k in METRIC_KEYS}
    cells = [cell for cell in Selection(MITDB).cells() if not cell.is_control]
    assert {cell[1:] for cell in cells} == wanted
    assert len(cells) == len(wanted)


def test_nothing_selected_means_the_embedded_datasets_with_all_their_seeds():
    cells = Selection().cells()
    assert values(cells, "dataset") == [entry.key for entry in DATASETS if entry.embedded] == ["synthetic"]
    assert values(cells, "seed") == [1, 2, 3]


def test_real_data_are_run_with_their_first_seed_only():
    assert Selection(MITDB).seeds_of("mitdb") == (1,)


def test_seeds_are_those_that_are_asked_for_and_that_the_dataset_has():
    selection = Selection(("mitdb", "synthetic"), seeds=(5, 2, 9))
    assert selection.seeds_of("mitdb") == (5, 2)
    assert selection.seeds_of("synthetic") == (2,)


def test_no_cells_are_left_of_seeds_that_no_dataset_has():
    assert Selection(("*",), seeds=(99,)).cells() == []


def test_a_methods_key_means_both_its_variants():
    assert variants("saliency") == ["saliency", "saliency_abs"]


def test_a_methods_key_means_no_other_method_that_contains_it():
    assert variants("gradcam") == ["gradcam", "gradcam_abs"]


def test_a_variants_name_means_that_variant():
    assert variants("gradcam_abs") == ["gradcam_abs"]


def test_globs_select_by_the_variants_name():
    assert variants("*_abs") == [f"{key}_abs" for key in METHOD_KEYS]
    assert variants("sal*") == ["saliency", "saliency_abs"]
    assert variants("*ted_gradients") == ["integrated_gradients"]


def test_several_patterns_add_up_without_repeating():
    assert variants("saliency_abs", "saliency", "gradcam_ab?") == ["gradcam_abs", "saliency", "saliency_abs"]


def test_methods_are_named_once_whatever_their_variants():
    assert list(dict(Selection(methods=("saliency", "gradcam_abs")).variants())) == ["gradcam", "saliency"]


def test_datasets_and_metrics_are_selected_by_globs_too():
    assert Selection(("mit*",)).dataset_keys() == ["mitdb"]
    assert Selection(metrics=("region*",)).metrics_of("mitdb") == ["region_perturbation_lerf", "region_perturbation_morf"]


@pytest.mark.parametrize("key", LOCALISATION)
def test_localisation_has_causal_cells_on_synthetic_only(key):
    assert f"{key}_causal" in metric_names("synthetic")
    assert f"{key}_causal" not in metric_names("mitdb")
    assert key in metric_names("synthetic")
    assert key in metric_names("mitdb")


@pytest.mark.parametrize("key", FAITHFULNESS)
def test_faithfulness_has_one_cell_whatever_the_masks(key):
    assert [name for name in metric_names("synthetic") if name.startswith(key)] == [key]


def test_causal_metrics_select_nothing_where_there_is_no_causal_mask():
    assert {cell.dataset for cell in Selection(("*",), metrics=("auc_causal",)).cells()} == {"synthetic"}


def test_the_metrics_key_does_not_mean_its_causal_cells():
    assert Selection(metrics=("auc",)).metrics_of("synthetic") == ["auc"]


@pytest.mark.parametrize("dataset", DATASETS.keys())
def test_every_cells_metric_is_traced_back_to_metric_and_mask(dataset):
    for name in metric_names(dataset):
        entry, kind = split_metric(name)
        assert name == (entry.key if kind == "spans" else f"{entry.key}_{kind}")
        assert kind in DATASETS[dataset].protocol.mask_kinds or "mask" not in entry.needs


@pytest.mark.parametrize("name", ["auk", "auc_spans", "auc_cause", "faithfulness_correlation_causal", "causal", "_causal", ""])
def test_names_that_no_cell_has_are_refused(name):
    with pytest.raises(UnknownKeyError, match=f'expected a key of metrics, got "{name}"'):
        split_metric(name)


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        (Selection(("mitbd",)), 'expected a key of datasets, got "mitbd"; did you mean mitdb'),
        (Selection(methods=("salience",)), 'expected a key of methods, got "salience"; did you mean saliency'),
        (Selection(methods=("saliency", "gradcam_ab")), 'expected a key of methods, got "gradcam_ab"; did you mean gradcam_abs'),
        (Selection(metrics=("auc_casual",)), 'expected a key of metrics, got "auc_casual"; did you mean auc_causal'),
        (Selection(("zzz*",)), r'expected a key of datasets, got "zzz\*"; choose one of .*mitdb'),
        (Selection(methods=("Saliency",)), 'expected a key of methods, got "Saliency"'),
    ],
    ids=["dataset", "method", "variant", "metric", "glob", "capital"],
)
def test_a_pattern_that_matches_nothing_is_refused_with_the_nearest_keys(selection, message):
    with pytest.raises(UnknownKeyError, match=message):
        selection.cells()


def test_cells_that_share_maps_stand_together():
    places = [(cell.dataset, cell.seed, cell.method) for cell in Selection(("*",)).cells()]
    changes = sum(before != after for before, after in pairwise(places))
    assert changes + 1 == len(set(places))
