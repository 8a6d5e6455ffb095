"""What tests of downloads share: a server of the small database, a folder to fetch it to, and that nothing is pinned.

Databases have real names and made-up files; a test that wants pinned sums says which.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ecgbench.datasets.physionet import pins
from tests.datasets.physionet.databases import publish
from tests.datasets.physionet.server import FileServer, serving


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Folder of the database that the server has."""
    return publish(tmp_path / "published")


@pytest.fixture
def server(published: Path) -> Iterator[FileServer]:
    """A server of the database; the folder that it serves is the one below which `<slug>/<version>/` lies."""
    with serving(published.parents[1]) as server:
        yield server


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture(autouse=True)
def pinned(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the pinned sums, which is empty."""
    folder = tmp_path_factory.mktemp("pinned")
    monkeypatch.setattr(pins, "FOLDER", folder)
    return folder
