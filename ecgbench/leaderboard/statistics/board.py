"""One folder of accepted results, read, checked for belonging together, and ranked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from ecgbench.datasets import DATASETS, DatasetEntry, part_of
from ecgbench.errors import ResultsError, UnknownKeyError
from ecgbench.leaderboard.statistics.copies import copies, is_submitted
from ecgbench.leaderboard.statistics.declared import seen_answers
from ecgbench.leaderboard.statistics.ranking import Column, bounds_in, columns, families, family_places, gaps, grid
from ecgbench.methods import METHODS
from ecgbench.metrics import METRICS, MetricEntry
from ecgbench.protocol import PREDICTED, STUDY
from ecgbench.registry import Registry, unknown
from ecgbench.results import Identity, SourceResults, page_name, read_pair, read_refusals, result_files


@dataclass(frozen=True)
class Board:
    """What a page shows: the accepted results of one dataset, identity and model.

    Attributes
    ----------
    name : of the page: the dataset's key, with "@" and what differs from its default identity behind it, and "-" and the model unless that
        is the dataset's own
    dataset : what the dataset declares; None if it is not registered here
    files : accepted results by method
    controls : accepted results of maps that no method made, by control
    samples : per-window arrays beside them, by method and control
    columns : the cells' metrics
    places : variants x families
    gaps : what a variant lacks, by family
    copies : submissions that are what stands here already, each with the name of what it is a copy of
    refusals : why methods cannot explain models, by method and seed
    """

    name: str
    dataset: DatasetEntry | None
    files: Mapping[str, SourceResults]
    controls: Mapping[str, SourceResults]
    samples: Mapping[str, Mapping[str, np.ndarray]]
    columns: tuple[Column, ...]
    places: pd.DataFrame
    gaps: Mapping[str, Mapping[tuple[str, str], Mapping[str, list[int]]]]
    copies: Mapping[str, str]
    refusals: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @cached_property
    def everything(self) -> Mapping[str, SourceResults]:
        """Accepted results of methods and controls."""
        return {**self.files, **self.controls}

    @property
    def identity(self) -> Identity:
        """The identity that all files share."""
        return next(iter(self.files.values())).identity

    @property
    def key(self) -> str:
        """The dataset's key."""
        return self.identity.dataset

    @property
    def folder(self) -> str:
        """Folder of the results below that of all."""
        return f"{self.identity.folder}/{self.identity.model}"

    @property
    def title(self) -> str:
        """The dataset's title, or its key if it is not registered here."""
        return self.dataset.title if self.dataset else self.key

    def class_name(self, index: int) -> str:
        """What the dataset calls a class, or its number if the dataset is not registered here."""
        names = self.dataset.protocol.classes if self.dataset else ()
        return names[index] if index < len(names) else f"class {index}"

    @property
    def default(self) -> bool:
        """Whether this is the dataset's default identity and model."""
        return self.name == self.key

    @property
    def embedded(self) -> bool:
        """Whether the dataset is the benchmark's own, which needs no records."""
        return self.dataset is not None and self.dataset.embedded

    @property
    def is_stand_in(self) -> bool:
        """Whether it was computed on simulated records that stand in for a database's."""
        return self.identity.simulated and not self.embedded

    @property
    def of_study(self) -> bool:
        """Whether it was computed to be compared with the study: by its protocol, or with its labels."""
        return STUDY in (self.identity.protocol, self.identity.labels)

    @property
    def compared(self) -> bool:
        """Whether it stands beside other datasets on the pages of methods and metrics."""
        return not (self.is_stand_in or self.of_study or self.part or self.of_predictions)

    @property
    def of_predictions(self) -> bool:
        """Whether predicted classes are explained, right or wrong, instead of true ones that are recognised."""
        return self.identity.explained == PREDICTED

    @property
    def part(self) -> str:
        """On how many records it stands, if these are a part of the database, by the notes of its results; empty if not."""
        return _part(self.files)

    @cached_property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of the models."""
        return tuple(sorted({cell.seed for results in self.files.values() for cell in results.cells}))

    @property
    def unranked(self) -> tuple[str, ...]:
        """Methods that are shown, not ranked: since their results or their authors say so, or since they are copies."""
        return tuple(sorted({*unranked(self.files), *self.copies}))

    @property
    def blind(self) -> tuple[str, ...]:
        """Controls and methods whose maps know neither the model nor the answer; controls that know it are upper bounds."""
        controls = {key for key, results in self.controls.items() if not results.provenance.get("bound")}
        return tuple(sorted(controls | {key for key in self.files if key in METHODS and METHODS[key].blind}))

    def orders(self, family: str) -> bool:
        """Whether some metric of a family counts, so that it has places."""
        return any(column.ranked for column in self.columns if column.family == family)

    def describes(self, family: str) -> bool:
        """Whether none of a family's metrics is meant to count, so that it orders nothing whatever their checks say."""
        return all(column.entry.aside for column in self.columns if column.family == family)

    @property
    def submitted(self) -> tuple[str, ...]:
        """Methods whose maps were handed in."""
        return tuple(sorted(method for method, results in self.files.items() if is_submitted(results)))


def _part(files: Mapping[str, SourceResults]) -> str:
    return part_of(note for results in files.values() for note in results.notes)


def unranked(files: Mapping[str, SourceResults]) -> set[str]:
    """Methods whose provenance says `"ranked": false`, and submissions whose authors knew of the answers."""
    return {method for method, results in files.items() if results.provenance.get("ranked") is False or seen_answers(results)}


