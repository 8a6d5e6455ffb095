"""Examples of the README and the tutorials leave nothing behind.

What they register is forgotten, what they write and compute goes to a folder of their own.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def registries_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what the test registers."""
    from ecgbench.metrics import FAMILIES
    from ecgbench.pipeline.register import REGISTRIES

    for registry in (*REGISTRIES.values(), FAMILIES):
        monkeypatch.setattr(registry, "_entries", {entry.key: entry for entry in registry})
        monkeypatch.setattr(registry, "_origins", dict(registry._origins))


@pytest.fixture(scope="session")
def common(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of all processes of a run, for what takes long to make and no test changes."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def simulated_once(common: Path) -> None:
    """Each embedded dataset is simulated once in a run."""
    from tests import simulated  # whose imports are to be checked

    simulated.keep_in(common / "simulated")


@pytest.fixture(autouse=True)
def _doctests_apart(request: pytest.FixtureRequest) -> None:
    if isinstance(request.node, pytest.DoctestItem):
        from tests.pipeline.runs import store_with_windows

        request.getfixturevalue("simulated_once")
        request.getfixturevalue("registries_restored")
        patch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
        folder: Path = request.getfixturevalue("tmp_path")
        (folder / "leaderboards").symlink_to(request.config.rootpath / "leaderboards")
        patch.chdir(folder)
        patch.setenv("ECGBENCH_CACHE", str(store_with_windows(folder).root))
