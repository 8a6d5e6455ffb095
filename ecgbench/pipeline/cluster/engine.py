"""The client's side of a run on a cluster: it unfolds the plan into jobs, hands them out, and takes in what became of them.

A job whose worker dies is tried again, then once more with nothing beside it, so that what runs at the same time is not blamed for it. One
that ends its worker even then is split by source of maps, and the source that does it alone is given up with its cells.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ecgbench.artifacts import write_atomically
from ecgbench.device_kinds import PROCESSOR
from ecgbench.errors import InputError, UnavailableError
from ecgbench.pipeline.cluster.jobs import Failure, Job, Outcome, Setting, batch_jobs, choice_job, first_jobs
from ecgbench.pipeline.cluster.travel import Travel
from ecgbench.pipeline.cluster.versions import check_alike, described, not_installed
from ecgbench.pipeline.cluster.worker import SeparateStoreError, has_store, nonce_file, perform

if TYPE_CHECKING:
    from ecgbench.pipeline.compute.run import Run

SECONDS_TO_START = 300
"""Seconds to wait for the first worker, or for another where all are lost."""

SECONDS_PER_LOOK = 1.0
"""Between two looks at what workers send while they compute."""

REMEDY = "give workers more memory (`dask worker --memory-limit`), start fewer on a machine (local:N), or leave it out"


@dataclass(frozen=True)
class Progress:
    """How far a cluster is.

    Attributes
    ----------
    done, known : tasks that are done, and that are known by now
    failures : of cells, so far
    """

    done: int
    known: int
    failures: list[Failure]


def fill(run: Run, client: Any, met: Callable[[bool], None] = lambda _: None) -> Iterator[Progress]:
    """Fill the run's store; yields after each job how far it is.

    Afterwards the run refuses what ended workers, and computes what merely failed.

    Parameters
    ----------
    client : of a Dask cluster
    met : is told, as soon as there are workers, whether they all have the client's store

    Raises
    ------
    InputError
        If there are no workers.
    UnavailableError
        If the cluster is gone.
    """
    with _nonce(run) as nonce:
        engine = _Engine(run, client, nonce)
        try:
            met(engine.meet_workers())
            yield from engine.run_jobs()
        finally:
            engine.stop()


@contextmanager
def _nonce(run: Run) -> Iterator[str]:
    """A file in the store's folder, while the cluster works, by which workers recognise it."""
    nonce = secrets.token_hex(8)
    file = nonce_file(run.options.store.root, nonce)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, b"")
    try:
        yield nonce
    finally:
        file.unlink(missing_ok=True)


