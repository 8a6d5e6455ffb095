"""A store that is only read: it gives what it holds, refuses the rest, and writes nothing."""

import pytest

from ecgbench.artifacts import ARRAYS, ArtifactStore
from ecgbench.errors import NotStoredError
from tests.artifacts.stores import constant, never


@pytest.fixture
def store(tmp_path):
    ArtifactStore(tmp_path).put("stage", "held", *constant(1)())
    return ArtifactStore(tmp_path, computing=False)


@pytest.mark.parametrize("renew", [False, True])
def test_what_is_held_is_given(store, renew):
    assert store.compute("stage", "held", never, renew=renew).info == {"value": 1}


@pytest.mark.parametrize("call", ["compute", "put", "scratch"])
def test_what_would_be_written_is_refused_and_nothing_is_written(store, call):
    given = {"compute": [never], "put": constant(1)(), "scratch": []}[call]
    before = sorted(store.root.rglob("*"))
    said = "expected the stored stage absent, got none in .*; compute it first, without --check-only"
    with pytest.raises(NotStoredError, match=said) as raised:
        getattr(store, call)("stage", "absent", *given)
    assert (raised.value.stage, raised.value.key) == ("stage", "absent")
    assert sorted(store.root.rglob("*")) == before


def test_absent_artifact_can_be_asked_for(store):
    assert store.get("stage", "absent") is None


@pytest.mark.parametrize("call", ["compute", "get"])
def test_damaged_artifact_is_named_and_left_where_it_is(store, call):
    path = store.folder("stage", "held") / ARRAYS
    path.write_bytes(b"damaged")
    with pytest.raises(NotStoredError, match=f"got a damaged one in {path.parent}"):
        getattr(store, call)("stage", "held", *([never] if call == "compute" else []))
    assert path.read_bytes() == b"damaged"
