"""The simulator: rhythm, counterfactual twins, rendering and noise."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from ecgbench.datasets.simulator.patients import RANGES, draw_patient
from ecgbench.datasets.simulator.rhythm import (
    STRETCH,
    SVEB,
    VEB,
    Beats,
    N,
    Patient,
    identity_generator,
    layout,
    microvolts,
    noise,
    render,
)
from ecgbench.errors import InputError

FS = 128.0
MINUTES = 600.0
FINE = 2000.0
"""Hz, for measuring widths."""

SEEDS = range(12)


def patient_of(seed: int) -> Patient:
    return draw_patient(identity_generator("test", seed))


def beat_of(class_: int, interval: float) -> Beats:
    return Beats(np.array([0.6]), np.array([class_]), np.array([0.6]), np.array([interval]))


def qrs_width(patient: Patient, class_: int) -> float:
    """Seconds in which the noise-free QRS complex exceeds a twentieth of its peak."""
    waves = patient.waves.copy()
    waves[:, [0, 4], 0] = 0
    size = np.abs(render(beat_of(class_, patient.interval), replace(patient, waves=waves), FINE, int(1.5 * FINE)))
    over = np.flatnonzero(size > size.max() / 20)
    return float(over[-1] - over[0]) / FINE


def test_layout_is_the_same_for_the_same_identity() -> None:
    for seed in SEEDS:
        one, other = (layout(patient_of(seed), identity_generator(seed), MINUTES, [SVEB, VEB]) for _ in range(2))
        assert one.time.tobytes() == other.time.tobytes(), seed
        assert one.class_.tobytes() == other.class_.tobytes(), seed


def test_generators_of_different_identities_differ() -> None:
    draws = {identity_generator(*identity).random() for identity in (("a", 1), ("a", 2), ("b", 1), ("a", 1, 0))}
    assert len(draws) == 4


def test_intervals_have_the_patients_mean_and_variability() -> None:
    for seed in SEEDS:
        patient = patient_of(seed)
        interval = layout(patient, identity_generator(seed), MINUTES).interval
        assert interval.mean() == pytest.approx(patient.interval, rel=0.02), seed
        assert interval.std() == pytest.approx(patient.variability, rel=0.2), seed


def test_rhythm_has_its_power_at_the_low_and_the_high_frequency() -> None:
    for seed in SEEDS:
        patient = patient_of(seed)
        interval = layout(patient, identity_generator(seed), MINUTES).interval
        power = np.abs(np.fft.rfft(interval - interval.mean())) ** 2
        frequency = np.fft.rfftfreq(len(interval), patient.interval)
        low, high = ((np.abs(frequency - centre) < 0.04) for centre in (0.1, 0.25))
        assert power[low | high].sum() > 0.95 * power.sum(), seed
        assert 0.2 < power[low].sum() / power[high].sum() < 1.2, seed


def test_twin_differs_only_in_the_abnormal_beats() -> None:
    for seed in SEEDS:
        beats = layout(patient_of(seed), identity_generator(seed), MINUTES, [SVEB] * 30 + [VEB] * 20)
        twin, abnormal = beats.twin(), beats.class_ != N
        assert np.array_equal(np.bincount(beats.class_), [len(abnormal) - 50, 30, 20]), seed
        assert not twin.class_.any(), seed
        assert np.array_equal(beats.time[~abnormal], twin.time[~abnormal]), seed
        assert (beats.time[abnormal] < twin.time[abnormal]).all(), seed


def test_compensatory_pause_is_full() -> None:
    for seed in SEEDS:
        beats = layout(patient_of(seed), identity_generator(seed), MINUTES, [SVEB] * 30 + [VEB] * 20)
        abnormal = np.flatnonzero(beats.class_)
        around = beats.time[abnormal + 1] - beats.time[abnormal - 1]
        assert np.allclose(around, beats.interval[abnormal] + beats.interval[abnormal + 1], rtol=0, atol=1e-9), seed
        assert (np.diff(abnormal) > 1).all(), seed


def test_prematurity_is_in_range() -> None:
    for seed, class_ in product(SEEDS, (SVEB, VEB)):
        patient = patient_of(seed)
        beats = layout(patient, identity_generator(seed), MINUTES, [class_] * 50)
        early = np.flatnonzero(beats.class_)
        coupling = (beats.time[early] - beats.time[early - 1]) / beats.interval[early]
        assert coupling.mean() == pytest.approx(patient.coupling[class_], abs=0.02), seed
        assert coupling.min() > 0.55, seed
        assert coupling.max() < 0.95, seed


def test_layout_does_not_depend_on_what_is_drawn_elsewhere() -> None:
    patient, generator = patient_of(0), identity_generator(1)
    layout(patient, identity_generator(2), MINUTES, [VEB])
    assert np.array_equal(layout(patient, generator, 8.0).time, layout(patient, identity_generator(1), 8.0).time)


def plainly_rendered(waves: np.ndarray, interval: float, sample: int) -> float:
    """A beat's R peak is at 0.6 s."""
    total = 0.0
    for (amplitude, centre, width), exponent in zip(waves.tolist(), STRETCH.tolist(), strict=True):
        deviation = (sample / FS - 0.6 - centre * interval**exponent) / (width * interval**exponent)
        total += amplitude * math.exp(-(deviation**2) / 2)
    return total


