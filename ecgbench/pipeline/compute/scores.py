"""Scores of a source's maps, a batch of windows at a time, all metrics and variants of it in one artifact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool

from ecgbench.artifacts import Arrays, Artifact, artifact_key
from ecgbench.inputs import protocol_options
from ecgbench.needs import METRIC_NEEDS, FurtherMaps, ScoredBatch, supplied
from ecgbench.pipeline.compute.entries import Computed, stored_entries
from ecgbench.pipeline.compute.perturbed_scores import Perturbation, perturbed_scores
from ecgbench.pipeline.compute.sources import further_maps as further
from ecgbench.pipeline.compute.sources.further_maps import ChangedBatch
from ecgbench.pipeline.compute.sources.map_sources import MapSource, StoredMaps
from ecgbench.pipeline.compute.subject import Batch, Subject, array_digest
from ecgbench.pipeline.grid.address import RAW, split_metric
from ecgbench.types import Attributions, PerWindow, Signals, Targets


def batch_scores(
    source: MapSource, subject: Subject, number: int, maps: StoredMaps, metrics: Sequence[str], peers: Sequence[Peer] = ()
) -> Mapping[str, tuple[Artifact, ...]]:
    """What a batch's scores by each metric rest on: the scores, and the evaluations that sources share.

    Parameters
    ----------
    number : of the batch
    maps : the source's maps of it
    metrics : names of cells' metrics, such as "auc_causal"
    peers : the models of other seeds, where a metric compares with them

    Returns
    -------
    By metric the artifact that holds the scores (n,) of each variant, then the shared ones
    """
    shared = {name: shared_evaluations(subject, number, name) for name in metrics}
    jobs = {name: ScoreJob(source, subject, number, maps, name, shared[name], peers) for name in metrics}
    named = {job.entry_name: job for job in jobs.values()}
    key = artifact_key("scores", maps=maps.key, **subject.model.identity)
    held = stored_entries(
        subject.store,
        "scores",
        key,
        list(named),
        lambda names: computed_scores([named[name] for name in names]),
        together=[name for name, job in named.items() if job.perturbs],
    )
    return {name: (held[job.entry_name], *([] if job.shared is None else [job.shared])) for name, job in jobs.items()}


def shared_evaluations(subject: Subject, number: int, metric: str) -> Artifact | None:
    """What a metric computes once for all sources of maps; None if it computes nothing of that kind."""
    entry, _ = split_metric(metric)
    if entry.shared is None:
        return None
    function, batch, name = entry.shared, subject.batch(number), entry.shared_as or entry.key
    options = protocol_options(entry.study, subject.protocol) if entry.optional is function else {}
    given = supplied(entry.key, entry.shared_needs, METRIC_NEEDS, scored_batch(batch, "", entry.asks))

    def compute() -> tuple[Arrays, dict[str, Any]]:
        return function(**given, **options), {"metric": name, **subject.model.computed_on}

    identity = _identity(name, entry.version, frozenset(entry.shared_needs), batch, "", options)
    return subject.store.compute("shared", artifact_key("shared", **identity), compute)


def facts_of(subject: Subject, metric: str, only: Bool[np.ndarray, " n"] | None = None) -> dict[str, float]:
    """What a metric says of a model from what it computes once for all sources (see `Run.facts`)."""
    entry, parts = split_metric(metric)[0], range(len(subject.parts))
    if entry.situation is not None:
        return further.reasons(changed_batches(subject, metric))
    batches = [shared_evaluations(subject, number, metric) for number in parts] if entry.facts is not None else []
    found = [batch.arrays for batch in batches if batch is not None]
    if entry.facts is None or not found:
        return {}
    joined_arrays = {name: np.concatenate([arrays[name] for arrays in found]) for name in found[0]}
    return dict(entry.facts(joined_arrays if only is None else {name: array[only] for name, array in joined_arrays.items()}))


def computed_scores(jobs: Sequence[ScoreJob]) -> list[Computed]:
    """Scores (n,) of each variant by each job, and what the artifact says of them; several jobs perturb one batch."""
    if len(jobs) == 1:
        return [jobs[0].entry(jobs[0].scores())]
    found = perturbed_scores([job.perturbation() for job in jobs])
    return [job.entry(scores) for job, scores in zip(jobs, found, strict=True)]


@dataclass(frozen=True)
class Peer:
    """The model of another seed, with the source's maps of the same batch of windows."""

    subject: Subject
    maps: StoredMaps


