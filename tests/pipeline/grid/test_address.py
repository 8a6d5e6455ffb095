"""What places of the grid are called, and the flags that select them."""

import argparse
from dataclasses import FrozenInstanceError

import pytest

from ecgbench.datasets import DATASETS
from ecgbench.errors import UnknownKeyError
from ecgbench.metrics import LOCALISATION, METRICS
from ecgbench.pipeline import SELECTION_ARGUMENTS, Address, Selection, metric_names, selection_from, split_metric

ONE = Address("synthetic", "resnet18_7_narrow", "lrp", "abs", "auc_causal", 2)


def test_ids_name_everything():
    assert ONE.id == "synthetic-resnet18_7_narrow-lrp_abs-auc_causal-seed2"
    assert ONE.of_maps.id == "synthetic-resnet18_7_narrow-lrp-seed2"
    assert ONE.of_model.id == ONE.of_maps.of_model.id == "synthetic-resnet18_7_narrow-seed2"


def test_address_is_plain_data_that_nobody_changes():
    assert Address(**ONE.as_dict()) == ONE
    assert list(ONE.as_dict()) == ["dataset", "model", "source", "variant", "metric", "seed"]
    with pytest.raises(FrozenInstanceError):
        ONE.seed = 3


def test_ids_of_all_cells_differ():
    cells = Selection(("*",), seeds=(1, 2), models=("resnet18", "resnet18_7")).cells()
    assert len({cell.id for cell in cells}) == len(cells) == len(set(cells))


@pytest.mark.parametrize("model", ["resnet18_7_narrow", "resnet50"])
def test_flags_select_the_cell_and_name_a_model_only_where_it_is_not_the_usual_one(model):
    cell = Address("synthetic", model, "lrp", "abs", "auc", 2)
    parser = argparse.ArgumentParser()
    for flag, options in SELECTION_ARGUMENTS.items():
        parser.add_argument(flag, **options)
    assert selection_from(parser.parse_args([part for name, value in cell.flags.items() for part in (f"--{name}", value)])).cells() == [
        cell
    ]
    assert ("model" in cell.flags) == (model != DATASETS["synthetic"].default_model())
    assert cell.of_maps.flags == {**cell.of_model.flags, "method": "lrp"}


def test_metrics_of_masks_have_a_cell_for_each_kind_and_others_one():
    for entry in METRICS:
        of_entry = [name for name in metric_names("synthetic") if split_metric(name)[0] is entry]
        assert of_entry == ([entry.key, f"{entry.key}_causal"] if entry.family == LOCALISATION else [entry.key])
        elsewhere = entry.family == LOCALISATION or entry.asks & {"twin", "regions", "continued", "other_maps"}
        assert (entry.key in metric_names("ptbxl")) == (not elsewhere)
        assert entry.key in metric_names("mitdb")
    assert not any(name.endswith("_causal") for name in metric_names("mitdb"))


def test_every_cells_metric_is_traced_back_to_metric_and_mask():
    for dataset in DATASETS:
        for name in metric_names(dataset.key):
            entry, kind = split_metric(name)
            assert name == (entry.key if kind == "spans" else f"{entry.key}_{kind}")
            assert kind in dataset.protocol.mask_kinds or "mask" not in entry.needs


def test_names_that_no_cell_has_are_refused():
    for name in ("auk", "auc_spans", "faithfulness_correlation_causal", "_causal", ""):
        with pytest.raises(UnknownKeyError, match=f'expected a key of metrics, got "{name}"'):
            split_metric(name)
