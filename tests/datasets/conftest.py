"""What tests of databases share: a store of a test's own; of real ones one store, so that each is cut once under each label rule."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import DATASETS, Request, SimulatedSize, load_dataset, request_for
from ecgbench.types import Dataset, Windows

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # wfdb 4.3.1 uses what pandas 3.1 deprecates
    from wfdb.io import annotation, record


@pytest.fixture(scope="module", autouse=True)
def _rates_read_once() -> Iterator[None]:
    """To learn a file of annotations' rate, wfdb parses its record's header, which takes ten times as long as to read the annotations.

    Of ludb's twelve files a record it is the same header.
    """

    @cache
    def parsed(name: str, content: bytes) -> SimpleNamespace:
        return SimpleNamespace(fs=record.rdheader(name).fs)

    def rdheader(name: str, pn_dir: str | None = None) -> SimpleNamespace:
        return parsed(name, Path(f"{name}.hea").read_bytes())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(annotation, "record", SimpleNamespace(**{**vars(record), "rdheader": rdheader}))
        yield


SIDES = {"mitdb": 3, "svdb": 3, "incartdb": 3, "icentia11k": 8}
"""Records on either side of small stand-ins."""

StandIn = Callable[[str], tuple[Request, Windows]]


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> StandIn:
    """How a small stand-in for a database is loaded, and its test windows; no test changes them."""

    def simulate(name: str) -> tuple[Request, Windows]:
        entry, root = DATASETS[name], tmp_path_factory.mktemp(name)
        assert entry.simulate is not None
        numbers = replace(entry.protocol, train=entry.protocol.train[: SIDES[name]], test=entry.protocol.test[: SIDES[name]])
        entry.simulate(root / numbers.slug / numbers.version, numbers, SimulatedSize(windows=25))
        request = replace(request_for(name, root, store=ArtifactStore(root / "store")), numbers=numbers)
        return request, entry.function(request).test

    return cache(simulate)


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "store")


@pytest.fixture(scope="session")
def real_store(common: Path) -> ArtifactStore:
    return ArtifactStore(common / "real")


@pytest.fixture(scope="module")
def load_real(unpacked: Callable[[str], Path], real_store: ArtifactStore) -> Callable[..., Dataset]:
    """Load a real database; a module's datasets are kept in memory until its last test."""
    return cache(lambda name, **options: load_dataset(name, unpacked(name), store=real_store, **options))
