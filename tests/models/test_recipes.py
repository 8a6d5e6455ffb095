"""Ways of training: what tells them apart, what they pass, which epoch they keep."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgbench.errors import DataError, UnknownKeyError
from ecgbench.models import MODELS, RECIPES, Training, chosen_epoch, evaluate_predictions, forward, model_digest, model_name, recipe_of
from ecgbench.models import split_model as split
from ecgbench.models.training import train as training_module
from ecgbench.models.training.augment import augmented
from ecgbench.models.training.sampling import class_weights, epoch_order, sides
from ecgbench.protocol import MITDB, SVDB, SYNTHETIC, Augmentation
from ecgbench.types import Windows
from tests.models.tasks import EPOCHS, RECIPE, TEST, timeless, trained, windows_of
from tests.models.test_train_resumed import KilledError, stop_after

BALANCED = recipe_of(RECIPE, "resnet18_7_narrow+balanced")
TRAINING = Training(BALANCED, seed=1)
AUGMENTATION = Augmentation(wander=0.3, noise=0.1, scale=0.2)


def of_patients(windows: Windows, count: int = 10) -> Windows:
    """The windows, shared out over patients in turn."""
    return replace(windows, patient=np.array([f"p{number % count}" for number in range(len(windows))]))


TRAIN = of_patients(windows_of(40, 1))


# Names and identities


def test_study_recipe_is_described_by_its_five_numbers_alone() -> None:
    assert recipe_of(MITDB.recipe).described() == {
        "architecture": "resnet18_7",
        "learning_rate": 5e-2,
        "epochs": 20,
        "batch_size": 32,
        "weight_decay": 1e-4,
    }


def test_study_recipe_is_the_datasets_own() -> None:
    assert recipe_of(SVDB.recipe) == recipe_of(SVDB.recipe, "resnet18_7") == SVDB.recipe


def test_described_recipes_of_two_ways_differ_in_their_names() -> None:
    found = [recipe_of(SVDB.recipe, model_name("resnet18_7", key)).described() for key in RECIPES.keys()]  # noqa: SIM118
    assert [recipe.get("name", "study") for recipe in found] == ["balanced", "study"]


@pytest.mark.parametrize("key", RECIPES.keys())
@pytest.mark.parametrize("architecture", MODELS.keys())
def test_name_of_a_model_says_its_architecture_and_recipe(architecture: str, key: str) -> None:
    name = model_name(architecture, key)
    assert split(name) == (architecture, key)
    recipe = recipe_of(SVDB.recipe, name)
    assert (recipe.architecture, recipe.name, recipe.version) == (architecture, key, RECIPES[key].version)


@pytest.mark.parametrize(
    ("name", "message"),
    [("resnet18_7+balance", "a key of recipes, got .balance.; did you mean balanced"), ("resnet19+balanced", "did you mean resnet18")],
)
def test_unknown_names_are_refused(name: str, message: str) -> None:
    with pytest.raises(UnknownKeyError, match=message):
        recipe_of(SVDB.recipe, name)


# What an epoch passes


def test_balanced_epoch_draws_every_class_as_often() -> None:
    y = np.repeat([0, 1, 3], [9000, 600, 400])
    order = epoch_order(BALANCED, y, np.arange(len(y)), seed=1, epoch=0)
    assert len(order) == len(y)
    np.testing.assert_allclose(np.bincount(y[order])[[0, 1, 3]] / len(y), 1 / 3, atol=0.02)


def test_a_handful_of_windows_does_not_fill_a_balanced_epoch() -> None:
    y = np.repeat([0, 1, 2, 3], [5656, 1839, 1264, 4])
    shares = np.bincount(y, weights=class_weights(y))
    np.testing.assert_allclose(shares, [0.3313, 0.3313, 0.3313, 0.0061], atol=1e-4)


def test_balanced_epoch_draws_of_the_given_windows_alone_and_anew_each_epoch() -> None:
    fit = np.arange(0, 40, 2)
    first, again, second = (epoch_order(BALANCED, TRAIN.y, fit, 1, epoch).tolist() for epoch in (0, 0, 1))
    assert first == again != second
    assert set(first) | set(second) <= set(fit.tolist())


def test_labels_and_having_none_share_the_probability_equally() -> None:
    y = np.array([[1, 0], [1, 0], [1, 1], [0, 0], [0, 0]], dtype=np.uint8)
    np.testing.assert_allclose(class_weights(y) * 3, [1 / 3, 1 / 3, 1 / 3 + 1, 1 / 2, 1 / 2])


def test_a_class_without_windows_takes_no_probability() -> None:
    assert class_weights(np.array([0, 0, 2])).tolist() == [0.25, 0.25, 0.5]
    assert class_weights(np.array([[1, 0], [1, 0]], dtype=np.uint8)).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("seed", range(5))
def test_about_a_fifth_of_the_patients_is_held_out_whole(seed: int) -> None:
    fit, held_out = sides(BALANCED, TRAIN, seed)
    patients = [set(TRAIN.patient[part]) for part in (fit, held_out)]
    assert sorted([*fit, *held_out]) == list(range(len(TRAIN)))
    assert not patients[0] & patients[1]
    assert len(patients[1]) in (2, 3)
    assert set(TRAIN.y[fit]) == set(TRAIN.y[held_out]) == {0, 1, 2}


def test_seeds_hold_out_other_patients() -> None:
    assert len({tuple(sides(BALANCED, TRAIN, seed).held_out) for seed in range(5)}) > 1


@pytest.mark.parametrize("seed", range(10))
def test_the_only_patient_of_a_class_is_trained_on(seed: int) -> None:
    y = TRAIN.y.copy()
    y[TRAIN.patient == "p3"] = 5
    fit, _ = sides(BALANCED, replace(TRAIN, y=y), seed)
    assert 5 in y[fit]


def test_patients_with_several_labels_are_held_out_by_their_rarest() -> None:
    windows = of_patients(windows_of(40, 1, labels=4))
    fit, held_out = sides(BALANCED, windows, 1)
    assert windows.y[fit].any(axis=0).all()
    assert 4 <= len(held_out) <= 12


def test_fewer_patients_than_folds_are_refused() -> None:
    with pytest.raises(
        DataError, match='expected 5 training patients or more for the recipe "balanced", which holds some out, got 1; train'
    ):
        sides(BALANCED, windows_of(20, 1), 1)


def test_study_recipe_holds_nobody_out() -> None:
    fit, held_out = sides(RECIPE, windows_of(20, 1), 1)
    assert (fit.tolist(), len(held_out)) == (list(range(20)), 0)


# Augmentation


def test_augmentation_is_that_of_its_generator_and_leaves_its_argument() -> None:
    x = TRAIN.x.copy()
    x.setflags(write=False)
    first, again, other = (augmented(x, AUGMENTATION, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=(1, 2)).all()
    assert (first.dtype, first.shape) == (np.float32, x.shape)


def test_augmentation_adds_slow_waves_and_weak_noise_to_each_lead() -> None:
    flat = np.zeros((500, 2, 256), dtype=np.float32)
    wander = augmented(flat, replace(AUGMENTATION, noise=0, scale=0), np.random.default_rng(1))
    assert wander.std(axis=-1).max() < 0.3 * 1.8
    power = np.abs(np.fft.rfft(wander * np.hanning(256), axis=-1)) ** 2
    assert power[..., 9:].sum() < 1e-3 * power.sum()
    assert abs(np.corrcoef(wander[:, 0].ravel(), wander[:, 1].ravel())[0, 1]) < 0.1
    noise = augmented(flat, replace(AUGMENTATION, wander=0, scale=0), np.random.default_rng(1)).std(axis=-1)
    assert noise.max() < 0.12
    assert noise.mean() == pytest.approx(0.05, rel=0.1)


def test_augmentation_scales_all_leads_of_a_window_by_one_factor() -> None:
    x = np.random.default_rng(1).normal(size=(400, 2, 64)).astype(np.float32)
    factor = augmented(x, replace(AUGMENTATION, wander=0, noise=0), np.random.default_rng(2)) / x
    np.testing.assert_allclose(factor, np.broadcast_to(factor[:, :1, :1], factor.shape), rtol=1e-4)
    assert np.log(factor[:, 0, 0]).std() == pytest.approx(0.2, rel=0.15)


# Training


def test_the_epoch_that_classifies_the_patients_held_out_best_is_kept(tmp_path: Path) -> None:
    model, log = trained(tmp_path, TRAINING, TRAIN)
    chosen, held_out = log[chosen_epoch(log) - 1], sides(BALANCED, TRAIN, 1).held_out
    windows = TRAIN.take(held_out)
    assert evaluate_predictions(forward(model, windows.x), windows.y) == chosen["held_out"]
    assert evaluate_predictions(forward(model, TEST.x), TEST.y) == chosen["test"]
    assert chosen["held_out"]["macro_f1"] == max(entry["held_out"]["macro_f1"] for entry in log)


def test_of_equally_good_epochs_the_first_is_chosen() -> None:
    assert chosen_epoch([{"held_out": {"macro_f1": value}} for value in (0.1, 0.5, 0.5, 0.3)]) == 2
    assert chosen_epoch([{"held_out": {"macro_auc": value}} for value in (None, 0.6)]) == 2


@pytest.mark.parametrize("labels", [0, 4])
@pytest.mark.parametrize("epoch", [1, 2])
def test_killed_training_goes_on_and_ends_bit_for_bit_as_an_uninterrupted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: int, labels: int
) -> None:
    train, test, outputs = of_patients(windows_of(40, 1, labels)), windows_of(12, 2, labels), labels or 3
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    whole = trained(tmp_path / "whole", TRAINING, train, test, outputs)
    revive = stop_after(epoch, monkeypatch)
    with pytest.raises(KilledError):
        trained(tmp_path / "killed", TRAINING, train, test, outputs)
    revive()
    model, log = trained(tmp_path / "killed", TRAINING, train, test, outputs)
    assert model_digest(model) == model_digest(whole[0])
    assert timeless(log) == timeless(whole[1])


def test_the_best_weights_survive_a_kill_after_worse_epochs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first epoch is made the best one: what is kept of it must come back from disk."""
    monkeypatch.setattr(training_module, "_quality", lambda measures: -measures["order"])
    evaluate, count = training_module.evaluate_predictions, iter(range(100))
    monkeypatch.setattr(training_module, "evaluate_predictions", lambda *given: {**evaluate(*given), "order": next(count)})
    revive = stop_after(EPOCHS - 1, monkeypatch)
    with pytest.raises(KilledError):
        trained(tmp_path, TRAINING, TRAIN)
    revive()
    model, log = trained(tmp_path, TRAINING, TRAIN)
    assert chosen_epoch(log) == 1
    first = {name: value for name, value in log[0]["test"].items() if name != "order"}
    assert evaluate_predictions(forward(model, TEST.x), TEST.y) == first


def test_balanced_recipe_keeps_the_datasets_epochs_and_takes_its_own_optimizer() -> None:
    assert (BALANCED.optimizer, BALANCED.learning_rate, BALANCED.epochs) == ("adamw", 1e-3, EPOCHS)
    assert recipe_of(SYNTHETIC.recipe, "resnet18_7_narrow+balanced").epochs == SYNTHETIC.recipe.epochs
