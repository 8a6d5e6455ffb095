"""The accepted results that a package brings along, for whoever has no clone."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
from dataclasses import fields
from operator import attrgetter
from pathlib import Path

import pandas as pd

from ecgbench.artifacts import default_root
from ecgbench.errors import ResultsError
from ecgbench.results.files import read_file, result_files, results_root
from ecgbench.results.records import Cell

ARCHIVE = Path(__file__).with_name("accepted.tar.xz")
"""They are packed into this file when a wheel is built."""

CLONE = Path(__file__).parents[2] / results_root()
"""Where a clone has them that the package is imported from, or installed from as editable."""


def accepted_root() -> Path:
    """Folder of the accepted results that are read where none is named.

    Those below the working directory come first, then those of the clone that the package lies in, then those that the package brings
    along, which are unpacked into the folder of the store.

    Raises
    ------
    ResultsError
        If they cannot be unpacked.
    """
    here = results_root()
    for folder in (here, CLONE):
        if folder.is_dir():
            return folder
    return _unpacked(ARCHIVE) if ARCHIVE.is_file() else here


def read_results(path: Path | str | None = None, dataset: str | None = None) -> pd.DataFrame:
    """Accepted results as a tidy frame: one row per dataset, model, source, variant, metric and seed.

    The dataset has "@" and what differs from its default identity behind it; a source is a method, a control or a submission.

    Parameters
    ----------
    path : folder of the results; default those of `accepted_root`
    dataset : only these, as the column has them, such as "svdb", which takes a fraction of the time

    Raises
    ------
    ResultsError
        If the folder is absent or has nothing of the dataset, or a file is unreadable or not of the schema (see `read_files`).
    """
    root = accepted_root() if path is None else Path(path)
    if not root.is_dir():
        raise ResultsError(f"expected a folder of accepted results at {root}, got none; name one, such as a clone's leaderboards/scores.")
    files = result_files(root)
    if dataset is not None:
        there = ", ".join(sorted({file.parent.parent.name for file in files}))
        files = [file for file in files if file.parent.parent.name == dataset]
        if not files:
            raise ResultsError(f"expected accepted results of {dataset} in {root}, got those of {there or 'none'}; name one of these.")
    names = [field.name for field in fields(Cell)]
    numbers = attrgetter(*names)
    rows = [
        (results.identity.folder, results.identity.model, results.source, *numbers(cell))
        for results in map(read_file, files)
        for cell in results.cells
    ]
    return pd.DataFrame(rows, columns=["dataset", "model", "source", *names])


def _unpacked(archive: Path) -> Path:
    """Folder with the archive's files, which is hidden among the stages of the store."""
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()[:16]
    folder = default_root() / f".accepted-{digest}"
    if folder.is_dir():
        return folder
    partial = folder.with_name(f"{folder.name}-{os.getpid()}.part")
    try:
        with tarfile.open(archive) as held:
            held.extractall(partial, filter="data")
        _place(partial, folder)
    except (OSError, tarfile.TarError) as error:
        raise ResultsError(
            f"expected to unpack the accepted results of {archive} into {folder}, got {error}; point ECGBENCH_CACHE at a folder that can "
            "be written, or name a folder with --scores."
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def _place(partial: Path, folder: Path) -> None:
    """Put a whole folder in its place; that another process was first is as good."""
    try:
        partial.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
