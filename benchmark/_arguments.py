"""Where pytest takes its arguments from."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

import pytest


def all_arguments(config: pytest.Config) -> Iterator[str]:
    """The arguments of the command, of the environment and of the file of settings."""
    yield from map(str, config.invocation_params.args)
    yield from shlex.split(os.environ.get("PYTEST_ADDOPTS", ""))
    yield from config.getini("addopts")
