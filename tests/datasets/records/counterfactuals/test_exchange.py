"""Exchanged beats against records whose exact twin is known, and by hand."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ecgbench.datasets.records.counterfactuals.annotated_signal import AnnotatedSignal, annotated_signal
from ecgbench.datasets.records.counterfactuals.exchange import LENGTH_TOLERANCE, Exchange, Reason, exchange
from ecgbench.protocol import BEAT_RULES, ICENTIA11K_RULE, UNCLASSIFIABLE
from tests.datasets.records.counterfactuals.simulated_twins import LENGTH, Known, ectopic_beats, known_record, window_of

SEEDS = range(6)


@cache
def made(seed: int, variability: float | None = None, noise: float = 0.0) -> tuple[Known, list[Exchange]]:
    known = known_record(seed, variability, noise)
    found = [exchange(known.record, beat, window_of(known.record, beat), LENGTH) for beat in ectopic_beats(known.record)]
    return known, [one for one in found if isinstance(one, Exchange)]


def exact(known: Known, one: Exchange) -> np.ndarray:
    return known.twin[0, one.first : one.first + one.values.shape[1]]


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def middle_peak(stretch: np.ndarray) -> int:
    quarter = len(stretch) // 4
    middle = stretch[quarter : 3 * quarter]
    return quarter + int(np.abs(middle - np.median(stretch)).argmax())


def timed_as(stretch: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The stretch with its QRS complex brought to the place of the other's: the moment of the beat that did not come left no trace."""
    count = len(stretch)
    place = np.interp(np.arange(count), [0, middle_peak(other), count - 1], [0, middle_peak(stretch), count - 1])
    return np.interp(place, np.arange(count), stretch)


@pytest.mark.parametrize("seed", SEEDS)
def test_exchanged_beat_is_the_exact_twins_in_a_steady_rhythm(seed: int) -> None:
    known, found = made(seed, variability=0.0)
    assert min(correlation(one.values[0], exact(known, one)) for one in found) > 0.95


def test_exchanged_beat_is_the_exact_twins_but_for_its_moment_in_varying_rhythms() -> None:
    correlations = []
    for known, found in map(made, SEEDS):
        correlations += [correlation(timed_as(one.values[0], exact(known, one)), exact(known, one)) for one in found]
    assert np.mean(np.array(correlations) > 0.9) > 0.95
    assert np.median(correlations) > 0.98


@pytest.mark.parametrize("seed", SEEDS)
def test_noise_does_not_hide_that_the_exchanged_beat_is_closer_to_the_exact_twin_than_the_ectopic_one(seed: int) -> None:
    known, found = made(seed, variability=0.01, noise=0.25)
    signal = known.record.signal[0]
    errors = [
        [np.mean((stretch - exact(known, one)) ** 2) for stretch in (one.values[0], signal[one.first : one.first + one.values.shape[1]])]
        for one in found
    ]
    exchanged, ectopic = np.sum(errors, axis=0)
    assert exchanged < ectopic / 2


