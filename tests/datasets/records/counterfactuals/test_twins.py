"""Twins and shams of whole windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ecgbench.datasets.records.counterfactuals.exchange import Reason
from ecgbench.datasets.records.counterfactuals.twins import Twins, construct, twins_of
from ecgbench.datasets.records.files.wfdb_reader import Record
from ecgbench.datasets.records.windows.cut import cut
from ecgbench.errors import DataError
from ecgbench.protocol import BEAT_RULES, UNCLASSIFIABLE
from ecgbench.types import Windows
from tests.datasets.records.counterfactuals.simulated_twins import FS, LENGTH, known_record
from tests.datasets.records.counterfactuals.test_exchange import record_of

RULE = BEAT_RULES["aami"]


def read(name: str) -> Record:
    record = known_record(int(name)).record
    return Record(name, record.signal, record.sample, tuple("NSVFQ"[class_] for class_ in record.class_))


@pytest.fixture(scope="module")
def windows() -> Windows:
    parts = [cut(read(name), LENGTH, RULE, name) for name in ("3", "4")]
    signal, y, record, start = (np.concatenate([getattr(part, what) for part in parts]) for what in ("signal", "y", "record", "start"))
    return Windows(signal, y, record, record, start, (*parts[0].spans, *parts[1].spans))


@pytest.fixture(scope="module")
def twins(windows: Windows) -> Twins:
    return twins_of(windows, windows.y, read, RULE, FS)


def test_abnormal_windows_have_twins_and_shams_and_normal_ones_neither(windows: Windows, twins: Twins) -> None:
    abnormal = windows.y > 0
    assert (twins.reason[~abnormal] == Reason.NO_BEAT).all()
    assert (twins.sham_reason[~abnormal] == Reason.NO_BEAT).all()
    assert (twins.reason[abnormal] == "").mean() > 0.9
    assert (twins.sham_reason[abnormal] == "").mean() > 0.9


def test_rows_are_nan_where_there_is_a_reason_and_valid_elsewhere(twins: Twins) -> None:
    for rows, reason in ((twins.twin, twins.reason), (twins.sham, twins.sham_reason)):
        assert rows.dtype == np.float32
        assert np.isnan(rows).all(axis=(1, 2)).tolist() == (reason != "").tolist()
        assert np.isfinite(rows).all(axis=(1, 2)).tolist() == (reason == "").tolist()


def test_twin_differs_from_its_window_between_the_ectopic_beats_neighbours_only(windows: Windows, twins: Twins) -> None:
    for i in np.flatnonzero(twins.reason == ""):
        record = known_record(int(windows.record[i])).record
        allowed = np.zeros(record.signal.shape[1], dtype=bool)
        place = record.sample - windows.start[i]
        for beat in np.flatnonzero((place >= 0) & (place < LENGTH) & ~record.normal):
            allowed[record.sample[beat - 1] + 1 : record.sample[beat + 1]] = True
        outside = ~allowed[windows.start[i] : windows.start[i] + LENGTH]
        assert twins.twin[i, 0, outside].tobytes() == windows.signal[i, 0, outside].tobytes()
        assert (twins.twin[i, 0, ~outside] != windows.signal[i, 0, ~outside]).any()


def test_sham_differs_between_a_normal_beats_neighbours_only(windows: Windows, twins: Twins) -> None:
    for i in np.flatnonzero(twins.sham_reason == ""):
        record = known_record(int(windows.record[i])).record
        changed = windows.start[i] + np.flatnonzero(twins.sham[i, 0] != windows.signal[i, 0])
        beats = np.flatnonzero((record.sample > changed[0]) & (record.sample < changed[-1]))
        assert len(beats) == 1
        assert record.class_[beats[0] - 1 : beats[0] + 2].tolist() == [0, 0, 0]


def test_twin_depends_on_no_other_window_and_is_the_same_again(windows: Windows, twins: Twins) -> None:
    some = np.flatnonzero(windows.y > 0)[::-5]
    alone = twins_of(windows.take(some), windows.y[some], read, RULE, FS)
    assert alone.twin.tobytes() == twins.twin[some].tobytes()
    assert alone.sham.tobytes() == twins.sham[some].tobytes()
    assert alone.reason.tolist() == twins.reason[some].tolist()


def test_every_record_is_read_once(windows: Windows) -> None:
    names: list[str] = []
    twins_of(windows, windows.y, lambda name: names.append(name) or read(name), RULE, FS)
    assert names == ["3", "4"]


def test_window_that_the_record_does_not_hold_is_refused(windows: Windows) -> None:
    other = replace(windows, signal=windows.signal + np.float32(1))
    with pytest.raises(DataError, match="expected the window at sample 0 of record 3 to be what the record holds there"):
        twins_of(other, other.y, read, RULE, FS)


def made(classes: str, label: int, start: int = 650, length: int = 700) -> tuple[np.ndarray | Reason, np.ndarray | Reason]:
    found = construct(record_of(classes), start, length, label)
    return found.twin, found.sham


REASONS = {
    "label has no beat": ("NNNNNNNNNVNNNNNNNNNNN", 1, Reason.NO_BEAT, Reason.NO_BEAT),
    "normal window": ("NNNNNNNNNNNNNNNNNNNNN", 0, Reason.NO_BEAT, Reason.NO_BEAT),
    "unclassifiable beat alone": ("NNNNNNNNNQNNNNNNNNNNN", 2, Reason.NO_BEAT, Reason.NO_BEAT),
    "couplet beside an isolated beat": ("NNNNNNNVNVVNNNNNNNNNN", 2, Reason.NEIGHBOUR, None),
    "bigeminy": ("NNNNNNVNVNVNVNNNNNNNN", 2, None, Reason.NO_NORMAL_BEAT),
    "isolated": ("NNNNNNNVNNNNNNNNNNNNN", 2, None, None),
    "unclassifiable beat apart": ("NNNNNNVNNNNQNNNNNNNNN", 2, None, None),
    "other class in a run": ("NNNNNNVNNNSSNNNNNNNNN", 2, Reason.NEIGHBOUR, None),
}


@pytest.mark.parametrize(("classes", "label", "reason", "sham_reason"), REASONS.values(), ids=REASONS)
def test_window_without_twin_or_sham_has_a_reason(classes: str, label: int, reason: Reason | None, sham_reason: Reason | None) -> None:
    for got, wanted in zip(made(classes, label), (reason, sham_reason), strict=True):
        assert (got if isinstance(got, Reason) else None) is wanted


def test_beats_of_another_class_than_the_label_are_exchanged_too() -> None:
    record = record_of("NNNNNNVNNSNNNNNNNNNNN")
    ectopic = record.sample[[6, 9]]
    twin = construct(record, 650, 700, 2).twin
    assert isinstance(twin, np.ndarray)
    changed = 650 + np.flatnonzero((twin != record.signal[:, 650:1350]).any(axis=0))
    assert all((np.abs(changed - peak) < 100).any() for peak in ectopic)
    assert (np.abs(changed[:, None] - ectopic).min(axis=1) < 100).all()


def test_beat_at_the_windows_border_is_exchanged_in_the_record_and_cut() -> None:
    record = record_of("NNNNNNVNNNNNNVNNNNNNN")
    whole = construct(record, 450, 1100, 2).twin
    border = construct(record, 650, 760, 2).twin
    assert isinstance(whole, np.ndarray)
    assert isinstance(border, np.ndarray)
    np.testing.assert_allclose(border, whole[:, 200:960], atol=1e-5)


def test_beat_before_the_window_stays_although_its_stretch_reaches_into_it() -> None:
    record = record_of("NNNNNNVNNNVNNNNNNNNNN")
    twin = construct(record, 720, 600, 2).twin
    assert isinstance(twin, np.ndarray)
    assert np.array_equal(twin[:, :200], record.signal[:, 720:920])


def test_record_is_not_written_into() -> None:
    record = record_of("NNNNNNNVNNNNNNNNNNNNN")
    record.signal.flags.writeable = False
    before = record.signal.copy()
    construct(record, 650, 700, 2)
    assert np.array_equal(record.signal, before)


def test_unclassifiable_beats_are_not_exchanged() -> None:
    record = record_of("NNNNNNVNNNNQNNNNNNNNN")
    assert record.class_[11] == UNCLASSIFIABLE
    twin = construct(record, 650, 700, 2).twin
    assert isinstance(twin, np.ndarray)
    assert np.array_equal(twin[:, 450:], record.signal[:, 1100:1350])
