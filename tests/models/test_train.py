"""Training on a tiny task: deterministic, by the recipe, recorded."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ecgbench.errors import InputError, UnknownKeyError
from ecgbench.models import Training, evaluate_predictions, forward, model_digest, untrained
from ecgbench.models.residual.network import ResNet
from ecgbench.models.training import train as training_module
from ecgbench.models.training.sampling import epoch_order
from ecgbench.protocol import Recipe
from ecgbench.types import Windows
from tests.models.tasks import EPOCHS, RECIPE, TEST, TRAIN, TRAINING, Trained, timeless, trained, windows_of


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return trained(tmp_path_factory.mktemp("whole"))


def test_training_is_deterministic_for_a_seed(whole: Trained, tmp_path: Path) -> None:
    model, log = trained(tmp_path)
    assert model_digest(model) == model_digest(whole[0])
    assert timeless(log) == timeless(whole[1])


@pytest.mark.parametrize(
    "other", [replace(TRAINING, seed=2), replace(TRAINING, recipe=replace(RECIPE, weight_decay=0.1))], ids=["seed", "weight decay"]
)
def test_another_seed_or_recipe_gives_other_weights(whole: Trained, tmp_path: Path, other: Training) -> None:
    assert model_digest(trained(tmp_path, other)[0]) != model_digest(whole[0])


def test_training_learns_the_task(tmp_path: Path) -> None:
    log = trained(tmp_path, replace(TRAINING, recipe=replace(RECIPE, epochs=8)))[1]
    assert log[-1]["loss"] < log[0]["loss"] / 2
    assert log[-1]["train"]["accuracy"] > 0.8


def test_model_is_returned_in_evaluation_mode(whole: Trained) -> None:
    assert not any(module.training for module in whole[0].modules())


def test_learning_rate_falls_along_a_cosine_per_epoch(whole: Trained) -> None:
    assert [entry["rate"] for entry in whole[1]] == pytest.approx([0.01 * (1 + math.cos(math.pi * k / EPOCHS)) / 2 for k in range(EPOCHS)])


def test_log_has_an_entry_per_epoch_with_the_announced_measures(whole: Trained) -> None:
    assert [entry["epoch"] for entry in whole[1]] == [1, 2, 3]
    for entry in whole[1]:
        assert set(entry) == {"epoch", "loss", "rate", "seconds", "train", "test"}
        assert entry["seconds"] > 0
        assert math.isfinite(entry["loss"])
        for side, windows in (("train", TRAIN), ("test", TEST)):
            assert {"accuracy", "macro_f1", "f1", "confusion"} <= set(entry[side])
            assert np.sum(entry[side]["confusion"]) == len(windows)
            assert np.sum(entry[side]["confusion"], axis=1).tolist() == np.bincount(windows.y, minlength=3).tolist()
    assert json.loads(json.dumps(whole[1])) == whole[1]


def test_last_test_measures_are_those_of_the_returned_model(whole: Trained) -> None:
    assert whole[1][-1]["test"] == evaluate_predictions(forward(whole[0], TEST.x), TEST.y)


def plain_training(training: Training, train: Windows) -> tuple[ResNet, list[float]]:
    """The recipe in plain words: Adam with weight decay written out, one learning rate an epoch, the last weights."""
    recipe = training.recipe
    model = untrained(recipe.architecture, 3, training.seed)
    first = [torch.zeros_like(p) for p in model.parameters()]
    second = [torch.zeros_like(p) for p in model.parameters()]
    x, y, losses, step = torch.from_numpy(train.x), torch.from_numpy(train.y), [], 0
    for epoch in range(recipe.epochs):
        rate = recipe.learning_rate * (1 + math.cos(math.pi * epoch / recipe.epochs)) / 2
        order, total = np.random.default_rng([training.seed, epoch]).permutation(len(y)), 0.0
        for begin in range(0, len(y), recipe.batch_size):
            index = torch.from_numpy(order[begin : begin + recipe.batch_size])
            model.zero_grad()
            loss = -torch.log_softmax(model(x[index]), dim=1)[torch.arange(len(index)), y[index]].mean()
            loss.backward()  # type: ignore[no-untyped-call]
            step, total = step + 1, total + loss.item() * len(index)
            with torch.no_grad():
                for p, m, v in zip(model.parameters(), first, second, strict=True):
                    assert p.grad is not None
                    gradient = p.grad + recipe.weight_decay * p
                    m.mul_(0.9).add_(0.1 * gradient)
                    v.mul_(0.999).add_(0.001 * gradient**2)
                    p -= rate * (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)
        losses.append(total / len(y))
    return model.eval(), losses


def test_training_equals_the_recipe_written_out(tmp_path: Path) -> None:
    training = replace(TRAINING, recipe=replace(RECIPE, epochs=2, learning_rate=1e-3, weight_decay=0.01))
    model, log = trained(tmp_path, training)
    plain, losses = plain_training(training, TRAIN)
    assert [entry["loss"] for entry in log] == pytest.approx(losses, rel=1e-3)
    np.testing.assert_allclose(forward(model, TEST.x), forward(plain, TEST.x), atol=5e-3)


def test_every_window_is_passed_once_an_epoch_in_an_order_of_its_own() -> None:
    orders = [epoch_order(RECIPE, TRAIN.y, np.arange(20), TRAINING.seed, epoch).tolist() for epoch in (0, 0, 1)]
    assert [sorted(order) for order in orders] == [list(range(20))] * 3
    assert orders[0] == orders[1] != orders[2]
    assert orders[0] != list(range(20))


# Precision, labels, randomness


def test_bf16_trains_another_model_with_float32_weights(whole: Trained, tmp_path: Path) -> None:
    model, log = trained(tmp_path, replace(TRAINING, precision="bf16"))
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert model_digest(model) != model_digest(whole[0])
    assert log[0]["loss"] == pytest.approx(whole[1][0]["loss"], rel=0.1)
    assert log[0]["loss"] != whole[1][0]["loss"]


def test_unknown_precision_is_refused() -> None:
    with pytest.raises(InputError, match='expected precision float32 or bf16, got "float16"; choose one'):
        Training(RECIPE, 1, "float16")


def test_unknown_optimizer_is_refused() -> None:
    with pytest.raises(InputError, match='expected optimizer adam or adamw, got "sgd"; choose one'):
        Training(replace(RECIPE, optimizer="sgd"), 1)


def test_several_labels_are_trained_on_binary_cross_entropy_and_measured_by_auc(tmp_path: Path) -> None:
    train, test = windows_of(20, 1, labels=4), windows_of(12, 2, labels=4)
    model, log = trained(tmp_path, replace(TRAINING, recipe=replace(RECIPE, epochs=1)), train, test, outputs=4)
    found = evaluate_predictions(forward(model, test.x), test.y)
    assert log[0]["test"] == found
    assert found["macro_auc"] == pytest.approx(np.mean(found["auc"]))
    assert log[0]["loss"] == pytest.approx(math.log(2), abs=0.3)


def test_loss_of_several_labels_is_the_mean_binary_cross_entropy() -> None:
    logits, y = torch.tensor([[0.0, 2.0], [-1.0, 3.0]]), torch.tensor([[0, 1], [1, 0]], dtype=torch.uint8)
    p = 1 / (1 + np.exp(-logits.numpy()))
    expected = -np.mean(np.where(y.numpy() == 1, np.log(p), np.log(1 - p)))
    assert training_module._loss(logits, y).item() == pytest.approx(expected, rel=1e-5)


def test_training_leaves_the_global_generators_of_torch_and_numpy_as_they_were(tmp_path: Path) -> None:
    before = torch.get_rng_state(), np.random.get_state(legacy=False)  # noqa: NPY002
    trained(tmp_path, replace(TRAINING, recipe=replace(RECIPE, epochs=1)))
    after = torch.get_rng_state(), np.random.get_state(legacy=False)  # noqa: NPY002
    assert torch.equal(before[0], after[0])
    assert repr(before[1]) == repr(after[1])


def test_training_does_not_depend_on_the_global_generators(whole: Trained, tmp_path: Path) -> None:
    state = torch.get_rng_state()
    torch.manual_seed(123)
    model, _ = trained(tmp_path)
    torch.set_rng_state(state)
    assert model_digest(model) == model_digest(whole[0])


def test_diverged_training_is_refused(tmp_path: Path) -> None:
    broken = replace(TRAIN, signal=np.full_like(TRAIN.signal, np.nan))
    with pytest.raises(InputError, match="expected a finite loss in epoch 1 of train, got nan; lower the learning rate"):
        trained(tmp_path, train=broken)
    assert not list(tmp_path.iterdir())


def test_recipe_of_an_unknown_architecture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownKeyError, match="did you mean resnet18"):
        trained(tmp_path, Training(Recipe("resnet19", 0.1), 1))


def test_narrow_network_trains_on_several_leads(tmp_path: Path) -> None:
    """In channels-last layout this killed the process: see `NARROW` in `ecgbench/models/_train.py`."""
    one_lead = windows_of(16, 1)
    windows = replace(one_lead, signal=np.tile(one_lead.signal, (1, 12, 16)))
    recipe = Recipe("resnet18_7_narrow", learning_rate=1e-3, epochs=1, batch_size=16)
    _, log = trained(tmp_path, Training(recipe, 1), windows, windows)
    assert math.isfinite(log[0]["loss"])
