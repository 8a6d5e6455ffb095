"""Fabricated accepted results, so that pages can be drawn without data and models."""

from dataclasses import replace

import numpy as np
import pytest

from ecgbench.datasets import DATASETS
from ecgbench.leaderboard.render import text_pages
from ecgbench.leaderboard.statistics.analysis import analyse
from ecgbench.leaderboard.statistics.board import read_boards
from ecgbench.metrics import FAITHFULNESS, LOCALISATION, METRICS, MetricEntry
from ecgbench.registry import Registry
from ecgbench.results import Cell, Identity, SourceResults, mean_interval, sample_name, score_digest, score_name, sketch, write_file

PATIENT = np.array(["100", "100", "103", "105"])
TARGET = np.array([1, 2, 2, 2])
WINDOWS = {"record": np.array(["100", "101", "103", "105"]), "start": np.array([0, 2880, 0, 5760]), "patient": PATIENT, "target": TARGET}
OFFSETS = np.array([-0.04, 0.04, 0.01, -0.01])
MODEL = "resnet18_7"
MACRO_F1 = (180 / 197 + 40 / 51 + 60 / 70 + 6 / 12) / 4
IDENTITY = Identity(
    dataset="mitdb",
    differs="",
    model=MODEL,
    edition="",
    split="standard",
    labels="aami",
    protocol="ours",
    samples=4,
    explained="own",
    simulated=False,
    windows="c0ffee00" * 8,
)


def per_window(mean):
    """Four windows' scores around a mean; a list is taken as it is; None is undefined everywhere."""
    if mean is None:
        return np.full(4, np.nan)
    return np.array(mean, dtype=np.float64) if isinstance(mean, list) else mean + OFFSETS


def cell(variant, metric, seed, values):
    defined = values[~np.isnan(values)]
    low, high = mean_interval(values, PATIENT)
    return Cell(
        variant=variant,
        metric=metric,
        seed=seed,
        value=float(defined.mean()) if len(defined) else None,
        n=len(defined),
        undefined=len(values) - len(defined),
        low=low,
        high=high,
        seconds=0.5,
        digest=score_digest(values),
    )


def model(seed):
    confusion = [[90, 5, 3, 2], [4, 20, 1, 0], [2, 1, 30, 1], [1, 0, 2, 3]]
    digest = f"{seed}bad{seed}dad" * 8
    measures = {"accuracy": 143 / 165, "macro_f1": MACRO_F1, "confusion": confusion}
    return {"digest": digest, "origin": "trained", "precision": "float32", **measures}


def model_of(dataset, identity):
    """The dataset's own architecture, unless the identity names another than these results' usual one."""
    return DATASETS[dataset].default_model() if identity.model == MODEL and dataset in DATASETS else identity.model


def results(dataset, method, means, identity=IDENTITY, maps=None, **changed):
    """Results and per-window scores of one method; `means` by variant, metric and seed, as `per_window` takes them; `maps` of each seed."""
    scores = {
        (variant, metric, seed): per_window(mean)
        for variant, metrics in means.items()
        for metric, seeds in metrics.items()
        for seed, mean in seeds.items()
    }
    seeds, (key, _, differs) = sorted({seed for _, _, seed in scores}), dataset.partition("@")
    arrays = {score_name(*name): values.astype(np.float32) for name, values in scores.items()}
    for seed in seeds:
        arrays |= {sample_name(what, seed): array for what, array in WINDOWS.items()}
        arrays |= {} if maps is None else {sample_name("sketch", seed): sketch(maps)}
    fields = {
        "source": method,
        "identity": replace(identity, dataset=key, differs=differs, model=model_of(key, identity)),
        "models": {str(seed): model(seed) for seed in seeds},
        "panel": {},
        "provenance": {
            "packages": {"numpy": "2.4.6", "torch": "2.13.0"},
            "processor": "a processor",
            "device": "cpu",
            "date": "2026-01-02",
        },
        "notes": ("Lead 0 is MLII in all records but 114 (V5).",),
        "health": {str(seed): {"zeros": 0.25, "flat": 0.0, "nonfinite": 0.0, "seconds_a_window": 0.002 * seed} for seed in seeds},
        "artifacts": {str(seed): ("f" * 64,) for seed in seeds},
        "chance": {},
        "cells": tuple(cell(*name, values) for name, values in scores.items()),
    }
    return SourceResults(**(fields | changed)), arrays


