"""A store that is only read: it gives what it holds, refuses the rest, and writes nothing."""

from __future__ import annotations

import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.errors import ArtifactError, NotStoredError
from tests.artifacts.stores import constant, files, never


@pytest.fixture
def reading(store):
    store.put("stage", "held", *constant(1)())
    store.merge("stage", "collection", {"auc": (*constant(1)(), 1.0)})
    return ArtifactStore(store.root, computing=False)


@pytest.mark.parametrize("renew", [False, True])
def test_what_is_held_is_given(reading, renew):
    assert reading.compute("stage", "held", never, renew=renew).info == {"value": 1}
    assert reading.collect("stage", "collection", ["auc"], never).cached


CALLS = {
    "compute": [never],
    "put": constant(1)(),
    "merge": [{}],
    "scratch": [],
    "locked": [],
    "attached": ["signal.f32"],
}


@pytest.mark.parametrize("call", CALLS)
def test_what_would_be_written_is_refused_and_nothing_is_written(reading, call):
    before = files(reading)
    said = "expected the stored stage absent, got none in .*; compute it first, without --check-only"
    with pytest.raises(NotStoredError, match=said) as raised:
        getattr(reading, call)("stage", "absent", *CALLS[call])
    assert (raised.value.stage, raised.value.key) == ("stage", "absent")
    assert files(reading) == before


def test_missing_entries_are_named(reading):
    with pytest.raises(NotStoredError, match=r"got none of its entries a, b in .*; compute it first"):
        reading.collect("stage", "collection", ["b", "auc", "a"], never)


def test_absent_artifact_can_be_asked_for(reading):
    assert reading.get("stage", "absent") is None


def test_prune_is_refused(reading):
    with pytest.raises(ArtifactError, match="expected a store that may be written"):
        reading.prune()


@pytest.mark.parametrize("call", ["compute", "get"])
def test_damaged_artifact_is_named_and_left_where_it_is(reading, call):
    path = reading.root / "stage" / "held.safetensors"
    path.write_bytes(b"damaged")
    with pytest.raises(NotStoredError, match=f"got a damaged one in {path}"):
        getattr(reading, call)("stage", "held", *([never] if call == "compute" else []))
    assert path.read_bytes() == b"damaged"