def test_rendered_beat_is_the_sum_of_its_waves() -> None:
    patient = patient_of(3)
    for class_, interval in product((N, SVEB, VEB), (0.6, 1.0, 1.3)):
        expected = [plainly_rendered(patient.waves[class_], interval, sample) for sample in range(200)]
        assert render(beat_of(class_, interval), patient, FS, 200) == pytest.approx(expected, abs=1e-6), (class_, interval)


def test_rendering_adds_up_over_beats() -> None:
    patient = patient_of(4)
    beats = layout(patient, identity_generator(4), 8.0, [VEB, SVEB])
    single = [render(Beats(*(value[i : i + 1] for value in vars(beats).values())), patient, FS, 1024) for i in range(len(beats.time))]
    assert np.allclose(render(beats, patient, FS, 1024), sum(single), rtol=0, atol=1e-12)


def test_rendering_at_another_rate_samples_the_same_signal() -> None:
    patient = patient_of(5)
    beats = layout(patient, identity_generator(5), 8.0, [VEB])
    assert np.allclose(render(beats, patient, FS, 1024), render(beats, patient, 2 * FS, 2048)[::2], rtol=0, atol=1e-6)


def test_normal_and_supraventricular_beats_are_narrow_and_ventricular_ones_wide() -> None:
    for seed in SEEDS:
        patient = patient_of(seed)
        assert 0.06 < qrs_width(patient, N) < 0.11, seed
        assert qrs_width(patient, SVEB) == qrs_width(patient, N), seed
        assert 0.12 < qrs_width(patient, VEB) < 0.19, seed


def test_ventricular_beats_have_no_p_wave_and_a_t_wave_against_their_qrs_complex() -> None:
    for seed in SEEDS:
        amplitude = patient_of(seed).waves[VEB, :, 0]
        assert amplitude[0] == 0, seed
        assert amplitude[2] * amplitude[4] < 0, seed


def test_supraventricular_beats_differ_from_normal_ones_in_the_p_wave_only() -> None:
    for seed in SEEDS:
        waves = patient_of(seed).waves
        assert np.array_equal(waves[SVEB, 1:], waves[N, 1:]), seed
        assert waves[SVEB, 0, 1] > waves[N, 0, 1], seed


def test_noise_has_the_patients_power() -> None:
    for seed in SEEDS:
        patient = patient_of(seed)
        power = patient.wander**2 + patient.motion**2 + patient.muscle**2 + patient.mains**2 / 2
        assert noise(patient, identity_generator(seed), FS, 2**17).std() == pytest.approx(math.sqrt(power), rel=0.15), seed


def test_mains_hum_is_at_its_frequency() -> None:
    patient = replace(patient_of(0), wander=0.0, motion=0.0, muscle=0.0, mains=0.02)
    power = np.abs(np.fft.rfft(noise(patient, identity_generator(0), FS, 1024)))
    assert np.fft.rfftfreq(1024, 1 / FS)[power.argmax()] == 50


def test_a_twin_hears_the_same_noise() -> None:
    patient = patient_of(1)
    one, other = (noise(patient, identity_generator(7), FS, 1024) for _ in range(2))
    assert one.tobytes() == other.tobytes()


def test_microvolts_are_whole_and_nearest() -> None:
    assert microvolts(np.array([0.0004, 0.0006, -1.2346])).tolist() == [0, 1, -1235]


def test_patients_stay_within_the_ranges() -> None:
    for seed in SEEDS:
        patient = patient_of(seed)
        for name in ("interval", "wander", "motion", "muscle", "mains", "coupling_jitter"):
            low, high = RANGES[name]
            assert low <= getattr(patient, name) <= high


@pytest.mark.parametrize("duration", [0.0, -1.0, math.nan])
def test_layout_refuses_a_duration_that_is_not_positive(duration: float) -> None:
    with pytest.raises(InputError, match="expected a positive duration"):
        layout(patient_of(0), identity_generator(0), duration)


@pytest.mark.parametrize("class_", [N, 3, -1])
def test_layout_refuses_classes_that_are_not_abnormal(class_: int) -> None:
    with pytest.raises(InputError, match="expected abnormal beats of class 1 or 2"):
        layout(patient_of(0), identity_generator(0), 8.0, [class_])


def test_layout_refuses_more_abnormal_beats_than_fit() -> None:
    with pytest.raises(InputError, match=r"expected at most .* got 9; draw a longer record"):
        layout(patient_of(0), identity_generator(0), 8.0, [VEB] * 9)


@pytest.mark.parametrize(("fs", "count"), [(0.0, 10), (-1.0, 10), (math.nan, 10), (FS, 0)])
def test_rendering_and_noise_refuse_an_impossible_sampling(fs: float, count: int) -> None:
    patient = patient_of(0)
    with pytest.raises(InputError, match="expected a positive sampling rate"):
        render(layout(patient, identity_generator(0), 8.0), patient, fs, count)
    with pytest.raises(InputError, match="expected a positive sampling rate"):
        noise(patient, identity_generator(0), fs, count)


@pytest.mark.parametrize(("interval", "variability"), [(0.0, 0.0), (-1.0, 0.1), (0.8, 0.2), (0.8, -0.01)])
def test_patients_with_an_impossible_rhythm_are_refused(interval: float, variability: float) -> None:
    with pytest.raises(InputError, match="expected a positive mean interval"):
        replace(patient_of(0), interval=interval, variability=variability)
