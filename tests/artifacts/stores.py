"""What tests of the artifact store compute, and how they run it in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ecgbench.artifacts import (
    ArtifactStore,
)

ROOT = Path(__file__).parents[2]
Computed = tuple[dict[str, np.ndarray], dict[str, Any]]


def constant(value: int) -> Callable[[], Computed]:
    return lambda: ({"a": np.full(3, value)}, {"value": value})


def never() -> Computed:
    raise AssertionError("computed again")


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def hidden(store: ArtifactStore) -> list[Path]:
    return list(store.root.rglob(".*"))
