"""The file of a reader study: its cases and maps, who sees what, and the answers; SQLite, so that no answer is lost.

Each answer is one transaction in a write-ahead log that is synced to the disk before the browser is told; a process that is killed leaves
the file whole. An answer that is corrected is added, the earlier one stays.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from jaxtyping import Int8, Int16

from ecgbench.errors import InputError
from ecgbench.printable import shortened
from ecgbench.rating.schedule import Design, Trial, schedule

VERSION = "ecgbench rating 1"
WAIT = 30.0
"""Seconds to wait for another process that writes."""

_TABLES = """
CREATE TABLE study (version TEXT NOT NULL, design TEXT NOT NULL, facts TEXT NOT NULL, made TEXT NOT NULL);
CREATE TABLE cases (number INTEGER PRIMARY KEY, facts TEXT NOT NULL, signal BLOB NOT NULL);
CREATE TABLE maps (case_number INTEGER NOT NULL REFERENCES cases, name TEXT NOT NULL, levels BLOB NOT NULL, scores TEXT NOT NULL,
    PRIMARY KEY (case_number, name));
CREATE TABLE raters (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, token TEXT NOT NULL UNIQUE);
CREATE TABLE trials (rater INTEGER NOT NULL REFERENCES raters, position INTEGER NOT NULL, case_number INTEGER NOT NULL REFERENCES cases,
    kind TEXT NOT NULL, map TEXT NOT NULL, repeat INTEGER NOT NULL, PRIMARY KEY (rater, position));
CREATE TABLE answers (number INTEGER PRIMARY KEY AUTOINCREMENT, rater INTEGER NOT NULL, position INTEGER NOT NULL,
    feature INTEGER CHECK (feature BETWEEN 1 AND 5), misleading INTEGER CHECK (misleading BETWEEN 1 AND 5), regions TEXT,
    seconds REAL NOT NULL, given TEXT NOT NULL, FOREIGN KEY (rater, position) REFERENCES trials,
    CHECK ((feature IS NULL) = (misleading IS NULL) AND (feature IS NULL) != (regions IS NULL)));
