"""The embedded dataset: reproducible to the byte, its causal mask exactly what the abnormal beats change."""

from __future__ import annotations

import hashlib
import json
from itertools import product

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import load_dataset, request_for
from ecgbench.datasets.records.windows.cut import window_label
from ecgbench.datasets.simulator.rhythm import SVEB, VEB, N
from ecgbench.datasets.synthetic import simulate_window, simulate_windows, wave_regions
from ecgbench.errors import InputError
from ecgbench.protocol import SYNTHETIC, SYNTHETIC_PATIENTS, SYNTHETIC_WINDOWS
from ecgbench.types import CORE, Dataset, Windows
from tests.simulated import simulated

# Made by printing `digest` of both sides with NumPy 2.4.6 on x86-64; the same with its AVX-512 and AVX2 code paths switched off.
GOLDEN = {
    "train": "6802ced571ab856d6461ca21f37c978bafeb71bd2bc7c51ecfb1354be7b8fe6d",
    "test": "cc5ab8afa2f01f4b37c0b8388358619fbd1820fffdc45228cd0a11e833b053b7",
}

SIDES = ("train", "test")


def digest(windows: Windows) -> str:
    """SHA-256 over everything that a side holds."""
    total = hashlib.sha256()
    for array in (windows.signal, windows.y, windows.start, windows.causal):
        assert array is not None
        total.update(np.ascontiguousarray(array).tobytes())
    names = [windows.record.tolist(), windows.patient.tolist(), [spans.tolist() for spans in windows.spans]]
    total.update(json.dumps(names, separators=(",", ":")).encode())
    return total.hexdigest()


def causal_of(windows: Windows) -> np.ndarray:
    assert windows.causal is not None
    return windows.causal


@pytest.fixture(scope="module")
def store() -> ArtifactStore:
    return simulated("synthetic")


@pytest.fixture(scope="module")
def dataset(store: ArtifactStore) -> Dataset:
    return load_dataset("synthetic", store=store)


def test_dataset_is_the_golden_one_to_the_byte(dataset: Dataset) -> None:
    for side in SIDES:
        assert digest(getattr(dataset, side)) == GOLDEN[side], side


def test_stored_windows_are_the_simulated_ones(dataset: Dataset, store: ArtifactStore) -> None:
    again = load_dataset("synthetic", store=store)
    for side in SIDES:
        assert digest(getattr(again, side)) == digest(getattr(dataset, side)), side
    assert again.key == dataset.key
    assert len([stage for stage, _ in store if stage == "windows"]) == 2


def test_a_window_does_not_depend_on_how_many_others_are_drawn(dataset: Dataset) -> None:
    alone = simulate_windows(["S003"], 2, "few")
    among = dataset.train.take(np.flatnonzero(dataset.train.record == "S003")[:2])
    assert digest(alone) == digest(among)


def test_signal_is_whole_microvolts_of_plausible_range(dataset: Dataset) -> None:
    for side in SIDES:
        signal = getattr(dataset, side).signal
        whole = np.rint(signal.astype(np.float64) * 1000)
        assert signal.dtype == np.float32, side
        assert np.array_equal((whole / 1000).astype(np.float32), signal), side
        assert np.ptp(signal, axis=-1).min() > 0.3, side
        assert np.abs(signal).max() < 5, side


def test_twins_are_equal_outside_the_causal_mask_and_differ_everywhere_inside(dataset: Dataset) -> None:
    for side in SIDES:
        windows = getattr(dataset, side)
        for i in np.flatnonzero(windows.y)[:40]:
            draw = simulate_window(str(windows.record[i]), int(windows.start[i]))
            assert np.array_equal((draw.signal / 1000).astype(np.float32), windows.signal[i, 0])
            assert np.array_equal(draw.signal != draw.twin, windows.causal[i, 0])
            assert np.array_equal((draw.twin / 1000).astype(np.float32), windows.twin[i, 0])


def test_exactly_abnormal_windows_have_a_twin(dataset: Dataset, store: ArtifactStore) -> None:
    for one in (dataset, load_dataset("synthetic", store=store)):
        for side in SIDES:
            windows = getattr(one, side)
            assert (windows.twin.shape, windows.twin.dtype, windows.sham) == (windows.signal.shape, np.float32, None)
            assert np.array_equal(np.isnan(windows.twin).all(axis=(1, 2)), windows.y == 0)
            assert np.array_equal(np.isnan(windows.twin).any(axis=(1, 2)), windows.y == 0)
            abnormal = windows.y > 0
            assert np.array_equal((windows.twin != windows.signal)[abnormal], windows.causal[abnormal])


def test_causal_mask_is_empty_exactly_for_normal_windows(dataset: Dataset) -> None:
    for side in SIDES:
        windows = getattr(dataset, side)
        assert np.array_equal(causal_of(windows).any(axis=(1, 2)), windows.y != N), side


def test_causal_mask_covers_every_abnormal_beat(dataset: Dataset) -> None:
    for side in SIDES:
        windows = getattr(dataset, side)
        for i, spans in enumerate(windows.spans):
            for onset, offset, class_ in spans:
                if class_ != N:
                    assert windows.causal[i, 0, onset:offset].mean() > 0.4


def test_most_of_the_causal_mask_lies_in_the_abnormal_beats_spans(dataset: Dataset) -> None:
    for side, class_ in product(SIDES, (SVEB, VEB)):
        windows = getattr(dataset, side).take(np.flatnonzero(getattr(dataset, side).y == class_))
        abnormal = windows.masks(np.full(len(windows), SVEB)) | windows.masks(np.full(len(windows), VEB))
        causal = causal_of(windows)
        assert (causal & abnormal).sum() > 0.85 * causal.sum(), side
        assert (causal & windows.masks(windows.y)).sum() > 0.75 * causal.sum(), side


