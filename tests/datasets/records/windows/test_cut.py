"""Labels and spans of windows against plain loops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecgbench.datasets.records.files.wfdb_reader import Record
from ecgbench.datasets.records.windows.cut import beat_spans, cut, window_label
from ecgbench.protocol import BEAT_RULES


@dataclass(frozen=True)
class PlainRule:
    """A rule of protocol.md, written down a second time."""

    classes: tuple[str, ...]
    others_are_normal: bool
    one_per_sample: bool


PLAIN = {
    "aami": PlainRule(("NLRejB", "AaJSn", "VEr", "F", "/fQ?"), False, False),
    "study": PlainRule(("NLR", "AaJSej", "VE", "F", "P/fu"), True, True),
}


def plain_beats(annotations: list[tuple[int, str]], rule: PlainRule) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for sample, symbol in annotations:
        classes = [number for number, symbols in enumerate(rule.classes) if symbol in symbols]
        if not classes and not rule.others_are_normal:
            continue
        found.append((sample, classes[0] if classes else 0))
    if rule.one_per_sample:
        found = [(sample, max(c for s, c in found if s == sample)) for sample in {s for s, _ in found}]
    return sorted(found, key=lambda beat: beat[0])


def plain_label(classes: list[int]) -> int:
    best = 0
    for class_ in range(4, 0, -1):
        if classes.count(class_) and classes.count(class_) >= classes.count(best) * (best != 0):
            best = class_
    return best


def plain_spans(beats: list[tuple[int, int]], window: int) -> list[list[int]]:
    spans = []
    for i, (sample, class_) in enumerate(beats):
        onset = 0 if i == 0 else (beats[i - 1][0] + sample) // 2
        offset = window if i == len(beats) - 1 else (sample + beats[i + 1][0]) // 2
        spans.append([onset, offset, class_])
    return spans


def record_of(annotations: list[tuple[int, str]], length: int, name: str = "r") -> Record:
    sample = np.array([s for s, _ in annotations], dtype=np.int64)
    return Record(name, np.arange(length, dtype=np.float32)[None], sample, tuple(symbol for _, symbol in annotations))


LENGTH = 47
annotations = st.lists(
    st.tuples(st.integers(0, LENGTH - 1), st.sampled_from(sorted(set('NLRejBAaJSnVErF/fQ?Pu+~|"!x[]')))), max_size=25
).map(lambda found: sorted(found, key=lambda annotation: annotation[0]))
rules = pytest.mark.parametrize("labels", PLAIN)


@rules
@given(annotations=annotations)
def test_labels_and_spans_equal_the_plain_loops(labels: str, annotations: list[tuple[int, str]]) -> None:
    windows = cut(record_of(annotations, LENGTH), 10, BEAT_RULES[labels], "p")
    beats = plain_beats(annotations, PLAIN[labels])
    assert len(windows) == 4
    for i in range(4):
        inside = [(s - 10 * i, c) for s, c in beats if 10 * i <= s < 10 * (i + 1)]
        assert windows.y[i] == plain_label([c for _, c in inside])
        assert windows.spans[i].tolist() == plain_spans(inside, 10)


@given(st.lists(st.integers(0, 4), max_size=12))
def test_label_is_the_abnormal_class_with_most_beats_and_the_lower_one_of_ties(classes: list[int]) -> None:
    assert window_label(np.array(classes, dtype=np.int64)) == plain_label(classes)


def test_labels_of_hand_worked_windows() -> None:
    labels = {(): 0, (0, 0): 0, (0, 0, 0, 3): 3, (2, 1): 1, (2, 1, 2): 2, (4, 4, 1): 4, (4, 3): 3}
    assert {classes: window_label(np.array(classes, dtype=np.int64)) for classes in labels} == labels


def test_spans_of_hand_worked_beats() -> None:
    spans = {
        (): [],
        (7,): [[0, 20, 0]],
        (2, 5, 19): [[0, 3, 0], [3, 12, 1], [12, 20, 2]],
        (0, 1): [[0, 0, 0], [0, 20, 1]],
        (6, 6): [[0, 6, 0], [6, 20, 1]],
    }
    found = {sample: beat_spans(np.array(sample, dtype=np.int64), np.arange(len(sample)), 20) for sample in spans}
    assert {sample: got.tolist() for sample, got in found.items()} == spans
    assert found[()].shape == (0, 3)


@rules
@given(annotations=annotations)
def test_spans_tile_every_window_that_holds_a_beat(labels: str, annotations: list[tuple[int, str]]) -> None:
    for spans in cut(record_of(annotations, LENGTH), 10, BEAT_RULES[labels], "p").spans:
        assert spans[1:, 0].tolist() == spans[:-1, 1].tolist()
        assert spans[[0, -1], [0, 1]].tolist() == [0, 10] if len(spans) else True


def test_study_keeps_the_higher_class_of_one_sample_and_aami_both() -> None:
    record = record_of([(4, "N"), (4, "V"), (4, "A"), (8, "N")], 10)
    assert cut(record, 10, BEAT_RULES["study"], "p").spans[0].tolist() == [[0, 6, 2], [6, 10, 0]]
    assert cut(record, 10, BEAT_RULES["aami"], "p").spans[0].tolist() == [[0, 4, 0], [4, 4, 2], [4, 6, 1], [6, 10, 0]]


def test_beat_on_a_border_belongs_to_the_later_window() -> None:
    windows = cut(record_of([(9, "N"), (10, "V")], 20), 10, BEAT_RULES["aami"], "p")
    assert windows.y.tolist() == [0, 2]
    assert [spans.tolist() for spans in windows.spans] == [[[0, 10, 0]], [[0, 10, 2]]]


def test_windows_are_consecutive_from_the_start_and_the_rest_is_dropped() -> None:
    windows = cut(record_of([], 47, "x"), 10, BEAT_RULES["aami"], "p")
    assert windows.signal[:, 0].tolist() == np.arange(40).reshape(4, 10).tolist()
    assert windows.start.tolist() == [0, 10, 20, 30]
    assert (set(windows.record), set(windows.patient)) == ({"x"}, {"p"})


def test_record_shorter_than_a_window_gives_none() -> None:
    windows = cut(record_of([(3, "V")], 9), 10, BEAT_RULES["aami"], "p")
    assert (len(windows), windows.signal.shape, windows.spans) == (0, (0, 1, 10), ())
