"""Made-up accepted results of three cells."""

import numpy as np

from ecgbench.results import Cell, Identity, SourceResults, mean_interval, sample_name, score_digest, score_name

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
WINDOWS = {"patient": np.array(["100", "101", "101"]), "target": np.array([1, 2, 1])}


def cell(variant, metric, seed, seconds):
    values = VALUES[variant, metric, seed].astype(np.float64)
    defined = values[~np.isnan(values)]
    low, high = mean_interval(values, WINDOWS["patient"])
    mean = float(defined.mean()) if defined.size else None
    digest = score_digest(VALUES[variant, metric, seed])
    return Cell(variant, metric, seed, mean, len(defined), len(values) - len(defined), low, high, seconds, digest)


CELLS = (cell("raw", "auc", 1, 1.5), cell("abs", "auc", 1, 0.0), cell("raw", "auc_causal", 2, 2.25))
SCORES = {score_name(*name): values for name, values in VALUES.items()} | {
    sample_name(what, seed): array for what, array in WINDOWS.items() for seed in (1, 2)
}
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