class _Engine:
    """Jobs that are ready, that run, and that wait for others."""

    def __init__(self, run: Run, client: Any, nonce: str) -> None:
        self._run, self._client, self._setting = run, client, Setting(run.options, nonce, described())
        self._travel = Travel(run, client, nonce)
        first = first_jobs(run.plan)
        self._awaited = {of: set(jobs) for of, jobs in first.items()}
        self._ready = deque(dict.fromkeys(job for jobs in first.values() for job in jobs))
        self._alone: deque[Job] = deque()
        self._solo: Any = None
        self._running: dict[Any, Job] = {}
        self._deaths: Counter[Job] = Counter()
        self._failures: list[Failure] = []
        self._tries: int | None = None
        self._last_met = time.monotonic()
        self._done, self._known = 0, len(self._ready) + len(first)

    def run_jobs(self) -> Iterator[Progress]:
        """Hand out all jobs as workers become free."""
        while self._running or self._ready or self._alone:
            try:
                self._hand_out()
                ended = self._ended()
            except OSError as error:  # Dask says so where nobody answers
                raise _gone() from error
            for future in ended:
                self._settle(self._running.pop(future), future)
                yield Progress(self._done, self._known, self._failures)

    def stop(self) -> None:
        """Call back what is still running, which a user may have interrupted; the scheduler, if it is there, is as it was."""
        with suppress(OSError):
            if self._running:
                self._client.cancel(list(self._running), force=True)
            if self._tries is not None:
                _set_tries(self._client, self._tries)

    def meet_workers(self) -> bool:
        """Wait for the first worker, and find out whether all have the store."""
        try:
            self._client.wait_for_workers(1, timeout=SECONDS_TO_START)
        except TimeoutError as error:
            raise InputError(
                f"expected workers of {self._client.scheduler.address}, got none in {SECONDS_TO_START} s; start them with `dask worker`."
            ) from error
        check_alike(self._client)
        self._tries = _set_tries(self._client, 0)
        common = self._client.run(has_store, self._setting)
        self._setting = replace(self._setting, separate=not all(common.values()))
        return not self._setting.separate

    def _hand_out(self) -> None:
        threads = sum(self._client.nthreads().values())
        self._last_met = time.monotonic() if threads else self._last_met
        if time.monotonic() - self._last_met > SECONDS_TO_START:
            raise UnavailableError("expected workers to go on, got all of them lost; what was computed is kept, the same command goes on.")
        room = 2 * threads - len(self._running)
        while self._ready and room > 0 and self._solo not in self._running:
            room -= self._submit(self._ready.popleft()) is not None
        if self._alone and not self._running:
            self._solo = self._submit(self._alone.popleft())

    def _submit(self, job: Job) -> Any:
        """Hand a job out; None if all that it makes was given up."""
        left = job.without({failure.of for failure in self._failures if failure.metric is None})
        self._done += len(job.tasks) - len(left.tasks)
        if not left.tasks:
            return None
        self._deaths[left] = self._deaths[job]
        needed = self._travel.needed(left) if self._setting.separate else ({}, {})
        resources = None if self._run.options.device == PROCESSOR else {"GPU": 1}
        key = f"{left.name}-{secrets.token_hex(4)}"
        future = self._client.submit(perform, self._setting, left, *needed, key=key, pure=False, resources=resources)
        self._running[future] = left
        return future

    def _ended(self) -> list[Any]:
        """Jobs of which something became, after at most a second."""
        from distributed import wait
        from distributed.client import CancelledError

        try:
            if self._running:
                wait(list(self._running), timeout=SECONDS_PER_LOOK, return_when="FIRST_COMPLETED")
        except TimeoutError:
            pass
        except CancelledError as error:
            raise _gone() from error
        if self._setting.separate:
            self._travel.take_epochs()
        return [future for future in self._running if future.done()]

    def _settle(self, job: Job, future: Any) -> None:
        """Take in what became of a job."""
        from distributed import KilledWorker

        if future.status not in ("finished", "error"):
            raise _gone()
        error = future.exception() if future.status == "error" else None
        if error is None:
            self._take(job, future.result())
        elif isinstance(error, KilledWorker):
            self._bury(job, alone=future is self._solo)
        elif isinstance(error, SeparateStoreError):
            self._setting = replace(self._setting, separate=True)
            self._ready.appendleft(job)
        elif isinstance(error, (ImportError, AttributeError)):  # of a worker that joined later
            raise not_installed("each worker", f"{type(error).__name__}: {error}") from error
        else:
            raise error

    def _take(self, job: Job, outcome: Outcome) -> None:
        """What a job made, and the jobs that can be done now."""
        self._travel.take(job, outcome)
        self._done += len(job.tasks)
        self._failures += outcome.failures
        if outcome.error:
            self._give_up(job, outcome.error, died=False)
        elif job.kind == "outputs":
            self._unlock(job)
        elif job.kind == "choice":
            jobs = batch_jobs(self._run.plan, job.of, outcome.batches)
            self._known += sum(len(one.tasks) for one in jobs)
            self._ready.extend(jobs)

    def _unlock(self, job: Job) -> None:
        """Choose windows of the models that waited for a job alone."""
        for of, awaited in list(self._awaited.items()):
            awaited.discard(job)
            if not awaited:
                del self._awaited[of]
                self._ready.append(choice_job(self._run.plan, of))

    def _bury(self, job: Job, alone: bool) -> None:
        """Try a job again whose worker died, or give it up."""
        self._deaths[job] += 1
        parts = job.split() if alone else []
        if not alone:
            (self._ready.appendleft if self._deaths[job] == 1 else self._alone.append)(job)
        elif len(parts) > 1:
            self._known += sum(len(part.tasks) for part in parts) - len(job.tasks)
            self._alone.extend(parts)
        else:
            self._done += len(job.tasks)
            what = job.sources[0].id if job.sources else job.of.id
            why = f"expected a worker to compute {what}, got one that died of it, out of memory most likely; {REMEDY}."
            self._give_up(job, why, died=True)

    def _give_up(self, job: Job, why: str, died: bool) -> None:
        """The cells that cannot be computed without a job."""
        models = [of for of, awaited in self._awaited.items() if job in awaited] if job.kind == "outputs" else [job.of]
        maps = job.sources or [of for model in models for of in self._run.plan.maps(model)]
        self._failures += [Failure(of, None, why, died) for of in maps]
        if died:
            self._run.unavailable |= dict.fromkeys(maps if job.sources else [*maps, job.of], why)
        for model in models if job.kind == "outputs" else ():
            del self._awaited[model]


def _set_tries(client: Any, tries: int) -> int:
    """Set how often the scheduler tries a job again whose worker died, and return how often it did before.

    The client does it, which knows of epochs and of sources.
    """

    def change(dask_scheduler: Any = None) -> int:
        before: int = dask_scheduler.allowed_failures
        dask_scheduler.allowed_failures = tries
        return before

    found: int = client.run_on_scheduler(change)
    return found


def _gone() -> UnavailableError:
    return UnavailableError("expected the cluster to go on, got its scheduler lost; what was computed is kept, the same command goes on.")
