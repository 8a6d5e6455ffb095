"""What a run says of the models that it trains first."""

from dataclasses import replace

import pytest

from ecgbench.models import save_model
from ecgbench.pipeline import ModelAddress, import_model, training_note
from ecgbench.pipeline.grid import training
from ecgbench.pipeline.grid.training import models_to_train, training_seconds
from tests.pipeline.runs import cell, model_at, small_run, store_with_windows


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return store_with_windows(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture(autouse=True)
def _second_a_window(monkeypatch):
    monkeypatch.setattr(training, "_seconds_per_window", lambda protocol, model: 1.0)


def other(seed=1):
    """A cell of an architecture that nobody has trained."""
    return replace(cell(seed=seed), model="resnet50")


def test_models_at_hand_are_not_trained(store):
    assert training_note(small_run(store), [cell(), cell(seed=3)]) == ""


def test_models_of_all_seeds_are_trained_and_named_with_the_time_and_the_way_without_them(store):
    run = small_run(store)
    seconds = 3 * run.spec("synthetic").recipe.epochs * len(run.dataset("synthetic").train)
    assert training_note(run, [other(2)]) == (
        f"3 models are trained first, in about {seconds} s, 2 of them for windows that all seeds explain (`--explained own` needs no "
        "others): synthetic-resnet50-seed1, synthetic-resnet50-seed2, synthetic-resnet50-seed3"
    )
    assert "of them for windows" not in training_note(run, [other(1), other(2), other(3)])


def test_models_that_explain_their_own_windows_need_no_others(store):
    note = training_note(small_run(store, explained="own"), [other(2)])
    assert note.startswith("1 model is trained first, in about ")
    assert note.endswith(" s: synthetic-resnet50-seed2")


def test_imported_model_takes_its_seeds_place_and_retraining_takes_none(store, tmp_path):
    run = small_run(store_with_windows(tmp_path / "own"))
    save_model(run.model(model_at(2)).module.float(), {}, tmp_path / "m.safetensors")
    import_model(run.dataset("synthetic"), 1, tmp_path / "m.safetensors", run.options.store, "resnet50")
    left = [ModelAddress("synthetic", "resnet50", seed) for seed in (2, 3)]
    assert models_to_train(run, [other().of_model]) == left
    again = small_run(store, retrain_since=0.0)
    assert models_to_train(again, [model_at(2)]) == [model_at(seed) for seed in (1, 2, 3)]


def test_time_is_measured_here_with_the_architecture_that_is_trained(store, monkeypatch):
    monkeypatch.undo()
    few, many = (training_seconds(small_run(store), [ModelAddress("synthetic", model, 1)]) for model in ("resnet18_7_narrow", "resnet50"))
    assert 0 < few < many