def test_causal_mask_stays_within_the_abnormal_beats_and_their_neighbours(dataset: Dataset) -> None:
    for side in SIDES:
        windows = getattr(dataset, side)
        for i in np.flatnonzero(windows.y):
            spans, near = windows.spans[i], np.zeros(SYNTHETIC.window, dtype=bool)
            for beat in np.flatnonzero(spans[:, 2]):
                near[spans[beat - 1, 0] : spans[min(beat + 1, len(spans) - 1), 1]] = True
            assert not (windows.causal[i, 0] & ~near).any()


def test_spans_tile_the_window(dataset: Dataset) -> None:
    for side in SIDES:
        for spans in getattr(dataset, side).spans:
            assert spans[0, 0] == 0
            assert spans[-1, 1] == SYNTHETIC.window
            assert np.array_equal(spans[1:, 0], spans[:-1, 1])
            assert (spans[:, 1] > spans[:, 0]).all()


def test_labels_follow_from_the_spans(dataset: Dataset) -> None:
    for side in SIDES:
        windows = getattr(dataset, side)
        assert windows.y.tolist() == [window_label(spans[:, 2]) for spans in windows.spans], side


def test_abnormal_windows_hold_one_to_three_abnormal_beats_mostly_of_their_class(dataset: Dataset) -> None:
    for side in SIDES:
        windows = getattr(dataset, side)
        for y, spans in zip(windows.y, windows.spans, strict=True):
            abnormal = spans[spans[:, 2] != N, 2]
            assert len(abnormal) <= 3
            assert y == N or (abnormal == y).sum() > len(abnormal) / 2


def test_no_patient_is_on_both_sides(dataset: Dataset) -> None:
    assert not set(dataset.train.patient) & set(dataset.test.patient)


def test_each_patient_has_one_record_of_consecutive_windows(dataset: Dataset) -> None:
    for side in SIDES:
        windows = getattr(dataset, side)
        count = SYNTHETIC_WINDOWS[side]
        assert len(windows) == SYNTHETIC_PATIENTS[side] * count, side
        assert windows.record.tolist() == windows.patient.tolist(), side
        for record in np.unique(windows.record):
            assert windows.start[windows.record == record].tolist() == [i * SYNTHETIC.window for i in range(count)]


def test_every_class_has_a_fair_share_of_windows_and_many_patients(dataset: Dataset) -> None:
    for side in SIDES:
        windows = getattr(dataset, side)
        assert np.bincount(windows.y).min() > 0.15 * len(windows), side
        for class_ in (SVEB, VEB):
            assert len(set(windows.patient[windows.y == class_])) > 0.8 * SYNTHETIC_PATIENTS[side]


def test_enough_test_windows_can_be_explained(dataset: Dataset) -> None:
    assert (dataset.test.y != N).sum() > 2 * SYNTHETIC.samples


def test_windows_are_arrays_of_the_announced_form(dataset: Dataset) -> None:
    assert dataset.train.signal.shape == (len(dataset.train), 1, SYNTHETIC.window)
    assert causal_of(dataset.train).shape == dataset.train.signal.shape
    assert causal_of(dataset.train).dtype == bool
    assert dataset.test.mask(0, VEB, "causal").shape == (1, SYNTHETIC.window)
    assert not dataset.simulated


@pytest.mark.parametrize("option", [{"labels": "study"}, {"split": "patient"}, {"edition": "2"}])
def test_options_that_it_does_not_have_are_refused(store: ArtifactStore, option: dict[str, str]) -> None:
    with pytest.raises(InputError, match="of synthetic among"):
        load_dataset("synthetic", store=store, labels=option.get("labels"), split=option.get("split"), edition=option.get("edition"))


def test_regions_hold_the_waves_that_the_simulator_draws(dataset: Dataset) -> None:
    """From P to T a beat differs from one without height; what its twin changes lies in the beat, its slot, and the intervals beside it."""
    abnormal = dataset.test.take(np.flatnonzero(dataset.test.y > 0)[:20])
    found = wave_regions(request_for("synthetic"), abnormal, abnormal.y)
    for i, regions in enumerate(found[:, 0]):
        beats = simulate_window(str(abnormal.record[i]), int(abnormal.start[i])).beats
        for beat in np.flatnonzero(beats.class_ == abnormal.y[i]):
            peak = round(beats.time[beat] * SYNTHETIC.fs)
            assert (regions[peak - 6 : peak + 7] == CORE).all()
            assert (regions[peak : round(beats.slot[beat] * SYNTHETIC.fs)] != 0).all()
        cause = np.abs(abnormal.signal[i, 0] - twin_of(abnormal)[i, 0])
        own = np.isin(beats.class_, [0, abnormal.y[i]]).all()
        assert not own or cause[regions != 0].sum() > 0.95 * cause.sum()
        assert 0.03 < (regions == CORE).mean() < 0.35


def test_window_without_a_beat_of_its_label_lies_elsewhere(dataset: Dataset) -> None:
    normal = dataset.test.take(np.flatnonzero(dataset.test.y == N)[:2])
    assert not wave_regions(request_for("synthetic"), normal, np.full(2, VEB)).any()


def twin_of(windows: Windows) -> np.ndarray:
    assert windows.twin is not None
    return windows.twin
