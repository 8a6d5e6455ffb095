"""A run as tasks: what is computed, from what, in an order in which it can be.

A task says what it needs, pickles, and performs on an executor, whose store keeps what came out; so any executor that performs a task after
those that it needs, in this process or in another, leaves the same results. How many batches of windows a model has is known once its
windows are chosen, so a plan unfolds in two steps.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from ecgbench.pipeline.grid.address import Address, MapsAddress, ModelAddress, split_metric


@runtime_checkable
class Executor(Protocol):
    """What performs tasks: it computes what they name, unless its store has it."""

    def explained(self, of: ModelAddress) -> object:
        """Train a model and choose the windows that are explained."""

    def batch_maps(self, of: MapsAddress, number: int) -> object:
        """Make a source's maps of a batch of windows."""

    def batch_shared(self, of: ModelAddress, metric: str, number: int) -> object:
        """Evaluate a batch once for all sources."""

    def batch_scores(self, of: MapsAddress, metrics: tuple[str, ...], number: int) -> object:
        """Score a source's maps of a batch."""


class Task(ABC):
    """Something that is computed once and kept."""

    @property
    @abstractmethod
    def needs(self) -> tuple[Task, ...]:
        """Tasks that are performed before it."""

    @abstractmethod
    def perform(self, executor: Executor) -> None:
        """Compute it, unless the executor's store has it."""


@dataclass(frozen=True)
class ExplainedTask(Task):
    """Train a model, or take it from where it is, and choose the windows that are explained."""

    of: ModelAddress

    @property
    def needs(self) -> tuple[Task, ...]:
        """Nothing: it starts from records."""
        return ()

    def perform(self, executor: Executor) -> None:
        """Compute it, unless the executor's store has it."""
        executor.explained(self.of)


@dataclass(frozen=True)
class MapsTask(Task):
    """Make a source's maps of a batch of windows."""

    of: MapsAddress
    batch: int

    @property
    def needs(self) -> tuple[Task, ...]:
        """The windows."""
        return (ExplainedTask(self.of.of_model),)

    def perform(self, executor: Executor) -> None:
        """Compute it, unless the executor's store has it."""
        executor.batch_maps(self.of, self.batch)


@dataclass(frozen=True)
class SharedTask(Task):
    """Evaluate a model once for all sources, for a metric that does so."""

    of: ModelAddress
    metric: str
    batch: int

    @property
    def needs(self) -> tuple[Task, ...]:
        """The windows."""
        return (ExplainedTask(self.of),)

    def perform(self, executor: Executor) -> None:
        """Compute it, unless the executor's store has it."""
        executor.batch_shared(self.of, self.metric, self.batch)


@dataclass(frozen=True)
class ScoresTask(Task):
    """Score a source's maps of a batch of windows by all metrics."""

    of: MapsAddress
    metrics: tuple[str, ...]
    batch: int

    @property
    def needs(self) -> tuple[Task, ...]:
        """The maps, and what metrics share."""
        shared = [name for name in self.metrics if split_metric(name)[0].shared is not None]
        return (MapsTask(self.of, self.batch), *(SharedTask(self.of.of_model, name, self.batch) for name in shared))

    def perform(self, executor: Executor) -> None:
        """Compute it, unless the executor's store has it."""
        executor.batch_scores(self.of, self.metrics, self.batch)


class Plan:
    """The tasks behind some cells.

    Parameters
    ----------
    cells : that are to be computed
    """

    def __init__(self, cells: Iterable[Address]) -> None:
        self._metrics: dict[MapsAddress, dict[str, None]] = {}
        for cell in cells:
            self._metrics.setdefault(cell.of_maps, {})[cell.metric] = None

    def metrics(self, of: MapsAddress) -> tuple[str, ...]:
        """Metrics by which maps are to be scored."""
        return tuple(self._metrics.get(of, ()))

    def models(self) -> list[ExplainedTask]:
        """What comes first: a task for each model."""
        return [ExplainedTask(of) for of in dict.fromkeys(maps.of_model for maps in self._metrics)]

    def tasks(self, of: ModelAddress, batches: int) -> Iterator[Task]:
        """The tasks on a model, each behind those that it needs; the model's own task is not among them.

        Parameters
        ----------
        batches : how many batches of explained windows the model has
        """
        seen: set[Task] = set()
        for maps in [maps for maps in self._metrics if maps.of_model == of]:
            for batch in range(batches):
                wanted = ScoresTask(maps, self.metrics(maps), batch)
                for task in (*wanted.needs, wanted):
                    if task not in seen:
                        seen.add(task)
                        yield task
