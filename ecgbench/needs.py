"""What a method or a metric may ask for beside what all of its kind get: one table each, with how each thing is supplied.

An entry lists what it asks for as `needs`, by the names of its parameters. What no table has is refused when the entry is registered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import numpy as np
from jaxtyping import Float, Int64
from numpy.typing import NDArray

from ecgbench.errors import InputError
from ecgbench.randomness import seed_generator, window_generator
from ecgbench.types import Attributions, Continued, Curves, EvaluateSteps, Masks, Regions, Rows, Targets


@runtime_checkable
class Explain(Protocol):
    """The same map source on other inputs, asked by a metric."""

    def __call__(self, x: Rows, target: Targets, seed: int | None = None) -> Attributions:
        """Maps (n, leads, time) of standardised windows `x` for their `target`, with the source's own seed or another.

        They are signed or absolute, as the maps that are scored.
        """
        ...


FurtherMaps = Float[np.ndarray, "n further leads time"]
"""Maps of the same source in a changed situation, nan where a window has fewer."""


@dataclass(frozen=True)
class ExplainedBatch:
    """A batch of windows that a method is about to explain.

    Attributes
    ----------
    x : (n, leads, time)
    seed : of the method's random numbers
    method : its key
    batch_size : rows that may pass through the model at once
    normal_windows : (m, leads, time), standardised windows of the normal class; None if none are known
    """

    x: Rows
    seed: int
    method: str
    batch_size: int
    normal_windows: Any = None


@dataclass(frozen=True)
class ScoredBatch:
    """A batch of windows whose maps a metric is about to score; None for what is not known.

    Attributes
    ----------
    x : (n, leads, time), standardised
    target : (n,) int64, the explained class
    mask : (n, leads, time) bool, the samples that an explanation should point at
    seed : of the metric's random numbers
    multilabel : whether an output's probability is its sigmoid instead of its share of the softmax
    evaluator : makes what evaluates the model, when it is first asked for
    explain : the source of the maps, where it can be asked again
    shared : what the metric's `shared` returned for these windows
    curves : (n, points, outputs) logits of the windows as they are and after each step that the metric's `perturb` asked for
    steps : (n,) int64, the steps that each window takes
    changed : (n, points) int64, samples of a lead that were replaced before each point of the curves
    twin, sham : (n, leads, time), standardised as their windows are (see `Windows`), nan where a window has none
    donor : (n, leads, time), what a normal window of the patient has at the same cardiac phase, standardised as the windows are, nan where
        there is none
    fs : sampling rate in Hz
    regions : gives the region of each sample (n, leads, time), when it is first asked for
    further : (n, further, leads, time) maps by the same source in the situation that the metric declares, nan where a window has none
    continuation : gives the windows in mV with what follows them in their records, when it is first asked for; None where that is not known
    other_maps : (n, models, leads, time), the same source's maps of these windows by the models of other seeds
    other_shared : what the metric's `shared` returned for these windows and the models of other seeds, (n, models, ...)
    """

    x: Rows | None = None
    target: Targets | None = None
    mask: Masks | None = None
    seed: int = 0
    multilabel: bool = False
    evaluator: Callable[[], EvaluateSteps] | None = None
    explain: Explain | None = None
    shared: Mapping[str, NDArray[Any]] | None = None
    curves: Curves | None = None
    steps: Int64[np.ndarray, " n"] | None = None
    changed: Int64[np.ndarray, "n points"] | None = None
    twin: Rows | None = None
    sham: Rows | None = None
    donor: Rows | None = None
    fs: float | None = None
    regions: Callable[[], Regions | None] | None = None
    further: FurtherMaps | None = None
    continuation: Callable[[], Continued | None] | None = None
    other_maps: NDArray[Any] | None = None
    other_shared: Mapping[str, NDArray[Any]] | None = None

    @property
    def evaluate(self) -> EvaluateSteps | None:
        """Rows (m, leads, time) to logits (m, outputs)."""
        return None if self.evaluator is None else self.evaluator()

    @property
    def continued(self) -> Continued | None:
        """(n, leads, more than time), mV."""
        return None if self.continuation is None else self.continuation()


BatchT = TypeVar("BatchT")


@dataclass(frozen=True)
class Need(Generic[BatchT]):
    """Something that an entry may ask for.

    Attributes
    ----------
    what : its meaning, with shape and unit
    supply : takes it from a batch; None if the batch lacks it
    argument : the argument of `ecgbench.score` or `ecgbench.explain` through which a user gives it, where it is not the need's own name
    by_source : whether only some sources of maps can give it
    by_part : whether a part of the entry itself supplies it
    """

    what: str
    supply: Callable[[BatchT], Any]
    argument: str = ""
    by_source: bool = False
    by_part: bool = False


def _shams(batch: ScoredBatch) -> Rows | None:
    """The shams; where none are known, no window has one."""
    return np.full_like(batch.x, np.nan) if batch.sham is None and batch.x is not None else batch.sham


def _regions(batch: ScoredBatch) -> Regions | None:
    return None if batch.regions is None else batch.regions()


def _window_generators(batch: ExplainedBatch) -> list[np.random.Generator]:
    return [window_generator(batch.seed, window, batch.method) for window in batch.x]


def _noise_generators(batch: ExplainedBatch) -> list[np.random.Generator]:
    return [window_generator(batch.seed, window, "noise") for window in batch.x]


METHOD_NEEDS: Mapping[str, Need[ExplainedBatch]] = MappingProxyType(
    {
        "generators": Need("one numpy generator a window, from the seed and the window's values", _window_generators),
        "generator": Need("a numpy generator that depends on the seed alone", lambda batch: seed_generator(batch.seed, batch.method)),
        "noise_generators": Need("like generators, but drawing the same for all methods that add noise to windows", _noise_generators),
        "batch_size": Need("rows that may pass through the model at once", attrgetter("batch_size")),
        "normal_windows": Need(
            "(m, leads, time) standardised windows of the training set's normal class, the same for all", attrgetter("normal_windows")
        ),
    }
)
"""What a method may ask for beside model, x and target."""

METRIC_NEEDS: Mapping[str, Need[ScoredBatch]] = MappingProxyType(
    {
        "mask": Need("(n, leads, time) bool, the samples that an explanation should point at", attrgetter("mask")),
        "x": Need("(n, leads, time) standardised windows", attrgetter("x")),
        "target": Need("(n,) int64, the explained class", attrgetter("target")),
        "evaluate": Need("rows (m, leads, time) to logits (m, outputs)", attrgetter("evaluate"), argument="model"),
        "explain": Need("the same source's maps of other windows, classes or seeds", attrgetter("explain"), by_source=True),
        "seed": Need("int; random numbers are drawn per window, from the seed and the window's values", attrgetter("seed")),
        "multilabel": Need("bool, whether an output's probability is its sigmoid", attrgetter("multilabel")),
        "shared": Need("the arrays that the entry's `shared` returned for these windows", attrgetter("shared"), by_part=True),
        "curves": Need(
            "(n, points, outputs) logits before and after each step that the entry's `perturb` asked for",
            attrgetter("curves"),
            by_part=True,
        ),
        "steps": Need("(n,) int64, the steps that each window takes", attrgetter("steps"), by_part=True),
        "changed": Need(
            "(n, points) int64, samples of a lead that were replaced before each point of the curves", attrgetter("changed"), by_part=True
        ),
        "twin": Need("(n, leads, time) counterfactual twins, standardised as their windows, nan where there is none", attrgetter("twin")),
        "sham": Need("(n, leads, time) windows after a sham exchange, standardised as the windows, nan where there is none", _shams, "x"),
        "regions": Need("(n, leads, time) uint8, 1 in the label's beats, 2 in the RR intervals beside them, 0 elsewhere", _regions),
        "further": Need(
            "(n, further, leads, time) maps by the same source in the situation that the entry declares, nan where a window has none",
            attrgetter("further"),
            by_source=True,
        ),
        "continued": Need(
            "(n, leads, more than time) windows in mV with what follows them in their records, nan behind a record's end",
            attrgetter("continued"),
        ),
        "donor": Need(
            "(n, leads, time) the patient's normal ECG at the windows' cardiac phases, standardised as they are, nan where there is none",
            attrgetter("donor"),
        ),
        "fs": Need("sampling rate in Hz", attrgetter("fs")),
        "other_maps": Need(
            "(n, models, leads, time) the same source's maps of these windows by the models of the dataset's other seeds",
            attrgetter("other_maps"),
            by_source=True,
        ),
        "other_shared": Need(
            "what `shared` returned for these windows and the models of the dataset's other seeds, (n, models, ...)",
            attrgetter("other_shared"),
            argument="other_models",
        ),
    }
)
"""What a metric may ask for beside the attributions."""


def check_needs(key: str, needs: Iterable[str], table: Mapping[str, Need[Any]]) -> None:
    """Refuse an entry that asks for something that nobody supplies.

    Raises
    ------
    InputError
        If it does.
    """
    for name in needs:
        if name not in table:
            raise InputError(f'expected needs of {key} among {", ".join(table)}, got "{name}"; ask for one of these, or for an option.')


def supplied(key: str, needs: Iterable[str], table: Mapping[str, Need[BatchT]], batch: BatchT) -> dict[str, Any]:
    """What an entry needs, by the name under which it takes it.

    Raises
    ------
    InputError
        If the batch lacks something, with the arguments that give it.
    """
    found = {name: table[name].supply(batch) for name in needs}
    absent = list(dict.fromkeys(table[name].argument or name for name, value in found.items() if value is None))
    if absent:
        raise InputError(f"expected {', '.join(absent)} for {key}, got none; pass {'it' if len(absent) == 1 else 'them'} by name.")
    return found
