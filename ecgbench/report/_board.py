"""What was measured as a board, so that places, groups and gains are those of the leaderboards' own statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ecgbench.datasets import DATASETS
from ecgbench.leaderboard.statistics.board import Board, board_of
from ecgbench.pipeline.acceptance.chance import levels_of
from ecgbench.pipeline.compute.subject import Subject
from ecgbench.protocol import OURS, OWN
from ecgbench.report._measure import Measured
from ecgbench.results import (
    Cell,
    Identity,
    ModelRecord,
    Provenance,
    SourceResults,
    mean_interval,
    sample_name,
    score_digest,
    score_name,
    sketch,
)
from ecgbench.types import PerWindow


def board_of_measured(subject: Subject, measured: Sequence[Measured]) -> Board:
    """The board of one network and its windows."""
    dataset, explained = subject.dataset, subject.explained
    identity = Identity(
        dataset=dataset.name,
        differs="",
        model=OWN,
        edition=dataset.edition,
        split=dataset.split,
        labels=dataset.labels,
        protocol=OURS,
        samples=len(explained.target),
        explained=OWN,
        simulated=dataset.simulated,
        windows=dataset.key,
    )
    chance = levels_of(explained, subject.spec.mask_kinds, dataset.fs)
    files = {one.source.key: _results(subject, identity, chance, one) for one in measured}
    samples = {one.source.key: _arrays(subject, one) for one in measured}
    entry = DATASETS[dataset.name] if dataset.name in DATASETS else None  # noqa: SIM401  (a Registry has no `get`)
    return board_of(f"{dataset.name}-{OWN}", entry, files, samples)


def _results(subject: Subject, identity: Identity, chance: Mapping[str, float], one: Measured) -> SourceResults:
    seed, patient = str(subject.seed), subject.explained.windows.patient
    model: ModelRecord = {"digest": subject.model.digest, "origin": "imported", "precision": subject.model.precision}
    provenance: Any = one.source.provenance()
    said: Provenance = provenance
    return SourceResults(
        source=one.source.key,
        identity=identity,
        models={seed: model},
        panel={},
        provenance=said,
        notes=subject.dataset.notes,
        health={seed: one.health},
        artifacts={seed: one.maps.keys},
        chance={seed: chance},
        cells=tuple(_cell(variant, metric, subject.seed, values, patient) for (variant, metric), values in one.scores.items()),
    )


def _cell(variant: str, metric: str, seed: int, values: PerWindow, patient: np.ndarray) -> Cell:
    defined = values[~np.isnan(values)]
    mean = float(defined.mean()) if defined.size else None
    low, high = mean_interval(values, patient)
    digest = score_digest(values)
    return Cell(variant, metric, seed, mean, len(defined), len(values) - len(defined), low, high, seconds=0.0, digest=digest)


def _arrays(subject: Subject, one: Measured) -> dict[str, np.ndarray]:
    windows = subject.explained.windows
    kept = {"record": windows.record, "patient": windows.patient, "start": windows.start, "target": subject.explained.target}
    kept["sketch"] = sketch(one.maps.values)
    arrays = {sample_name(what, subject.seed): array for what, array in kept.items()}
    return arrays | {score_name(variant, metric, subject.seed): values for (variant, metric), values in one.scores.items()}
