"""Which network stands for a dataset, an architecture and a seed: an imported, a shipped or a trained one."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from ecgbench.artifacts import Arrays, Artifact, ArtifactStore, artifact_key
from ecgbench.datasets import DATASETS, load_dataset
from ecgbench.device_kinds import PROCESSOR
from ecgbench.errors import CheckpointError, DataError
from ecgbench.models import (
    Form,
    Training,
    chosen_epoch,
    compact,
    evaluate_predictions,
    model_digest,
    model_from,
    model_name,
    outputs_of,
    predict,
    read_checkpoint,
    recipe_of,
    shipped_model,
    shipped_record,
    train_model,
    weights_of,
)
from ecgbench.nn import device_named, place_of
from ecgbench.pipeline.grid.address import ModelAddress
from ecgbench.placement import device_said
from ecgbench.protocol import Recipe
from ecgbench.types import Dataset


@dataclass(frozen=True)
class TrainedModel:
    """A network and where it comes from.

    Attributes
    ----------
    module : in evaluation mode
    digest : SHA-256 of its weights
    info : origin ("trained", "imported", "shipped"), form (how it is built; None where that is read off the weights' shapes), seed,
        precision, test measures, and for a trained one the recipe and its epochs
    """

    module: torch.nn.Module
    digest: str
    info: Mapping[str, Any]

    @cached_property
    def network(self) -> torch.nn.Module:
        """The same as its architecture makes it cheaper, such as without dead channels: the same logits and maps up to rounding."""
        return compact(self.module)

    @property
    def precision(self) -> str:
        """Floating-point type of the weights, such as "float32"."""
        return str(place_of(self.module).dtype).removeprefix("torch.")

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return place_of(self.module).device

    @property
    def identity(self) -> dict[str, str]:
        """What tells its values from any others: weights, precision, and the kind of device, whose last digits differ."""
        return self.identity_on(self.device.type)

    @property
    def computed_on(self) -> dict[str, str]:
        """What artifacts say of where their values were computed; nothing of a processor, which each is told from others by anyway."""
        return {} if self.device.type == PROCESSOR else {"device": device_said(self.device)}

    def identity_on(self, kind: str) -> dict[str, str]:
        """The same on another kind of device."""
        return {"model": self.digest, "precision": self.precision, **_kind(kind)}

    def placed(self, device: str, precision: str) -> TrainedModel:
        """The same model on a device and in a precision."""
        return replace(self, module=self.module.to(device_named(device), getattr(torch, precision)))


def _kind(kind: str) -> dict[str, str]:
    return {} if kind == PROCESSOR else {"device": kind}


def train(
    name: str,
    model: str | None = None,
    seed: int | None = None,
    labels: str | None = None,
    split: str | None = None,
    edition: str | None = None,
    precision: str = "float32",
    device: str = PROCESSOR,
    retrain: bool = False,
) -> torch.nn.Module:
    """The network of a dataset and a seed, trained by a recipe, or from the store.

    Parameters
    ----------
    name : key of a dataset
    model : an architecture, with "+" and a recipe behind it where that is not the study's; default the dataset's usual architecture
    seed : default the dataset's first
    labels, split, edition : as those of `load_dataset`
    precision : "float32", or "bf16" for autocast to bfloat16. A model that the store holds is taken at whatever precision it was trained
    device : where to train
    retrain : train even where the store or the package holds a model

    Returns
    -------
    torch.nn.Module in evaluation mode; input (n, leads, time) standardised, output logits
    """
    dataset = load_dataset(name, labels=labels, split=split, edition=edition)
    seed = DATASETS[name].numbers(edition).seeds[0] if seed is None else seed
    since = time.time() if retrain else None
    return model_of(dataset, seed, ArtifactStore(), model, precision, device, since).module


def model_of(
    dataset: Dataset,
    seed: int,
    store: ArtifactStore,
    architecture: str | None = None,
    precision: str = "float32",
    device: str = PROCESSOR,
    retrain_since: float | None = None,
) -> TrainedModel:
    """The network of a dataset, a model's name (by default the dataset's usual architecture, trained by the study's recipe) and a seed.

    An imported model comes first, then one that the package ships for these windows, then one that was or is now trained. With
    `retrain_since`, a time in seconds since the epoch, only a model trained after that time will do.
    """
    recipe = _recipe(dataset, architecture)
    key = model_key(dataset, seed, recipe)
    stale = False
    if retrain_since is None:
        found = model_at_hand(dataset, seed, store, architecture)
        if found is not None:
            return found
    else:
        held = store.get("model", key)
        stale = held is not None and held.info["finished"] < retrain_since
    training = Training(recipe, seed, precision, device, f"{dataset.name} {model_name(recipe.architecture, recipe.name)} seed {seed}")
    artifact = store.compute("model", key, lambda: _train(training, dataset, store.scratch("model", key)), renew=stale)
    return _from_artifact(artifact)


def model_at_hand(dataset: Dataset, seed: int, store: ArtifactStore, architecture: str | None = None) -> TrainedModel | None:
    """The network that `model_of` gives without training it: an imported, a shipped or a stored one; None if there is none."""
    recipe = _recipe(dataset, architecture)
    held = store.get("model", model_key(dataset, seed, recipe))
    if held is None or held.info["origin"] != "imported":
        shipped = _shipped(dataset, seed, recipe)
        if shipped is not None:
            return shipped
    return None if held is None else _from_artifact(held)


def _recipe(dataset: Dataset, architecture: str | None) -> Recipe:
    return recipe_of(DATASETS[dataset.name].numbers(dataset.edition).recipe, architecture)


def import_model(
    dataset: Dataset, seed: int, path: str | os.PathLike[str], store: ArtifactStore, architecture: str | None = None
) -> TrainedModel:
    """Take the weights of a file as the dataset's model of an architecture and a seed, recorded as imported.

    Raises
    ------
    CheckpointError
        If the file holds no usable weights, or its outputs are not the dataset's classes.
    """
    (module, form), recipe = read_checkpoint(path), _recipe(dataset, architecture)
    try:
        outputs: int | str = outputs_of(module, *dataset.test.signal.shape[1:])
    except RuntimeError as error:
        outputs = str(error).partition("\n")[0]
    if outputs != len(dataset.classes):
        raise CheckpointError(
            f"expected a model with {len(dataset.classes)} outputs for {dataset.name}, got {outputs} in {path}; "
            "name weights that were trained on this dataset."
        )
    info = _described(module, dataset, form, "imported", seed, "unknown") | {"file": Path(path).name}
    key = model_key(dataset, seed, recipe)
    with store.locked("model", key):
        return _from_artifact(store.put("model", key, weights_of(module), info))


def given_model(dataset: Dataset, seed: int, module: torch.nn.Module, form: Form) -> TrainedModel:
    """A network that somebody hands in as the dataset's model of a seed; it is kept nowhere."""
    info = _described(module, dataset, form, "imported", seed, "unknown")
    return TrainedModel(module, info["digest"], info)


def model_key(dataset: Dataset, seed: int, recipe: Recipe) -> str:
    """Key of the place that a dataset's model of a recipe and a seed has in the store, whatever its origin."""
    return artifact_key("model", dataset=dataset.key, recipe=recipe.described(), seed=seed)


def _train(training: Training, dataset: Dataset, folder: Path) -> tuple[Arrays, dict[str, Any]]:
    y = dataset.train.y
    if y.ndim == 2 and not (y.any(axis=0) & ~y.all(axis=0)).any():
        raise DataError(
            f"expected training windows of {dataset.name} some of which have a label and others not, got none in its split "
            f'"{dataset.split}"; name another split, or import weights.'
        )
    module, log = train_model(training, dataset.train, dataset.test, len(dataset.classes), folder)
    leads, samples = dataset.test.signal.shape[1:]
    form = Form(training.recipe.architecture, leads, samples, len(dataset.classes))
    described = _described(module, dataset, form, "trained", training.seed, training.precision)
    chosen = {"chosen_epoch": chosen_epoch(log)} if training.recipe.folds else {}
    return weights_of(module), {**described, "recipe": training.recipe.described(), **_trained_on(training.device), "epochs": log, **chosen}


def _trained_on(device: str) -> dict[str, str]:
    there = device_named(device)
    return {"device": device, **({} if there.type == PROCESSOR else {"device_name": device_said(there)})}


def _described(module: torch.nn.Module, dataset: Dataset, form: Form | None, origin: str, seed: int, precision: str) -> dict[str, Any]:
    """What is recorded of every model; the test measures are those of float32."""
    test = evaluate_predictions(predict(module, dataset.test), dataset.test.y)
    where = {"dataset": dataset.name, "data": dataset.key, "seed": seed, "finished": time.time()}
    built_as = None if form is None else asdict(form)
    return {"origin": origin, "form": built_as, "precision": precision, "digest": model_digest(module), "test": test, **where}


def _from_artifact(artifact: Artifact) -> TrainedModel:
    form = artifact.info["form"]
    module = model_from(artifact.arrays, None if form is None else Form(**form))
    return TrainedModel(module, artifact.info["digest"], artifact.info)


def _shipped(dataset: Dataset, seed: int, recipe: Recipe) -> TrainedModel | None:
    name = f"{dataset.name}-{model_name(recipe.architecture, recipe.name)}-seed{seed}"
    record = shipped_record(name)
    if record is None or record["data"] != dataset.key:
        return None
    return TrainedModel(shipped_model(name, record), record["digest"], {**record, "origin": "shipped"})


@dataclass(frozen=True)
class GivenModels:
    """Models that somebody hands in, in the place of those that are stored or would be trained.

    Attributes
    ----------
    models : by what they are models of
    about : what accepted results say of where they come from
    command : what accepts new scores of them
    """

    models: Mapping[ModelAddress, TrainedModel]
    about: Mapping[str, Any]
    command: str
