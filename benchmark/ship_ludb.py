"""Ship ludb's models, which have seen none of its records: filters of synthetic12's models, last layers fitted to PTB-XL's records.

    ecgbench download ptbxl --edition 1.0.3@100hz
    ecgbench download ludb
    python benchmark/ship_ludb.py

The last layer is a logistic regression for each label on what the filters give on each lead, its classes weighted equally. How strongly it
is held small is chosen by cross-validation within PTB-XL. ludb is loaded to measure, and chooses nothing.
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ecgbench.datasets import DATASETS, load_dataset
from ecgbench.models import Form, evaluate_predictions, forward, predict, ship, shipped_model, shipped_record, shipped_weights, untrained
from ecgbench.types import Dataset

FILTERS, FITTED = "synthetic12-resnet18_7_narrow", ("ptbxl", "1.0.3@100hz")
"""Whose filters are taken, and the dataset and edition that last layers are fitted to."""

STRENGTHS = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)
"""Inverse strengths of the regularisation that are compared."""

LEAST, PARTS = 10, 5
"""Records that a label needs to have a say in the comparison, and parts of the cross-validation."""

NEVER = -10.0
"""Logit of a label that the fitted records never have."""


def main() -> int:
    ludb, fitted = load_dataset("ludb"), load_dataset(FITTED[0], edition=FITTED[1])
    x, y = (np.concatenate([getattr(side, what) for side in (fitted.train, fitted.test)]) for what in ("x", "y"))
    total = 0
    for seed in DATASETS["ludb"].protocol.seeds:
        network, chosen = _fitted_network(ludb, seed, x, y)
        info = _record(ludb, network, seed) | {"fitted_to": {"data": fitted.key, "records": len(x), "strength": chosen}}
        folder, name = Path(str(shipped_weights())), f"ludb-{info['form']['model']}-seed{seed}"
        ship(network, info, name, folder)
        size = (folder / f"{name}.safetensors.xz").stat().st_size
        total += size
        print(f"{name}: {size / 2**10:.0f} KiB, strength {chosen:g}, macro AUC {info['test']['macro_auc']:.3f}")
    return 0 if total < 1 << 20 else 1


def _fitted_network(ludb: Dataset, seed: int, x: np.ndarray, y: np.ndarray) -> tuple[torch.nn.Module, float]:
    """The network of a seed, and the strength that was chosen."""
    architecture, name = DATASETS["ludb"].default_model(), f"{FILTERS}-seed{seed}"
    network = untrained(architecture, len(ludb.classes), seed, *ludb.test.signal.shape[1:]).eval()
    record = shipped_record(name)
    if record is None:
        raise SystemExit(f"expected shipped weights {name}, got none; ship them first.")
    filters = {key: value for key, value in shipped_model(name, record).state_dict().items() if not key.startswith("fc.")}
    network.load_state_dict(filters, strict=False)
    last, network.fc = network.fc, torch.nn.Identity()
    features = forward(network, x)
    chosen = max(STRENGTHS, key=lambda strength: _cross_validated(features, y, strength))
    weight, bias = np.zeros(last.weight.shape), np.full(len(last.bias), NEVER)
    for label in np.flatnonzero(y.any(axis=0) & ~y.all(axis=0)):
        weight[label], bias[label] = _layer(_regression(chosen).fit(features, y[:, label]))
    last.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
    network.fc = last
    return network, chosen


def _regression(strength: float) -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, class_weight="balanced", max_iter=1000))


def _cross_validated(features: np.ndarray, y: np.ndarray, strength: float) -> float:
    """Mean AUC over the labels that have enough records."""
    parts = StratifiedKFold(PARTS, shuffle=True, random_state=0)
    often = np.flatnonzero((y.sum(axis=0) >= LEAST) & ((1 - y).sum(axis=0) >= LEAST))
    return float(np.mean([cross_val_score(_regression(strength), features, y[:, one], cv=parts, scoring="roc_auc") for one in often]))


def _layer(fitted: Pipeline) -> tuple[np.ndarray, float]:
    """Weights and bias of the regression on features that are not scaled."""
    scaler, regression = fitted[0], fitted[1]
    weight = regression.coef_[0] / scaler.scale_
    return weight, float(regression.intercept_[0] - weight @ scaler.mean_)


def _record(ludb: Dataset, network: torch.nn.Module, seed: int) -> dict[str, Any]:
    """What is recorded of the network, as of every model."""
    leads, samples = ludb.test.signal.shape[1:]
    form = Form(DATASETS["ludb"].default_model(), leads, samples, len(ludb.classes))
    test = evaluate_predictions(predict(network, ludb.test), ludb.test.y)
    where = {"dataset": ludb.name, "data": ludb.key, "seed": seed, "finished": time.time()}
    return {"origin": "trained", "form": asdict(form), "precision": "float32", "filters": f"{FILTERS}-seed{seed}", "test": test, **where}


if __name__ == "__main__":
    sys.exit(main())
