"""The files that windows are read from: whether all are there, and a digest of their content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from ecgbench.artifacts import Arrays, ArtifactStore, artifact_key
from ecgbench.errors import DataError, MissingDataError


def check_files(files: Iterable[Path], fetch_command: str) -> None:
    """Refuse to go on where a file is absent.

    Raises
    ------
    MissingDataError
        With the command that fetches it.
    """
    for path in files:
        if not path.is_file():
            raise MissingDataError(f"expected {path}, got no such file; fetch it: {fetch_command}")


def source_digest(files: Sequence[Path], store: ArtifactStore) -> str:
    """SHA-256 over the content of the records' files; remembered for as long as their sizes and times stay as they are."""
    stats = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]

    def digest() -> tuple[Arrays, dict[str, object]]:
        total = hashlib.sha256()
        for path in files:
            total.update(path.name.encode() + hashlib.sha256(_content(path)).digest())
        return {}, {"digest": total.hexdigest()}

    return str(store.compute("source", artifact_key("source", files=stats), digest).info["digest"])


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"expected a readable file {path}, got {error.strerror or error}; mend its permissions.") from error
