"""How good a classifier is: confusion matrix, F1, sensitivity, precision, AUC, by scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Int64, Shaped

from ecgbench.types import Logits


def evaluate_predictions(logits: Logits, y: Shaped[np.ndarray, "n ..."]) -> dict[str, Any]:
    """Measures of a classifier's outputs as JSON data.

    Parameters
    ----------
    logits : (n, outputs)
    y : (n,) class integers, or (n, outputs) 0 and 1 for several labels

    Returns
    -------
    For classes: accuracy, macro_f1, f1, sensitivity, precision and confusion (rows true, columns predicted); a measure of a class without
    windows is 0. For labels: macro_auc and auc per label (None where a label has no positive or no negative window).
    """
    if y.ndim == 2:
        auc = [roc_auc(logits[:, label], y[:, label]) for label in range(y.shape[1])]
        known = [value for value in auc if value is not None]
        return {"macro_auc": float(np.mean(known)) if known else None, "auc": auc}
    return _class_measures(logits.argmax(axis=1), y, np.arange(logits.shape[1]))


def _class_measures(predicted: Int64[np.ndarray, " n"], y: Int64[np.ndarray, " n"], classes: Int64[np.ndarray, " k"]) -> dict[str, Any]:
    from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

    precision, sensitivity, f1, _ = precision_recall_fscore_support(y, predicted, labels=classes, zero_division=0.0)
    return {
        "accuracy": float(accuracy_score(y, predicted)),
        "macro_f1": float(f1.mean()),
        "f1": f1.tolist(),
        "sensitivity": sensitivity.tolist(),
        "precision": precision.tolist(),
        "confusion": confusion_matrix(y, predicted, labels=classes).tolist(),
    }


def roc_auc(score: Shaped[np.ndarray, " n"], positive: Shaped[np.ndarray, " n"]) -> float | None:
    """Area under the ROC curve (ties count half); None without both positive and negative windows."""
    from sklearn.metrics import roc_auc_score

    if len(np.unique(positive)) < 2:
        return None
    return float(roc_auc_score(positive, score))
