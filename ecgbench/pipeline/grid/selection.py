"""Which cells of the grid dataset x model x source x variant x metric x seed are wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ecgbench.controls import CONTROLS
from ecgbench.datasets import DATASETS
from ecgbench.errors import DuplicateKeyError, InputError, UnknownKeyError
from ecgbench.methods import METHODS
from ecgbench.models import MODELS, RECIPES, USUAL, model_name, split_model
from ecgbench.pipeline.compute.sources.map_sources import MapSource, registered_sources
from ecgbench.pipeline.grid.address import Address, MapsAddress, ModelAddress, metric_names, split_metric, variant_name
from ecgbench.protocol import ALL, COMMON
from ecgbench.registry import unknown


@dataclass(frozen=True)
class Selection:
    """Which cells are wanted; empty means the default, globs are allowed, a method's key means both its variants.

    Attributes
    ----------
    datasets : default those that say so, which need no files and little time
    methods : methods and controls; default all
    metrics : default those that say so, which take little more time than the maps
    seeds : default the dataset's first seed, or all of an embedded dataset's; each is of one selected dataset at least, and taken where
        a dataset has it
    models : architectures, or an architecture and a recipe ("resnet18_7+balanced"); default each dataset's usual architecture. Globs select
        among the usual one and the dataset's `further_models`, since most architectures would have to be trained first
    recipes : of the architectures that are named without one; default the study's
    explained : whose windows are explained: metrics that compare the maps of several models need common ones
    """

    datasets: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    models: tuple[str, ...] = ()
    recipes: tuple[str, ...] = ()
    explained: str = COMMON

    def cells(self) -> list[Address]:
        """The selected cells, so ordered that those which share work stand together.

        Raises
        ------
        UnknownKeyError
            If a pattern matches nothing.
        InputError
            If no selected dataset has a seed.
        DuplicateKeyError
            If a method and a control have the same key.
        """
        self.check_seeds()
        variants, metrics = self.variants(), {dataset: self.metrics_of(dataset) for dataset, _, _ in self._models()}
        return [
            Address(dataset, model, source.key, variant, metric, seed)
            for dataset, model, seed in self._models()
            for source, variant in variants
            for metric in metrics[dataset]
            if _has_cell(source, dataset, metric)
        ]

    def _models(self) -> Iterator[tuple[str, str, int]]:
        """Dataset, name and seed of each selected model."""
        for dataset in self.dataset_keys():
            for model in self.models_of(dataset):
                for seed in self.seeds_of(dataset):
                    yield dataset, model, seed

    def dataset_keys(self) -> list[str]:
        """The selected datasets."""
        if self.datasets:
            return matching("datasets", self.datasets, DATASETS.keys())
        return [entry.key for entry in DATASETS if entry.by_default]

    def check_seeds(self) -> None:
        """Refuse a seed that no selected dataset has.

        Raises
        ------
        InputError
            If there is one.
        """
        keys = self.dataset_keys()
        check_seeds(", ".join(keys), [seed for key in keys for seed in DATASETS[key].protocol.all_seeds], self.seeds)

    def models_of(self, dataset: str) -> list[str]:
        """Names of a dataset's selected models."""
        usual = DATASETS[dataset].default_model()
        whole = [pattern for pattern in self.models if split_model(pattern) != (pattern, USUAL)]
        parts = [pattern for pattern in self.models if pattern not in whole]
        chosen = [] if whole and not parts else self._architectures(dataset, parts or [usual])
        recipes = matching("recipes", self.recipes or [USUAL], RECIPES.keys())
        every = [model_name(architecture, recipe) for architecture in MODELS.keys() for recipe in RECIPES.keys()]  # noqa: SIM118
        crossed = [model_name(architecture, recipe) for architecture in chosen for recipe in recipes]
        return list(dict.fromkeys([*crossed, *matching("models", whole, every)]))

    def _architectures(self, dataset: str, patterns: Sequence[str]) -> list[str]:
        """Architectures that are named, and of the dataset's own ones those that globs match."""
        own = (DATASETS[dataset].default_model(), *DATASETS[dataset].protocol.further_models)
        named = [pattern for pattern in patterns if not _is_glob(pattern)]
        matched = [key for key in own if any(fnmatchcase(key, pattern) for pattern in patterns if _is_glob(pattern))]
        return [key for key in matching("models", patterns, MODELS.keys()) if key in named or key in matched]

    def seeds_of(self, dataset: str) -> tuple[int, ...]:
        """The selected seeds that a dataset has."""
        entry = DATASETS[dataset]
        if self.seeds:
            return tuple(seed for seed in self.seeds if seed in entry.protocol.all_seeds)
        return entry.protocol.seeds if entry.embedded else entry.protocol.seeds[:1]

    def variants(self) -> list[tuple[MapSource, str]]:
        """The selected sources of maps, each with its selected variants."""
        _refuse_shared_keys()
        every = [(source, variant) for source in registered_sources() for variant in source.variants]
        if not self.methods:
            return every
        chosen = matching("methods", self.methods, [variant_name(source.key, variant) for source, variant in every])
        return [pair for pair in every if variant_name(pair[0].key, pair[1]) in chosen or pair[0].key in self.methods]

    def metrics_left_out(self) -> list[str]:
        """Metrics that the selected datasets have cells of and that are computed only where they are named; none where some are."""
        names = dict.fromkeys(name for dataset in self.dataset_keys() for name in metric_names(dataset))
        return [name for name in names if not (self.metrics or split_metric(name)[0].by_default)]

    def metrics_of(self, dataset: str) -> list[str]:
        """The selected metrics that the dataset has cells of.

        Raises
        ------
        UnknownKeyError
            If a pattern matches nothing.
        InputError
            If a metric is named that compares the maps of several models, and each explains its own windows.
        """
        every = metric_names(dataset)
        names = [name for name in every if self.explained == COMMON or "other_maps" not in split_metric(name)[0].asks]
        if not self.metrics:
            return [name for name in names if split_metric(name)[0].by_default]
        for name in every:
            if name in self.metrics and name not in names:
                raise InputError(
                    f"expected common windows for {name}, which compares several models' maps, got {self.explained}; leave one of both out."
                )
        known = {name for entry in DATASETS for name in metric_names(entry.key)}
        chosen = matching("metrics", ["*" if pattern == ALL else pattern for pattern in self.metrics], sorted(known))
        return [name for name in names if name in chosen]


