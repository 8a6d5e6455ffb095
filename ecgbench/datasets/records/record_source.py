"""How the records of a dataset that is split by record are found, read and labelled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from ecgbench.datasets._names import abbreviated
from ecgbench.datasets.records.files.wfdb_header import read_header
from ecgbench.datasets.records.files.wfdb_reader import Record, read_record, record_files
from ecgbench.datasets.records.request import Request
from ecgbench.protocol import BEAT_RULES, BeatRule


@runtime_checkable
class RecordSource(Protocol):
    """What a dataset knows of its records."""

    def files(self, request: Request, name: str) -> list[Path]:
        """The files that a record consists of; a missing one is refused."""
        ...

    def read(self, request: Request, name: str) -> Record:
        """A record's leads and annotations, checked."""
        ...

    def rule(self, request: Request) -> BeatRule:
        """Which annotation is a beat of which class."""
        ...

    def options(self, request: Request) -> Mapping[str, object]:
        """What windows follow from beside the files, the rule, the patients and their length, as JSON data."""
        ...

    def notes(self, request: Request, names: Sequence[str]) -> tuple[str, ...]:
        """What a reader of the results must know of the records."""
        ...


@dataclass(frozen=True)
class DatabaseSource:
    """WFDB records of a public database, of which one lead is read."""

    def files(self, request: Request, name: str) -> list[Path]:
        """The record's header, signals and annotations."""
        return record_files(request.folder / name, request.absent, request.remedy)

    def read(self, request: Request, name: str) -> Record:
        """The lead and the annotations of a record."""
        lead = request.numbers.lead
        assert lead is not None
        return read_record(request.folder, name, lead, request.numbers.fs, remedy=request.remedy)

    def rule(self, request: Request) -> BeatRule:
        """The rule of the labels that were asked for."""
        return BEAT_RULES[request.labels]

    def options(self, request: Request) -> Mapping[str, object]:
        """The lead."""
        return {"lead": request.numbers.lead}

    def notes(self, request: Request, names: Sequence[str]) -> tuple[str, ...]:
        """A note of the records whose lead, in the place that is read, has another name than most have."""
        place = request.numbers.lead
        assert place is not None
        named = {record: read_header(request.folder / record, request.remedy).sig_name[place] or "unnamed" for record in names}
        usual = Counter(named.values()).most_common(1)[0][0]
        others = [f"{record} ({lead})" for record, lead in named.items() if lead != usual]
        return (f"Lead {place} is {usual} in all records but {abbreviated(others)}.",) if others else ()


DATABASE = DatabaseSource()
