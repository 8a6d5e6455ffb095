"""What a worker of a cluster does: it performs jobs on a run that it holds, whose dataset and models are loaded once."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from ecgbench.artifacts import ArtifactStore, default_root, touched
from ecgbench.errors import EcgbenchError, RefusedError
from ecgbench.pipeline.cluster.jobs import Failure, Job, Outcome, Setting
from ecgbench.pipeline.cluster.parcels import Epoch, Parcel, held_model, keep_epoch, packed, sent_epochs, unpack
from ecgbench.pipeline.cluster.versions import check_same, described
from ecgbench.pipeline.compute.plan import ScoresTask
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.address import MapsAddress
from ecgbench.protocol import AGREEMENT_WINDOWS

BY_BATCH = ("maps", "scores", "agreement")
"""What a run remembers of a batch, which no other job asks for."""

_held: dict[tuple[str, str], Run] = {}
"""The run of the dataset on which this process worked last, by the client's nonce and the dataset."""


class SeparateStoreError(EcgbenchError):
    """A worker has not the client's store, and the client did not send what it needs."""


def perform(setting: Setting, job: Job, parcel: Parcel, epoch: Epoch) -> Outcome:
    """Perform a job; what a task raises becomes part of the outcome.

    Parameters
    ----------
    parcel : artifacts that the job needs, where the worker's store is not the client's
    epoch : the last one of the training with which the job goes on

    Raises
    ------
    InputError
        If the worker, which may have joined late, would compute something else than the client.
    SeparateStoreError
        If the worker's store is not the client's and the client took it to be.
    """
    import torch

    torch.set_num_threads(1)
    check_same(setting.described, described(), f"on {platform.node()}")
    store, common = _store(setting)
    with _run(setting, job, store) as run, touched() as places:
        if not (common or setting.separate):
            raise SeparateStoreError(f"expected the client's store in {setting.options.store.root}, got another; send what the job needs.")
        unpack(store, parcel)
        with nullcontext() if common else _training(setting, run, job, epoch):
            found = _performed(run, job)
        return replace(found, places=frozenset(places), artifacts={} if common else packed(store, places))


@contextmanager
def _training(setting: Setting, run: Run, job: Job, epoch: Epoch) -> Iterator[None]:
    """Go on with an epoch that the client has, and send it those that follow."""
    if job.kind != "outputs":
        yield
        return
    from distributed import Queue

    keep_epoch(held_model(run, job.of)[1], epoch)
    with sent_epochs(run, job.of, Queue(setting.nonce)):
        yield


def nonce_file(root: Path, nonce: str) -> Path:
    """The file in a store's folder by which workers recognise the client's."""
    return root / f".cluster-{nonce}"


def has_store(setting: Setting) -> bool:
    """Whether this process finds the client's store."""
    return _store(setting)[1]


def _store(setting: Setting) -> tuple[ArtifactStore, bool]:
    """The store in which this process computes, and whether it is the client's: at the same path, or where `ECGBENCH_CACHE` says."""
    client, own = setting.options.store, default_root()
    for root in [own] if "ECGBENCH_CACHE" in os.environ else [client.root, own]:
        if nonce_file(root, setting.nonce).exists():
            return replace(client, root=root), True
    return replace(client, root=own), False


@contextmanager
def _run(setting: Setting, job: Job, store: ArtifactStore) -> Iterator[Run]:
    """The run on a job's dataset; afterwards what it remembers of the batch is let go."""
    place = (setting.nonce, job.of.dataset)
    if place not in _held:
        _held.clear()
        _held[place] = Run(replace(setting.options, store=store))
    try:
        yield _held[place]
    finally:
        _held[place].forget(*BY_BATCH)


def _performed(run: Run, job: Job) -> Outcome:
    if job.kind == "batch":
        return Outcome(failures=tuple(_failures(run, job)))
    try:
        for task in job.tasks:
            task.perform(run)
        return Outcome(batches=len(run.subject(job.of).parts) if job.kind == "choice" else 0)
    except Exception as error:  # whatever a network or a dataset raises is told to the client, and other jobs go on
        return Outcome(error=_said(error))


def _failures(run: Run, job: Job) -> Iterator[Failure]:
    """Perform the tasks of a batch; what one source raises is its own failure."""
    failed: set[MapsAddress] = set()
    for task in job.tasks:
        of = getattr(task, "of", None)
        error = None if of in failed else _raised(partial(task.perform, run))
        # What sources share, or another model's maps, fail again with the scores that need them.
        if error is not None and isinstance(task, ScoresTask):
            yield from _by_metric(run, task)
        elif error is not None and of in job.sources:
            failed.add(of)
            yield Failure(of, None, _said(error))
    for of in job.sources if job.number == 0 else ():
        error = None if of in failed else _raised(partial(_agree, run, of))
        if error is not None:
            yield Failure(of, None, _said(error))


def _by_metric(run: Run, task: ScoresTask) -> Iterator[Failure]:
    """What fails of scores, a metric at a time: the others are computed."""
    for metric in task.metrics:
        error = _raised(partial(replace(task, metrics=(metric,)).perform, run))
        if error is not None:
            yield Failure(task.of, metric, _said(error))


def _agree(run: Run, of: MapsAddress) -> None:
    """Explain again what the health of the maps compares them with: the first windows, with another seed and of another class."""
    subject, source = run.subject(of.of_model), run.source(of.source)
    with suppress(RefusedError):
        maps = run.batch_maps(of, 0).artifact.arrays["maps"]
        if source.is_reproducible and len(maps) >= min(AGREEMENT_WINDOWS, len(subject.explained.target)):
            source.agreement(subject, maps)


def _raised(work: Callable[[], None]) -> Exception | None:
    """What some work raises."""
    try:
        work()
    except Exception as error:  # of a method or metric that anybody may have written
        return error
    return None


def _said(error: Exception) -> str:
    """An error of ours as it is, any other with its type."""
    return str(error) if isinstance(error, EcgbenchError) else f"{type(error).__name__}: {error}"
