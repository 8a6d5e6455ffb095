"""Icentia11k: windows of a stated part of 11,000 patients' single-lead recordings, beats annotated."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from ecgbench.datasets._registry import DATASETS
from ecgbench.datasets.records.counterfactuals.donors import FindBeats
from ecgbench.datasets.records.drawn_windows import DrawnSide, drawn_beats, drawn_continued, drawn_regions, drawn_twins, load_drawn
from ecgbench.datasets.records.files.checksums import SUMS, sums_of
from ecgbench.datasets.records.files.source_files import check_files
from ecgbench.datasets.records.files.wfdb_reader import SUFFIXES
from ecgbench.datasets.records.request import Request
from ecgbench.datasets.simulator.databases.annotated_records import simulate_records
from ecgbench.datasets.simulator.databases.record_forms import ICENTIA11K_FORM
from ecgbench.errors import MissingDataError
from ecgbench.protocol import ICENTIA11K, DatasetProtocol
from ecgbench.types import Continued, Dataset, Regions, Targets, Twins, Windows


def icentia11k_files(numbers: DatasetProtocol, listed: Collection[str]) -> list[str]:
    """Files of the stated segments that the database has; some patients have fewer segments than the draw took for granted."""
    stated = [_path(name) + suffix for name in (*numbers.train, *numbers.test) for suffix in SUFFIXES]
    published = frozenset(stated).intersection(listed)
    return [path for path in stated if path in published]


def _twins(request: Request, windows: Windows, target: Targets) -> Twins:
    return drawn_twins(request, windows, target, _path)


def _regions(request: Request, windows: Windows, target: Targets) -> Regions:
    return drawn_regions(request, windows, target, _path)


def _continued(request: Request, windows: Windows) -> Continued:
    return drawn_continued(request, windows, _path)


def _beats(request: Request) -> FindBeats:
    return drawn_beats(request, _path)


@DATASETS.register(
    version=1,
    reference="doi:10.13026/kk0v-r952",
    protocol=ICENTIA11K,
    title="Icentia11k Single Lead Continuous Raw Electrocardiogram Dataset",
    licence="CC BY-NC-SA 4.0",
    conditions="not for commercial use; what is derived from it is shared under the same licence",
    source="https://physionet.org/content/icentia11k-continuous-ecg/1.0/",
    megabytes=1000,
    labels=("beats",),
    files=icentia11k_files,
    twins=_twins,
    regions=_regions,
    continued=_continued,
    beats=_beats,
    simulate=simulate_records(ICENTIA11K_FORM),
)
def icentia11k(request: Request) -> Dataset:
    """Load icentia11k: windows of 2,049 samples, drawn from two segments of each of 100 patients on either side."""
    numbers = request.numbers
    paths = {name: _path(name) for name in _published(request.folder, (*numbers.train, *numbers.test))}
    check_files((request.folder / (path + suffix) for path in paths.values() for suffix in SUFFIXES), request.fetch_command)
    train = load_drawn(request, {name: paths[name] for name in numbers.train if name in paths}, "icentia11k train")
    test = load_drawn(request, {name: paths[name] for name in numbers.test if name in paths}, "icentia11k test")
    absent = len(numbers.train) + len(numbers.test) - len(paths)
    notes = (*_notes(train, "training"), *_notes(test, "test"), f"{absent} of the stated segments are not in the database.")
    return request.answer("icentia11k", train, test, ("ecg",), notes)


def _published(folder: Path, names: Sequence[str]) -> list[str]:
    """The segments that are in the database's list of checksums; all of them if that list is not here."""
    if not (folder / SUMS).is_file():
        return list(names)
    published = sums_of(folder / SUMS, {_path(name) + SUFFIXES[0] for name in names})
    found = [name for name in names if _path(name) + SUFFIXES[0] in published]
    if not found:
        raise MissingDataError(
            f"expected some of the stated segments in {folder / SUMS}, got none; remove that file and download it again."
        )
    return found


def _path(name: str) -> str:
    """A segment's place below the database's folder: p00042_s03 lies in p00/p00042."""
    patient = name.partition("_")[0]
    return f"{patient[:3]}/{patient}/{name}"


def _notes(drawn: DrawnSide, side: str) -> tuple[str, ...]:
    available = ", ".join(f"{name} {count}" for name, count in zip(ICENTIA11K.classes, drawn.available, strict=True))
    return (
        f"The {len(drawn.windows)} {side} windows are drawn from {sum(drawn.available)} ({available}).",
        f"Before that, {drawn.left_out} {side} windows were left out as unclassifiable and {drawn.unusable} with invalid or no signal; "
        f"{drawn.without_beat} hold no beat and count as normal.",
    )