@pytest.mark.parametrize("noise", [0.0, 1.0])
@pytest.mark.parametrize("seed", SEEDS)
def test_splice_is_no_larger_a_step_than_the_record_takes_nearby(seed: int, noise: float) -> None:
    known, found = made(seed, noise=noise)
    signal = known.record.signal[0]
    for one in found:
        last = one.first + one.values.shape[1]
        steps = [abs(one.values[0, 0] - signal[one.first - 1]), abs(signal[last] - one.values[0, -1])]
        nearby = np.abs(np.diff(signal[max(one.first - LENGTH // 4, 0) : last + LENGTH // 4]))
        assert max(steps) <= nearby.max()


@pytest.mark.parametrize("seed", SEEDS)
def test_donor_is_a_normal_beat_among_normal_beats_outside_the_window(seed: int) -> None:
    known, found = made(seed)
    record = known.record
    for one in found:
        assert record.class_[one.donor - 2 : one.donor + 2].tolist() == [0, 0, 0, 0]
        beat = int(np.searchsorted(record.sample, one.first))
        start = window_of(record, beat)
        assert record.sample[one.donor + 1] < start or record.sample[one.donor - 1] >= start + LENGTH


@pytest.mark.parametrize("seed", SEEDS)
def test_donor_is_the_cheapest_by_a_plain_search(seed: int) -> None:
    known, found = made(seed)
    record = known.record
    r, normal = record.sample.tolist(), record.normal.tolist()
    for one in found:
        i = int(np.searchsorted(record.sample, one.first))
        start = window_of(record, i)
        wanted, shift = r[i + 1] - r[i - 1], record.shift_reach
        before, after = record.before + shift, record.after + shift
        costs = {}
        for d in range(2, len(r) - 1):
            fits = all(normal[d - 2 : d + 2]) and abs(r[d + 1] - r[d - 1] - wanted) < LENGTH_TOLERANCE * wanted
            within = r[d - 1] >= before and r[d + 1] + after < record.signal.shape[1]
            if fits and within and (r[d + 1] + after < start or r[d - 1] - before >= start + LENGTH):
                costs[d] = abs(r[d] - r[i]) + 4 * abs(r[d + 1] - r[d - 1] - wanted)
        assert one.donor == min(costs, key=lambda d: (costs[d], d))


def record_of(
    classes: str, interval: int = 100, fs: float = 125, invalid: slice | None = None, noted: tuple[int, ...] = ()
) -> AnnotatedSignal:
    """Beats every `interval` samples, each a bump; two leads, one the other's mirror image."""
    sample = interval * (1 + np.arange(len(classes), dtype=np.int64))
    time = np.arange(interval * (len(classes) + 1))
    lead = sum(np.exp(-((time - peak) ** 2) / 8) for peak in sample) + 1e-3 * time
    signal = np.stack([lead, -lead]).astype(np.float32)
    if invalid is not None:
        signal[:, invalid] = np.nan
    class_ = np.array(["NSVFQ".index(one) for one in classes], dtype=np.int64)
    return AnnotatedSignal(signal, fs, sample, class_, np.array(noted, dtype=np.int64))


REASONS = {
    "couplet": ("NNNNNVVNNNNNN", 5, None, (), Reason.NEIGHBOUR),
    "beside an unclassifiable beat": ("NNNNNVQNNNNNN", 5, None, (), Reason.NEIGHBOUR),
    "first beat": ("VNNNNNNNNNNNN", 0, None, (), Reason.RECORD_END),
    "last beat": ("NNNNNNNNNNNNV", 12, None, (), Reason.RECORD_END),
    "gap at a neighbour": ("NNNNNVNNNNNNN", 5, slice(698, 702), (), Reason.GAP),
    "gap in every donor": ("NNNNNNVNNNN", 6, slice(300, 305), (1000,), Reason.NO_DONOR),
    "no four normal beats": ("NNNVNNNVNNNVNNN", 7, None, (), Reason.NO_DONOR),
}


@pytest.mark.parametrize(("classes", "beat", "invalid", "noted", "reason"), REASONS.values(), ids=REASONS)
def test_beat_that_cannot_be_exchanged_has_a_reason(
    classes: str, beat: int, invalid: slice | None, noted: tuple[int, ...], reason: Reason
) -> None:
    record = record_of(classes, invalid=invalid, noted=noted)
    assert exchange(record, beat, beat * 100 - 100, 400) is reason


def test_gap_within_the_stretch_is_written_over() -> None:
    found = exchange(record_of("NNNNNNNNNVNNNNNNN", invalid=slice(990, 1010)), 9, 800, 400)
    assert isinstance(found, Exchange)
    assert np.isfinite(found.values).all()


def test_donor_holds_no_annotation_that_is_no_beat() -> None:
    noted = tuple(range(150, 650, 100))
    record = record_of("NNNNNNVNNNNNN", noted=noted)
    assert record.donors.tolist() == [9, 10, 11]


def test_leads_come_from_one_donor_each_by_itself() -> None:
    found = exchange(record_of("NNNNNNNNNVNNNNNNN"), 9, 800, 400)
    assert isinstance(found, Exchange)
    np.testing.assert_allclose(found.values[0], -found.values[1], atol=1e-6)


def test_donor_annotated_beside_its_peak_is_cut_where_its_qrs_resembles_the_hosts() -> None:
    """Without that, a neighbour's annotation 3 samples off would tilt the whole stretch by the height of a slope."""
    record = record_of("NNNNNNNNNVNNNNNNN")
    shifted = record.sample.copy()
    shifted[8] += 3
    right, off = (
        exchange(AnnotatedSignal(record.signal, 125, sample, record.class_, record.noted), 9, 800, 400)
        for sample in (record.sample, shifted)
    )
    assert isinstance(right, Exchange)
    assert isinstance(off, Exchange)
    moved = off.first - right.first
    np.testing.assert_allclose(off.values, right.values[:, moved:], atol=0.02)


def test_annotations_of_noise_and_rhythm_are_no_beats_whatever_the_rule() -> None:
    signal, sample = np.zeros((1, 100), dtype=np.float32), np.array([10, 20, 30, 30, 40, 50, 60, 70, 100])
    found = annotated_signal(signal, 125, sample, '+NVN|AQ"N', BEAT_RULES["study"])
    assert found.sample.tolist() == [20, 30, 50, 60]
    assert found.class_.tolist() == [0, 2, 1, UNCLASSIFIABLE]
    assert found.noted.tolist() == [10, 40, 70]


def test_symbols_of_icentia11k_are_read_by_its_rule() -> None:
    found = annotated_signal(np.zeros((1, 100), dtype=np.float32), 250, np.array([10, 20, 30, 40, 50]), "+NSVQ", ICENTIA11K_RULE)
    assert found.class_.tolist() == [0, 1, 2, UNCLASSIFIABLE]
