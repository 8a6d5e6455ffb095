"""A folder of built files with a list of them, so that the next build removes stale files and no others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from ecgbench.artifacts import write_atomically
from ecgbench.errors import InputError

INDEX = "index.html"
LIST = ".ecgbench-site"
MARK = "Files that `ecgbench leaderboard` built here; the next build replaces them."


def check(folder: Path) -> None:
    """Refuse a folder that holds files that were not built, before anything is drawn for it.

    Raises
    ------
    InputError
        If it does, or cannot be read.
    """
    try:
        _built(folder)
    except OSError as error:
        raise _refused(folder, str(error.strerror or error)) from error


def fill(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files and remove those of an earlier build that are not among them.

    Parameters
    ----------
    folder : an absent or empty folder, or one that was filled before
    files : content by path below the folder, with slashes

    Raises
    ------
    InputError
        If the folder holds files that were not built, or cannot be written.
    """
    try:
        old = _built(folder)
        foreign = [path for path in files if path not in old and (folder / path).exists()]
        if foreign:
            raise _refused(folder, f"a file {foreign[0]} that was not built")
        folder.mkdir(parents=True, exist_ok=True)
        # The list comes first: a build that is cut off leaves no file that isn't on it.
        _write_list(folder, {*old, *files})
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / path, content)
        _remove(folder, old - files.keys())
        _write_list(folder, files)
    except OSError as error:
        raise _refused(folder, str(error.strerror or error)) from error


def _refused(folder: Path, got: str) -> InputError:
    return InputError(f"expected an empty folder or an earlier site in {folder}, got {got}; name another folder with --site.")


def _built(folder: Path) -> set[str]:
    """Paths that an earlier build left."""
    if not folder.exists():
        return set()
    if not folder.is_dir():
        raise _refused(folder, "a file")
    listing = folder / LIST
    if not listing.exists():
        if any(folder.iterdir()):
            raise _refused(folder, "other files")
        return set()
    mark, *paths = listing.read_text(encoding="utf-8", errors="replace").splitlines() or [""]
    if mark != MARK or any(PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts for path in paths):
        raise _refused(folder, f"a list {LIST} that was not built")
    return set(paths)


def _write_list(folder: Path, paths: Iterable[str]) -> None:
    write_atomically(folder / LIST, "\n".join([MARK, *sorted(paths), ""]).encode())


def _remove(folder: Path, paths: Iterable[str]) -> None:
    """Remove files, and folders below that are empty then."""
    for path in sorted(paths):
        (folder / path).unlink(missing_ok=True)
        for parent in (folder / path).parents:
            if parent == folder:
                break
            with suppress(OSError):
                parent.rmdir()