"""


@dataclass(frozen=True)
class Case:
    """A window that is rated, with its maps.

    Attributes
    ----------
    record, patient, diagnosis : names
    start : first sample in the record
    fs : Hz
    leads : names
    signal : (leads, time), microvolts
    maps : by name, (leads, time), 127 where a map has its full colour
    scores : by name of the map, what metrics say of it
    """

    record: str
    patient: str
    diagnosis: str
    start: int
    fs: float
    leads: tuple[str, ...]
    signal: Int16[np.ndarray, "leads time"]
    maps: Mapping[str, Int8[np.ndarray, "leads time"]]
    scores: Mapping[str, Mapping[str, float]]

    @property
    def facts(self) -> dict[str, Any]:
        """All but arrays and scores."""
        return {name: value for name, value in vars(self).items() if name not in ("signal", "maps", "scores")}


@dataclass(frozen=True)
class Answer:
    """What a rater said of a trial.

    Attributes
    ----------
    feature, misleading : 1 to 5, of a map
    regions : lead, onset and offset (exclusive, in samples) of each region that was marked
    seconds : from the moment the trial was shown
    """

    feature: int | None
    misleading: int | None
    regions: Sequence[tuple[int, int, int]] | None
    seconds: float


class Ratings:
    """The file of one reader study.

    Parameters
    ----------
    path : the file

    Raises
    ------
    InputError
        If it is no such file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        remedy = "name the file that `ecgbench rate DATASET` wrote"
        if not path.is_file():
            raise InputError(f'expected a file of ratings, got nothing at "{path}"; {remedy}.')
        try:
            ((version, design, facts, _),) = self._all("SELECT * FROM study")
            self.design, self.facts = _design(design), dict[str, Any](json.loads(facts))
        except (sqlite3.DatabaseError, ValueError, TypeError) as error:
            raise InputError(f'expected a file of ratings at "{path}", got another; {remedy}.') from error
        if version != VERSION:
            raise InputError(f'expected "{VERSION}" in "{path}", got "{version}"; read it with the version of ecgbench that wrote it.')

    @classmethod
    def make(cls, path: Path, design: Design, cases: Sequence[Case], facts: Mapping[str, Any]) -> Ratings:
        """Write a new file, whole or not at all.

        Parameters
        ----------
        facts : what pages say of the study beside its design
        """
        part = path.with_name(f".{path.name}.part")
        part.unlink(missing_ok=True)
        try:
            with closing(sqlite3.connect(part)) as file, file:
                file.executescript(_TABLES)
                _fill(file, design, cases, facts)
            part.rename(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return cls(path)

    def check_design(self, wanted: Design) -> None:
        """Refuse to go on with a study that is another one than what is asked for; its raters may be others, who join it.

        Raises
        ------
        InputError
            If it is another one.
        """
        held, asked = self.design.as_dict(), wanted.as_dict()
        for name, value in asked.items():
            if name != "raters" and held[name] != value:
                remedy = "ask for the same, or name another file with --out"
                had = shortened(str(held[name]))
                raise InputError(f'expected {name} {had} as "{self.path}" has it, got {shortened(str(value))}; {remedy}.')

    def join(self, names: Sequence[str]) -> None:
        """Take in raters who are not in the study yet, each with an own order; nothing of those who are in it changes.

        Raises
        ------
        InputError
            If all raters together are too many.
        """
        with self._open() as file, file:
            file.execute("BEGIN IMMEDIATE")  # of two processes that take raters in the second one sees those of the first
            ((text, count),) = file.execute("SELECT design, (SELECT COUNT(*) FROM cases) FROM study")
            held = _design(text)
            design = replace(held, raters=tuple(dict.fromkeys((*held.raters, *names))))
            file.execute("UPDATE study SET design = ?", (json.dumps(design.as_dict()),))
            _add_raters(file, design, count, first=len(held.raters))
        self.design = design

    def cases(self) -> list[Case]:
        """All cases with their maps."""
        return [self.case(number) for (number,) in self._all("SELECT number FROM cases ORDER BY number")]

    def case(self, number: int) -> Case:
        """A case with its maps."""
        ((text, signal),) = self._all("SELECT facts, signal FROM cases WHERE number = ?", number)
        held = self._all("SELECT name, levels, scores FROM maps WHERE case_number = ? ORDER BY name", number)
        facts = json.loads(text)
        facts["leads"], shape = tuple(facts["leads"]), (len(facts["leads"]), -1)
        maps = {name: np.frombuffer(levels, np.int8).reshape(shape) for name, levels, _ in held}
        scores = {name: json.loads(said) for name, _, said in held}
        return Case(**facts, signal=np.frombuffer(signal, "<i2").reshape(shape), maps=maps, scores=scores)

    def raters(self) -> list[tuple[str, str]]:
        """Name and token of each rater."""
        return [(name, token) for name, token in self._all("SELECT name, token FROM raters ORDER BY number")]

    def trials(self, rater: int) -> list[Trial]:
        """The trials of a rater, in order."""
        found = self._all("SELECT rater, case_number, kind, map, repeat FROM trials WHERE rater = ? ORDER BY position", rater)
        return [Trial(number, case, kind, name, bool(repeat)) for number, case, kind, name, repeat in found]

    def answered(self, rater: int) -> dict[int, Answer]:
        """The last answer of each trial that the rater has answered, by its position."""
        found = self._all("SELECT position, feature, misleading, regions, seconds FROM answers WHERE rater = ? ORDER BY number", rater)
        return {position: Answer(a, b, _regions(text), seconds) for position, a, b, text, seconds in found}

    def add(self, rater: int, position: int, answer: Answer) -> None:
        """Keep an answer; when this returns it is on the disk."""
        regions = None if answer.regions is None else json.dumps(answer.regions)
        row = (rater, position, answer.feature, answer.misleading, regions, answer.seconds, _now())
        with self._open() as file, file:
            file.execute("INSERT INTO answers (rater, position, feature, misleading, regions, seconds, given) VALUES (?,?,?,?,?,?,?)", row)

    def _all(self, question: str, *values: Any) -> list[Any]:
        with self._open() as file:
            return file.execute(question, values).fetchall()

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=WAIT)) as file:
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("PRAGMA foreign_keys = ON")
            file.execute("PRAGMA synchronous = FULL")  # a commit is on the disk, not only in the log's buffer
            yield file


def _fill(file: sqlite3.Connection, design: Design, cases: Sequence[Case], facts: Mapping[str, Any]) -> None:
    file.execute("INSERT INTO study VALUES (?,?,?,?)", (VERSION, json.dumps(design.as_dict()), json.dumps(dict(facts)), _now()))
    for number, case in enumerate(cases):
        file.execute("INSERT INTO cases VALUES (?,?,?)", (number, json.dumps(case.facts), case.signal.astype("<i2").tobytes()))
        held = [(number, name, levels.tobytes(), json.dumps(case.scores.get(name, {}))) for name, levels in case.maps.items()]
        file.executemany("INSERT INTO maps VALUES (?,?,?,?)", held)
    _add_raters(file, design, len(cases), first=0)


def _add_raters(file: sqlite3.Connection, design: Design, cases: int, first: int) -> None:
    """Write the raters from a number on, with their trials, which do not depend on who else takes part."""
    names = list(enumerate(design.raters))[first:]
    file.executemany("INSERT INTO raters VALUES (?,?,?)", [(number, name, secrets.token_urlsafe(24)) for number, name in names])
    for of_rater in schedule(design, cases)[first:]:
        rows = [(t.rater, position, t.case, t.kind, t.map, int(t.repeat)) for position, t in enumerate(of_rater)]
        file.executemany("INSERT INTO trials VALUES (?,?,?,?,?,?)", rows)


def _design(text: str) -> Design:
    held = json.loads(text)
    return Design(**{**held, "maps": tuple(held["maps"]), "raters": tuple(held["raters"])})


def _regions(text: str | None) -> list[tuple[int, int, int]] | None:
    return None if text is None else msgspec.json.decode(text, type=list[tuple[int, int, int]])


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
