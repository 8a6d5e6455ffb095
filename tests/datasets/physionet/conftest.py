"""What tests of downloads share: a server of the small database, and a folder to fetch it to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.datasets.physionet.databases import publish
from tests.datasets.physionet.server import FileServer, serving


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FileServer]:
    publish(tmp_path / "published")
    with serving(tmp_path / "published") as server:
        yield server


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"
