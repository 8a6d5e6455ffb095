"""The explorer of the benchmark's models: the same windows for all methods and models of a dataset, from the store where they are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ecgbench.datasets import DATASETS, request_for
from ecgbench.errors import InputError, NotStoredError, RefusedError
from ecgbench.leaderboard.site.explorer.case import MILLIVOLTS, Shown
from ecgbench.methods import METHODS
from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.compute.sources.map_sources import MapSource, registered_sources
from ecgbench.pipeline.compute.subject import Subject
from ecgbench.pipeline.compute.windows.explained_windows import Choice, explained_windows
from ecgbench.pipeline.compute.windows.twins import with_twins
from ecgbench.pipeline.grid.address import ABSOLUTE, MapsAddress, ModelAddress
from ecgbench.pipeline.grid.cost import method_passes
from ecgbench.pipeline.grid.options import Options
from ecgbench.pipeline.grid.selection import matching
from ecgbench.progress import progress
from ecgbench.report.explorer.windows import cases_of, fitting, marked_samples
from ecgbench.types import Attributions

FAST = 50
"""Forward and backward passes a window that a method takes at most to be computed where nobody asked for the model."""

FIRST = 3
"""Methods that are shown where the reader has not chosen."""


@dataclass(frozen=True)
class Wanted:
    """A model whose windows are shown.

    Attributes
    ----------
    model : which
    all_methods : whether slow methods are computed too; else they are shown where the store has their maps
    """

    model: ModelAddress
    all_methods: bool


def usual_models() -> list[Wanted]:
    """The first model of each embedded dataset, which needs no records and no training."""
    embedded = [entry for entry in DATASETS if entry.embedded]
    return [Wanted(ModelAddress(entry.key, entry.default_model(), entry.protocol.seeds[0]), all_methods=False) for entry in embedded]


def named_models(patterns: Sequence[str]) -> list[Wanted]:
    """Models by their names, such as "synthetic-vit1d_narrow-seed1", or by their dataset, which means its models of all default seeds.

    Raises
    ------
    UnknownKeyError
        If a pattern matches nothing.
    """
    every = {entry.key: _default_models(entry.key) for entry in DATASETS}
    every |= {model.id: [model] for entry in DATASETS for model in _all_models(entry.key)}
    chosen = [model for name in matching("the explorer's models", patterns, every) for model in every[name]]
    return [Wanted(model, all_methods=True) for model in dict.fromkeys(chosen)]


def _default_models(dataset: str) -> list[ModelAddress]:
    entry = DATASETS[dataset]
    return [ModelAddress(dataset, entry.default_model(), seed) for seed in entry.protocol.seeds]


def _all_models(dataset: str) -> list[ModelAddress]:
    numbers = DATASETS[dataset].protocol
    further = [ModelAddress(dataset, model, seed) for model in numbers.further_models for seed in numbers.seeds]
    return [*(replace(_default_models(dataset)[0], seed=seed) for seed in numbers.all_seeds), *further]


def shown_models(wanted: Sequence[Wanted], options: Options, orders: Mapping[str, Mapping[str, str]]) -> list[Shown]:
    """Windows and maps of models; what is not in the store is computed.

    Parameters
    ----------
    options : of the run that computes
    orders : methods of a dataset from the best on with the variant that ranks, where that is known

    Raises
    ------
    InputError
        If a model that is needed would have to be trained first.
    DataError
        If a dataset's records are not there.
    """
    run = Run(options)
    return [_shown(run, one, orders.get(one.model.dataset, {})) for one in wanted]


def _shown(run: Run, wanted: Wanted, order: Mapping[str, str]) -> Shown:
    of, dataset = wanted.model, run.dataset(wanted.model.dataset)
    sources = [source for source in registered_sources() if source.has_maps_of(run.spec(of.dataset))]
    leads, time = dataset.test.signal.shape[1:]
    few, batch = _subjects(run, of, fitting(leads, time, len(sources)))
    maps = {}
    for source in progress(sources, f"explorer: {of.id}", "method"):
        found = _maps(source, of, few, batch, wanted.all_methods)
        if found is not None:
            maps[source.key] = found
    kinds = best_first({source.key: kind_of(source) for source in sources if source.key in maps}, order)
    return Shown(
        dataset=of.dataset,
        title=DATASETS[of.dataset].title + (" (simulated records)" if dataset.simulated else ""),
        model=f"{of.model}-seed{of.seed}",
        fs=dataset.fs,
        leads=dataset.leads,
        classes=dataset.classes,
        unit=MILLIVOLTS,
        sources=kinds,
        absolute=absolute_of(order),
        first=_first(kinds),
        marked=marked_samples(few),
        cases=cases_of(few, range(len(few.explained.target)), maps),
    )


def _subjects(run: Run, of: ModelAddress, count: int) -> tuple[Subject, Subject]:
    """The model with the windows that are shown, and with the first batch of the benchmark's, whose maps may be in the store."""
    panel = run.panel(_default_models(of.dataset)[0])
    for one in dict.fromkeys((*panel, of)):
        if run.model_at_hand(one) is None:
            raise InputError(
                f"expected a trained model {one.id} to explore {of.dataset}, got none; `ecgbench run --dataset {of.dataset}` trains it."
            )
    choice, dataset, store = run.choice(panel), run.dataset(of.dataset), run.options.store
    heads = []
    for size in (count, run.spec(of.dataset).window_batch):
        head = Choice(choice.index[:size], choice.target[:size], choice.common)
        heads.append(explained_windows(dataset, head, run.outputs(of)))
    shown = with_twins(heads[0], dataset, request_for(of.dataset, store=store))
    few = run.narrowed((), (), {of: shown}).subject(of)
    return few, replace(few, explained=heads[1], store=replace(store, computing=False))


def _maps(source: MapSource, of: ModelAddress, few: Subject, batch: Subject, all_methods: bool) -> Attributions | None:
    """A source's maps of the windows that are shown; None if it cannot explain the model, or is slow and nobody asked for it."""
    address = MapsAddress(of.dataset, of.model, source.key, of.seed)
    count = len(few.explained.target)
    try:
        if source.key in METHODS:
            return source.maps(address, batch, 0).artifact.arrays["maps"][:count]
    except (NotStoredError, RefusedError):  # a refusal that is kept may be of an earlier version
        if not all_methods and method_passes(METHODS[source.key], few.spec) > FAST:
            return None
    try:
        return source.maps(address, few, 0).artifact.arrays["maps"]
    except RefusedError:
        return None


def kind_of(source: MapSource) -> str:
    """What a source of maps is, in a word."""
    said = source.provenance()
    if "control" in said:
        return "bound" if said.get("bound") else "control"
    return "control" if source.key in METHODS and METHODS[source.key].blind else "method"


def absolute_of(order: Mapping[str, str]) -> list[str]:
    """The methods whose absolute values rank."""
    return [key for key, variant in order.items() if variant == ABSOLUTE]


def best_first(kinds: Mapping[str, str], order: Iterable[str]) -> dict[str, str]:
    """Methods from the best on, those that nothing orders behind them, and controls last."""
    listed = [*order, *kinds]
    return dict(sorted(kinds.items(), key=lambda kind: (kind[1] != "method", listed.index(kind[0]))))


def _first(kinds: Mapping[str, str]) -> list[str]:
    """The first methods, and a control to compare with."""
    methods = [key for key, kind in kinds.items() if kind == "method"]
    controls = [key for key, kind in kinds.items() if kind == "control" and key not in METHODS]
    return [*methods[:FIRST], *controls[:1]]
