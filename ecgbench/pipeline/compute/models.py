"""Which network stands for a dataset and a seed: an imported, a shipped or a trained one."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Any

import torch

from ecgbench.artifacts import Arrays, Artifact, ArtifactStore, artifact_key
from ecgbench.datasets import DATASETS, load_dataset
from ecgbench.errors import CheckpointError
from ecgbench.models import Training, compact, evaluate_predictions, load_model, model_digest, model_from, predict, train_model, weights_of
from ecgbench.nn import device_named
from ecgbench.types import Dataset


@dataclass(frozen=True)
class TrainedModel:
    """A network and where it comes from.

    Attributes
    ----------
    module : in evaluation mode
    digest : SHA-256 of its weights
    info : origin ("trained", "imported", "shipped"), seed, precision, test measures, and for a trained one the recipe and its epochs
    """

    module: torch.nn.Module
    digest: str
    info: Mapping[str, Any]

    @cached_property
    def network(self) -> torch.nn.Module:
        """The same without its dead channels: the same logits and maps up to rounding, several times faster."""
        return compact(self.module)

    @property
    def precision(self) -> str:
        """Floating-point type of the weights, such as "float32"."""
        return str(next(self.module.parameters()).dtype).removeprefix("torch.")

    def placed(self, device: str, precision: str) -> TrainedModel:
        """The same model on a device and in a precision."""
        return replace(self, module=self.module.to(device_named(device), getattr(torch, precision)))


def train(
    name: str,
    seed: int | None = None,
    labels: str | None = None,
    split: str | None = None,
    edition: str | None = None,
    precision: str = "float32",
    device: str = "cpu",
    retrain: bool = False,
) -> torch.nn.Module:
    """The network of a dataset and a seed, trained by the protocol's recipe, or from the store.

    Parameters
    ----------
    name : key of a dataset
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
    return model_of(dataset, seed, ArtifactStore(), precision, device, since).module


def model_of(
    dataset: Dataset,
    seed: int,
    store: ArtifactStore,
    precision: str = "float32",
    device: str = "cpu",
    retrain_since: float | None = None,
) -> TrainedModel:
    """The network of a dataset and a seed.

    An imported model comes first, then one that the package ships for these windows, then one that was or is now trained. With
    `retrain_since`, a time in seconds since the epoch, only a model trained after that time will do.
    """
    key = model_key(dataset, seed)
    held = store.get("model", key)
    if retrain_since is None:
        if held is not None and held.info["origin"] == "imported":
            return _from_artifact(held)
        shipped = _shipped(dataset, seed)
        if shipped is not None:
            return shipped
    stale = held is not None and retrain_since is not None and held.info["finished"] < retrain_since
    training = Training(DATASETS[dataset.name].numbers(dataset.edition).recipe, seed, precision, device, f"{dataset.name} seed {seed}")
    artifact = store.compute("model", key, lambda: _train(training, dataset, store.scratch("model", key)), renew=stale)
    if not artifact.cached:  # a finished training's last epoch would make the next one end before it began
        shutil.rmtree(store.scratch("model", key), ignore_errors=True)
    return _from_artifact(artifact)


def import_model(dataset: Dataset, seed: int, path: str | os.PathLike[str], store: ArtifactStore) -> TrainedModel:
    """Take the weights of a file as the dataset's model for a seed, recorded as imported.

    Raises
    ------
    CheckpointError
        If the file holds no usable weights, or its outputs are not the dataset's classes.
    """
    module = load_model(path)
    if module.fc.out_features != len(dataset.classes):
        raise CheckpointError(
            f"expected a model with {len(dataset.classes)} outputs for {dataset.name}, got {module.fc.out_features} in {path}; "
            "name weights that were trained on this dataset."
        )
    info = _described(module, dataset, "imported", seed, "unknown") | {"file": Path(path).name}
    key = model_key(dataset, seed)
    with store.locked("model", key):
        return _from_artifact(store.put("model", key, weights_of(module), info))


def model_key(dataset: Dataset, seed: int) -> str:
    """Key of the place that a dataset's model of a seed has in the store, whatever its origin."""
    return artifact_key("model", dataset=dataset.key, recipe=asdict(DATASETS[dataset.name].numbers(dataset.edition).recipe), seed=seed)


def _train(training: Training, dataset: Dataset, folder: Path) -> tuple[Arrays, dict[str, Any]]:
    module, log = train_model(training, dataset.train, dataset.test, len(dataset.classes), folder)
    described = _described(module, dataset, "trained", training.seed, training.precision)
    return weights_of(module), {**described, "recipe": asdict(training.recipe), "device": training.device, "epochs": log}


def _described(module: torch.nn.Module, dataset: Dataset, origin: str, seed: int, precision: str) -> dict[str, Any]:
    """What is recorded of every model; the test measures are those of float32."""
    test = evaluate_predictions(predict(module, dataset.test), dataset.test.y)
    where = {"dataset": dataset.name, "data": dataset.key, "seed": seed, "finished": time.time()}
    return {"origin": origin, "precision": precision, "digest": model_digest(module), "test": test, **where}


def _from_artifact(artifact: Artifact) -> TrainedModel:
    module = model_from(artifact.arrays)
    return TrainedModel(module, artifact.info["digest"], artifact.info)


def _shipped(dataset: Dataset, seed: int) -> TrainedModel | None:
    weights = resources.files("ecgbench.models") / "weights" / f"{dataset.name}_seed{seed}.safetensors"
    with resources.as_file(weights) as path:
        if not path.exists():
            return None
        info = json.loads(path.with_suffix(".json").read_text())
        if info["data"] != dataset.key:
            return None
        return TrainedModel(load_model(path), info["digest"], {**info, "origin": "shipped"})