class ScoreJob:
    """One metric on one source's maps of a batch.

    Parameters
    ----------
    source, subject, number, maps : what is scored: a source's maps of a batch, by its number
    metric : name of the cells' metric
    shared : see `shared_evaluations`
    peers : see `batch_scores`
    """

    def __init__(
        self,
        source: MapSource,
        subject: Subject,
        number: int,
        maps: StoredMaps,
        metric: str,
        shared: Artifact | None,
        peers: Sequence[Peer] = (),
    ) -> None:
        self.shared, self._peers = shared, peers
        self._source, self._batch, self._maps, self._metric = source, subject.batch(number), maps, metric
        self._entry, kind = split_metric(metric)
        self._changed = changed_batches(subject, metric)[: number + 1]
        self._kind = kind if "mask" in self._entry.needs else ""
        takes_options = self._entry.optional is not self._entry.shared
        self._options = protocol_options(self._entry.study, subject.protocol) if takes_options else {}

    @cached_property
    def entry_name(self) -> str:
        """Name of the scores in the artifact: the metric's, and a digest of all that they depend on beside maps and model."""
        options = protocol_options(self._entry.study, self._batch.subject.protocol)
        identity = _identity(self._entry.key, self._entry.version, self._entry.asks, self._batch, self._kind, options)
        if self._changed:
            identity["further"] = further.identity(self._changed[-1])
        if "other_maps" in self._entry.asks:
            identity["others"] = [[peer.subject.model.digest, peer.subject.seed, peer.maps.key] for peer in self._peers]
        return f"{self._metric}@{artifact_key('score', **identity)[:16]}"

    @property
    def perturbs(self) -> bool:
        """Whether its rows can be evaluated together with those of other metrics that perturb the windows."""
        return self._entry.perturb is not None and not self._entry.by_source

    def entry(self, scores: Sequence[PerWindow]) -> Computed:
        """What the artifact holds and says of the scores (n,) of each variant."""
        said = {"metric": self._metric, "source": self._source.key, **self._batch.subject.model.computed_on}
        return dict(zip(self._source.variants, scores, strict=True)), said

    def perturbation(self) -> Perturbation:
        """What a metric that perturbs asks of the model."""
        return Perturbation(self._entry, self._variants, self._given, self._options)

    def scores(self) -> Sequence[PerWindow]:
        """Scores (n,) of each variant."""
        given = self._given
        if not self._entry.by_source:
            return self._evaluated(self._variants, given)
        # What the source is asked for again must be of the variant that is scored.
        batches = [given if name == RAW else _absolute(given) for name in self._source.variants]
        return [self._evaluated([maps], batch)[0] for maps, batch in zip(self._variants, batches, strict=True)]

    @property
    def _variants(self) -> Sequence[Attributions]:
        raw = self._maps.artifact.arrays["maps"]
        return [raw if variant == RAW else np.abs(raw) for variant in self._source.variants]

    @property
    def _given(self) -> ScoredBatch:
        shared = None if self.shared is None else self.shared.arrays
        given = replace(scored_batch(self._batch, self._kind, self._entry.asks, self._source), shared=shared, further=self._further)
        if "other_maps" in self._entry.asks:
            given = replace(given, other_maps=np.stack([peer.maps.artifact.arrays["maps"] for peer in self._peers], axis=1))
        return replace(given, other_shared=self._other_shared) if "other_shared" in self._entry.asks else given

    @property
    def _further(self) -> FurtherMaps | None:
        if not self._changed:
            return None
        *earlier, here = self._changed
        return further.further_maps(self._source, earlier, here, self._maps)

    @property
    def _other_shared(self) -> Arrays:
        number = self._batch.subject.parts.index(self._batch.part)
        found = [shared_evaluations(peer.subject, number, self._metric) for peer in self._peers]
        arrays = [artifact.arrays for artifact in found if artifact is not None]
        return {name: np.stack([one[name] for one in arrays], axis=1) for name in arrays[0]}

    def _evaluated(self, variants: Sequence[Attributions], given: ScoredBatch) -> Sequence[PerWindow]:
        if self._entry.perturb is not None:
            return perturbed_scores([Perturbation(self._entry, variants, given, self._options)])[0]
        needed = supplied(self._entry.key, self._entry.needs, METRIC_NEEDS, given)
        repeated = {name: _repeated(value, len(variants)) for name, value in needed.items()}
        scores = self._entry.function(np.concatenate(variants), **repeated, **self._options)
        return np.split(np.asarray(scores, dtype=np.float64), len(variants))


