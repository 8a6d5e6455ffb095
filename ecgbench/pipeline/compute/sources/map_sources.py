"""Sources of maps: a registered method, a control, or maps that somebody handed in.

What tells them apart is asked of the source, nowhere else: its variants, where it has maps, what it can give to metrics, whether its maps
are ill, and what accepted results say of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from ecgbench.artifacts import Arrays, Artifact, artifact_key
from ecgbench.controls import CONTROLS, ControlEntry, Scene, control_maps
from ecgbench.errors import InputError, MapError, RefusedError, UnknownKeyError
from ecgbench.inputs import protocol_options
from ecgbench.methods import METHODS, Explanation, MethodEntry, explain_from, explanation
from ecgbench.metrics import MetricEntry
from ecgbench.needs import Explain
from ecgbench.pipeline.compute.entries import stored_entry
from ecgbench.pipeline.compute.sources.health import Asked, agreement_of, illness
from ecgbench.pipeline.compute.subject import Batch, Subject, array_digest
from ecgbench.pipeline.grid.address import ABSOLUTE, RAW, MapsAddress
from ecgbench.protocol import STUDY, DatasetProtocol
from ecgbench.registry import unknown
from ecgbench.types import Attributions, Signals, Targets, Windows


@dataclass(frozen=True)
class StoredMaps:
    """A batch's maps.

    Attributes
    ----------
    key : what tells them from any others; scores of them are kept under it
    artifact : with `maps` (n, leads, time), signed, and what the source says of them
    """

    key: str
    artifact: Artifact


class MapSource(ABC):
    """Where maps come from."""

    variants: ClassVar[tuple[str, ...]] = (RAW, ABSOLUTE)
    """Variants of its maps that are scored."""

    gives: ClassVar[frozenset[str]] = frozenset()
    """What it can give to metrics that only some sources can (see `ecgbench.needs.METRIC_NEEDS`)."""

    has_gallery: ClassVar[bool] = True
    """Whether pages show its best, median and worst map."""

    is_reproducible: ClassVar[bool] = True
    """Whether its maps can be made again from its registered name."""

    @property
    @abstractmethod
    def key(self) -> str:
        """Its name."""

    @abstractmethod
    def maps(self, of: MapsAddress, subject: Subject, number: int) -> StoredMaps:
        """The maps of a batch of windows, from the store where they are there."""

    def applies(self, metric: MetricEntry) -> bool:
        """Whether the source can give what a metric needs of it."""
        return metric.by_source <= self.gives

    def has_maps_of(self, numbers: DatasetProtocol) -> bool:
        """Whether it has maps of a dataset with these numbers."""
        return True

    def explainer(self, subject: Subject) -> Explain | None:
        """The source on other inputs; None if it cannot be asked again."""
        return None

    def maps_again(self, subject: Subject, windows: Windows, x: Signals, target: Targets) -> Attributions:
        """Its maps in a changed situation; only sources that give `further` are asked.

        Parameters
        ----------
        subject : by whose model
        windows : which, for sources that look at the windows themselves
        x : (n, leads, time), the same windows, standardised
        target : (n,) of which classes
        """
        raise NotImplementedError(f"{self.key} does not give further maps")

    def agreement(self, subject: Subject, maps: Attributions) -> dict[str, float]:
        """Mean correlation of the first windows' maps with those of another seed and another class, as far as it can be asked for them."""
        return {}

    def health(self, measured: Mapping[str, float]) -> dict[str, float]:
        """What is kept of what was measured of the maps' health."""
        return dict(measured)

    def sum_within(self, protocol: str) -> float | None:
        """The largest healthy error of its maps' sums; None if it promises no total."""
        return None

    def illness(self, measured: Mapping[str, float], protocol: str) -> str:
        """What is wrong with its maps, or an empty text."""
        return illness(measured, self.sum_within(protocol))

    def provenance(self) -> dict[str, Any]:
        """What accepted results say of it, beside where and with what they were computed."""
        return {}

    def accept_command(self, usual: str) -> str:
        """The command that accepts new scores of its maps.

        Parameters
        ----------
        usual : what does so for registered sources
        """
        return usual


