"""WFDB records: read, cut, kept in the store, cut anew when they change."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets.records.files.wfdb_reader import read_record
from ecgbench.datasets.records.split_by_record import AnnotatedSide
from ecgbench.errors import DataError
from tests.datasets.records.wfdb_files import BEATS, FS, NUMBERS, load, signal_of, wfdb, windows_in, write


@pytest.mark.parametrize("lead", [0, 1])
def test_record_holds_the_lead_in_mv_as_float32_and_its_annotations(folder: Path, lead: int) -> None:
    record = read_record(folder, "a", lead, FS)
    assert record.signal.dtype == np.float32
    assert np.array_equal(record.signal, signal_of()[None, :, lead].astype(np.float32))
    assert list(zip(record.sample.tolist(), record.symbol, strict=True)) == BEATS


def test_side_counts_what_was_left_out_and_what_holds_no_beat(folder: Path, store: ArtifactStore) -> None:
    write(folder, "b", signal_of(), [(40, "N"), (150, "/"), (240, "+")])
    side = load(folder, store)
    assert (side.left_out, side.without_beat) == (2, 1)
    assert (side.windows.record.tolist(), side.windows.start.tolist(), side.windows.y.tolist()) == (
        ["a", "a", "b", "b"],
        [0, 100, 0, 200],
        [0, 2, 0, 0],
    )


def test_patients_of_the_protocol_stand_for_their_records(folder: Path, store: ArtifactStore) -> None:
    windows = load(folder, store).windows
    assert (windows.record.tolist(), windows.patient.tolist()) == (["a", "a", "b", "b"], ["a"] * 4)


def content(side: AnnotatedSide) -> list[Any]:
    w = side.windows
    lists = [array.tolist() for array in (w.signal, w.y, w.record, w.patient, w.start, *w.spans)]
    types = [array.dtype.kind for array in (w.signal, w.y, w.record, w.patient, w.start, *w.spans)]
    return [lists, types, side.left_out, side.without_beat, side.key]


def test_windows_from_the_store_equal_those_just_cut_without_reading_a_signal(
    folder: Path, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = load(folder, store)

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("wfdb was called")

    for name in ("rdrecord", "rdann"):
        monkeypatch.setattr(wfdb, name, forbidden)
    assert content(load(folder, store)) == content(built)
    with pytest.raises(DataError, match="wfdb was called"):
        load(folder, ArtifactStore(store.root / "other"))


def test_moved_records_are_recognised(folder: Path, store: ArtifactStore) -> None:
    built = load(folder, store)
    moved = folder.with_name("2.0.0")
    folder.rename(moved)
    assert content(load(moved, store)) == content(built)
    assert len(windows_in(store)) == 1


@pytest.mark.parametrize("suffix", [".hea", ".dat", ".atr"])
def test_changed_content_gives_a_rebuild(folder: Path, store: ArtifactStore, suffix: str) -> None:
    before = load(folder, store)
    write(folder.parent / "other", "a", signal_of(seed=9), [(41, "N"), *BEATS[2:]])
    other = (folder.parent / "other" / f"a{suffix}").read_bytes()
    (folder / f"a{suffix}").write_bytes(other if suffix != ".hea" else (folder / "a.hea").read_bytes().replace(b"1000.0", b"2000.0"))
    if suffix == ".dat":
        header = (folder.parent / "other" / "a.hea").read_bytes()
        (folder / "a.hea").write_bytes(header)
    after = load(folder, store)
    assert after.key != before.key
    assert content(after) != content(before)
    assert len(windows_in(store)) == 2


def test_changed_content_of_the_same_size_is_seen_by_its_time(folder: Path, store: ArtifactStore) -> None:
    before = load(folder, store)
    path = folder / "a.hea"
    path.write_bytes(path.read_bytes().replace(b"1000.0", b"2000.0"))
    assert load(folder, store).key != before.key


def test_other_time_alone_reads_the_files_again_and_keeps_the_windows(folder: Path, store: ArtifactStore) -> None:
    before = load(folder, store)
    os.utime(folder / "a.dat", (1, 1))
    assert load(folder, store).key == before.key
    assert [stage for stage, _ in store] == ["source", "source", "windows"]


@pytest.mark.parametrize(
    "change",
    [
        {"window": 50},
        {"lead": 1},
        {"patients": {}},
    ],
    ids=str,
)
def test_key_of_windows_depends_on_the_numbers(folder: Path, store: ArtifactStore, change: dict[str, Any]) -> None:
    other = load(folder, store, numbers=replace(NUMBERS, **change))
    assert other.key != load(folder, store).key


def test_key_of_windows_depends_on_rule_and_records(folder: Path, store: ArtifactStore) -> None:
    sides = [load(folder, store), load(folder, store, "study"), load(folder, store, names="a"), load(folder, store, names="ba")]
    assert len({side.key for side in sides}) == 4


def test_store_holds_safetensors_alone(folder: Path, store: ArtifactStore) -> None:
    load(folder, store)
    files = [path for path in store.root.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".safetensors"}
    assert not [path for path in files if b"cnumpy" in path.read_bytes() or b"\x80\x04" in path.read_bytes()[:2]]
    for path in files:
        data = path.read_bytes()
        json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