@pytest.fixture(scope="session")
def metrics():
    """Six metrics: hit, area and area_hit in localisation (mass not ranked), drop (lower is better) and corr (signed) in faithfulness."""
    registry = Registry("metrics of these tests", MetricEntry, "ecgbench.leaderboard")
    declared = {
        "hit": {"family": LOCALISATION},
        "area": {"family": LOCALISATION},
        "area_hit": {"family": LOCALISATION},
        "mass": {"family": LOCALISATION, "ranked": False},
        "drop": {"family": FAITHFULNESS, "higher_is_better": False},
        "corr": {"family": FAITHFULNESS, "signed_only": True},
    }
    for name, properties in declared.items():

        def metric(attributions):
            return attributions

        metric.__name__ = name
        common = {"version": 1, "reference": "none", "higher_is_better": True, "bounds": (0.0, 1.0), "needs": (), "atol": 1e-6}
        registry.register(**(common | properties))(metric)
    return registry


@pytest.fixture(autouse=True)
def every_metric_counts(monkeypatch):
    """Metrics that fail their oracle control count in the made-up results, and so does pointing_game, so that each family has two.

    What is tested are orders of two families, not the verdict.
    """
    asides = {entry.key: "" if entry.key == "pointing_game" else entry.aside for entry in METRICS}
    counting = {entry.key: replace(entry, ranked=not asides[entry.key], aside=asides[entry.key]) for entry in METRICS}
    monkeypatch.setattr(METRICS, "_entries", counting)


@pytest.fixture
def identity():
    """The identity of the results, unless they are given another."""
    return IDENTITY


@pytest.fixture
def scores(tmp_path):
    """Folder for accepted results."""
    folder = tmp_path / "leaderboards" / "scores"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def out(scores):
    """Folder of the pages."""
    return scores.parent


@pytest.fixture
def accept(scores):
    """Writes results of one method: `accept("mitdb", "lime", {"raw": {"auc": {1: 0.7, 2: 0.8}}})`."""

    def write(dataset, method, means, **changed):
        return write_file(*results(dataset, method, means, **changed), root=scores)

    return write


@pytest.fixture
def analysed(scores):
    """Analyses of all accepted results, by board."""
    return lambda: {board.name: analyse(board) for board in read_boards(scores)}


@pytest.fixture
def pages(analysed):
    """Text of all pages by their paths."""
    return lambda: text_pages(list(analysed().values()))


@pytest.fixture
def accept_control(accept):
    """Writes results of a control: `accept_control("mitdb", "centre", {"auc": {1: 0.6}})`."""

    def write(dataset, control, metrics, **provenance):
        accept(dataset, control, {"raw": metrics}, provenance={"control": f"what {control} does", **provenance})

    return write


@pytest.fixture
def accept_small(accept):
    """Writes two seeds of `lime` and `saliency` for a dataset, of which `lime` is the better by `advantage` everywhere."""

    def write(dataset, advantage=0.1, identity=IDENTITY):
        for method, gain in (("saliency", 0.0), ("lime", advantage)):
            both = {
                "auc": {1: 0.6 + gain, 2: 0.7 + gain},
                "pointing_game": {1: [0.0, 1.0, np.nan, 1.0], 2: [1.0, 1.0, np.nan, 1.0]},
                "relevance_mass_accuracy": {1: 0.3 + gain, 2: 0.4 + gain},
                "region_perturbation_lerf": {1: 0.3 - gain, 2: 0.2 - gain},
                "faithfulness_correlation": {1: 0.1 + gain, 2: 0.2 + gain},
            }
            accept(dataset, method, {"raw": both, "abs": both | {"auc": {1: 0.55, 2: 0.55}}}, identity=identity)

    return write
