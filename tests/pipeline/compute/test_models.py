"""Which network stands for a dataset and a seed: imported before shipped before trained."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import ecgbench
from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import DATASETS, load_dataset, request_for
from ecgbench.datasets.synthetic12 import make_twins
from ecgbench.errors import CheckpointError
from ecgbench.models import Training, evaluate_predictions, forward, model_digest, save_model, untrained
from ecgbench.models.training import train as training_module
from ecgbench.pipeline import import_model, model_of
from ecgbench.pipeline.compute import models as models_module
from ecgbench.protocol import SYNTHETIC
from ecgbench.types import Dataset, Windows, standardised_as
from tests.simulated import simulated

RECIPE = replace(SYNTHETIC.recipe, epochs=2, batch_size=8)
WEIGHTS = Path(str(resources.files("ecgbench.models"))) / "weights"


def windows_of(count: int, seed: int) -> Windows:
    generator = np.random.default_rng(seed)
    names = np.full(count, "r")
    signal = generator.normal(size=(count, 1, 64)).astype(np.float32)
    return Windows(signal, np.arange(count) % 3, names, names, np.arange(count), [np.zeros((0, 3), dtype=np.int64)] * count)


TINY = Dataset("tiny", windows_of(16, 1), windows_of(9, 2), ("N", "SVEB", "VEB"), 128, ("x",), "aami", "standard", "", "key of tiny")


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dataset that trains in a moment, registered for one test."""
    entry = replace(DATASETS["synthetic"], key="tiny", function=lambda request: TINY, protocol=replace(SYNTHETIC, recipe=RECIPE))
    monkeypatch.setattr(DATASETS, "_entries", {**ecgbench.datasets(), "tiny": entry})


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[Training]:
    """What was trained; each training is replaced by a fresh network of its seed."""
    seen: list[Training] = []

    def fake(training: Training, train: Windows, test: Windows, outputs: int, folder: Path) -> tuple[torch.nn.Module, list[Any]]:
        seen.append(training)
        return untrained(training.recipe.architecture, outputs, training.seed + 100 * len(seen)).eval(), []

    monkeypatch.setattr(models_module, "train_model", fake)
    return seen


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "theirs.safetensors"
    save_model(untrained("resnet18_7_narrow", 3, seed=77), {}, path)
    return path


# Trained


def test_trained_model_is_recorded_with_its_recipe_measures_and_epochs(store: ArtifactStore) -> None:
    began = time.time()
    model = model_of(TINY, 2, store)
    info = model.info
    assert (info["origin"], info["seed"], info["precision"], info["device"]) == ("trained", 2, "float32", "cpu")
    assert (info["dataset"], info["data"], info["recipe"]["epochs"], len(info["epochs"])) == ("tiny", "key of tiny", 2, 2)
    assert began <= info["finished"] <= time.time()
    assert info["test"] == evaluate_predictions(forward(model.module, TINY.test.x), TINY.test.y)
    assert model.digest == model_digest(model.module) == info["digest"]
    assert not model.module.training
    assert info["form"] == {"model": "resnet18_7_narrow", "leads": 1, "samples": 64, "outputs": 3}
    assert not [path for path in (store.root / "unfinished").rglob("*") if path.is_file()]


