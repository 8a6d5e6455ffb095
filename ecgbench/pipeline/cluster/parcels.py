"""What goes between stores: artifacts as the bytes of their files, and a training's last epoch.

The epoch goes from a worker to the client, and to the worker that goes on with it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgbench.artifacts import ArtifactStore, pack, take_in, unfinished, write_atomically
from ecgbench.pipeline.compute.models import model_key
from ecgbench.pipeline.grid.address import ModelAddress

if TYPE_CHECKING:
    from ecgbench.pipeline.compute.run import Run

Parcel = dict[tuple[str, str], bytes]
"""The bytes of artifacts by stage and key."""

OWN = ("windows", "source")
"""Stages that each machine makes of its own records."""

Epoch = dict[str, bytes]
"""The files of a training's last epoch by name; empty if there is none."""

RECORD = "epoch.json"

SECONDS_PER_LOOK = 0.2
"""Between two looks whether an epoch has ended."""


def packed(store: ArtifactStore, places: Iterable[tuple[str, str]]) -> Parcel:
    """Those of the artifacts that travel and that the store holds."""
    found = {place: pack(store, *place) for place in sorted(places) if place[0] not in OWN}
    return {place: content for place, content in found.items() if content is not None}


def unpack(store: ArtifactStore, parcel: Parcel) -> None:
    """Take artifacts in that were computed elsewhere."""
    for place, content in parcel.items():
        take_in(store, *place, content)


def held_model(run: Run, of: ModelAddress) -> tuple[str, Path]:
    """Key of a model in the run's store, and the folder of its training."""
    from ecgbench.models import recipe_of

    key = model_key(run.dataset(of.dataset), of.seed, recipe_of(run.spec(of.dataset).recipe, of.model))
    return key, unfinished(run.options.store.root, "model", key)


def last_epoch(folder: Path) -> Epoch:
    """The last epoch that a training left in its folder."""
    try:
        record = (folder / RECORD).read_bytes()
        weights = f"epoch{_length(record)}.safetensors"
        return {weights: (folder / weights).read_bytes(), RECORD: record}
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # it ended just now, or the next epoch did


def keep_epoch(folder: Path, epoch: Epoch) -> None:
    """Write an epoch into a training's folder, unless a later one is there."""
    held = last_epoch(folder)
    if not epoch or (held and _length(held[RECORD]) >= _length(epoch[RECORD])):
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in epoch.items():  # the record comes last
        write_atomically(folder / name, content)
    for path in folder.glob("epoch*.safetensors"):
        if path.name not in epoch:
            path.unlink(missing_ok=True)


@contextmanager
def sent_epochs(run: Run, of: ModelAddress, queue: Any) -> Iterator[None]:
    """Put each epoch of a model's training into the client's queue as it ends."""
    _, folder = held_model(run, of)
    ended = threading.Event()
    thread = threading.Thread(target=_send, args=(folder, of, queue, ended), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _send(folder: Path, of: ModelAddress, queue: Any, ended: threading.Event) -> None:
    sent = last_epoch(folder).get(RECORD)
    while not ended.wait(SECONDS_PER_LOOK):
        epoch = last_epoch(folder)
        if epoch and epoch[RECORD] != sent:
            queue.put([of.dataset, of.model, of.seed, epoch])
            sent = epoch[RECORD]


def _length(record: bytes) -> int:
    """How many epochs a record tells of."""
    return len(json.loads(record)["log"])
