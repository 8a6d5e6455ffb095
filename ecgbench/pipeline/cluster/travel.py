"""What goes between the client's store and those of workers that have another."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from ecgbench.pipeline.cluster.jobs import Job, Outcome
from ecgbench.pipeline.cluster.parcels import Epoch, Parcel, held_model, keep_epoch, last_epoch, packed, unpack
from ecgbench.pipeline.grid.address import ModelAddress

if TYPE_CHECKING:
    from ecgbench.pipeline.compute.run import Run


class Travel:
    """The client's side of what travels.

    Parameters
    ----------
    run : the client's
    client : of the cluster
    nonce : name of the queue of epochs
    """

    def __init__(self, run: Run, client: Any, nonce: str) -> None:
        self._run, self._client, self._nonce = run, client, nonce
        self._places: dict[ModelAddress, set[tuple[str, str]]] = defaultdict(set)
        self._epochs: Any = None

    def needed(self, job: Job) -> tuple[Parcel, Epoch]:
        """The artifacts that a job needs, and the last epoch of its training."""
        store = self._run.options.store
        if job.kind == "outputs":
            key, folder = held_model(self._run, job.of)
            return packed(store, [("model", key)]), last_epoch(folder)
        panel = dict.fromkeys((*self._run.panel(job.of), job.of))
        return packed(store, {place for of in panel for place in self._places[of]}), {}

    def take(self, job: Job, outcome: Outcome) -> None:
        """Take in what a job made, and remember what others need of it."""
        unpack(self._run.options.store, outcome.artifacts)
        if job.kind != "batch":
            self._places[job.of] |= outcome.places

    def take_epochs(self) -> None:
        """Keep the epochs that workers have sent."""
        from distributed import Queue

        if self._epochs is None:
            self._epochs = Queue(self._nonce, client=self._client)
        while self._epochs.qsize():
            dataset, model, seed, epoch = self._epochs.get()
            keep_epoch(held_model(self._run, ModelAddress(dataset, model, seed))[1], epoch)
