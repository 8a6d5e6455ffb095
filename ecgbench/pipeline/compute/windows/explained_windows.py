"""Which test windows are explained: those that models recognise as abnormal, or predict to be so; of all classes and patients."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64
from scipy.special import expit, softmax

from ecgbench.artifacts import Arrays, ArtifactStore, artifact_key
from ecgbench.datasets import DATASETS
from ecgbench.device_kinds import KINDS
from ecgbench.errors import DataError, OtherDeviceWarning
from ecgbench.models import forward, predict
from ecgbench.pipeline.compute.models import TrainedModel
from ecgbench.pipeline.compute.windows.turns import share_out
from ecgbench.protocol import COMMON, PREDICTED
from ecgbench.types import Dataset, Explained


@dataclass(frozen=True)
class Outputs:
    """What a model says of the test windows.

    Attributes
    ----------
    logits : (n, outputs) of all of them
    neutral : (outputs,) of a flat line
    """

    logits: Float64[np.ndarray, "n k"]
    neutral: Float64[np.ndarray, " k"]

    def probability(self, several_labels: bool) -> Float64[np.ndarray, "n k"]:
        """(n, outputs), of each label by itself where a window can have several."""
        found: np.ndarray = expit(self.logits) if several_labels else softmax(self.logits, axis=1)
        return found


@dataclass(frozen=True)
class Choice:
    """Which test windows are explained; of several labels, pairs of window and label.

    Attributes
    ----------
    index : (n,) of the windows among the test windows
    target : (n,) the class that is explained
    common : how many could be, before a subset was taken
    """

    index: Int64[np.ndarray, " n"]
    target: Int64[np.ndarray, " n"]
    common: int


def outputs_on_test(dataset: Dataset, model: TrainedModel, store: ArtifactStore) -> Outputs:
    """What a model says of the test windows, from the store where it is there."""
    of = {"version": 1, "windows": dataset.key}

    def compute() -> tuple[Arrays, dict[str, Any]]:
        _say_of_other_devices(of, model, store)
        flat = np.zeros((1, *dataset.test.signal.shape[1:]), dtype=np.float32)
        return {"logits": predict(model.module, dataset.test), "neutral": forward(model.module, flat)[0]}, model.computed_on

    key = artifact_key("logits", **of, **model.identity)
    arrays = store.compute("logits", key, compute).arrays
    return Outputs(arrays["logits"].astype(np.float64), arrays["neutral"].astype(np.float64))


def _say_of_other_devices(of: Mapping[str, Any], model: TrainedModel, store: ArtifactStore) -> None:
    """Warn if the store holds what the model says on another kind of device, which is not what it says here to the last digit."""
    others = [kind for kind in KINDS if kind != model.device.type]
    found = [kind for kind in others if store.get("logits", artifact_key("logits", **of, **model.identity_on(kind))) is not None]
    if found:
        warnings.warn(
            f"values of this model are stored that were computed on {' and '.join(found)}; on {model.device.type} they are computed anew.",
            OtherDeviceWarning,
            stacklevel=4,
        )


def choose(dataset: Dataset, panel: Sequence[Outputs], samples: int | None, explained: str = COMMON) -> Choice:
    """Test windows whose true class is not normal and exceeds the threshold in each model of a panel, in one order for all of them.

    Where predictions are explained, windows with the class that a model predicts instead, unless it is the normal one.

    Parameters
    ----------
    panel : what its models say
    samples : how many to take; None for all. Classes get equal shares as far as they go, within a class patients take turns, within a
        patient a hash of record and start decides. Fewer samples are always a head of more.
    explained : one of `ecgbench.protocol.EXPLAINED`

    Raises
    ------
    DataError
        If there is no such window.
    """
    found = [_candidates(dataset, outputs, explained) for outputs in panel]
    index, target = np.nonzero(np.logical_and.reduce(found))
    if not index.size:
        raise _none_predicted(dataset) if explained == PREDICTED else _none_recognised(dataset, [int(by_one.sum()) for by_one in found])
    order = share_out(dataset.test.take(index), target)[:samples]
    return Choice(index[order], target[order], len(index))


def explained_windows(dataset: Dataset, choice: Choice, outputs: Outputs, explained: str = COMMON) -> Explained:
    """The chosen windows, with what one model of the panel says of them."""
    windows, index, target = dataset.test.take(choice.index), choice.index, choice.target
    probability = outputs.probability(dataset.test.y.ndim == 2)
    available = int(_candidates(dataset, outputs, explained).sum())
    return Explained(windows, target, outputs.logits[index, target], probability[index, target], outputs.neutral, available, choice.common)


def _candidates(dataset: Dataset, outputs: Outputs, explained: str) -> Bool[np.ndarray, "n k"]:
    """Which classes of which windows of a model can be explained."""
    return _predicted(dataset, outputs) if explained == PREDICTED else _recognised(dataset, outputs)


def _predicted(dataset: Dataset, outputs: Outputs) -> Bool[np.ndarray, "n k"]:
    """Which classes of which windows a model predicts: the one with the highest logit, or of several labels those more likely than not.

    Classes that are never explained are left out.
    """
    logits, explainable = outputs.logits, _can_be_explained(dataset)
    predicted = logits >= 0 if dataset.test.y.ndim == 2 else logits.argmax(axis=1)[:, None] == np.arange(len(explainable))
    found: np.ndarray = predicted & explainable
    return found


def _recognised(dataset: Dataset, outputs: Outputs) -> Bool[np.ndarray, "n k"]:
    """Which true classes of which windows a model gives a probability above the threshold."""
    numbers = DATASETS[dataset.name].numbers(dataset.edition)
    sure = outputs.probability(dataset.test.y.ndim == 2) > numbers.threshold
    recognised: np.ndarray = _true_classes(dataset) & _can_be_explained(dataset) & sure
    return recognised


def _none_predicted(dataset: Dataset) -> DataError:
    return DataError(
        f"expected a model of {dataset.name} that predicts something abnormal in some test window, got none; train it longer or import "
        "other weights."
    )


def _none_recognised(dataset: Dataset, alone: Sequence[int]) -> DataError:
    threshold = DATASETS[dataset.name].numbers(dataset.edition).threshold
    if len(alone) == 1:
        return DataError(
            f"expected a model of {dataset.name} that recognises some abnormal test windows with probability above {threshold}, got none; "
            "train it longer or import other weights."
        )
    return DataError(
        f"expected abnormal test windows of {dataset.name} that all {len(alone)} models recognise with probability above {threshold}, got "
        f"none (each model alone: {', '.join(map(str, alone))}); train the models longer, import other weights, or let each explain its "
        "own, `--explained own`."
    )


def _true_classes(dataset: Dataset) -> Bool[np.ndarray, "n k"]:
    """The classes of each test window."""
    y = dataset.test.y
    if y.ndim == 2:
        return np.asarray(y, dtype=bool)
    true: np.ndarray = y[:, None] == np.arange(len(dataset.classes))
    return true


def _can_be_explained(dataset: Dataset) -> Bool[np.ndarray, " k"]:
    """Classes that can be explained: not class 0, or of several labels none that is not explained."""
    if dataset.test.y.ndim == 1:
        return np.arange(len(dataset.classes)) > 0
    not_explained = DATASETS[dataset.name].numbers(dataset.edition).not_explained
    return np.array([name not in not_explained for name in dataset.classes])
