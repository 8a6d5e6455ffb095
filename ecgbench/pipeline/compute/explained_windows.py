"""Which test windows are explained: abnormal, recognised with confidence, shared out over classes and patients."""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Collection

import numpy as np
from jaxtyping import Float64, Int64
from scipy.special import expit, softmax

from ecgbench.artifacts import Arrays, ArtifactStore, artifact_key
from ecgbench.datasets import DATASETS
from ecgbench.errors import DataError
from ecgbench.models import forward, predict
from ecgbench.pipeline.compute.models import TrainedModel
from ecgbench.types import Dataset, Explained, Windows


def explained_windows(dataset: Dataset, model: TrainedModel, seed: int, samples: int | None, store: ArtifactStore) -> Explained:
    """Test windows (of several labels: pairs of window and label) whose true class is not normal and exceeds the threshold.

    Parameters
    ----------
    samples : how many to take; None for all. Classes get equal shares as far as they go, within a class patients take turns, within a
        patient a hash of seed, record and start decides. Fewer samples are always a head of more.

    Raises
    ------
    DataError
        If the model recognises no window with confidence.
    """
    windows, numbers = dataset.test, DATASETS[dataset.name].numbers(dataset.edition)
    threshold = numbers.threshold
    logits, neutral = _logits(dataset, model, store)
    probability = expit(logits) if windows.y.ndim == 2 else softmax(logits, axis=1)
    index, target = np.nonzero(_true_classes(dataset, numbers.normal) & (probability > threshold))
    if not index.size:
        raise DataError(
            f"expected a model of {dataset.name} that recognises some abnormal test windows with probability above {threshold}, got none; "
            "train it longer or import other weights."
        )
    available = len(index)
    order = share_out(windows.take(index), target, seed)[:samples]
    index, target = index[order], target[order]
    return Explained(windows.take(index), target, logits[index, target], probability[index, target], neutral, available)


def _true_classes(dataset: Dataset, normal: Collection[str]) -> np.ndarray:
    """(n, classes) bool: the classes of each test window that can be explained: neither class 0 nor a label that says normal."""
    y, names = dataset.test.y, dataset.classes
    if y.ndim == 2:
        return np.asarray(y, dtype=bool) & [name not in normal for name in names]
    true: np.ndarray = y[:, None] == np.arange(len(names))
    true[:, 0] = False
    return true


def _logits(dataset: Dataset, model: TrainedModel, store: ArtifactStore) -> tuple[Float64[np.ndarray, "n k"], Float64[np.ndarray, " k"]]:
    """Logits of all test windows, and of a flat line."""

    def compute() -> tuple[Arrays, dict[str, object]]:
        flat = np.zeros((1, *dataset.test.signal.shape[1:]), dtype=np.float32)
        return {"logits": predict(model.module, dataset.test), "neutral": forward(model.module, flat)[0]}, {}

    key = artifact_key("logits", version=1, model=model.digest, windows=dataset.key, precision=model.precision)
    arrays = store.compute("logits", key, compute).arrays
    return arrays["logits"].astype(np.float64), arrays["neutral"].astype(np.float64)


def share_out(windows: Windows, target: Int64[np.ndarray, " n"], seed: int, secret: bytes = b"") -> Int64[np.ndarray, " n"]:
    """Order in which windows are taken, so that any head of it has classes in equal shares and patients in turn.

    With a secret, nobody who doesn't have it can tell the order within a patient, or whose turn comes first.
    """
    hashes = [_hash(seed, str(record), int(start), secret) for record, start in zip(windows.record, windows.start, strict=True)]
    queues: dict[tuple[int, str], list[int]] = defaultdict(list)
    for i in sorted(range(len(windows)), key=lambda i: hashes[i]):
        queues[int(target[i]), str(windows.patient[i])].append(i)
    turns = [(turn, hashes[queue[0]], class_, i) for (class_, _), queue in queues.items() for turn, i in enumerate(queue)]
    ranked = []
    for wanted in sorted({class_ for class_, _ in queues}):
        of_class = sorted((turn, first, i) for turn, first, class_, i in turns if class_ == wanted)
        ranked += [(rank, wanted, i) for rank, (_, _, i) in enumerate(of_class)]
    return np.array([i for _, _, i in sorted(ranked)], dtype=np.int64)


def _hash(seed: int, record: str, start: int, secret: bytes) -> bytes:
    text = f"{seed}/{record}/{start}".encode()
    return hmac.digest(secret, text, "sha256") if secret else hashlib.sha256(text).digest()
