"""`ecgbench recipes`, and models that are named by architecture and recipe."""

import pytest

from ecgbench.cli import main
from ecgbench.pipeline.compute import models as models_module


def test_recipes_are_listed(capsys):
    assert main(["recipes"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]] == ["balanced", "study"]


class AskedError(Exception):
    """Stands for a training, with what was asked for."""


@pytest.mark.parametrize(
    ("flags", "recipe", "name"),
    [
        (["--recipe", "balanced"], "balanced", "resnet18_7_narrow+balanced"),
        (["--model", "resnet34", "--recipe", "balanced"], "balanced", "resnet34+balanced"),
        (["--model", "resnet34+balanced"], "balanced", "resnet34+balanced"),
        (["--model", "resnet34", "--recipe", "study"], "study", "resnet34"),
    ],
)
def test_model_is_trained_by_the_named_recipe(monkeypatch, flags, recipe, name):
    def asked(training, *given):
        raise AskedError(training)

    monkeypatch.setattr(models_module, "train_model", asked)
    with pytest.raises(AskedError) as found:
        main(["train", "synthetic", "--seed", "1", *flags])
    (training,) = found.value.args
    assert (training.recipe.name, training.name) == (recipe, f"synthetic {name} seed 1")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--recipe", "balance"], 'expected a key of recipes, got "balance"; did you mean balanced?'),
        (["--model", "resnet34+"], 'expected a key of recipes, got ""; choose one of balanced, study.'),
        (
            ["--model", "resnet34+balanced", "--recipe", "study"],
            'expected a recipe in one of --model and --recipe, got "resnet34+balanced" and --recipe; leave one out.',
        ),
    ],
)
def test_recipe_that_is_not_there_or_named_twice_is_refused(capsys, flags, said):
    assert main(["train", "synthetic", *flags]) == 2
    assert capsys.readouterr().err == f"ecgbench train: {said}\n"
