"""The composer: records -> windows -> model -> explained windows -> attributions -> scores, each step from the store where it can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ecgbench.controls import CONTROLS, Scene, control_maps
from ecgbench.datasets import DATASETS, load_dataset
from ecgbench.methods import METHODS, MethodEntry
from ecgbench.pipeline.compute.explained_windows import explained_windows
from ecgbench.pipeline.compute.map_sources import Given
from ecgbench.pipeline.compute.maps import Mapper, Maps
from ecgbench.pipeline.compute.models import TrainedModel, model_of
from ecgbench.pipeline.compute.scores import Scorer
from ecgbench.pipeline.grid.cells import Cell, split_metric
from ecgbench.pipeline.grid.options import Options
from ecgbench.protocol import DatasetProtocol
from ecgbench.results import SourceResults, read_file
from ecgbench.types import Dataset, Explained, Scores

T = TypeVar("T")


class Run:
    """One run of the benchmark; holds on to what several cells share.

    Parameters
    ----------
    options : what is computed
    wanted : cells that will be asked for; those whose evaluations can share a batch are computed with the first of them
    by_method : share between cells of one method only, since another process computes the other methods'
    """

    def __init__(self, options: Options, wanted: Iterable[Cell] = (), by_method: bool = False) -> None:
        self.options = options
        self._perturbing = [cell for cell in wanted if split_metric(cell.metric)[0].perturb is not None]
        self._alike = attrgetter("dataset", "seed", "method") if by_method else attrgetter("dataset", "seed")
        self._held: dict[tuple[Any, ...], Any] = {}
        self.given: dict[str, Given] = {}

    def give(self, method: str, given: Given) -> None:
        """Let maps that were made elsewhere stand for a method of that name."""
        self.given[method] = given

    def entry(self, method: str) -> MethodEntry | None:
        """What the method declares; nothing if its maps were given, or are a control's."""
        return None if method in self.given or method in CONTROLS else METHODS[method]

    def dataset(self, name: str) -> Dataset:
        """The dataset's windows."""
        o = self.options
        return self._hold(("dataset", name), lambda: load_dataset(name, o.root, o.labels, o.split, o.edition, o.protocol, o.store))

    def numbers(self, name: str) -> DatasetProtocol:
        """The dataset's numbers, of the edition that is asked for."""
        return DATASETS[name].numbers(self.options.edition)

    def model(self, name: str, seed: int) -> TrainedModel:
        """The dataset's model of a seed, in the precision in which the dataset is explained."""
        o = self.options
        precision = self.numbers(name).precision

        def get() -> TrainedModel:
            model = model_of(self.dataset(name), seed, o.store, o.precision, o.device, o.retrain_since)
            return model.placed(o.device, precision)

        return self._hold(("model", name, seed), get)

    def explained(self, name: str, seed: int) -> Explained:
        """The windows that are explained."""
        o, samples = self.options, self.options.samples_of(self.numbers(name))
        return self._hold(
            ("explained", name, seed),
            lambda: explained_windows(self.dataset(name), self.model(name, seed), seed, samples, o.store),
        )

    def maps(self, name: str, seed: int, method: str) -> Maps:
        """The method's signed maps of the explained windows."""
        return self._hold(("maps", name, seed, method), lambda: self._maps(name, seed, method))

    def _maps(self, name: str, seed: int, method: str) -> Maps:
        mapper = self._mapper(name, seed)
        if method in self.given:
            return mapper.given(self.given[method].maps[name, seed])
        return mapper.given(control_maps(method, self._scene(name, seed))) if method in CONTROLS else mapper.maps(method)

    def _scene(self, name: str, seed: int) -> Scene:
        dataset, explained = self.dataset(name), self.explained(name, seed)
        return Scene(explained.windows, explained.target, dataset.train, dataset.fs)

    def health(self, name: str, seed: int, method: str) -> dict[str, float]:
        """Measures of the method's maps (see `map_health` and `Mapper.agreement`), and the seconds that explaining a window took.

        Of maps that were given there is only what they themselves show, and a control has no health.
        """
        if method in CONTROLS:
            return {}
        maps = self.maps(name, seed, method)
        if method in self.given:
            return dict(maps.health)
        agreement = self._hold(("agreement", name, seed, method), lambda: self._mapper(name, seed).agreement(method, maps))
        return {**maps.health, **agreement, "seconds_a_window": round(maps.seconds / len(maps.values), 6)}

    def scores(self, cell: Cell) -> Scores:
        """The cell's score of each explained window."""
        o, (name, seed) = self.options, (cell.dataset, cell.seed)
        scorer = self._hold(
            ("scorer", name, seed), lambda: Scorer(self.model(name, seed), self.explained(name, seed), seed, o.protocol, o.store)
        )
        maps, beside = self.maps(name, seed, cell.method), self._beside(cell)
        if beside:
            self._hold(("filled", beside[0]), lambda: scorer.fill(self._with_maps(beside)))
        return scorer.scores(cell, maps)

    def _beside(self, cell: Cell) -> list[Cell]:
        """Wanted cells that can be evaluated together with this one, itself among them; none if it is not such a cell, or all is stored."""
        if cell not in self._perturbing or not self.options.store.computing:
            return []
        return [one for one in self._perturbing if self._alike(one) == self._alike(cell)]

    def _with_maps(self, cells: Iterable[Cell]) -> list[tuple[Cell, Maps]]:
        """Cells and their maps, without those whose maps are broken: they will say so when they are asked for themselves."""
        found = []
        for cell in cells:
            with suppress(Exception):
                found.append((cell, self.maps(cell.dataset, cell.seed, cell.method)))
        return [(cell, maps) for cell, maps in found if np.isfinite(maps.values).all()]

    def accepted(self, path: Path) -> SourceResults | None:
        """The accepted results in a file, None if there is no such file (see `read_file`)."""
        return self._hold(("accepted", path), lambda: read_file(path) if path.exists() else None)

    def _mapper(self, name: str, seed: int) -> Mapper:
        o = self.options
        return self._hold(
            ("mapper", name, seed),
            lambda: Mapper(self.model(name, seed), self.explained(name, seed), self.numbers(name), seed, o.protocol, o.store),
        )

    def _hold(self, key: tuple[Any, ...], function: Callable[[], T]) -> T:
        if key not in self._held:
            self._held[key] = function()
        held: T = self._held[key]
        return held
