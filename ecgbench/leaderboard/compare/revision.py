"""Accepted results of another revision of the clone in the working directory."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

from ecgbench.errors import InputError
from ecgbench.results import migrate, results_root


def unpack_revision(revision: str, folder: Path) -> Path:
    """Unpack the accepted results of a git revision into a folder, brought to this schema; returns where in it they are.

    Raises
    ------
    InputError
        If there is no git, the working directory is in no clone, or the clone has no such revision or no results in it.
    ResultsError
        If results of an older schema are damaged there.
    """
    top = _git(
        Path(),
        "rev-parse",
        "--show-toplevel",
        wanted=f'"{revision}" as a folder of results, or a revision of the clone around {Path.cwd()}',
    )
    root = Path(top.decode().strip())
    said = _git(
        root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", wanted=f'"{revision}" as a revision'
    )
    held = _git(root, "archive", said.decode().strip(), results_root().as_posix(), wanted=f"{results_root()} in revision {revision}")
    with tarfile.open(fileobj=io.BytesIO(held)) as archive:
        archive.extractall(folder, filter="data")
    migrate(folder / results_root())
    return folder / results_root()


def _git(where: Path, *arguments: str, wanted: str) -> bytes:
    program = shutil.which("git")
    if program is None:
        raise InputError(f"expected {wanted}, got no git to look it up with; install git, or name a folder.")
    done = subprocess.run([program, *arguments], cwd=where, capture_output=True, check=False)  # noqa: S603  (the user's own git and words)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0] or "none"
        raise InputError(f"expected {wanted}, got {said}; name a folder that is there, or a revision such as main or HEAD~1.")
    return done.stdout