def changed_batches(subject: Subject, metric: str) -> list[ChangedBatch]:
    """A model's batches in the situation of a metric that asks for further maps; none for another metric."""
    situation = split_metric(metric)[0].situation
    if situation is None:
        return []
    batches = [subject.batch(number) for number in range(len(subject.parts))]
    return [ChangedBatch(batch, situation, scored_batch(batch, "", frozenset())) for batch in batches]


def scored_batch(batch: Batch, kind: str, asks: frozenset[str], source: MapSource | None = None) -> ScoredBatch:
    """What metrics may ask for of a batch of windows.

    Parameters
    ----------
    kind : of the mask; empty where no mask is asked for
    asks : names of needs; donors are made where they are among them
    source : of the maps, for metrics that ask it again
    """
    subject = batch.subject
    return ScoredBatch(
        x=batch.x,
        target=batch.target,
        mask=batch.masks(kind) if kind else None,
        seed=subject.seed,
        multilabel=subject.multilabel,
        evaluator=lambda: subject.evaluate,
        explain=None if source is None else source.explainer(subject),
        twin=batch.twin,
        sham=batch.sham,
        donor=batch.donor if "donor" in asks else None,
        fs=subject.dataset.fs,
        regions=batch.regions,
        continuation=lambda: batch.continued,
    )


def _absolute(batch: ScoredBatch) -> ScoredBatch:
    """The batch for metrics of absolute maps: what the source gives them again is absolute too."""
    signed = batch.explain
    more = {name: np.abs(maps) for name in ("further", "other_maps") if (maps := getattr(batch, name)) is not None}
    batch = replace(batch, **more)
    if signed is None:
        return batch

    def explain(x: Signals, target: Targets, seed: int | None = None) -> Attributions:
        maps: Attributions = np.abs(signed(x, target, seed))
        return maps

    return replace(batch, explain=explain)


def _identity(metric: str, version: int, asks: frozenset[str], batch: Batch, kind: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """What scores and shared evaluations depend on beside the maps: among them what they ask for of the batch."""
    masks = {"mask": array_digest(batch.masks(kind))} if kind else {}
    about = {"seed": batch.subject.seed, "multilabel": batch.subject.multilabel}
    others = {name: getattr(batch, name) for name in sorted(asks & {"twin", "sham", "donor"})}
    twins = {name: None if array is None else array_digest(array) for name, array in others.items()}
    rate = {"fs": batch.subject.dataset.fs} if "fs" in asks else {}
    waves = {"regions": array_digest(found)} if "regions" in asks and (found := batch.regions()) is not None else {}
    return {"metric": metric, "version": version, "options": dict(options), **batch.identity, **about, **masks, **twins, **rate, **waves}


def _repeated(value: Any, times: int) -> Any:
    """Per-window arrays for several variants, one behind the other; anything else as it is."""
    if isinstance(value, np.ndarray):
        return np.concatenate([value] * times)
    if isinstance(value, Mapping):
        return {name: _repeated(array, times) for name, array in value.items()}
    return value