@dataclass(frozen=True)
class MethodSource(MapSource):
    """A registered method."""

    entry: MethodEntry

    gives: ClassVar[frozenset[str]] = frozenset({"explain", "further", "other_maps"})

    @property
    def key(self) -> str:
        """The method's key."""
        return self.entry.key

    def maps(self, of: MapsAddress, subject: Subject, number: int) -> StoredMaps:
        """The method's maps, explained a batch at a time.

        A `RefusedError` is kept for runs that compute nothing; others ask again, since the method may have learned to explain such models.
        """
        batch = subject.batch(number)
        key = artifact_key("attributions", **self.identity(batch))

        def compute() -> tuple[Arrays, dict[str, Any]]:
            found = self.explain(batch.subject, batch.x, batch.target, subject.seed)
            total = {} if found.total is None else {"total": found.total}
            return {"maps": found.maps, **total, **found.measures}, {"method": self.key, **subject.model.computed_on}

        refused, store = artifact_key("refusals", maps=key), subject.store
        if not store.computing and store.get("attributions", key) is None and (held := store.get("refusals", refused)) is not None:
            raise RefusedError(held.info["reason"])
        try:
            return StoredMaps(key, store.compute("attributions", key, compute))
        except RefusedError as error:
            store.put("refusals", refused, {}, {"method": self.key, "reason": str(error)})
            raise

    def explain(self, subject: Subject, x: Signals, target: Targets, seed: int) -> Explanation:
        """The method's maps of any windows, with what it says of them; a `RefusedError` if it cannot explain the model."""
        options = {**self._dataset_options(subject), **self._normal_windows(subject)}
        try:
            return explanation(subject.network, x, target, self.key, seed, subject.protocol, batch_size=subject.batch_size, **options)
        except MapError:  # it did explain the model, and wrongly
            raise
        except InputError as error:
            raise RefusedError(str(error)) from error

    def explainer(self, subject: Subject) -> Explain:
        """The method on other windows, classes and seeds."""

        def explain(x: Signals, target: Targets, seed: int | None = None) -> Attributions:
            maps: Attributions = self.explain(subject, x, target, subject.seed if seed is None else seed).maps
            return maps

        return explain

    def maps_again(self, subject: Subject, windows: Windows, x: Signals, target: Targets) -> Attributions:
        """The method's maps, with the options and the seed that it has everywhere."""
        maps: Attributions = self.explain(subject, x, target, subject.seed).maps
        return maps

    def agreement(self, subject: Subject, maps: Attributions) -> dict[str, float]:
        """Mean correlation of the first windows' maps with those that the method gives them otherwise (see `agreement_of`)."""

        def explain(batch: Batch, target: Targets, seed: int) -> Attributions:
            found: Attributions = self.explain(batch.subject, batch.x, target, seed).maps
            return found

        return agreement_of(Asked(self.key, self.entry.stochastic, self.identity, explain), subject, maps)

    def sum_within(self, protocol: str) -> float | None:
        """What the entry states; under the study's protocol a method whose options differ promises no total."""
        return None if protocol == STUDY and self.entry.study else self.entry.sum_within

    def provenance(self) -> dict[str, Any]:
        """Whether leaderboards rank it."""
        return {} if self.entry.ranked else {"ranked": False}

    def identity(self, batch: Batch) -> dict[str, Any]:
        """What the maps of a batch depend on."""
        subject = batch.subject
        return {
            "method": self.key,
            "version": self.entry.version,
            "options": {**protocol_options(self.entry.study, subject.protocol), **self._dataset_options(subject)},
            "seed": subject.seed if self.entry.stochastic else None,
            **{name: array_digest(windows) for name, windows in self._normal_windows(subject).items()},
            **batch.identity,
        }

    def _normal_windows(self, subject: Subject) -> dict[str, Signals]:
        """Normal windows, if the method asks for them and the dataset has some."""
        found = subject.normal_windows if "normal_windows" in self.entry.needs else None
        return {} if found is None else {"normal_windows": found}

    def _dataset_options(self, subject: Subject) -> dict[str, Any]:
        return {option: getattr(subject.spec, name) for option, name in self.entry.of_dataset.items()}


