"""How good a classifier is: confusion matrix, F1, sensitivity, precision, AUC."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Int64, Shaped
from scipy.stats import rankdata

from ecgbench.types import Logits


def evaluate_predictions(logits: Logits, y: Shaped[np.ndarray, "n ..."]) -> dict[str, Any]:
    """Measures of a classifier's outputs as JSON data.

    Parameters
    ----------
    logits : (n, outputs)
    y : (n,) class integers, or (n, outputs) 0 and 1 for several labels

    Returns
    -------
    For classes: accuracy, macro_f1, f1, sensitivity, precision and confusion (rows true, columns predicted). For labels: macro_auc and
    auc per label (None where a label has no positive or no negative window).
    """
    if y.ndim == 2:
        auc = [roc_auc(logits[:, label], y[:, label]) for label in range(y.shape[1])]
        known = [value for value in auc if value is not None]
        return {"macro_auc": float(np.mean(known)) if known else None, "auc": auc}
    return _class_measures(confusion_matrix(logits.argmax(axis=1), y, logits.shape[1]))


def confusion_matrix(predicted: Int64[np.ndarray, " n"], y: Int64[np.ndarray, " n"], classes: int) -> Int64[np.ndarray, "classes classes"]:
    """Counts of windows; rows are true classes, columns predicted ones."""
    return np.bincount(y * classes + predicted, minlength=classes**2).reshape(classes, classes)


def _class_measures(confusion: Int64[np.ndarray, "classes classes"]) -> dict[str, Any]:
    hits, true, predicted = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    f1 = 2 * hits / np.maximum(true + predicted, 1)
    return {
        "accuracy": float(hits.sum() / confusion.sum()),
        "macro_f1": float(f1.mean()),
        "f1": f1.tolist(),
        "sensitivity": (hits / np.maximum(true, 1)).tolist(),
        "precision": (hits / np.maximum(predicted, 1)).tolist(),
        "confusion": confusion.tolist(),
    }


def roc_auc(score: Shaped[np.ndarray, " n"], positive: Shaped[np.ndarray, " n"]) -> float | None:
    """Area under the ROC curve (ties count half); None without both positive and negative windows."""
    positive = positive.astype(bool)
    count, others = int(positive.sum()), int((~positive).sum())
    if not count or not others:
        return None
    ranks = rankdata(score)[positive].sum()
    return float((ranks - count * (count + 1) / 2) / (count * others))