def is_control(results: SourceResults) -> bool:
    """Whether the maps that were scored are no method's."""
    return "control" in results.provenance


def read_boards(scores: Path, metrics: Registry[MetricEntry] = METRICS, datasets: Registry[DatasetEntry] = DATASETS) -> tuple[Board, ...]:
    """Boards of all accepted results below `scores`, by name.

    Raises
    ------
    ResultsError
        If there are none, one is unreadable, or the files of a folder don't belong together.
    UnknownKeyError
        If a cell is of a metric that nobody registered.
    """
    return tuple(_board(name, folder, metrics, datasets) for name, folder in _folders(scores, datasets).items())


def read_board(scores: Path, name: str, metrics: Registry[MetricEntry] = METRICS, datasets: Registry[DatasetEntry] = DATASETS) -> Board:
    """The board of one name, without reading the results of others.

    Raises
    ------
    ResultsError
        As `read_boards`.
    UnknownKeyError
        If there is none of that name, or a cell is of a metric that nobody registered.
    """
    if name not in (known := _folders(scores, datasets)):
        raise UnknownKeyError(unknown("accepted results", name, known))
    return _board(name, known[name], metrics, datasets)


def _folders(scores: Path, datasets: Registry[DatasetEntry]) -> dict[str, Path]:
    """Folder of each board's results by the board's name, sorted."""
    folders = sorted({path.parent for path in result_files(scores)})
    if not folders:
        raise ResultsError(f"expected accepted results below {scores}, got none; accept some with `pytest benchmark --update-scores`.")
    first = {folder.parent.name: folder.name for folder in reversed(folders)}
    found = {board_name(folder.parent.name, folder.name, first[folder.parent.name], datasets): folder for folder in folders}
    return dict(sorted(found.items()))


def board_name(folder: str, model: str, otherwise: str, datasets: Registry[DatasetEntry] = DATASETS) -> str:
    """Name of the board of a folder's results of a model; `otherwise` is the model of its dataset if that is not registered here."""
    key = folder.partition("@")[0]
    return page_name(folder, model, datasets[key].default_model() if key in datasets else otherwise)


def _board(name: str, folder: Path, metrics: Registry[MetricEntry], datasets: Registry[DatasetEntry]) -> Board:
    files, samples = _read(name, folder, metrics)
    if all(is_control(results) for results in files.values()):
        raise ResultsError(f"expected results of methods beside those of controls in {folder}, got none; accept some.")
    key = folder.parent.name.partition("@")[0]
    dataset = datasets[key] if key in datasets else None  # noqa: SIM401  (a Registry has no `get`)
    return board_of(name, dataset, files, samples, metrics, _refusals(name, folder, next(iter(files.values())).identity))


def board_of(
    name: str,
    dataset: DatasetEntry | None,
    files: Mapping[str, SourceResults],
    samples: Mapping[str, Mapping[str, np.ndarray]],
    metrics: Registry[MetricEntry] = METRICS,
    refusals: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> Board:
    """Rank results that belong together, at least one of which is a method's.

    Parameters
    ----------
    name, dataset : as `Board` has them
    files : results by method and control
    samples : per-window arrays beside them, as `read_pair` names them
    refusals : why methods that have no results can't explain the models, by method and seed
    """
    controls = {key: results for key, results in files.items() if is_control(results)}
    methods = {key: results for key, results in files.items() if key not in controls}
    cells = pd.DataFrame([{"source": method, **asdict(cell)} for method, results in methods.items() for cell in results.cells])
    copied = copies(files, samples)
    shown = columns(cells["metric"], metrics, of_part=bool(_part(methods)))
    counted = {family: [c for c in shown if c.family == family and c.ranked] for family in families(shown)}
    values = grid(cells)
    return Board(
        name=name,
        dataset=dataset,
        files=methods,
        controls=controls,
        samples=samples,
        columns=shown,
        places=family_places(cells, shown, {*unranked(methods), *copied}),
        gaps={family: gaps(values, counted[family]) for family in counted},
        copies=copied,
        refusals=refusals,
    )


def _refusals(name: str, folder: Path, identity: Identity) -> dict[str, Mapping[str, str]]:
    """Why methods cannot explain the models of a folder, by method and seed."""
    found = read_refusals(folder)
    for refusal in found:
        if refusal.identity != identity:
            raise ResultsError(
                f"expected one identity in the results of {name}, got {refusal.identity} of what {refusal.source} refuses beside "
                f"{identity}; accept both again with the same options."
            )
    return {refusal.source: refusal.reasons for refusal in found}


def _read(
    name: str, folder: Path, metrics: Registry[MetricEntry]
) -> tuple[Mapping[str, SourceResults], Mapping[str, Mapping[str, np.ndarray]]]:
    """A folder's accepted results, and the per-window arrays beside them."""
    bounds = bounds_in(metrics)
    pairs = {path.stem: read_pair(path, bounds) for path in sorted(folder.glob("*.json"))}
    files = {source: results for source, (results, _) in pairs.items()}
    check_together(name, files)
    return files, {source: scores for source, (_, scores) in pairs.items()}


def check_together(name: str, files: Mapping[str, SourceResults]) -> None:
    """Refuse files of a folder that are of several identities.

    Raises
    ------
    ResultsError
        If they are.
    """
    for method, results in files.items():
        first = next(iter(files))
        if results.identity != files[first].identity:
            raise ResultsError(
                f"expected one identity in the results of {name}, got {results.identity} of {method} beside "
                f"{files[first].identity} of {first}; accept both again with the same options."
            )
