"""Collections: artifacts that entries are added to."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore, DamagedArtifactWarning
from ecgbench.errors import ArtifactError
from tests.artifacts.stores import constant, files, never, output, python

NAMES = ("auc", "pointing_game", "top-k")


def entry(name: str, seconds: float = 1.0) -> tuple[dict[str, np.ndarray], dict[str, Any], float]:
    values = np.full(3, NAMES.index(name), dtype=np.float32)
    return {"raw": values, "abs": values + 1}, {"metric": name}, seconds


def entries(*names: str) -> dict[str, tuple[dict[str, np.ndarray], dict[str, Any], float]]:
    return {name: entry(name) for name in names}


def recorded(asked: list[tuple[str, ...]], also: tuple[str, ...] = ()) -> Callable[[tuple[str, ...]], Any]:
    def compute(missing: tuple[str, ...]) -> Any:
        asked.append(missing)
        return entries(*missing, *also)

    return compute


def test_only_missing_entries_are_computed(store: ArtifactStore) -> None:
    asked: list[tuple[str, ...]] = []
    store.collect("s", "k", ["auc"], recorded(asked))
    found = store.collect("s", "k", NAMES, recorded(asked))
    assert asked == [("auc",), ("pointing_game", "top-k")]
    assert {name: part.cached for name, part in found.entries.items()} == {"auc": True, "pointing_game": False, "top-k": False}
    assert not found.cached
    again = store.collect("s", "k", NAMES, never)
    assert again.cached
    assert files(store) == ["s/k.safetensors"]


def test_entries_have_arrays_info_and_seconds_of_their_own(store: ArtifactStore) -> None:
    store.merge("s", "k", {"top-k": entry("top-k", 2.0), "auc": entry("auc", 0.5)})
    found = store.collect("s", "k", ["auc", "top-k"], never)
    assert list(found.arrays) == ["auc/abs", "auc/raw", "top-k/abs", "top-k/raw"]
    assert found.arrays["top-k/abs"].tolist() == found.entries["top-k"].arrays["abs"].tolist() == [3, 3, 3]
    assert found.info == {"auc": {"metric": "auc"}, "top-k": {"metric": "top-k"}}
    assert [part.seconds for part in found.entries.values()] == [0.5, 2.0]
    assert (found.seconds, found.entries["auc"].made_with["numpy"]) == (2.5, np.__version__)


def test_entries_that_were_not_asked_for_are_left_out(store: ArtifactStore) -> None:
    store.merge("s", "k", entries(*NAMES))
    found = store.collect("s", "k", ["auc", "auc"], never)
    assert (list(found.entries), list(found.arrays), found.seconds) == (["auc"], ["auc/abs", "auc/raw"], 1.0)


def test_further_entries_that_come_along_are_kept(store: ArtifactStore) -> None:
    store.collect("s", "k", ["auc"], recorded([], also=("top-k",)))
    assert store.collect("s", "k", ["top-k"], never).cached


def test_entry_without_arrays_is_one(store: ArtifactStore) -> None:
    store.merge("s", "k", {"none": ({}, {"reason": "flat"}, 0.0)})
    assert store.collect("s", "k", ["none"], never).info == {"none": {"reason": "flat"}}


def test_nothing_asked_for_writes_nothing(store: ArtifactStore) -> None:
    assert store.collect("s", "k", [], never).entries == store.merge("s", "k", {}).entries == {}
    assert files(store) == []


def test_first_writer_of_an_entry_is_believed(store: ArtifactStore) -> None:
    store.merge("s", "k", {"auc": entry("auc")})
    merged = store.merge("s", "k", {"auc": ({}, {"metric": "other"}, 9.0), "top-k": entry("top-k")})
    assert merged.info == {"auc": {"metric": "auc"}, "top-k": {"metric": "top-k"}}
    assert {name: part.cached for name, part in merged.entries.items()} == {"auc": True, "top-k": False}


def test_bytes_do_not_depend_on_the_order_in_which_entries_came(tmp_path: Path) -> None:
    contents = set()
    for number, order in enumerate(itertools.permutations(NAMES)):
        store = ArtifactStore(tmp_path / str(number))
        store.merge("s", "k", entries(*order[:1]))
        store.collect("s", "k", order, entries_of)
        contents.add((store.root / "s" / "k.safetensors").read_bytes())
    assert len(contents) == 1


def entries_of(names: tuple[str, ...]) -> Any:
    return entries(*reversed(names))


def test_digest_of_the_content_is_that_of_its_entries_values(store: ArtifactStore, tmp_path: Path) -> None:
    other = ArtifactStore(tmp_path / "other")
    store.merge("s", "k", {name: entry(name, 1.0) for name in NAMES})
    other.merge("s", "k", {name: entry(name, 2.0) for name in NAMES[:2]})
    assert store.content_digest("s", "k") != other.content_digest("s", "k")
    other.merge("s", "k", {name: entry(name, 2.0) for name in NAMES})
    assert store.content_digest("s", "k") == other.content_digest("s", "k")


def test_entry_that_is_not_computed_is_an_error_and_nothing_is_written(store: ArtifactStore) -> None:
    with pytest.raises(ArtifactError, match="expected the entries top-k to be computed, got auc; return them"):
        store.collect("s", "k", ["auc", "top-k"], lambda _: entries("auc"))
    assert files(store) == []


@pytest.mark.parametrize("name", ["", "a/b"])
def test_names_that_arrays_could_not_be_told_apart_by_are_refused(store: ArtifactStore, name: str) -> None:
    with pytest.raises(ArtifactError, match="expected names of entries without a slash"):
        store.merge("s", "k", {name: ({}, {}, 0.0)})


def test_artifact_that_is_no_collection_is_not_added_to(store: ArtifactStore) -> None:
    store.compute("s", "k", constant(1))
    with pytest.raises(ArtifactError, match=r"expected a collection in .*, got an artifact without entries"):
        store.merge("s", "k", entries("auc"))
    assert store.compute("s", "k", never).info == {"value": 1}


def test_damaged_collection_is_computed_anew(store: ArtifactStore) -> None:
    store.merge("s", "k", entries("auc", "top-k"))
    path = store.root / "s" / "k.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    asked: list[tuple[str, ...]] = []
    with pytest.warns(DamagedArtifactWarning):
        store.collect("s", "k", ["auc"], recorded(asked))
    assert asked == [("auc",)]


def test_threads_that_collect_at_a_time_compute_each_entry_once(store: ArtifactStore) -> None:
    asked: list[tuple[str, ...]] = []
    barrier = threading.Barrier(2)

    def slow(missing: tuple[str, ...]) -> Any:
        time.sleep(0.1)
        return recorded(asked)(missing)

    def work(*names: str) -> None:
        barrier.wait()
        store.collect("s", "k", names, slow)

    threads = [threading.Thread(target=work, args=names) for names in (NAMES[:2], NAMES[1:])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(name for names in asked for name in names) == sorted(NAMES)


MERGING = """
import sys
from ecgbench.artifacts import ArtifactStore
store = ArtifactStore(sys.argv[1])
for number in range(10):
    store.merge("s", "k", {f"{sys.argv[2]}{number}": ({}, {}, 0.0)})
"""


def test_processes_that_add_at_a_time_lose_no_entry(store: ArtifactStore) -> None:
    for child in [python(MERGING, store.root, name) for name in "ab"]:
        output(child)
    names = [f"{name}{number}" for name in "ab" for number in range(10)]
    assert store.collect("s", "k", names, never).cached
