"""What a normal window of the same patient has at the same cardiac phase."""

from types import SimpleNamespace

import numpy as np
import pytest

from ecgbench.datasets.records.counterfactuals.donors import Reason, WindowBeats, annotated_beats, at_equal_phase, donors_of
from ecgbench.protocol import BEAT_RULES
from ecgbench.types import Windows

TIME, INTERVAL = 400, 80


def beats(places, normal=None):
    return WindowBeats(np.array(places, dtype=np.float64), np.array([True] * len(places) if normal is None else normal))


def wave(phase):
    """A signal that tells its phase, (1, time) float32."""
    return (np.cos(2 * np.pi * phase) + 0.3 * np.sin(4 * np.pi * phase))[None].astype(np.float32)


def regular(first=30, interval=INTERVAL, time=TIME):
    """R peaks, and a window whose values are those of their phases."""
    found = beats(range(first, time, interval))
    return found, wave(found.phase(time, interval))


def windows(signals, y, patient, record=None, start=None):
    signals = np.stack(signals)
    count = len(signals)
    starts = np.arange(count) * TIME if start is None else np.array(start)
    names = np.array(patient if record is None else record)
    return Windows(signals, np.array(y), names, np.array(patient), starts.astype(np.int64), (np.empty((0, 3), np.int64),) * count)


def test_phase_counts_usual_intervals_between_normal_beats_alone():
    # The third beat comes early; between its neighbours are two usual intervals.
    found = beats([20, 100, 140, 260, 340], [True, True, False, True, True])
    assert found.usual == 80
    phase = found.phase(TIME, found.usual)
    np.testing.assert_allclose(phase[[20, 100, 180, 260, 340]], [0, 1, 2, 3, 4])
    np.testing.assert_allclose(phase[[0, 380]], [-0.25, 4.5])


@pytest.mark.parametrize(("first", "interval"), [(30, 80), (5, 80), (61, 70), (50, 97)])
def test_donor_has_at_each_sample_what_its_window_has_at_that_phase(first, interval):
    own, window = regular(first, interval)
    given, donor = regular()
    found = at_equal_phase(window, own, donor, given)
    np.testing.assert_allclose(found - found.mean(), window - window.mean(), atol=0.02)


def test_ectopic_beat_gives_way_to_the_rhythm():
    given, donor = regular()
    normal = np.array([True, True, False, True, True])
    own = WindowBeats(np.array([30.0, 110, 150, 270, 350]), normal)
    np.testing.assert_allclose(at_equal_phase(donor, own, donor, given), donor, atol=1e-5)


def test_donor_of_few_beats_begins_anew_in_a_cycle_of_its_own():
    own, window = regular(interval=50)
    given, donor = regular(interval=120)
    found = at_equal_phase(window, own, donor, given)
    np.testing.assert_allclose(found - found.mean(), window - window.mean(), atol=0.03)
    assert at_equal_phase(window, own, *reversed(regular(interval=190))) is None


def test_offset_is_the_windows():
    own, window = regular()
    found = at_equal_phase(window + np.float32(7), own, window - np.float32(3), own)
    np.testing.assert_allclose(np.median(found), np.median(window) + 7, atol=1e-5)


def test_window_with_one_normal_beat_has_the_donors_interval_one_with_none_no_donor():
    given, donor = regular()
    np.testing.assert_allclose(at_equal_phase(donor, beats([110]), donor, given), donor, atol=1e-5)
    pool = windows([donor, donor], [1, 0], ["a", "a"])
    by_start = {0: beats([110], [False]), TIME: given}
    found = donors_of(pool.take(np.array([0])), pool, np.array([1]), lambda some: [by_start[int(some.start[0])]])
    assert found.reason.tolist() == [Reason.NO_NORMAL_BEAT.value]


def test_nearest_normal_window_of_the_patient_is_taken_of_the_same_record_first():
    given, donor = regular()
    marked = [donor * np.float32(scale) for scale in (9, 1, 2, 3, 4)]
    pool = windows(
        marked, [1, 0, 0, 0, 0], ["a", "a", "a", "b", "a"], ["r", "other", "r", "r", "r"], [2 * TIME, 2 * TIME, 0, 3 * TIME, 5 * TIME]
    )
    found = donors_of(pool.take(np.array([0])), pool, np.arange(1, 5), lambda some: [given])
    assert found.reason.tolist() == [""]
    np.testing.assert_allclose(np.ptp(found.donor), 2 * np.ptp(donor), rtol=1e-5)


def test_windows_without_donor_are_nan_with_the_reason():
    given, donor = regular()
    pool = windows([donor, donor, donor], [1, 1, 0], ["a", "b", "b"])
    flat = beats([40], [True])
    found = donors_of(pool.take(np.array([0, 1])), pool, np.array([2]), lambda some: [given if int(some.start[0]) < 2 * TIME else flat])
    assert found.reason.tolist() == [Reason.NO_NORMAL_WINDOW.value, Reason.NO_BEATS.value]
    assert np.isnan(found.donor).all()


def test_donor_does_not_depend_on_other_windows():
    given, donor = regular()
    pool = windows([donor, donor * np.float32(2), donor * np.float32(3)], [1, 1, 0], ["a", "a", "a"])
    both = donors_of(pool.take(np.array([0, 1])), pool, np.array([2]), lambda some: [given])
    alone = donors_of(pool.take(np.array([1])), pool, np.array([2]), lambda some: [given])
    np.testing.assert_array_equal(both.donor[1:], alone.donor)


def test_annotated_beats_are_those_in_the_window_and_one_on_either_side_and_rhythm_marks_are_none():
    reads = []

    def read(name):
        reads.append(name)
        sample, symbol = np.array([50, 350, 420, 500, 510, 790, 900, 1100]), list("NNN+VNNN")
        return SimpleNamespace(signal=np.zeros((1, 1200), np.float32), sample=sample, symbol=symbol)

    find = annotated_beats(read, BEAT_RULES["study"], 100.0)
    some = windows([np.zeros((1, TIME), np.float32)] * 2, [1, 0], ["a", "a"], ["r", "r"], [400, 0])
    first, second = find(some)
    np.testing.assert_array_equal(first.place, [-50, 20, 110, 390, 500])
    np.testing.assert_array_equal(first.normal, [True, True, False, True, True])
    np.testing.assert_array_equal(second.place, [50, 350, 420])
    assert reads == ["r"]
