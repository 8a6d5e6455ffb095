"""A run as tasks: what is computed, from what, in an order in which it can be.

A task says what it needs, pickles, and performs on an executor, whose store keeps what came out; so any executor that performs a task after
those that it needs, in this process or in another, leaves the same results. How many batches of windows a model has is known once its
windows are chosen, so a plan unfolds in two steps.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from ecgbench.errors import RefusedError
from ecgbench.pipeline.grid.address import Address, MapsAddress, ModelAddress, split_metric


@runtime_checkable
class Executor(Protocol):
    """What performs tasks: it computes what they name, unless its store has it."""

    def outputs(self, of: ModelAddress) -> object:
        """Train a model and ask it about the test windows."""

    def choice(self, panel: tuple[ModelAddress, ...]) -> object:
        """Choose the windows that are explained of the models of a panel."""

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
class OutputsTask(Task):
    """Train a model, or take it from where it is, and ask it about the test windows."""

    of: ModelAddress

    @property
    def needs(self) -> tuple[Task, ...]:
        """Nothing: it starts from records."""
        return ()

    def perform(self, executor: Executor) -> None:
        """Compute it, unless the executor's store has it."""
        executor.outputs(self.of)


@dataclass(frozen=True)
class ExplainedTask(Task):
    """Choose the windows that are explained: those that all models of a panel recognise."""

    panel: tuple[ModelAddress, ...]

    @property
    def needs(self) -> tuple[Task, ...]:
        """What each model says of the test windows."""
        return tuple(OutputsTask(of) for of in self.panel)

    def perform(self, executor: Executor) -> None:
        """Compute it, unless the executor's store has it."""
        executor.choice(self.panel)


@dataclass(frozen=True)
class MapsTask(Task):
    """Make a source's maps of a batch of windows."""

    of: MapsAddress
    windows: ExplainedTask
    batch: int

    @property
    def needs(self) -> tuple[Task, ...]:
        """The windows."""
        return (self.windows,)

    def perform(self, executor: Executor) -> None:
        """Compute it, unless the executor's store has it; nothing comes of it where the method cannot explain the model."""
        with suppress(RefusedError):
            executor.batch_maps(self.of, self.batch)


@dataclass(frozen=True)
class SharedTask(Task):
    """Evaluate a model once for all sources, for a metric that does so."""

    of: ModelAddress
    metric: str
    windows: ExplainedTask
    batch: int

    @property
    def needs(self) -> tuple[Task, ...]:
        """The windows."""
        return (self.windows,)

    def perform(self, executor: Executor) -> None:
        """Compute it, unless the executor's store has it."""
        executor.batch_shared(self.of, self.metric, self.batch)


@dataclass(frozen=True)
class ScoresTask(Task):
    """Score a source's maps of a batch of windows by all metrics."""

    of: MapsAddress
    metrics: tuple[str, ...]
    windows: ExplainedTask
    batch: int

    @property
    def needs(self) -> tuple[Task, ...]:
        """The maps, and what metrics share; where they compare with the models of other seeds, theirs too."""
        asks = {name: split_metric(name)[0].asks for name in self.metrics}
        others = [replace(self.of, seed=of.seed) for of in self.windows.panel if of != self.of.of_model]
        compared = others if any("other_maps" in needs for needs in asks.values()) else []
        maps = [MapsTask(of, self.windows, self.batch) for of in (self.of, *compared)]
        evaluated = [
            SharedTask(of.of_model, name, self.windows, self.batch)
            for name in self.metrics
            if split_metric(name)[0].shared is not None
            for of in (self.of, *(others if "other_shared" in asks[name] else []))
        ]
        return (*maps, *evaluated)

    def perform(self, executor: Executor) -> None:
        """Compute it, unless the executor's store has it; nothing comes of it where the method cannot explain the model."""
        with suppress(RefusedError):
            executor.batch_scores(self.of, self.metrics, self.batch)


class Plan:
    """The tasks behind some cells.

    Parameters
    ----------
    cells : that are to be computed
    panel_of : the models that must recognise what is explained of a model
    """

    def __init__(self, cells: Iterable[Address], panel_of: Callable[[ModelAddress], tuple[ModelAddress, ...]]) -> None:
        self._panel_of = panel_of
        self._metrics: dict[MapsAddress, dict[str, None]] = {}
        for cell in cells:
            self._metrics.setdefault(cell.of_maps, {})[cell.metric] = None

    def metrics(self, of: MapsAddress) -> tuple[str, ...]:
        """Metrics by which maps are to be scored."""
        return tuple(self._metrics.get(of, ()))

    def maps(self, of: ModelAddress) -> list[MapsAddress]:
        """The maps of a model that are to be scored."""
        return [maps for maps in self._metrics if maps.of_model == of]

    def models(self) -> list[ModelAddress]:
        """The models that are explained."""
        return list(dict.fromkeys(maps.of_model for maps in self._metrics))

    def first(self, of: ModelAddress) -> list[Task]:
        """What comes first for a model, each task behind those that it needs; models of one panel share all of it."""
        windows = ExplainedTask(self._panel_of(of))
        return list(dict.fromkeys([*windows.needs, OutputsTask(of), windows]))

    def tasks(self, of: ModelAddress, batches: int) -> Iterator[Task]:
        """The tasks on a model, each behind those that it needs; those of `first` are not among them.

        Parameters
        ----------
        batches : how many batches of explained windows the model has
        """
        seen: set[Task] = set()
        windows = ExplainedTask(self._panel_of(of))
        for maps in self.maps(of):
            for batch in range(batches):
                wanted = ScoresTask(maps, self.metrics(maps), windows, batch)
                for task in (*wanted.needs, wanted):
                    if task not in seen:
                        seen.add(task)
                        yield task
