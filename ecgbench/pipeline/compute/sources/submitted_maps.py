"""Maps that somebody handed in, as a source of maps that cannot be asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ecgbench.artifacts import Artifact, artifact_key
from ecgbench.pipeline.compute.sources.map_sources import MapSource, StoredMaps
from ecgbench.pipeline.compute.subject import Subject, array_digest
from ecgbench.pipeline.grid.address import MapsAddress
from ecgbench.results import SUBMITTED
from ecgbench.types import Attributions


@dataclass(frozen=True)
class SubmissionSource(MapSource):
    """A submitted method: its maps are known, its code is not.

    Attributes
    ----------
    name : what it is called
    given : signed maps (n, leads, time) of the explained windows, by dataset, architecture and seed
    about : what accepted results say of where they come from
    command : what accepts new scores of them
    """

    name: str
    given: Mapping[tuple[str, str, int], Attributions]
    about: Mapping[str, Any]
    command: str

    is_reproducible: ClassVar[bool] = False

    @property
    def key(self) -> str:
        """The submission's name."""
        return self.name

    def maps(self, of: MapsAddress, subject: Subject, number: int) -> StoredMaps:
        """The submitted maps of a batch, which are kept in the submission's own file and not in the store."""
        batch = subject.batch(number)
        values = self.given[of.dataset, of.model, of.seed][batch.part]
        key = artifact_key("given", maps=array_digest(values), **batch.identity)
        return StoredMaps(key, Artifact({"maps": values}, {}, 0.0, cached=False))

    def provenance(self) -> dict[str, Any]:
        """The file that the maps come from, and what its author says of it."""
        return {SUBMITTED: dict(self.about)}

    def accept_command(self, usual: str) -> str:
        """The command that evaluates the submission's file and accepts its scores."""
        return self.command
