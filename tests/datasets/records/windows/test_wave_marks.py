"""Marks of waves: what is a wave, and which parts of beats are between them."""

from __future__ import annotations

import numpy as np
import pytest

from ecgbench.datasets.records.windows.wave_marks import Wave, marked_waves, parts_of, wave_spans
from ecgbench.protocol import WaveCriterion

BEAT = [Wave("P", 10, 20), Wave("QRS", 30, 40), Wave("T", 50, 70)]
AGAIN = [Wave(wave.kind, wave.onset + 100, wave.offset + 100) for wave in BEAT]


@pytest.mark.parametrize(
    ("symbols", "waves", "unmarked"),
    [
        ("(p)(N)(t)", [("P", 0, 2), ("QRS", 3, 5), ("T", 6, 8)], 0),
        ("N)(t)", [("QRS", 0, 1), ("T", 2, 4)], 0),
        ("(p)N)(t)", [("P", 0, 2), ("QRS", 3, 4), ("T", 5, 7)], 0),
        ("N()(t)", [("QRS", 0, 2), ("T", 3, 5)], 0),
        ("(t(p)", [("P", 2, 4)], 1),
        ("((tt))(p)", [("P", 6, 8)], 2),
        ("()(t)()N", [("T", 2, 4)], 1),
        ("", [], 0),
    ],
)
def test_wave_is_a_peak_between_its_boundaries(symbols: str, waves: list[tuple[str, int, int]], unmarked: int) -> None:
    assert marked_waves(range(len(symbols)), symbols) == ([Wave(*wave) for wave in waves], unmarked)


@pytest.mark.parametrize(
    ("waves", "part", "expected"),
    [
        (BEAT, "P", [(10, 20)]),
        (BEAT + AGAIN, "QRS", [(30, 40), (130, 140)]),
        (BEAT + AGAIN, "PR", [(10, 29), (110, 129)]),
        (BEAT + AGAIN, "TQ", []),
        (BEAT + AGAIN[1:], "TQ", [(71, 129)]),
        (BEAT[:1] + BEAT[2:], "PR", []),
        (AGAIN[:1] + BEAT[1:2], "PR", []),
    ],
)
def test_parts_of_beats(waves: list[Wave], part: str, expected: list[tuple[int, int]]) -> None:
    assert parts_of(waves, part) == expected


@pytest.mark.parametrize("step", [1, 5])
def test_spans_hold_the_kept_samples_of_the_labels_waves_on_the_criterions_leads(step: int) -> None:
    criteria = {"block": WaveCriterion("QRS", ("II",), "test"), "delay": WaveCriterion("PR", ("I", "II"), "test")}
    waves = {"I": BEAT, "II": [Wave("P", 12, 21), Wave("QRS", 33, 41)]}
    spans = wave_spans(waves, (2, 0), ("delay", "rhythm", "block"), criteria, step)
    sample = np.arange(0, 100, step)
    expected = {(2, 1): (sample >= 33) & (sample <= 41), (0, 0): (sample >= 10) & (sample < 30), (0, 1): (sample >= 12) & (sample < 33)}
    found = {(class_, lead): (np.arange(len(sample)) >= onset) & (np.arange(len(sample)) < offset) for onset, offset, class_, lead in spans}
    assert spans.dtype == np.int64
    assert {key: mask.tolist() for key, mask in found.items()} == {key: mask.tolist() for key, mask in expected.items()}


def test_record_without_a_label_that_a_wave_carries_has_no_span() -> None:
    assert wave_spans({"I": BEAT}, (0,), ("rhythm",), {}, 1).shape == (0, 4)


def test_wave_between_two_kept_samples_is_left_out() -> None:
    criteria = {"block": WaveCriterion("QRS", ("I",), "test")}
    assert wave_spans({"I": [Wave("QRS", 31, 34)]}, (0,), ("block",), criteria, 5).shape == (0, 4)
