"""What tests of databases share: a store of a test's own; of real ones one store, so that each is cut once under each label rule."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import load_dataset
from ecgbench.types import Dataset


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


@pytest.fixture(scope="session")
def real_store(tmp_path_factory: pytest.TempPathFactory) -> ArtifactStore:
    return ArtifactStore(tmp_path_factory.mktemp("real"))


@pytest.fixture(scope="module")
def load_real(unpacked: Callable[[str], Path], real_store: ArtifactStore) -> Callable[..., Dataset]:
    """Load a real database; a module's datasets are kept in memory until its last test."""
    return cache(lambda name, **options: load_dataset(name, unpacked(name), store=real_store, **options))
