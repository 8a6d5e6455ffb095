"""One process's side of a run: it performs tasks one after the other, and remembers what several of them share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Bool

from ecgbench.artifacts import Artifact
from ecgbench.datasets import DATASETS, Request, load_dataset, request_for
from ecgbench.errors import InputError, RefusedError, UnavailableError
from ecgbench.pipeline.compute import scores as scoring
from ecgbench.pipeline.compute.held import turn_to
from ecgbench.pipeline.compute.models import GivenModels, TrainedModel, model_at_hand, model_of
from ecgbench.pipeline.compute.plan import Plan, Task
from ecgbench.pipeline.compute.sources.map_sources import MapSource, StoredMaps, source_named
from ecgbench.pipeline.compute.sources.maps import Maps, joined
from ecgbench.pipeline.compute.subject import Subject
from ecgbench.pipeline.compute.windows.explained_windows import Choice, Outputs, choose, explained_windows, outputs_on_test
from ecgbench.pipeline.compute.windows.twins import with_twins
from ecgbench.pipeline.grid.address import Address, MapsAddress, ModelAddress, metric_bounds, split_metric
from ecgbench.pipeline.grid.options import Options
from ecgbench.protocol import COMMON, DatasetProtocol
from ecgbench.results import SourceResults, read_if_accepted
from ecgbench.types import Dataset, Explained, Scores

T = TypeVar("T")


class Run:
    """One run of the benchmark, and the serial executor of its plan.

    Safe to ask from several threads, which then take turns.

    Parameters
    ----------
    options : what is computed
    wanted : cells that will be asked for; all metrics of a batch of maps are computed with the first of them
    sources : of maps, beside the registered ones
    given : models that were handed in

    Attributes
    ----------
    unavailable : models and maps that must not be computed in this process, since what tried it died; with the reason
    """

    def __init__(
        self, options: Options, wanted: Iterable[Address] = (), sources: Iterable[MapSource] = (), given: GivenModels | None = None
    ) -> None:
        self.options = options
        self.given = given
        self.plan = Plan(wanted, self.panel)
        self._sources = {source.key: source for source in sources}
        self._held: dict[tuple[Any, ...], Any] = {}
        self._explained: Mapping[ModelAddress, Explained] = {}
        self._turn = threading.RLock()
        self.unavailable: dict[ModelAddress | MapsAddress, str] = {}

    def on(self, wanted: Iterable[Address], sources: Iterable[MapSource]) -> Run:
        """A run on other cells and sources that remembers what this one does."""
        run = Run(self.options, wanted, sources, self.given)
        run._held, run._turn, run._explained = self._held, self._turn, self._explained
        return run

    def narrowed(self, wanted: Iterable[Address], sources: Iterable[MapSource], explained: Mapping[ModelAddress, Explained]) -> Run:
        """A run on some of the explained windows only, of the same data and models."""
        run = Run(self.options, wanted, sources, self.given)
        run._held = {key: held for key, held in self._held.items() if key[0] in ("dataset", "model", "outputs", "choice")}
        run._explained = explained
        return run

    def perform(self) -> Iterator[tuple[Task, int]]:
        """Perform the whole plan; yields each task that is done, and how many tasks are known by then."""
        first = {of: self.plan.first(of) for of in self.plan.models()}
        known, done = len({task for tasks in first.values() for task in tasks}), set[Task]()
        for of, tasks in first.items():
            with self._turn:
                turn_to(self._held, of)
            for task in [task for task in tasks if task not in done]:
                task.perform(self)
                done.add(task)
                yield task, known
            rest = list(self.plan.tasks(of, len(self.subject(of).parts)))
            known += len(rest)
            for task in rest:
                task.perform(self)
                yield task, known

    def forget(self, *kinds: str) -> None:
        """Let go of what the run remembers of some kinds, such as "maps"; what it needs again comes from the store."""
        with self._turn:
            self._held = {key: held for key, held in self._held.items() if key[0] not in kinds}

    def source(self, key: str) -> MapSource:
        """The source of maps of that key: one that the run was given, or a registered one."""
        return self._sources.get(key) or source_named(key)

    def dataset(self, name: str) -> Dataset:
        """The dataset's windows."""
        o = self.options
        return self._hold(("dataset", name), lambda: load_dataset(name, o.root, o.labels, o.split, o.edition, o.protocol, o.store))

    def spec(self, name: str) -> DatasetProtocol:
        """The dataset's numbers, of the edition that is asked for."""
        return DATASETS[name].numbers(self.options.edition)

    def model(self, of: ModelAddress) -> TrainedModel:
        """The model, in the precision in which the dataset is explained."""
        o = self.options

        def get() -> TrainedModel:
            if self.given is not None and of in self.given.models:
                return self._placed(self.given.models[of], of)
            self._refuse_unavailable(of)
            model = model_of(self.dataset(of.dataset), of.seed, o.store, of.model, o.precision, o.device, o.retrain_since)
            return self._placed(model, of)

        return self._hold(("model", of), get)

    def model_at_hand(self, of: ModelAddress) -> TrainedModel | None:
        """The same if it need not be trained, else None."""
        with self._turn:
            if ("model", of) not in self._held and self.options.retrain_since is None:
                found = model_at_hand(self.dataset(of.dataset), of.seed, self.options.store, of.model)
                if found is not None:
                    self._held["model", of] = self._placed(found, of)
            return self._held.get(("model", of))

    def _placed(self, model: TrainedModel, of: ModelAddress) -> TrainedModel:
        return model.placed(self.options.device, self.spec(of.dataset).precision)

    def panel(self, of: ModelAddress) -> tuple[ModelAddress, ...]:
        """The models that must recognise what is explained of a model: those of the dataset's `seeds`, unless each explains its own."""
        if self.options.explained != COMMON:
            return (of,)
        return tuple(ModelAddress(of.dataset, of.model, seed) for seed in self.spec(of.dataset).seeds)

    def outputs(self, of: ModelAddress) -> Outputs:
        """What the model says of the test windows."""
        return self._hold(("outputs", of), lambda: outputs_on_test(self.dataset(of.dataset), self.model(of), self.options.store))

    def choice(self, panel: tuple[ModelAddress, ...]) -> Choice:
        """The windows that are explained of the models of a panel."""
        dataset = panel[0].dataset
        samples, explained = self.options.samples_of(self.spec(dataset)), self.options.explained

        def chosen() -> Choice:
            return choose(self.dataset(dataset), [self.outputs(of) for of in panel], samples, explained)

        return self._hold(("choice", panel), chosen)

    def explained(self, of: ModelAddress) -> Explained:
        """The windows of which the model is explained."""

        def take() -> Explained:
            if of in self._explained:
                return self._explained[of]
            dataset = self.dataset(of.dataset)
            chosen = explained_windows(dataset, self.choice(self.panel(of)), self.outputs(of), self.options.explained)
            return with_twins(chosen, dataset, self._request(of.dataset))

        return self._hold(("explained", of), take)

    def subject(self, of: ModelAddress) -> Subject:
        """What maps and scores of the model are computed of."""
        o = self.options

        def gather() -> Subject:
            dataset, spec = self.dataset(of.dataset), self.spec(of.dataset)
            request, make = self._request(of.dataset), DATASETS[of.dataset].continued
            continued = None if make is None else partial(make, request)
            return Subject(dataset, spec, self.model(of), self.explained(of), of.seed, o.protocol, o.store, request, continued)

        return self._hold(("subject", of), gather)

    def batch_maps(self, of: MapsAddress, number: int) -> StoredMaps:
        """The source's maps of a batch of windows.

        Raises
        ------
        RefusedError
            If the source cannot explain the model; it is asked once a run.
        """
        self._refuse_unavailable(of)
        if ("refused", of) in self._held:
            raise RefusedError(self._held["refused", of])
        try:
            with self._at(of):
                return self._hold(("maps", of, number), lambda: self._batch_maps(of, number))
        except RefusedError as error:
            self._held["refused", of] = str(error)
            raise

    def _batch_maps(self, of: MapsAddress, number: int) -> StoredMaps:
        return self.source(of.source).maps(of, self.subject(of.of_model), number)

    def batch_shared(self, of: ModelAddress, metric: str, number: int) -> Artifact | None:
        """What a metric computes once for all sources."""
        return scoring.shared_evaluations(self.subject(of), number, metric)

    def batch_scores(self, of: MapsAddress, metrics: tuple[str, ...], number: int) -> Mapping[str, tuple[Artifact, ...]]:
        """What a batch's scores by each metric rest on: the scores, and without its arrays what sources share."""

        def score() -> Mapping[str, tuple[Artifact, ...]]:
            maps, source = self.batch_maps(of, number), self.source(of.source)
            compared = any("other_maps" in split_metric(name)[0].asks for name in metrics)
            peers = self._peers(of, number) if compared else ()
            found = scoring.batch_scores(source, self.subject(of.of_model), number, maps, metrics, peers)
            return {name: (scores, *(replace(one, arrays={}) for one in shared)) for name, (scores, *shared) in found.items()}

        with self._at(of):
            return self._hold(("scores", of, metrics, number), score)

    def _peers(self, of: MapsAddress, number: int) -> list[scoring.Peer]:
        """The models of the panel's other seeds, with the source's maps of the same windows."""
        others = [replace(of, seed=other.seed) for other in self.panel(of.of_model) if other != of.of_model]
        if not others:
            raise InputError(
                f"expected windows that several models of {of.dataset} explain, to compare their maps, got those of one; "
                "let the models explain common windows, or leave the metrics of consistency out."
            )
        return [scoring.Peer(self.subject(other.of_model), self._batch_maps(other, number)) for other in others]

    def maps(self, of: MapsAddress) -> Maps:
        """The source's signed maps of the explained windows."""
        with self._at(of):
            parts = range(self._parts(of.of_model))
            return self._hold(("maps", of), lambda: joined([self.batch_maps(of, number) for number in parts]))

    def health(self, of: MapsAddress) -> dict[str, float]:
        """Measures of the source's maps (see `map_health` and `agreement_of`), and the seconds that explaining a window took."""
        source, maps = self.source(of.source), self.maps(of)
        measured = source.health(maps.health)
        if not (measured and source.is_reproducible):
            return measured
        agreement = self._hold(("agreement", of), lambda: source.agreement(self.subject(of.of_model), maps.values))
        return {**measured, **agreement, "seconds_a_window": round(maps.seconds / len(maps.values), 6)}

    def facts(self, of: ModelAddress, metric: str, only: Bool[np.ndarray, " n"] | None = None) -> dict[str, float]:
        """What a metric says of a model from what it computes once for all sources; nothing if it says nothing.

        Parameters
        ----------
        only : (n,) the explained windows of which it is said; all if not given
        """
        return scoring.facts_of(self.subject(of), metric, only)

    def scores(self, cell: Address) -> Scores:
        """The cell's score of each explained window."""
        planned = self.plan.metrics(cell.of_maps)
        # Where nothing may be computed, one metric that is not stored must not hide another that is.
        asked = planned if cell.metric in planned and self.options.store.computing else (cell.metric,)
        with self._at(cell.of_maps):
            parts = range(self._parts(cell.of_model))
            found = [self.batch_scores(cell.of_maps, asked, number)[cell.metric] for number in parts]
        artifacts = [artifact for batch in found for artifact in batch]
        values = np.concatenate([batch[0].arrays[cell.variant] for batch in found])
        return Scores(values, sum(artifact.seconds for artifact in artifacts), all(artifact.cached for artifact in artifacts))

    def accepted(self, path: Path) -> SourceResults | None:
        """The accepted results in a file, None if there are none (see `read_if_accepted`)."""

        def read() -> SourceResults | None:
            pair = read_if_accepted(path, metric_bounds)
            return None if pair is None else pair[0]

        return self._hold(("accepted", path), read)

    def _refuse_unavailable(self, of: ModelAddress | MapsAddress) -> None:
        if of in self.unavailable:
            raise UnavailableError(self.unavailable[of])

    def _request(self, dataset: str) -> Request:
        o = self.options
        return request_for(dataset, o.root, o.labels, o.split, o.edition, o.protocol, o.store)

    def _parts(self, of: ModelAddress) -> int:
        """How many batches of windows are explained of a model."""
        return self._hold(("parts", of), lambda: len(self.subject(of).parts))

    @contextmanager
    def _at(self, of: MapsAddress) -> Iterator[None]:
        """Nobody else's turn, with what is held about other maps let go."""
        with self._turn:
            turn_to(self._held, of.of_model, of)
            yield

    def _hold(self, key: tuple[Any, ...], function: Callable[[], T]) -> T:
        with self._turn:
            if key not in self._held:
                self._held[key] = function()
            held: T = self._held[key]
            return held
