"""Small runs on the embedded dataset, each with a store of its own that holds the windows and, where a test is of neither, the logits."""

import functools
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import ecgbench.models
from ecgbench.artifacts import ArtifactStore
from ecgbench.pipeline import Address, MapsAddress, ModelAddress, Options, Run, accept
from ecgbench.pipeline.compute import subject as subject_module
from ecgbench.pipeline.compute.subject import batches
from tests.simulated import simulated

MODEL = "resnet18_7_narrow"
FOLDER = f"synthetic@samples-4/{MODEL}"
"""Where results of a small run are accepted."""


@dataclass
class Counting:
    """Evaluates what another evaluator does, and counts the rows of each call and of each batch of steps."""

    evaluate: object = None
    rows: list = field(default_factory=list)
    stepped: list = field(default_factory=list)

    def __call__(self, rows):
        self.rows.append(len(rows))
        return self.evaluate(rows)

    def stepwise(self, x, steps, *replacement):
        self.stepped.append(len(steps))
        return self.evaluate.stepwise(x, steps, *replacement)


def count_evaluations(monkeypatch) -> Counting:
    """Count what metrics evaluate from now on."""
    counting, real = Counting(), ecgbench.models.evaluator

    def counted(module):
        counting.evaluate = real(module)
        return counting

    monkeypatch.setattr(ecgbench.models, "evaluator", counted)
    return counting


def store_with_windows(root: Path) -> ArtifactStore:
    """A store of the windows alone."""
    return _store_with(root, "windows")


def store_with_logits(root: Path) -> ArtifactStore:
    """A store of the windows and of what the shipped models say of them, for tests of what comes behind."""
    _models_are_asked()
    return _store_with(root, "windows", "logits")


@functools.cache
def _models_are_asked() -> None:
    small_run(simulated("synthetic")).explained(model_at())


def _store_with(root: Path, *names: str) -> ArtifactStore:
    """The files are the same for all tests: what writes artifacts replaces files and never writes into one."""
    for name in names:
        shutil.copytree(simulated("synthetic").root / name, root / name, copy_function=os.link)
    return ArtifactStore(root)


def small_run(store: ArtifactStore, samples: int = 4, wanted=(), sources=(), **options) -> Run:
    return Run(Options(samples=samples, store=store, **options), wanted, sources)


def cell(metric: str = "auc", source: str = "saliency", variant: str = "raw", seed: int = 1) -> Address:
    return Address("synthetic", MODEL, source, variant, metric, seed)


def maps_of(source: str = "saliency", seed: int = 1) -> MapsAddress:
    return MapsAddress("synthetic", MODEL, source, seed)


def model_at(seed: int = 1) -> ModelAddress:
    return ModelAddress("synthetic", MODEL, seed)


def stages(store: ArtifactStore) -> list[str]:
    """The stage of every artifact."""
    return [stage for stage, _ in store]


def digests(store: ArtifactStore) -> dict[tuple[str, str], str]:
    """What tells a store's contents from others, by stage and key."""
    return {place: store.content_digest(*place) for place in store}


def batches_of(size, monkeypatch):
    """Let an artifact hold that many windows."""
    monkeypatch.setattr(subject_module, "batches", lambda count, _: batches(count, size))


def accepted_files(run, cells, root):
    """Paths of the files that accepting cells writes."""
    return [file.path for file in accept(run, cells, root)]
