"""mitdb and svdb against the golden digests, made by the study's own code with plain loops (shared/reference/README.md)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import load_dataset
from ecgbench.datasets.records.cut import cut
from ecgbench.protocol import BEAT_RULES, UNCLASSIFIABLE
from ecgbench.types import Dataset
from tests.datasets.golden import LABELS, NUMBERS, digests, expected, golden_windows, of_record, read

EVERY = [(name, record) for name, numbers in NUMBERS.items() for record in (*numbers.train, *numbers.test)]

every_record = pytest.mark.parametrize(("name", "record"), EVERY)
every_dataset = pytest.mark.parametrize("name", NUMBERS)
rules = pytest.mark.parametrize("labels", LABELS)

Root = Callable[[str], Path]
Golden = Callable[[str], dict[str, Any]]
Load = Callable[[str, str], Dataset]


@pytest.fixture(scope="module")
def root(unpacked: Root) -> Root:
    return cache(unpacked)


@pytest.fixture(scope="module")
def golden(reference: Path) -> Golden:
    return cache(lambda name: golden_windows(reference, name))


@pytest.fixture(scope="module")
def load(root: Root, tmp_path_factory: pytest.TempPathFactory) -> Load:
    store = ArtifactStore(tmp_path_factory.mktemp("store"))
    return cache(lambda name, labels: load_dataset(name, root(name), labels, store=store))


@rules
@every_dataset
def test_split_is_the_golden_one(golden: Golden, labels: str, name: str) -> None:
    sides = {"train": NUMBERS[name].train, "test": NUMBERS[name].test}
    assert {record: entry["split"] for record, entry in golden(name)[labels].items()} == {
        record: side for side, records in sides.items() for record in records
    }


@rules
@every_record
def test_cut_record_equals_the_golden_digests(root: Root, golden: Golden, labels: str, name: str, record: str) -> None:
    windows = cut(read(root(name), name, record), NUMBERS[name].window, BEAT_RULES[labels], record)
    assert digests(windows) == expected(golden(name)[labels], record)


@every_record
def test_loaded_record_equals_the_golden_digests_under_the_studys_rule(load: Load, golden: Golden, name: str, record: str) -> None:
    assert digests(of_record(load(name, "study"), record)) == expected(golden(name)["study"], record)


@every_record
def test_loaded_record_under_aami_lacks_exactly_its_unclassifiable_windows(
    root: Root, load: Load, golden: Golden, name: str, record: str
) -> None:
    loaded = of_record(load(name, "aami"), record)
    whole = cut(read(root(name), name, record), NUMBERS[name].window, BEAT_RULES["aami"], record)
    kept = whole.take(np.flatnonzero(whole.y != UNCLASSIFIABLE))
    assert digests(loaded) == digests(kept)
    assert loaded.start.tolist() == kept.start.tolist()
    assert len(whole) - len(loaded) == golden(name)["aami"][record]["labels"].get(str(UNCLASSIFIABLE), 0)


@every_dataset
@rules
def test_sides_hold_the_records_of_the_split_in_its_order(load: Load, labels: str, name: str) -> None:
    dataset = load(name, labels)
    for side, wanted in ((dataset.train, NUMBERS[name].train), (dataset.test, NUMBERS[name].test)):
        assert tuple(dict.fromkeys(side.record.tolist())) == wanted


@pytest.mark.parametrize(
    ("name", "labels", "train", "test"),
    [
        ("mitdb", "aami", (4946, 4), (4945, 5)),
        ("mitdb", "study", (4950, 0), (4950, 0)),
        ("svdb", "aami", (8763, 12), (8767, 8)),
        ("svdb", "study", (8775, 0), (8775, 0)),
    ],
)
def test_dataset_says_how_many_windows_it_leaves_out(
    load: Load, name: str, labels: str, train: tuple[int, int], test: tuple[int, int]
) -> None:
    dataset = load(name, labels)
    assert (len(dataset.train), len(dataset.test)) == (train[0], test[0])
    assert f"{train[1]} training and {test[1]} test windows left out as unclassifiable." in dataset.notes


@pytest.mark.parametrize(("name", "fs", "window"), [("mitdb", 360, 2880), ("svdb", 128, 1024)])
def test_dataset_is_described(load: Load, name: str, fs: float, window: int) -> None:
    dataset = load(name, "aami")
    assert (dataset.name, dataset.classes, dataset.fs, dataset.leads) == (name, ("N", "SVEB", "VEB", "F"), fs, ("lead 0",))
    assert (dataset.labels, dataset.split, dataset.edition, dataset.simulated) == ("aami", "standard", "", False)
    assert dataset.train.signal.shape[1:] == (1, window)
    assert (dataset.train.signal.dtype, dataset.train.y.dtype, dataset.train.start.dtype) == (np.float32, np.int64, np.int64)


@every_dataset
def test_label_rules_have_keys_of_their_own(load: Load, name: str) -> None:
    assert load(name, "aami").key != load(name, "study").key


@every_dataset
def test_standardised_windows_equal_the_golden_inputs(load: Load, reference: Path, name: str) -> None:
    test = load(name, "study").test
    with np.load(reference / f"{name}_attributions.npz") as golden:
        found = [np.flatnonzero((test.record == r) & (test.start == s))[0] for r, s in zip(golden["record"], golden["start"], strict=True)]
        taken = test.take(np.array(found))
        assert taken.y.tolist() == golden["y"].tolist()
        assert taken.x.dtype == np.float32
        np.testing.assert_allclose(taken.x[:, 0], golden["x"], rtol=0, atol=2e-6)
