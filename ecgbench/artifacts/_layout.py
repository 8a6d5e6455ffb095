"""Where things lie in the folder of a store."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ecgbench.artifacts._attached import ATTACHED, attached_paths
from ecgbench.artifacts._files import PARTIAL

SUFFIX = ".safetensors"

DAMAGED, LOCKS, UNFINISHED = OWN_FOLDERS = ("damaged", "locks", "unfinished")
"""Folders beside those of the stages."""

PLACE = re.compile(r"[\w-]+")
"""Stages and keys."""


def default_root() -> Path:
    """`ECGBENCH_CACHE`, else the user's cache folder."""
    return Path(os.environ.get("ECGBENCH_CACHE") or user_cache() / "artifacts")


def user_cache() -> Path:
    """The user's cache folder for ecgbench."""
    from platformdirs import user_cache_path

    return user_cache_path("ecgbench")


def is_place(stage: str, key: str) -> bool:
    """Whether an artifact may have this stage and key."""
    return bool(PLACE.fullmatch(stage) and PLACE.fullmatch(key)) and stage not in OWN_FOLDERS


def unfinished(root: Path, stage: str, key: str) -> Path:
    """Folder of work that is to become an artifact."""
    return root / UNFINISHED / f"{stage}-{key}"


def artifact_paths(root: Path) -> list[Path]:
    """Files of all artifacts, sorted by stage and key."""
    found = (path for path in root.glob(f"*/*{SUFFIX}") if is_place(path.parent.name, path.stem))
    return sorted(found, key=lambda path: (path.parent.name, path.stem))


def leftovers(root: Path) -> Iterator[Path]:
    """What was set aside, and what killed processes left: files half written, unfinished work, attached files that no artifact names."""
    yield from (root / name for name in OWN_FOLDERS if (root / name).exists())
    yield from (path for path in root.glob("*/.*") if PARTIAL.fullmatch(path.name))
    named = {path for artifact in artifact_paths(root) for path in attached_paths(artifact)}
    yield from (path for path in root.glob("*/*") if ATTACHED.fullmatch(path.name) and path not in named)


def foreign(root: Path) -> list[str]:
    """Names of what is in the folder and not a store's, sorted: anything but folders of stages, though empty, the own and hidden ones."""
    found = (path for path in root.glob("*") if path.name not in OWN_FOLDERS and not path.name.startswith("."))
    return sorted(path.name for path in found if not _is_stage(path))


def _is_stage(folder: Path) -> bool:
    return folder.is_dir() and all(path.suffix == SUFFIX or ATTACHED.fullmatch(path.name) for path in folder.glob("[!.]*"))


def stamp(path: Path) -> tuple[int, int] | None:
    """What tells one writing of a file from another; None if it is absent."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def size(path: Path) -> int:
    """Bytes of a file or of all files in a folder; 0 if there is none."""
    return sum(file.stat().st_size for file in [path, *path.rglob("*")] if file.is_file())
