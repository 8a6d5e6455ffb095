"""mitdb and svdb against the golden digests, made by the study's own code with plain loops (reference/README.md beside the records).

A golden record has all its windows, a loaded one those that are not unclassifiable. So a record that loses none must equal the golden one
as it is loaded, and the few others as they are cut; what is loaded of them must be what was cut without the unclassifiable windows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecgbench.datasets.records.windows.cut import cut
from ecgbench.protocol import BEAT_RULES, UNCLASSIFIABLE
from ecgbench.types import Dataset
from tests.datasets.golden import LABELS, NUMBERS, by_record, differing, digests, golden_windows, read

every_dataset = pytest.mark.parametrize("name", NUMBERS)
rules = pytest.mark.parametrize("labels", LABELS)

Golden = Callable[[str], dict[str, Any]]
Load = Callable[..., Dataset]


@pytest.fixture(scope="module")
def golden(reference: Path) -> Golden:
    return cache(lambda name: golden_windows(reference, name))


def losing(golden: dict[str, Any]) -> dict[str, int]:
    """Number of unclassifiable windows of each record that has some."""
    counts = {record: entry["labels"].get(str(UNCLASSIFIABLE), 0) for record, entry in golden.items()}
    return {record: count for record, count in counts.items() if count}


@rules
@every_dataset
def test_split_is_the_golden_one(golden: Golden, labels: str, name: str) -> None:
    sides = {"train": NUMBERS[name].train, "test": NUMBERS[name].test}
    assert {record: entry["split"] for record, entry in golden(name)[labels].items()} == {
        record: side for side, records in sides.items() for record in records
    }


@pytest.mark.parametrize("labels", ["aami", pytest.param("study", marks=pytest.mark.slow)])
@every_dataset
def test_loaded_records_equal_the_golden_digests_unless_they_lose_windows(load_real: Load, golden: Golden, labels: str, name: str) -> None:
    left_out = losing(golden(name)[labels]) if BEAT_RULES[labels].leave_out_unclassifiable else {}
    loaded = {record: windows for record, windows in by_record(load_real(name, labels=labels)).items() if record not in left_out}
    assert len(loaded) + len(left_out) == len(golden(name)[labels])
    assert differing({record: digests(windows) for record, windows in loaded.items()}, golden(name)[labels]) == {}
    for record, windows in loaded.items():
        assert np.array_equal(windows.start, np.arange(len(windows)) * NUMBERS[name].window), record


@every_dataset
def test_records_that_lose_windows_equal_the_golden_digests_as_they_are_cut(
    unpacked: Callable[[str], Path], load_real: Load, golden: Golden, name: str
) -> None:
    loaded, left_out = by_record(load_real(name, labels="aami")), losing(golden(name)["aami"])
    whole = {record: cut(read(unpacked(name), name, record), NUMBERS[name].window, BEAT_RULES["aami"], record) for record in left_out}
    assert left_out
    assert differing({record: digests(windows) for record, windows in whole.items()}, golden(name)["aami"]) == {}
    for record, windows in whole.items():
        kept = windows.take(np.flatnonzero(windows.y != UNCLASSIFIABLE))
        assert digests(loaded[record]) == digests(kept), record
        assert loaded[record].start.tolist() == kept.start.tolist(), record
        assert len(windows) - len(kept) == left_out[record], record


@rules
@every_dataset
def test_sides_hold_the_records_of_the_split_in_its_order(load_real: Load, labels: str, name: str) -> None:
    dataset = load_real(name, labels=labels)
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
    load_real: Load, name: str, labels: str, train: tuple[int, int], test: tuple[int, int]
) -> None:
    dataset = load_real(name, labels=labels)
    assert (len(dataset.train), len(dataset.test)) == (train[0], test[0])
    assert f"{train[1]} training and {test[1]} test windows left out as unclassifiable." in dataset.notes


@pytest.mark.parametrize(("name", "fs", "lead", "window"), [("mitdb", 360, "MLII", 2880), ("svdb", 128, "ECG1", 1024)])
def test_dataset_is_described(load_real: Load, name: str, fs: float, lead: str, window: int) -> None:
    dataset = load_real(name, labels="aami")
    assert (dataset.name, dataset.classes, dataset.fs, dataset.leads) == (name, ("N", "SVEB", "VEB", "F"), fs, (lead,))
    assert (dataset.labels, dataset.split, dataset.edition, dataset.simulated) == ("aami", "standard", "", False)
    assert dataset.train.signal.shape[1:] == (1, window)
    assert (dataset.train.signal.dtype, dataset.train.y.dtype, dataset.train.start.dtype) == (np.float32, np.int64, np.int64)


@every_dataset
def test_label_rules_have_keys_of_their_own(load_real: Load, name: str) -> None:
    assert load_real(name, labels="aami").key != load_real(name, labels="study").key


@every_dataset
def test_standardised_windows_equal_the_golden_inputs(load_real: Load, reference: Path, name: str) -> None:
    test = load_real(name, labels="study").test
    with np.load(reference / f"{name}_attributions.npz") as golden:
        found = [np.flatnonzero((test.record == r) & (test.start == s))[0] for r, s in zip(golden["record"], golden["start"], strict=True)]
        taken = test.take(np.array(found))
        assert taken.y.tolist() == golden["y"].tolist()
        assert taken.x.dtype == np.float32
        np.testing.assert_allclose(taken.x[:, 0], golden["x"], rtol=0, atol=2e-6)
