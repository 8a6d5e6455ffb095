"""Made-up accepted results of three cells."""

import numpy as np

from ecgbench.results import Cell, Identity, SourceResults, sample_name, score_digest, score_name

IDENTITY = Identity(
    dataset="mitdb",
    differs="samples-3",
    model="resnet18_7",
    edition="",
    split="standard",
    labels="aami",
    protocol="ours",
    samples=3,
    simulated=False,
    windows="c0ffee",
)
VALUES = {
    ("raw", "auc", 1): np.array([0.25, 0.75, np.nan], dtype=np.float32),
    ("abs", "auc", 1): np.array([np.nan] * 3, dtype=np.float32),
    ("raw", "auc_causal", 2): np.array([0.1, 0.2, 0.3], dtype=np.float32),
}
CELLS = (
    Cell("raw", "auc", 1, 0.5, 2, 1, 0.25, 0.75, 1.5, score_digest(VALUES["raw", "auc", 1])),
    Cell("abs", "auc", 1, None, 0, 3, None, None, 0.0, score_digest(VALUES["abs", "auc", 1])),
    Cell("raw", "auc_causal", 2, 0.2, 3, 0, 0.1, 0.3, 2.25, score_digest(VALUES["raw", "auc_causal", 2])),
)
SCORES = {score_name(*name): values for name, values in VALUES.items()} | {sample_name("patient", 1): np.array(["100", "101", "101"])}
RESULTS = SourceResults(
    source="lime",
    identity=IDENTITY,
    models={seed: {"digest": f"of {seed}", "origin": "trained", "precision": "float32", "accuracy": 0.9} for seed in ("1", "2")},
    provenance={"packages": {"numpy": "2.4.6"}, "date": "2026-01-02"},
    notes=("Lead 0 is MLII.",),
    health={"1": {"zeros": 0.25, "flat": 0.0}, "2": {"zeros": 0.0, "flat": 0.0}},
    artifacts={"1": ("a", "b"), "2": ("c",)},
    cells=CELLS,
)
