"""Whether a folder is one of accepted results, before anything is compared with them or written beside them."""

from __future__ import annotations

from pathlib import Path

from ecgbench.errors import InputError
from ecgbench.results.files import result_files
from ecgbench.results.records import LARGEST_TEXT
from ecgbench.untrusted.files import read_bounded

REMEDY = "name their folder, such as a clone's leaderboards/scores, with --scores"


def check_folder(root: Path, updating: bool = False, allow_new: bool = False) -> None:
    """Refuse a place without accepted results: cells that are compared with nothing would pass.

    Parameters
    ----------
    updating : whether results are about to be written there; then the folder may be absent or empty
    allow_new : whether cells without an accepted result may pass; then likewise

    Raises
    ------
    InputError
        If the folder is absent, empty, unreadable, or one of other files.
    ResultsError
        If what it holds is incomplete or of an older schema (see `result_files`).
    """
    what = _contents(root)
    if what == "accepted results" or (what in ("no such folder", "an empty one") and (updating or allow_new)):
        return
    otherwise = "" if updating or allow_new else ", accept new values with --update-scores, or let cells pass without any by --allow-new"
    raise InputError(f"expected a folder of accepted results at {root}, got {what}; {REMEDY}{otherwise}.")


def _contents(root: Path) -> str:
    """What a place holds, in words."""
    try:
        if not root.exists():
            above = next(folder for folder in root.absolute().parents if folder.exists())
            return "no such folder" if above.is_dir() else f"a place below the file {above}"
        if not root.is_dir():
            return "a file"
        next(root.iterdir(), None)  # since a glob is silent about a folder that may not be listed
        found = any(_is_results(path) for pattern in ("*/*/*.json", "*/*.json") for path in root.glob(pattern))
        empty = not any(_is_shown(path) for pattern in ("*", "*/*", "*/*/*") for path in root.glob(pattern))
    except OSError as error:
        return str(error.strerror or error)
    if found:
        result_files(root)
        return "accepted results"
    return "an empty one" if empty else "one of other files"


def _is_shown(path: Path) -> bool:
    """Whether a file is one that was meant to stay: folders and hidden files are also those of a first update that was cut off."""
    return path.is_file() and not path.name.startswith(".")


def _is_results(path: Path) -> bool:
    """Whether a file is of accepted results, damaged or not: by the archive beside it, or the schema in its text."""
    return path.with_suffix(".npz").exists() or (path.is_file() and _names_schema(path))


def _names_schema(path: Path) -> bool:
    try:
        return b'"schema"' in read_bounded(path, LARGEST_TEXT)
    except ValueError:  # It is larger than results may be.
        return False
