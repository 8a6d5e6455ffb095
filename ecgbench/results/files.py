"""Files of accepted results: `<dataset>[@what differs]/<model>/<source>.json`, with the per-window scores beside it as `.npz`.

They are read and checked, written, and updated, so that nobody writes between the reading and the writing (see `pair`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from ecgbench.errors import ArtifactError, ResultsError
from ecgbench.printable import quoted
from ecgbench.results.identity import results_path
from ecgbench.results.pair import first_name, locked, read_archive, replace_pair, settle
from ecgbench.results.reading.archive import digest_of, packed, unpacked
from ecgbench.results.reading.consistency import Bounds, check_bounds, check_results, unknown_bounds
from ecgbench.results.reading.window_arrays import array_forms
from ecgbench.results.records import LARGEST_TEXT, VERSION, OldSchemaError, SourceResults, from_text, to_text
from ecgbench.untrusted.files import read_bounded

ROOT = Path("leaderboards") / "scores"
REMEDY = "take its .json and .npz back from version control, or remove both and accept new values with `--update-scores`."
MIGRATE = "ecgbench results migrate"

Pair = tuple[SourceResults, dict[str, np.ndarray]]
"""Accepted results and their per-window scores, with what else their archive holds."""


def results_root() -> Path:
    """Folder of the accepted results below the working directory."""
    return ROOT


def result_files(root: Path) -> list[Path]:
    """Paths of all files of accepted results below `root`, by dataset, model and source.

    Raises
    ------
    ResultsError
        If the folder cannot be listed, an archive is there without its results, or files are where the first schema had them.
    """
    try:
        # Archives first: a writer that writes just now puts its results in place before their archive.
        old, archives, found = (sorted(root.glob(pattern)) for pattern in ("*/*.json", "*/*/*.npz", "*/*/*.json"))
    except OSError as error:
        raise ResultsError(f"expected a folder of accepted results at {root}, got {error.strerror or error}; name another.") from error
    _check_schema(old, root)
    alone = sorted({path.with_suffix(".json") for path in archives} - set(found))
    if alone:
        raise ResultsError(f"expected {alone[0]} beside its archive, got no such file; {REMEDY}")
    return found


def _check_schema(old: list[Path], root: Path) -> None:
    if old:
        raise ResultsError(
            f"expected accepted results in {root} as <dataset>/<model>/<source>.json, got {old[0].relative_to(root)}, which is where "
            "schema 1 had them, which is no longer read; remove them and accept new values with `--update-scores`."
        )


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


def read_pair(path: Path, bounds: Bounds = unknown_bounds) -> Pair:
    """Read and check one file of accepted results and its per-window scores (see `read_files` and `read_scores`)."""
    results, archive = _read_both(path)
    try:
        _check_place(results, path)
    except ValueError as error:
        raise ResultsError(f"expected results of {', '.join(_place(path))} in {path}, got {quoted(str(error))}; {REMEDY}") from error
    try:
        scores = unpacked(archive, array_forms(results))
    except ValueError as error:
        raise _without_scores(path, error) from error
    check_pair(results, scores, path, bounds)
    return results, scores


def _place(path: Path) -> tuple[str, str, str]:
    """Folder, model and source of the results that belong at a path."""
    model, folder = path.parent, path.parent.parent
    return folder.name, model.name, path.stem


def _check_place(results: SourceResults, path: Path) -> None:
    said = (results.identity.folder, results.identity.model, results.source)
    if said != _place(path):
        raise ValueError(f"those of {', '.join(said)}")


def read_if_accepted(path: Path, bounds: Bounds = unknown_bounds) -> Pair | None:
    """The same, None where nothing was accepted: where there is neither a results file nor an archive."""
    return read_pair(path, bounds) if path.exists() or path.with_suffix(".npz").exists() else None


def _read_both(path: Path) -> tuple[SourceResults, bytes]:
    """Accepted results and the content of the archive that they record."""
    results, digest = _read_record(path)
    try:
        archive, place = read_archive(path, digest)
    except (OSError, ValueError) as error:
        if _read_record(path)[1] != digest:  # A writer has replaced both meanwhile.
            return _read_both(path)
        raise _without_scores(path, error) from error
    if place == first_name(path):
        with suppress(ResultsError, ArtifactError), locked(path):  # A folder that may not be written stays as it is.
            settle(path, _recorded_digest(path))
    return results, archive


def _without_scores(path: Path, error: Exception) -> ResultsError:
    return ResultsError(f"expected per-window scores in {path.with_suffix('.npz')}, got {quoted(str(error))}; {REMEDY}")


def _recorded_digest(path: Path) -> str | None:
    """The digest of the archive of the results at `path`; None where there are no results."""
    return _read_record(path)[1] if path.exists() else None


def _read_record(path: Path) -> tuple[SourceResults, str]:
    try:
        return from_text(read_bounded(path, LARGEST_TEXT).decode())
    except OldSchemaError as error:
        raise ResultsError(
            f"expected accepted results of schema {VERSION} in {path}, got {error}; bring them to it: `{MIGRATE} FOLDER`, with the folder "
            "that holds those of all datasets."
        ) from error
    except (OSError, ValueError) as error:
        raise ResultsError(f"expected accepted results of schema {VERSION} in {path}, got {quoted(str(error))}; {REMEDY}") from error


def check_pair(results: SourceResults, scores: Mapping[str, np.ndarray], path: Path, bounds: Bounds = unknown_bounds) -> None:
    """Refuse results that contradict their per-window scores or themselves, or are out of bounds (see `check_results`)."""
    try:
        check_results(results, scores)
        check_bounds(results, scores, bounds)
    except ValueError as error:
        raise ResultsError(
            f"expected accepted results that follow from their per-window scores in {path}, got {quoted(str(error))}; {REMEDY}"
        ) from error


def write_file(results: SourceResults, scores: Mapping[str, np.ndarray], root: Path | None = None) -> Path:
    """Write accepted results and their per-window scores in the place of others; returns the JSON file's path.

    Raises
    ------
    ResultsError
        If a reader would not take the two (see `read_files`), what is there cannot be read, or the folder cannot be made, written or
        locked; nothing is written.
    ArtifactError
        If a file cannot be written; what was there stays.
    """
    return write_pair(results, packed(scores), root or results_root())


def write_pair(results: SourceResults, archive: bytes, root: Path) -> Path:
    """Write accepted results and their archive, whole or not at all (see `write_file`)."""
    path = results_path(root, results.identity, results.source)
    text = _checked_text(results, archive, path)
    with _updating(path):
        replace_pair(path, text, archive)
    return path


def update_file(path: Path, merged: Callable[[Pair | None], Pair], bounds: Bounds = unknown_bounds) -> Path:
    """Write what `merged` makes of the accepted results at `path` (None: there are none), between which nobody else writes.

    See `write_file` for what is raised, and `read_files` for the metrics' bounds.
    """
    with _updating(path) as held:
        results, scores = merged(held)
        archive = packed(scores)
        replace_pair(path, _checked_text(results, archive, path, bounds), archive)
    return path


@contextmanager
def _updating(path: Path) -> Iterator[Pair | None]:
    """Hold the lock of the results at `path`, and give them; those that cannot be read are refused, so that no cell of theirs is lost."""
    with locked(path):
        settle(path, _recorded_digest(path))
        yield read_if_accepted(path)


def _checked_text(results: SourceResults, archive: bytes, path: Path, bounds: Bounds = unknown_bounds) -> bytes:
    """The text of results, once it and the archive were read as any reader will read them."""
    try:
        text = to_text(results, digest_of(archive)).encode()
        if len(text) > LARGEST_TEXT:
            raise ValueError(f"{len(text)} bytes of text instead of at most {LARGEST_TEXT}")
        read, _ = from_text(text.decode())
        _check_place(read, path)
        scores = unpacked(archive, array_forms(read))
        check_results(read, scores)
        check_bounds(read, scores, bounds)
    except ValueError as error:
        raise ResultsError(
            f"expected results to write to {path} that follow from their per-window scores, got {quoted(str(error))}; nothing was written: "
            f"look at the scores and maps of {results.source}."
        ) from error
    return text