def test_model_from_the_store_is_the_trained_one_and_trains_nothing(store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    first = model_of(TINY, 2, store)

    def forbidden(*_: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(models_module, "train_model", forbidden)
    again = model_of(TINY, 2, store)
    assert (again.digest, again.info) == (first.digest, first.info)
    assert model_digest(again.module) == first.digest
    assert np.array_equal(forward(again.module, TINY.test.x), forward(first.module, TINY.test.x))


def test_killed_training_goes_on_where_it_was(store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:

    run, seen = training_module._run_epoch, []

    def dying(*given: Any) -> dict[str, Any]:
        seen.append(len(given[1].log))
        if len(seen) == 2:
            raise KeyboardInterrupt
        return run(*given)

    monkeypatch.setattr(training_module, "_run_epoch", dying)
    with pytest.raises(KeyboardInterrupt):
        model_of(TINY, 2, store)
    assert list(store) == []
    resumed = model_of(TINY, 2, store)
    assert seen == [0, 1, 1]
    assert resumed.digest == model_of(TINY, 2, ArtifactStore(store.root / "other")).digest


def test_bf16_is_recorded_and_its_test_measures_are_those_of_float32(store: ArtifactStore) -> None:
    model = model_of(TINY, 2, store, precision="bf16")
    assert (model.info["precision"], model.precision) == ("bf16", "float32")
    assert model.placed("cpu", "float64").precision == "float64"
    assert model.info["test"] == evaluate_predictions(forward(model.module, TINY.test.x), TINY.test.y)


def test_seeds_windows_and_architectures_have_models_of_their_own(store: ArtifactStore, trainings: list[Training]) -> None:
    other = replace(TINY, key="other")
    asked: list[tuple[Dataset, int, str | None]] = [(TINY, 1, None), (TINY, 2, None), (other, 1, None), (TINY, 1, "resnet18_5")]
    for dataset, seed, architecture in (*asked, asked[0], (TINY, 1, "resnet18_7_narrow")):
        model_of(dataset, seed, store, architecture)
    assert [training.seed for training in trainings] == [1, 2, 1, 1]
    assert [training.recipe.architecture for training in trainings] == [*["resnet18_7_narrow"] * 3, "resnet18_5"]


# Imported


def test_imported_model_is_recorded_and_taken_from_then_on(store: ArtifactStore, weights: Path, trainings: list[Training]) -> None:
    model_of(TINY, 1, store)
    imported = import_model(TINY, 1, weights, store)
    assert (imported.info["origin"], imported.info["file"], imported.info["seed"]) == ("imported", "theirs.safetensors", 1)
    assert imported.info["test"] == evaluate_predictions(forward(imported.module, TINY.test.x), TINY.test.y)
    later = model_of(TINY, 1, store)
    assert (later.digest, later.info) == (imported.digest, imported.info)
    assert later.digest == model_digest(untrained("resnet18_7_narrow", 3, seed=77))
    assert len(trainings) == 1


def test_imported_model_is_of_one_seed_and_dataset(store: ArtifactStore, weights: Path, trainings: list[Training]) -> None:
    import_model(TINY, 1, weights, store)
    assert model_of(TINY, 2, store).info["origin"] == "trained"
    assert model_of(replace(TINY, key="other"), 1, store).info["origin"] == "trained"


def test_imported_model_with_another_number_of_classes_is_refused(store: ArtifactStore, tmp_path: Path) -> None:
    save_model(untrained("resnet18_7_narrow", 4), {}, tmp_path / "four.safetensors")
    with pytest.raises(CheckpointError, match=r"expected a model with 3 outputs for tiny, got 4 in .*four\.safetensors"):
        import_model(TINY, 1, tmp_path / "four.safetensors", store)
    assert list(store) == []


def test_broken_import_leaves_the_earlier_model(store: ArtifactStore, weights: Path, trainings: list[Training]) -> None:
    before = model_of(TINY, 1, store)
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(CheckpointError):
        import_model(TINY, 1, weights, store)
    assert model_of(TINY, 1, store).digest == before.digest


# Retrained


def test_retraining_trains_once_and_replaces_whatever_there_is(store: ArtifactStore, weights: Path, trainings: list[Training]) -> None:
    before = model_of(TINY, 1, store)
    since = time.time()
    renewed = model_of(TINY, 1, store, retrain_since=since)
    assert renewed.digest != before.digest
    assert renewed.info["finished"] >= since
    assert model_of(TINY, 1, store, retrain_since=since).digest == renewed.digest
    assert model_of(TINY, 1, store).digest == renewed.digest
    assert len(trainings) == 2
    import_model(TINY, 1, weights, store)
    assert model_of(TINY, 1, store, retrain_since=time.time()).info["origin"] == "trained"


def test_retraining_really_passes_every_epoch_again(store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:

    run, seen = training_module._run_epoch, []
    monkeypatch.setattr(training_module, "_run_epoch", lambda *given: (seen.append(len(given[1].log)), run(*given))[1])
    first = model_of(TINY, 1, store)
    again = model_of(TINY, 1, store, retrain_since=time.time())
    assert seen == [0, 1, 0, 1]
    assert again.digest == first.digest


# Shipped with the package


@pytest.fixture(scope="module")
def synthetic() -> Dataset:
    return load_dataset("synthetic", store=simulated("synthetic"))


@pytest.fixture
def untrainable(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def forbidden(*_: object) -> None:
        raise AssertionError("trained")

    return lambda: monkeypatch.setattr(models_module, "train_model", forbidden)


def test_synthetics_models_are_shipped_and_their_records_are_right(
    synthetic: Dataset, store: ArtifactStore, untrainable: Callable[[], None]
) -> None:
    untrainable()
    models = {seed: model_of(synthetic, seed, store) for seed in SYNTHETIC.all_seeds}
    for seed, model in models.items():
        assert (model.info["origin"], model.info["seed"], model.info["data"]) == ("shipped", seed, synthetic.key)
        assert model.digest == model_digest(model.module)
    recomputed = evaluate_predictions(forward(models[1].module, synthetic.test.x), synthetic.test.y)
    assert recomputed["accuracy"] == pytest.approx(models[1].info["test"]["accuracy"], abs=1.5 / len(synthetic.test))
    assert min(model.info["test"]["accuracy"] for model in models.values()) > 0.8
    assert len({model.digest for model in models.values()}) == len(SYNTHETIC.all_seeds) == 8
    assert list(store) == []


@pytest.mark.parametrize("name", ["synthetic", "synthetic12", "ludb"])
def test_shipped_weights_take_less_than_a_third_of_a_mebibyte_each_and_have_their_records_beside(name: str) -> None:
    for seed in DATASETS[name].protocol.all_seeds:
        file = WEIGHTS / f"{name}-{DATASETS[name].default_model()}-seed{seed}.safetensors.xz"
        assert file.stat().st_size < 2**20 / 3
        assert json.loads(file.with_suffix("").with_suffix(".json").read_text())["seed"] == seed


@pytest.mark.slow
def test_synthetic12s_models_are_shipped_recognise_their_labels_and_lose_them_with_the_twins(
    store: ArtifactStore, untrainable: Callable[[], None]
) -> None:
    untrainable()
    dataset, protocol = load_dataset("synthetic12", store=simulated("synthetic12")), DATASETS["synthetic12"].protocol
    models = [model_of(dataset, seed, store) for seed in protocol.seeds]
    assert [model.info["origin"] for model in models] == ["shipped"] * len(models)
    assert len({model.digest for model in models}) == len(models)
    assert min(model.info["test"]["macro_auc"] for model in models) > 0.98
    index, target = np.nonzero(dataset.test.y[:100] * [name not in protocol.normal for name in protocol.classes])
    windows = dataset.test.take(index)
    made = make_twins(request_for("synthetic12"), windows, target)
    rows = (windows.x, standardised_as(made.twin, windows.signal))
    own, twin = (forward(models[0].module, x)[np.arange(len(target)), target] for x in rows)
    assert (own > 0).mean() > 0.75
    assert (twin[own > 0] < 0).mean() > 0.95


def test_other_windows_than_the_shipped_models_and_retrained_ones_are_trained(
    synthetic: Dataset, store: ArtifactStore, trainings: list[Training]
) -> None:
    other = replace(synthetic, key="other windows", train=synthetic.train.take(np.arange(8)))
    assert model_of(other, 1, store).info["origin"] == "trained"
    assert model_of(synthetic, 1, store, retrain_since=time.time()).info["origin"] == "trained"
    assert [training.recipe for training in trainings] == [SYNTHETIC.recipe] * 2


def test_imported_model_comes_before_a_shipped_one(synthetic: Dataset, store: ArtifactStore, weights: Path) -> None:
    imported = import_model(synthetic, 1, weights, store)
    assert model_of(synthetic, 1, store).digest == imported.digest


# The public way in


def test_public_train_takes_the_first_seed_keeps_the_model_and_trains_anew_where_it_is_told_to(trainings: list[Training]) -> None:
    first = ecgbench.train("tiny")
    assert model_digest(first) == model_digest(ecgbench.train("tiny", seed=SYNTHETIC.seeds[0]))
    assert not first.training
    assert model_digest(ecgbench.train("tiny", retrain=True)) != model_digest(first)
    assert [training.seed for training in trainings] == [SYNTHETIC.seeds[0]] * 2
