"""Files attached to an artifact, for arrays too large for memory.

They lie beside the artifact's own file under names that hold their checksum, so that an artifact and the one that replaces it never
share one. They are verified whole and when they are asked for, since what is mapped into memory is read past the store, in any order:
about half a second a gigabyte where the processor hashes in hardware. So a file is hashed once a process, and not again as long as
nothing wrote to it, which its time of change tells. Unlike that of modification nobody can set it back.
"""

from __future__ import annotations

import hashlib
import re
import stat
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from ecgbench.artifacts._artifact import Attachment
from ecgbench.artifacts._encoding import read_attachments
from ecgbench.artifacts._files import move
from ecgbench.artifacts._record import DamageError
from ecgbench.errors import ArtifactError

ATTACHED = re.compile(r"(?P<key>[\w-]+)\.[0-9a-f]{16}\..+")
"""Names of attached files: the artifact's key, the head of the file's SHA-256, its own name."""

SETTLED = 0.1
"""Seconds after a file's change from which on another one gets another time: systems tell it in steps of up to 0.01 s."""

Stamp = tuple[int, int, int, int, int, str]
"""Device, inode, size, times of modification and of change in ns of a file, and the SHA-256 that it has."""

_verified: set[Stamp] = set()


def paths_of(artifact: Path, attached: Mapping[str, Attachment]) -> dict[str, Path]:
    """Where the files lie by name that are attached to the artifact at a path."""
    return {name: artifact.with_name(f"{artifact.stem}.{file.sha256[:16]}.{name}") for name, file in attached.items()}


def attached_paths(artifact: Path) -> set[Path]:
    """Where the files lie that the header of the artifact at a path names."""
    return set(paths_of(artifact, read_attachments(artifact)).values())


def attach(source: Path, artifact: Path) -> Attachment:
    """Move a file beside the artifact to which it will belong."""
    if not stat.S_ISREG(source.lstat().st_mode):
        raise ArtifactError(f"expected {source} as a file to attach, got a link or something else; write it there.")
    attachment = Attachment(source.stat().st_size, _digest(source))
    move(source, paths_of(artifact, {source.name: attachment})[source.name])
    return attachment


def check_attached(artifact: Path, attached: Mapping[str, Attachment]) -> None:
    """Verify the files that are attached to an artifact, each once a process.

    Raises
    ------
    DamageError, OSError
        If a file is absent or not what was attached.
    """
    for name, path in paths_of(artifact, attached).items():
        stamp, settled = _stamp(path, attached[name])
        if stamp not in _verified:
            _verify(path, attached[name])
        if settled:
            _verified.add(stamp)


def drop(paths: Iterable[Path]) -> None:
    """Remove files that no artifact names; one that cannot be removed is left to `prune`."""
    for path in paths:
        with suppress(OSError):
            path.unlink()


def _verify(path: Path, attachment: Attachment) -> None:
    if not path.is_file() or path.stat().st_size != attachment.size or _digest(path) != attachment.sha256:
        raise DamageError(f"checksum of {path.name}")


def _stamp(path: Path, attachment: Attachment) -> tuple[Stamp, bool]:
    """What tells one content of a file from another, and whether it does: a file that has just changed could change again unnoticed."""
    now, found = time.time_ns(), path.stat()
    times = found.st_mtime_ns, found.st_ctime_ns
    settled = now - max(times) > SETTLED * 1e9
    return (found.st_dev, found.st_ino, found.st_size, *times, attachment.sha256), settled


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
