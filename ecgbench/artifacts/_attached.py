"""Files attached to an artifact, for arrays too large for memory.

They lie beside the artifact's own file under names that hold their checksum, so that an artifact and the one that replaces it never
share one. Hashing gigabytes whenever they are read would be slow: a file is hashed once a process, and not again as long as its
inode, size and time of modification stay the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from ecgbench.artifacts._artifact import Attachment
from ecgbench.artifacts._encoding import read_attachments
from ecgbench.artifacts._files import move

ATTACHED = re.compile(r"(?P<key>[\w-]+)\.[0-9a-f]{16}\..+")
"""Names of attached files: the artifact's key, the head of the file's SHA-256, its own name."""

_verified: set[tuple[int, int, int, int, str]] = set()


def paths_of(artifact: Path, attached: Mapping[str, Attachment]) -> dict[str, Path]:
    """Where the files lie by name that are attached to the artifact at a path."""
    return {name: artifact.with_name(f"{artifact.stem}.{file.sha256[:16]}.{name}") for name, file in attached.items()}


def attached_paths(artifact: Path) -> set[Path]:
    """Where the files lie that the header of the artifact at a path names."""
    return set(paths_of(artifact, read_attachments(artifact)).values())


def attach(source: Path, artifact: Path) -> Attachment:
    """Move a file beside the artifact to which it will belong."""
    attachment = Attachment(source.stat().st_size, _digest(source))
    target = paths_of(artifact, {source.name: attachment})[source.name]
    move(source, target)
    _verified.add(_stamp(target, attachment))
    return attachment


def check_attached(artifact: Path, attached: Mapping[str, Attachment]) -> None:
    """Verify the files that are attached to an artifact, each once a process.

    Raises
    ------
    ValueError, OSError
        If a file is absent or not what was attached.
    """
    for name, path in paths_of(artifact, attached).items():
        attachment = attached[name]
        stamp = _stamp(path, attachment)
        if stamp in _verified:
            continue
        if path.stat().st_size != attachment.size or _digest(path) != attachment.sha256:
            raise ValueError(f"checksum of {path.name}")
        _verified.add(stamp)


def drop(paths: Iterable[Path]) -> None:
    """Remove files that no artifact names; one that cannot be removed is left to `prune`."""
    for path in paths:
        with suppress(OSError):
            path.unlink()


def _stamp(path: Path, attachment: Attachment) -> tuple[int, int, int, int, str]:
    stat = path.stat()
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, attachment.sha256


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