@dataclass(frozen=True)
class ControlSource(MapSource):
    """A registered control: maps made without looking at the model, but for some bounds; all of a batch lie in one artifact."""

    entry: ControlEntry

    variants: ClassVar[tuple[str, ...]] = (RAW,)
    gives: ClassVar[frozenset[str]] = frozenset({"further", "other_maps"})
    has_gallery: ClassVar[bool] = False

    @property
    def key(self) -> str:
        """The control's key."""
        return self.entry.key

    def applies(self, metric: MetricEntry) -> bool:
        """Whether the control can give what a metric needs of it; one that knows the answer knows it of the windows as they are alone."""
        return super().applies(metric) and not (self.entry.bound and metric.by_source)

    def maps(self, of: MapsAddress, subject: Subject, number: int) -> StoredMaps:
        """The control's maps of a batch."""
        batch, sees_model = subject.batch(number), self.entry.sees_model
        windows = {name: value for name, value in batch.identity.items() if sees_model or name in ("x", "target")}
        shared, name = {"data": subject.dataset.key, **windows}, f"{self.key}@{self.entry.version}"

        def compute() -> tuple[Arrays, dict[str, Any]]:
            integrate = partial(explain_from, batch.subject.network, batch.x, target=batch.target) if sees_model else None
            scene = Scene(batch.windows, batch.target, subject.dataset.train, subject.dataset.fs, integrate)
            said = {"control": self.key, **(subject.model.computed_on if sees_model else {})}
            return {"maps": control_maps(self.key, scene)}, said

        artifact = stored_entry(subject.store, "controls", artifact_key("controls", **shared), name, compute)
        return StoredMaps(artifact_key("control", control=name, **shared), artifact)

    def maps_again(self, subject: Subject, windows: Windows, x: Signals, target: Targets) -> Attributions:
        """The control's maps, which no model changes."""
        return control_maps(self.key, Scene(windows, target, subject.dataset.train, subject.dataset.fs))

    def has_maps_of(self, numbers: DatasetProtocol) -> bool:
        """Whether a dataset has the masks and twins that the control needs."""
        return self.entry.applies(numbers.mask_kinds, numbers.twins)

    def health(self, measured: Mapping[str, float]) -> dict[str, float]:
        """Nothing: a control has no health."""
        return {}

    def illness(self, measured: Mapping[str, float], protocol: str) -> str:
        """Nothing: a control's maps may be anything, such as constant."""
        return ""

    def provenance(self) -> dict[str, Any]:
        """What the control does, and whether it knows the answer."""
        return {"control": self.entry.title, **({"bound": True} if self.entry.bound else {})}


def registered_sources() -> list[MapSource]:
    """All methods, then all controls."""
    return [*(MethodSource(entry) for entry in METHODS), *(ControlSource(entry) for entry in CONTROLS)]


def source_named(key: str) -> MapSource:
    """The registered method or control of that key.

    Raises
    ------
    UnknownKeyError
        If there is none.
    """
    if key in METHODS:
        return MethodSource(METHODS[key])
    if key in CONTROLS:
        return ControlSource(CONTROLS[key])
    raise UnknownKeyError(unknown("methods", key, [*METHODS.keys(), *CONTROLS.keys()]))


def is_ranked(key: str) -> bool:
    """Whether leaderboards rank the source of that name; submissions, which are not registered, are ranked."""
    return METHODS[key].ranked if key in METHODS else key not in CONTROLS
