"""What killed processes left in a store: found by their locks' files, and removed by the next process that uses the store.

A process removes its lock's file before it lets the lock go, so that a file whose lock is free is that of a process that was killed, and
names the artifact at which it was. Who waits for that lock meanwhile removes what is beside the artifact when it has the lock.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from ecgbench.artifacts._attached import ATTACHED, attached_paths
from ecgbench.artifacts._files import PARTIAL
from ecgbench.artifacts._layout import LOCKS, SUFFIX, is_place, unfinished
from ecgbench.artifacts._locks import lock_if_free

LOCK = re.compile(r"(?P<stage>[\w-]+)\.(?P<key>[\w-]+)\.lock")
"""Names of locks' files."""

_cleared: set[Path] = set()


def clear_once(root: Path) -> None:
    """Remove what killed processes left, the first time that this process uses the store; what cannot be removed stays for `prune`."""
    if root in _cleared:
        return
    _cleared.add(root)
    with suppress(OSError):
        for file in sorted((root / LOCKS).iterdir()):
            named = LOCK.fullmatch(file.name)
            if named and is_place(*named.groups()):
                _clear(root, file, *named.groups())


def _clear(root: Path, file: Path, stage: str, key: str) -> None:
    """Remove what whoever held the lock of an artifact left, unless somebody holds it now."""
    artifact = root / stage / f"{key}{SUFFIX}"
    with suppress(OSError), lock_if_free(file):
        clear_beside(artifact)
        drop_finished(unfinished(root, stage, key), artifact)


def clear_beside(artifact: Path) -> None:
    """Remove what is half written of an artifact or was attached to it before its own file was written; its lock must be held."""
    with suppress(OSError):
        named = {path.name for path in attached_paths(artifact)}
        for name in os.listdir(artifact.parent):  # noqa: PTH208 - a folder of thousands, of which few are looked at
            begun = name.startswith(f".{artifact.name}.") and PARTIAL.fullmatch(name)
            attached = name.startswith(f"{artifact.stem}.") and ATTACHED.fullmatch(name) and name not in named
            if begun or attached:
                artifact.with_name(name).unlink(missing_ok=True)


def drop_finished(folder: Path, artifact: Path) -> None:
    """Remove work that became an artifact: none of it is younger, as that of a model is that was being trained again."""
    with suppress(OSError):
        if artifact.exists() and folder.is_dir() and not folder.is_symlink():
            written = artifact.stat().st_mtime_ns
            if all(path.lstat().st_mtime_ns <= written for path in folder.rglob("*")):
                shutil.rmtree(folder)