def _has_cell(source: MapSource, dataset: str, metric: str) -> bool:
    """Whether a source has maps of a dataset, and can give what a metric needs of it."""
    return source.has_maps_of(DATASETS[dataset].protocol) and source.applies(split_metric(metric)[0])


def _refuse_shared_keys() -> None:
    for key in CONTROLS.keys():  # noqa: SIM118
        if key in METHODS:
            raise DuplicateKeyError(f'expected other keys of controls than of methods, got "{key}" of both; rename one of the functions.')


def _is_glob(pattern: str) -> bool:
    return any(sign in pattern for sign in "*?[")


def matching(axis: str, patterns: Sequence[str], keys: Iterable[str]) -> list[str]:
    """The keys that one of the patterns matches, in their own order.

    Raises
    ------
    UnknownKeyError
        If a pattern matches nothing.
    """
    keys = list(keys)
    for pattern in patterns:
        if not any(fnmatchcase(key, pattern) for key in keys):
            raise UnknownKeyError(unknown(axis, pattern, keys))
    return [key for key in keys if any(fnmatchcase(key, pattern) for pattern in patterns)]


def check_seeds(dataset: str, known: Sequence[int], seeds: Iterable[int]) -> None:
    """Refuse seeds that a dataset, or each of several, has no models of.

    Parameters
    ----------
    dataset : what the message calls it
    known : seeds that there are

    Raises
    ------
    InputError
        If there are any others.
    """
    there = sorted(set(known))
    for seed in seeds:
        if seed not in there:
            raise InputError(f"expected seeds of {dataset} among {', '.join(map(str, there))}, got {seed}; choose among these.")


def models(cells: Iterable[Address]) -> list[ModelAddress]:
    """The models behind some cells."""
    return list(dict.fromkeys(cell.of_model for cell in cells))


def healthy_maps(cells: Iterable[Address]) -> list[MapsAddress]:
    """The maps behind some cells whose health is measured: those of methods."""
    return list(dict.fromkeys(cell.of_maps for cell in cells if cell.source in METHODS))
