"""Artifacts on their way between stores, as the bytes of their files."""

from __future__ import annotations

from collections.abc import Iterable

from ecgbench.artifacts import ArtifactStore, pack, take_in

Parcel = dict[tuple[str, str], bytes]
"""The bytes of artifacts by stage and key."""

OWN = ("windows", "source")
"""Stages that each machine makes of its own records."""


def packed(store: ArtifactStore, places: Iterable[tuple[str, str]]) -> Parcel:
    """Those of the artifacts that travel and that the store holds."""
    found = {place: pack(store, *place) for place in sorted(places) if place[0] not in OWN}
    return {place: content for place, content in found.items() if content is not None}


def unpack(store: ArtifactStore, parcel: Parcel) -> None:
    """Take artifacts in that were computed elsewhere."""
    for place, content in parcel.items():
        take_in(store, *place, content)
