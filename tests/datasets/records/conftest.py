"""What tests of WFDB records share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.datasets.records.wfdb_files import NUMBERS, write_pair


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two whole records of three windows, laid out as a root is."""
    folder = tmp_path / "root" / NUMBERS.slug / NUMBERS.version
    write_pair(folder)
    return folder
