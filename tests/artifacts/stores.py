"""What tests of the artifact store compute, and how they run it in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.artifacts import ArtifactStore

ROOT = Path(__file__).parents[2]
Computed = tuple[dict[str, np.ndarray], dict[str, Any]]


def constant(value: int) -> Callable[[], Computed]:
    return lambda: ({"a": np.full(3, value)}, {"value": value})


def never(*_: object) -> Any:
    raise AssertionError("computed again")


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def output(child: subprocess.Popen[str]) -> str:
    printed, errors = child.communicate(timeout=60)
    assert child.returncode == 0, errors
    return printed


def files(store: ArtifactStore) -> list[str]:
    """All files of a store, locks and leftovers included."""
    return sorted(path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file())
