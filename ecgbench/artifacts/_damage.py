"""Files that are not what was stored under their name: how they are found, what is said of them, and where they are put."""

from __future__ import annotations

import errno
import os
import stat
import warnings
from contextlib import suppress
from pathlib import Path

from ecgbench.artifacts._artifact import Artifact
from ecgbench.artifacts._attached import attached_paths, check_attached
from ecgbench.artifacts._encoding import decode
from ecgbench.artifacts._files import make_folder, token, writing
from ecgbench.artifacts._layout import DAMAGED, stamp
from ecgbench.artifacts._record import DamageError, OtherLayoutError
from ecgbench.errors import ArtifactError

DAMAGE = (errno.ENOENT, errno.EIO)
"""What the system answers where an artifact, or a file attached to it, is damaged."""

_warned: set[Path] = set()


class DamagedArtifactWarning(UserWarning):
    """An artifact's file is not what was stored under its name; it was set aside."""


class OtherLayoutWarning(UserWarning):
    """The store holds artifacts that another version of the package wrote in another layout."""


def read(path: Path) -> Artifact:
    """The artifact that was stored at `path`, which names its stage and key.

    Raises
    ------
    DamageError, OSError
        If that is not what the file holds, or it cannot be read.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        raise DamageError("no file")
    artifact = decode(path.parent.name, path.stem, path.read_bytes())
    check_attached(path, artifact.attached)
    return artifact


def read_if_whole(path: Path) -> Artifact | None:
    """What is there if it is whole, read again if it was replaced meanwhile."""
    before = None
    while (now := stamp(path)) not in (None, before):
        with suppress(OSError, DamageError):
            return read(path)
        before = now
    return None


def examine(path: Path) -> Artifact | DamageError:
    """What is there, or what is wrong with it.

    Raises
    ------
    ArtifactError
        If it cannot be told, such as without the right to read it: it may be whole.
    """
    try:
        return read(path)
    except DamageError as error:
        return error
    except OSError as error:
        if error.errno in DAMAGE:
            return DamageError(str(error))
        raise ArtifactError(f"expected to read {path}, got {error.strerror or error}; mend that or name another store.") from error


def refusal(path: Path) -> str:
    """What is said of a file that cannot be used, where nothing may be computed."""
    found = examine(path)
    return f"one of another layout ({found}) in {path}" if isinstance(found, OtherLayoutError) else f"a damaged one in {path}"


def set_aside(root: Path, path: Path, fault: DamageError) -> None:
    """Move a file and those attached to it out of the way, and warn of it."""
    aside = root / DAMAGED / f"{path.stem[:12]}.{token()}"
    with writing(aside):
        make_folder(aside)
        attached = attached_paths(path)
        try:
            os.replace(path, aside / path.name)
        except FileNotFoundError:  # another process without locks has set it aside
            aside.rmdir()
            return
        for file in filter(Path.exists, attached):
            os.replace(file, aside / file.name)
    _warn(root, path, aside, fault)


def _warn(root: Path, path: Path, aside: Path, fault: DamageError) -> None:
    if isinstance(fault, OtherLayoutError):
        _warn_once(root, fault)
        return
    text = f"expected the artifact {path} as it was stored, got damaged content ({fault}); it was moved to {aside} and is computed anew."
    warnings.warn(text, DamagedArtifactWarning, stacklevel=5)


def _warn_once(root: Path, fault: OtherLayoutError) -> None:
    """A store of before may hold thousands of artifacts, of which the first says it for all."""
    if root in _warned:
        return
    _warned.add(root)
    text = f"expected artifacts of this version in {root}, got some of {fault}; each is moved to {root / DAMAGED} and computed anew."
    warnings.warn(text, OtherLayoutWarning, stacklevel=6)
