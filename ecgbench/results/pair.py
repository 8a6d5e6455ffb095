"""A results file and its archive as one on the disk: a writer that is killed at any moment leaves the old two or the new two.

The results record the SHA-256 of their archive. A writer holds the lock of the two. It puts the new archive beside the old one under a
first name, replaces the results, then moves the archive to its place. If it is killed before the second step, the old two are untouched;
if after it, readers find the new archive under its first name, and the next writer moves it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ecgbench.artifacts import USER_REMEDY, file_lock, write_atomically, writing
from ecgbench.errors import ResultsError
from ecgbench.results.reading.archive import LARGEST, digest_of
from ecgbench.untrusted.files import read_bounded

TEMPORARY = re.compile(r"\.+([^.]+)\.(lock|npz\.new|.+\.part)")
"""Names of files that are beside results while these are written, and stay where the writer was killed; first comes the source's key."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other writers from the results at `path`.

    Raises
    ------
    ResultsError
        If their folder cannot be made or written, or its file system has no locks.
    """
    with ExitStack() as held:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResultsError(f"expected to make the folder {path.parent}, got {error.strerror or error}; name another folder.") from error
        try:
            held.enter_context(file_lock(path.with_name(f".{path.stem}.lock")))
        except OSError as error:
            raise ResultsError(
                f"expected a folder that can be locked and written for {path}, got {error.strerror or error}; name another folder."
            ) from error
        yield


def read_archive(path: Path, digest: str) -> tuple[bytes, Path]:
    """The archive that the results at `path` record, and where it lies.

    Raises
    ------
    OSError, ValueError
        If it is absent or cannot be read, or has another digest.
    """
    final, first = path.with_suffix(".npz"), first_name(path)
    for place in (final, first, final):  # Twice, since a writer may move it from the first name meanwhile.
        with suppress(FileNotFoundError):
            content = read_bounded(place, LARGEST)
            if digest_of(content) == digest:
                return content, place
    raise ValueError("an archive of another digest than the results record" if final.exists() else "no such file")


def first_name(path: Path) -> Path:
    """Where a new archive lies until the results that belong to it are written."""
    return path.with_name(f".{path.stem}.npz.new")


def settle(path: Path, digest: str | None) -> None:
    """Finish what a killed writer began: move the archive of the results at `path` to its place, and remove what else it left.

    The lock must be held: whoever wrote what is found is dead.

    Parameters
    ----------
    digest : of the archive that the results record; None where there are no results
    """
    first = first_name(path)
    with writing(path, USER_REMEDY):
        if digest is not None and first.exists() and digest_of(read_bounded(first, LARGEST)) == digest:
            os.replace(first, path.with_suffix(".npz"))
        for file in _temporary_files(path.parent, path.stem):
            if file.suffix != ".lock":
                file.unlink(missing_ok=True)


def replace_pair(path: Path, text: bytes, archive: bytes) -> None:
    """Write results and their archive; the lock must be held, and what a killed writer began be settled.

    Raises
    ------
    ArtifactError
        If a file cannot be written; the old two or the new two are there.
    """
    first = first_name(path)
    with writing(path, USER_REMEDY):
        try:
            write_atomically(first, archive)
            write_atomically(path, text)
            os.replace(first, path.with_suffix(".npz"))
        except BaseException:
            _undo(path, text)
            raise


def _undo(path: Path, text: bytes) -> None:
    """Remove a new archive, unless the results that belong to it are written: then it is the only one."""
    first = first_name(path)
    with suppress(OSError):
        if path.exists() and path.read_bytes() == text:
            os.replace(first, path.with_suffix(".npz"))
        else:
            first.unlink(missing_ok=True)


def leftovers(root: Path) -> list[Path]:
    """What writers that were killed, or that write just now, have beside the results below `root`."""
    return [file for folder in sorted(root.glob("*/*/")) for file in _temporary_files(folder)]


def _temporary_files(folder: Path, source: str | None = None) -> list[Path]:
    """Files that only stay where a writer was killed; of one source, or of all."""
    found = [(TEMPORARY.fullmatch(file.name), file) for file in sorted(folder.iterdir())]
    return [file for match, file in found if match and source in (None, match[1])]
