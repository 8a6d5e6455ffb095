"""Files of accepted results: `<dataset>[@what differs]/<model>/<source>.json`, with the per-window scores beside it as `.npz`.

The two are one: the JSON file records the SHA-256 of its archive. A writer puts the new archive beside the old one under another name,
then replaces the JSON file, then moves the archive to its place. If it is killed before the second step, the old pair is untouched; if
after it, whoever reads or writes next finds the new archive under its first name, and moves it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import pandas as pd

from ecgbench.artifacts import write_atomically
from ecgbench.errors import ArtifactError, ResultsError
from ecgbench.results.archive import LARGEST, digest_of, packed, unpacked
from ecgbench.results.consistency import Bounds, check_bounds, check_results, unknown_bounds
from ecgbench.results.identity import results_path
from ecgbench.results.records import VERSION, Cell, OldSchemaError, SourceResults, from_text, to_text
from ecgbench.results.strict import LARGEST_TEXT, one_line, read_bounded
from ecgbench.results.window_arrays import array_forms

ROOT = Path("leaderboards") / "scores"
REMEDY = "take it back from version control, or accept new values with `--update-scores`."
MIGRATE = "ecgbench results migrate"


def results_root() -> Path:
    """Folder of the accepted results below the working directory."""
    return ROOT


def result_files(root: Path) -> list[Path]:
    """Paths of all files of accepted results below `root`, by dataset, model and source.

    Raises
    ------
    ResultsError
        If there are files at the place that the first schema gave them.
    """
    old = next(iter(sorted(root.glob("*/*.json"))), None)
    if old is not None:
        raise ResultsError(
            f"expected accepted results in {root} as <dataset>/<model>/<source>.json, got {old.relative_to(root)}, which is where schema 1 "
            f"had them; bring them to schema {VERSION}: `{MIGRATE} {root}`."
        )
    return sorted(root.glob("*/*/*.json"))


def read_files(root: Path | None = None, bounds: Bounds = unknown_bounds) -> list[SourceResults]:
    """All accepted results below `root`, by dataset, model and source.

    Parameters
    ----------
    bounds : lowest and highest possible score by the name of a cell's metric, as far as they are known

    Raises
    ------
    ResultsError
        If a file is unreadable, is not of the schema, its per-window scores are missing or are not those that it records, or a number in
        it is not the one that follows from them, or out of its metric's bounds.
    """
    return [read_file(path, bounds) for path in result_files(root or results_root())]


def read_file(path: Path, bounds: Bounds = unknown_bounds) -> SourceResults:
    """Read and check one file of accepted results (see `read_files`)."""
    return read_pair(path, bounds)[0]


def read_scores(path: Path) -> dict[str, np.ndarray]:
    """Per-window scores (n,) float32 by `score_name`, and `sample_name` and `gallery_name` arrays, of the results file at `path`."""
    return read_pair(path)[1]


def read_pair(path: Path, bounds: Bounds = unknown_bounds) -> tuple[SourceResults, dict[str, np.ndarray]]:
    """Read and check one file of accepted results and its per-window scores (see `read_files` and `read_scores`)."""
    results, digest = _read_record(path)
    said, place = (results.identity.folder, results.identity.model, results.source), (*path.parts[-3:-1], path.stem)
    if said != place:
        raise ResultsError(f"expected results of {', '.join(place)} in {path}, got those of {one_line(', '.join(said))}; {REMEDY}")
    try:
        scores = unpacked(_archive_of(path, digest), array_forms(results))
    except (OSError, ValueError) as error:
        raise ResultsError(f"expected per-window scores in {path.with_suffix('.npz')}, got {one_line(error)}; {REMEDY}") from error
    check_pair(results, scores, path, bounds)
    return results, scores


def _read_record(path: Path) -> tuple[SourceResults, str]:
    try:
        return from_text(read_bounded(path, LARGEST_TEXT).decode())
    except OldSchemaError as error:
        raise ResultsError(
            f"expected accepted results of schema {VERSION} in {path}, got {error}; bring them to it: `{MIGRATE} FOLDER`, with the folder "
            "that holds those of all datasets."
        ) from error
    except (OSError, ValueError) as error:
        raise ResultsError(f"expected accepted results of schema {VERSION} in {path}, got {one_line(error)}; {REMEDY}") from error


def _archive_of(path: Path, digest: str) -> bytes:
    """The archive that a results file records; one under its first name is moved to its place."""
    final, first = path.with_suffix(".npz"), _first_name(path)
    for place in (final, first, final):  # Twice, since a writer may move it from the first name meanwhile.
        with suppress(FileNotFoundError):
            content = read_bounded(place, LARGEST)
            if digest_of(content) == digest:
                if place == first:
                    _move(first, final)
                return content
    raise ValueError("an archive of another digest than the results record" if final.exists() else "no such file")


def _move(first: Path, final: Path) -> None:
    """Give an archive its name, unless the folder can only be read or another reader was faster."""
    with suppress(OSError):
        os.replace(first, final)


def _first_name(path: Path) -> Path:
    """Where a new archive lies until the results that belong to it are written."""
    return path.with_name(f".{path.stem}.npz.new")


def check_pair(results: SourceResults, scores: Mapping[str, np.ndarray], path: Path, bounds: Bounds = unknown_bounds) -> None:
    """Refuse results that contradict their per-window scores or themselves, or are out of bounds (see `check_results`)."""
    try:
        check_results(results, scores)
        check_bounds(results, scores, bounds)
    except ValueError as error:
        raise ResultsError(
            f"expected accepted results that follow from their per-window scores in {path}, got {one_line(error)}; {REMEDY}"
        ) from error


def write_file(results: SourceResults, scores: Mapping[str, np.ndarray], root: Path | None = None) -> Path:
    """Write accepted results and their per-window scores; returns the JSON file's path.

    Raises
    ------
    ResultsError
        If a number is not finite or the folder cannot be made; no file is touched.
    ArtifactError
        If a file cannot be written; what was there stays.
    """
    return write_pair(results, packed(scores), root or results_root())


def write_pair(results: SourceResults, archive: bytes, root: Path) -> Path:
    """Write accepted results and their archive, whole or not at all (see `write_file`)."""
    path = results_path(root, results.identity, results.source)
    try:
        text = to_text(results, digest_of(archive))
        path.parent.mkdir(parents=True, exist_ok=True)
    except ValueError as error:
        raise ResultsError(f"expected finite numbers for {path}, got {error}; look at the cells' scores and maps.") from error
    except OSError as error:
        raise ResultsError(f"expected to make the folder {path.parent}, got {error.strerror or error}; name another folder.") from error
    _mend(path)
    first = _first_name(path)
    try:
        write_atomically(first, archive)
        write_atomically(path, text.encode())
    except ArtifactError:
        first.unlink(missing_ok=True)
        raise
    os.replace(first, path.with_suffix(".npz"))
    return path


def _mend(path: Path) -> None:
    """Move the archive of the results at `path` to its place, so that the next one does not overwrite it under its first name."""
    if _first_name(path).exists():
        with suppress(ResultsError, OSError, ValueError):
            _archive_of(path, _read_record(path)[1])


def read_results(path: Path | str | None = None) -> pd.DataFrame:
    """Accepted results as a tidy frame: one row per dataset, model, source, variant, metric and seed.

    The dataset has "@" and what differs from its default identity behind it; a source is a method, a control or a submission.

    Parameters
    ----------
    path : folder of the results; default `leaderboards/scores` below the working directory

    Raises
    ------
    ResultsError
        If the folder is absent, or a file is unreadable or not of the schema (see `read_files`).
    """
    root = results_root() if path is None else Path(path)
    if not root.is_dir():
        raise ResultsError(f"expected a folder of accepted results at {root}, got none; name one, such as a clone's leaderboards/scores.")
    rows = [
        {"dataset": results.identity.folder, "model": results.identity.model, "source": results.source, **asdict(cell)}
        for results in read_files(root)
        for cell in results.cells
    ]
    return pd.DataFrame(rows, columns=["dataset", "model", "source", *(field.name for field in fields(Cell))])
