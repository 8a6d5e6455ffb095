"""What the tests of racing scripts and of the benchmark's tests share."""

import gc
import shutil

import pytest

from tests.benchmark.bench import SLICE, Bench
from tests.pipeline.runs import store_with_windows


@pytest.fixture
def no_collection(monkeypatch):
    """Under pytest a collection takes longer than all that is raced here."""
    monkeypatch.setattr(gc, "collect", lambda: 0)


@pytest.fixture(scope="session")
def done(tmp_path_factory):
    """What a run of the slice said that accepted its results, and the folder that it left."""
    bench = Bench(tmp_path_factory.mktemp("done"))
    store_with_windows(bench.store)
    return bench(*SLICE, "--update-scores"), bench.folder


@pytest.fixture
def bench(done, tmp_path):
    """The benchmark where the slice was computed and accepted; a test may spoil all of it."""
    return Bench(shutil.copytree(done[1], tmp_path / "bench"))


@pytest.fixture
def empty(tmp_path):
    """The benchmark where nothing was computed but the windows, and nothing accepted."""
    bench = Bench(tmp_path / "empty")
    store_with_windows(bench.store)
    return bench
