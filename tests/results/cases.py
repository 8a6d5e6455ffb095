"""Made-up accepted results of three cells."""

from dataclasses import replace

import numpy as np

from ecgbench.results import Cell, Identity, SourceResults, mean_interval, read_pair, sample_name, score_digest, score_name, write_file

IDENTITY = Identity(
    dataset="mitdb",
    differs="samples-3",
    model="resnet18_7",
    edition="",
    split="standard",
    labels="aami",
    protocol="ours",
    samples=3,
    explained="own",
    simulated=False,
    windows="c0ffee",
)
VALUES = {
    ("raw", "auc", 1): np.array([0.25, 0.75, np.nan], dtype=np.float32),
    ("abs", "auc", 1): np.array([np.nan] * 3, dtype=np.float32),
    ("raw", "auc_causal", 2): np.array([0.1, 0.2, 0.3], dtype=np.float32),
}
WINDOWS = {"patient": np.array(["100", "101", "101"]), "target": np.array([1, 2, 1])}


def cell_of(variant, metric, seed, values, patient=WINDOWS["patient"], seconds=0.0):
    """The cell that follows from per-window scores."""
    precise = values.astype(np.float64)
    defined = precise[~np.isnan(precise)]
    low, high = mean_interval(precise, patient)
    mean = float(defined.mean()) if defined.size else None
    return Cell(variant, metric, seed, mean, len(defined), len(values) - len(defined), low, high, seconds, score_digest(values))


CELLS = tuple(cell_of(*name, values, seconds=seconds) for (name, values), seconds in zip(VALUES.items(), (1.5, 0.0, 2.25), strict=True))
SCORES = {score_name(*name): values for name, values in VALUES.items()} | {
    sample_name(what, seed): array for what, array in WINDOWS.items() for seed in (1, 2)
}
RESULTS = SourceResults(
    source="lime",
    identity=IDENTITY,
    models={seed: {"digest": f"of {seed}", "origin": "trained", "precision": "float32", "accuracy": 0.9} for seed in ("1", "2")},
    panel={},
    provenance={"packages": {"numpy": "2.4.6"}, "date": "2026-01-02"},
    notes=("Lead 0 is MLII.",),
    health={"1": {"zeros": 0.25, "flat": 0.0}, "2": {"zeros": 0.0, "flat": 0.0}},
    artifacts={"1": ("a", "b"), "2": ("c",)},
    chance={},
    cells=CELLS,
)


def with_scores(path, changed):
    """Accepted results whose per-window scores are others, and whose numbers follow from these; without a gallery."""
    results, arrays = read_pair(path)
    kept = {name: array for name, array in arrays.items() if not name.startswith(("gallery/", "shown/"))}
    names = {score_name(found.variant, found.metric, found.seed): found for found in results.cells}
    kept |= {name: np.asarray(changed(arrays[name]), dtype=np.float32) for name in names}
    cells = tuple(
        cell_of(found.variant, found.metric, found.seed, kept[name], arrays[sample_name("patient", found.seed)], found.seconds)
        for name, found in names.items()
    )
    return write_file(replace(results, cells=cells), kept, path.parents[2])


def without_first_cell(path):
    """Accepted results without one of their cells and its scores."""
    results, arrays = read_pair(path)
    first, *cells = results.cells
    arrays.pop(score_name(first.variant, first.metric, first.seed))
    return write_file(replace(results, cells=tuple(cells)), arrays, path.parents[2])
