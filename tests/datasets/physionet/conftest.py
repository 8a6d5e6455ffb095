"""Databases under real names with made-up files: nothing is pinned, unless a test says what is."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecgbench.datasets.physionet import pins


@pytest.fixture(autouse=True)
def pinned(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of the pinned sums, which is empty."""
    folder = tmp_path_factory.mktemp("pinned")
    monkeypatch.setattr(pins, "FOLDER", folder)
    return folder
