"""What the client sends to workers and gets back: a few tasks of a run's plan that one worker performs one after the other."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from ecgbench.pipeline.cluster.parcels import Parcel
from ecgbench.pipeline.compute.plan import ExplainedTask, MapsTask, OutputsTask, Plan, ScoresTask, SharedTask, Task
from ecgbench.pipeline.grid.address import MapsAddress, ModelAddress
from ecgbench.pipeline.grid.options import Options


@dataclass(frozen=True)
class Setting:
    """What all jobs of a run have in common.

    Attributes
    ----------
    options : the run's, with the client's store
    nonce : name of the file by which a worker finds out whether it has the client's store
    described : what a worker must have in common with the client (see `versions.described`)
    separate : whether workers without the client's store take part: artifacts then travel
    """

    options: Options
    nonce: str
    described: Mapping[str, str] = field(default_factory=dict, repr=False)
    separate: bool = False


@dataclass(frozen=True)
class Job:
    """Tasks on one model that one worker performs, each behind those that it needs.

    Attributes
    ----------
    kind : "outputs" trains a model and asks it about the test windows, "choice" chooses the windows that are explained of it, and "batch"
        is all sources' maps and scores of a batch of them
    of : the model
    tasks : of the run's plan
    number : of the batch
    """

    kind: Literal["outputs", "choice", "batch"]
    of: ModelAddress
    tasks: tuple[Task, ...]
    number: int = 0

    @property
    def name(self) -> str:
        """What the dashboard calls it."""
        return f"{self.kind}-{self.of.id}" + (f"-{self.number}" if self.kind == "batch" else "")

    @cached_property
    def _of_source(self) -> Mapping[MapsAddress, tuple[Task, ...]]:
        """What each source's scores need, and the scores."""
        return {task.of: (*task.needs, task) for task in self.tasks if isinstance(task, ScoresTask)}

    @property
    def sources(self) -> list[MapsAddress]:
        """The maps that are scored; those of other seeds that they are compared with are not among them."""
        return [task.of for task in self.tasks if isinstance(task, ScoresTask)]

    def split(self) -> list[Job]:
        """A job for each source of maps."""
        return [replace(self, tasks=tasks) for tasks in self._of_source.values()]

    def without(self, failed: Container[MapsAddress]) -> Job:
        """The same without maps that cannot be made."""
        if not any(of in failed for of in self.sources):
            return self
        left = [tasks for of, tasks in self._of_source.items() if of not in failed]
        return replace(self, tasks=tuple(dict.fromkeys(task for tasks in left for task in tasks)))


@dataclass(frozen=True)
class Failure:
    """Cells that could not be computed.

    Attributes
    ----------
    of : their maps
    metric : theirs; None for all of the maps'
    message : why
    died : whether the worker died, so that computing them elsewhere may end another process
    """

    of: MapsAddress
    metric: str | None
    message: str
    died: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of a job.

    Attributes
    ----------
    failures : by source of maps
    error : why a job of a model could not be done; empty if it was
    batches : how many batches the chosen windows are
    places : stage and key of each artifact that it read or wrote
    artifacts : their bytes, where the worker has not the client's store
    """

    failures: tuple[Failure, ...] = ()
    error: str = ""
    batches: int = 0
    places: frozenset[tuple[str, str]] = frozenset()
    artifacts: Parcel = field(default_factory=dict, repr=False)


def first_jobs(plan: Plan) -> dict[ModelAddress, list[Job]]:
    """For each model that is explained, the jobs on the models of its panel."""
    found = {}
    for of in plan.models():
        outputs = [task for task in plan.first(of) if isinstance(task, OutputsTask)]
        found[of] = [Job("outputs", task.of, (task,)) for task in outputs]
    return found


def choice_job(plan: Plan, of: ModelAddress) -> Job:
    """What chooses the windows that are explained of a model."""
    return Job("choice", of, tuple(task for task in plan.first(of) if isinstance(task, ExplainedTask)))


def batch_jobs(plan: Plan, of: ModelAddress, batches: int) -> list[Job]:
    """A job for each batch of a model's windows, with all sources; what is done of one is done of each."""
    tasks = [task for task in plan.tasks(of, 1) if isinstance(task, (MapsTask, SharedTask, ScoresTask))]
    return [Job("batch", of, tuple(replace(task, batch=number) for task in tasks), number) for number in range(batches)]
