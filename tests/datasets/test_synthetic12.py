"""The embedded 12-lead dataset: reproducible to the byte; a twin differs from its window where the label shows and nowhere else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import load_dataset, request_for
from ecgbench.datasets.simulator.counterfactual import ecg_steps, without
from ecgbench.datasets.simulator.diagnoses import EXCLUDED, IMPLIED, RHYTHMS
from ecgbench.datasets.simulator.findings import TRAITS
from ecgbench.datasets.simulator.patients import draw_patient
from ecgbench.datasets.simulator.rhythm import identity_generator
from ecgbench.datasets.simulator.twelve_leads import lay_out, normal_ecg
from ecgbench.datasets.synthetic12 import ABNORMAL, draw_labels, make_twins, names_of, simulate_window, simulate_windows
from ecgbench.protocol import PTBXL_LEADS, SYNTHETIC12, SYNTHETIC12_NORMAL, SYNTHETIC12_PATIENTS, SYNTHETIC12_WINDOWS
from ecgbench.types import Dataset, Windows
from tests.simulated import simulated

# Made by printing `digest` of both sides, and of the twins of all labels of the test side's first 40 windows, with NumPy 2.4.6 on x86-64.
GOLDEN = {
    "train": "52fd23a852fcf73a10146f2d6287d7a15b48857fae8cfddf76f39b0de66f0ca4",
    "test": "335343b39821703db10de18c4544dfa86d84fcba7630412de16dbaf34fde4dea",
    "twins": "2d9454172d87591e3d5b5b66567ab1dcbb13829adc32afe4c8aaaeb396c465b2",
}

GOLDEN_FIRST = {
    "train": "59085175123368ade8fbe0aef02c93c03a0715fd908515c8fe89d6ae04dce6cd",
    "test": "f8ee61c281266d3984c45f8d5914ce0168c24fe6e597aff59e89c64f3e0c7cae",
    "twins": "078c5c428469076c800ad731456ed52789f01d8c69d9a84096fea2a1c81ea29c",
}
"""The same of each side's first record alone, which takes a moment."""

SIDES = ("train", "test")
LIMB, CHEST = [0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]
V1, V2, V3, V4, V5, V6 = CHEST


def digest(windows: Windows) -> str:
    """SHA-256 over everything that a side holds."""
    total = hashlib.sha256()
    for array in (windows.signal, windows.y, windows.start, windows.causal, windows.twin):
        total.update(b"" if array is None else np.ascontiguousarray(array).tobytes())
    total.update(json.dumps([windows.record.tolist(), windows.patient.tolist()], separators=(",", ":")).encode())
    return total.hexdigest()


def with_twins(windows: Windows, target: np.ndarray) -> Windows:
    """The windows with the twin of one label each, and the mask of where the two differ."""
    made = make_twins(request_for("synthetic12"), windows, target)
    assert np.isnan(made.sham).all()
    return replace(windows, twin=made.twin, causal=(made.twin != windows.signal) & np.isfinite(made.twin))


def pairs(windows: Windows) -> tuple[Windows, np.ndarray]:
    """All pairs of a window and one of its labels, the normal one too, as windows with twins, and the labels."""
    index, target = np.nonzero(windows.y)
    return with_twins(windows.take(index), target), target


@pytest.fixture(scope="module")
def store() -> ArtifactStore:
    return simulated("synthetic12")


@pytest.fixture(scope="module")
def dataset(store: ArtifactStore) -> Dataset:
    return load_dataset("synthetic12", store=store)


@pytest.fixture(scope="module")
def explained(dataset: Dataset) -> tuple[Windows, np.ndarray]:
    return pairs(dataset.test)


def test_first_records_are_the_golden_ones_to_the_byte() -> None:
    first = {side: simulate_windows(getattr(SYNTHETIC12, side)[:1], SYNTHETIC12_WINDOWS[side], side) for side in SIDES}
    found = {"train": digest(first["train"]), "test": digest(first["test"]), "twins": digest(pairs(first["test"])[0])}
    assert found == GOLDEN_FIRST


@pytest.mark.slow
def test_dataset_is_the_golden_one_to_the_byte(dataset: Dataset) -> None:
    for side in SIDES:
        assert digest(getattr(dataset, side)) == GOLDEN[side], side
    assert digest(pairs(dataset.test.take(np.arange(40)))[0]) == GOLDEN["twins"]


@pytest.mark.slow
def test_stored_windows_are_the_simulated_ones(dataset: Dataset, store: ArtifactStore) -> None:
    again = load_dataset("synthetic12", store=store)
    for side in SIDES:
        assert digest(getattr(again, side)) == digest(getattr(dataset, side)), side
    assert again.key == dataset.key
    assert len([stage for stage, _ in store if stage == "windows"]) == 2


@pytest.mark.slow
def test_a_records_windows_do_not_depend_on_other_records(dataset: Dataset) -> None:
    count = SYNTHETIC12_WINDOWS["train"]
    alone = simulate_windows(["T003"], count, "few")
    assert digest(alone) == digest(dataset.train.take(np.flatnonzero(dataset.train.record == "T003")))


@pytest.mark.slow
def test_windows_are_arrays_of_the_announced_form(dataset: Dataset) -> None:
    for side in SIDES:
        windows = getattr(dataset, side)
        count = SYNTHETIC12_PATIENTS[side] * SYNTHETIC12_WINDOWS[side]
        assert (windows.signal.shape, windows.signal.dtype) == ((count, 12, SYNTHETIC12.window), np.float32)
        assert np.array_equal((np.rint(windows.signal.astype(np.float64) * 1000) / 1000).astype(np.float32), windows.signal)
        assert np.ptp(windows.signal, axis=-1).min() > 0.05
        assert np.abs(windows.signal).max() < 5
    assert (dataset.leads, dataset.classes, dataset.simulated) == (PTBXL_LEADS, SYNTHETIC12.classes, False)
    assert not set(dataset.train.patient) & set(dataset.test.patient)


@pytest.mark.slow
def test_limb_leads_follow_from_two_of_them(dataset: Dataset) -> None:
    one, two, three, right, left, foot = np.moveaxis(dataset.test.signal[:50, LIMB].astype(np.float64), 1, 0)
    for lead, wanted in ((three, two - one), (right, -(one + two) / 2), (left, one - two / 2), (foot, two - one / 2)):
        assert np.abs(lead - wanted).max() < 1e-3


@pytest.mark.slow
def test_every_label_has_many_windows_and_patients_on_both_sides(dataset: Dataset) -> None:
    assert set(TRAITS) == set(SYNTHETIC12.classes)
    for side, windows_least, patients_least in (("train", 70, 60), ("test", 22, 20)):
        windows = getattr(dataset, side)
        for label, name in enumerate(SYNTHETIC12.classes):
            having = windows.y[:, label] > 0
            assert having.sum() >= windows_least, name
            assert len(set(windows.patient[having])) >= patients_least, name


@pytest.mark.slow
def test_labels_are_one_rhythm_and_at_most_two_compatible_findings(dataset: Dataset) -> None:
    for side in SIDES:
        windows = getattr(dataset, side)
        abnormal = []
        for i in range(len(windows)):
            names = names_of(windows, i)
            assert len(set(names) & set(RHYTHMS)) == 1
            implied = {one for label in names for one in IMPLIED.get(label, ())}
            assert implied <= set(names)
            drawn = set(names) - implied
            assert not any(pair in EXCLUDED for pair in permutations(drawn, 2))
            assert not {"LQT", "TAb"} <= drawn
            assert names == draw_labels(str(windows.record[i]), int(windows.start[i]), SYNTHETIC12_WINDOWS[side])
            abnormal.append(len(drawn - {SYNTHETIC12_NORMAL}))
        counts = np.bincount(abnormal) / len(abnormal)
        assert 0.15 < counts[0] < 0.25
        assert 0.1 < counts[2] < 0.2
        assert len(counts) == 3


@pytest.mark.slow
def test_twin_is_the_window_simulated_without_the_label(explained: tuple[Windows, np.ndarray]) -> None:
    windows, target = explained
    assert windows.twin is not None
    assert windows.causal is not None
    for i in range(0, len(target), 17):
        name, labels = SYNTHETIC12.classes[target[i]], names_of(windows, i)
        record, start = str(windows.record[i]), int(windows.start[i])
        assert np.array_equal(simulate_window(record, start, labels), windows.signal[i])
        if name == SYNTHETIC12_NORMAL:
            assert np.isnan(windows.twin[i]).all()
            assert not windows.causal[i].any()
        else:
            left = [one for one in labels if one != name and not (name == "LAD" and one == "LAnFB")]
            assert np.array_equal(simulate_window(record, start, left), windows.twin[i])
            assert np.array_equal(windows.causal[i], windows.twin[i] != windows.signal[i])


@pytest.mark.slow
def test_every_label_changes_its_window_and_the_normal_one_has_no_twin(explained: tuple[Windows, np.ndarray]) -> None:
    windows, target = explained
    assert windows.twin is not None
    assert windows.causal is not None
    abnormal = np.array([SYNTHETIC12.classes[label] in ABNORMAL for label in target])
    assert np.array_equal(np.isfinite(windows.twin).all(axis=(1, 2)), abnormal)
    assert np.array_equal(np.isnan(windows.twin).any(axis=(1, 2)), ~abnormal)
    assert np.array_equal(windows.causal.any(axis=(1, 2)), abnormal)
    largest = np.abs(windows.twin - windows.signal)[abnormal].max(axis=(1, 2))
    assert largest.min() > 0.05


@pytest.mark.slow
def test_two_labels_of_a_window_have_different_twins(dataset: Dataset) -> None:
    of_two = [i for i in range(len(dataset.test)) if {"CRBBB", "LPR"} <= set(names_of(dataset.test, i))]
    several = [i for i in range(len(dataset.test)) if len(set(names_of(dataset.test, i)) & set(ABNORMAL)) == 2]
    for i in (*of_two, *several[:10]):
        window = dataset.test.take(np.array([i]))
        first, second = (SYNTHETIC12.classes.index(name) for name in names_of(window, 0) if name in ABNORMAL)
        one, other = (with_twins(window, np.array([label])) for label in (first, second))
        assert one.causal is not None
        assert other.causal is not None
        assert not np.array_equal(one.causal, other.causal)


def test_what_implies_a_label_goes_with_it() -> None:
    assert without(("LAD", "LAnFB", "NSR"), "LAD") == ("NSR",)
    assert without(("LAD", "LAnFB", "NSR"), "LAnFB") == ("LAD", "NSR")
    assert without(("CRBBB", "NSR"), "CRBBB") == ("NSR",)


def difference(label: str, number: int) -> np.ndarray:
    """mV, (12, time) at 100 Hz: an ECG of normal rhythm with a label minus the same without it."""
    identity = ("tests", number)
    with_label, twin = (ecg_steps(identity, identity, labels, 100.0) for labels in ((label,), ()))
    return (with_label - twin) / 1000


def beats_of(number: int) -> np.ndarray:
    """Times in s of the R peaks of the same ECG."""
    identity = ("tests", number)
    patient = draw_patient(identity_generator(*identity, "patient"))
    ecg = normal_ecg(patient, identity_generator(*identity, "normal"))
    return lay_out(ecg, patient, identity_generator(*identity, "rhythm")).time


@dataclass(frozen=True)
class Wave:
    """Where a finding of the beats' form shows.

    Attributes
    ----------
    within : s around the R peak outside which no change is visible, where visible is more than 2 % of the largest
    core : s around the R peak with most of the change
    leads : the leads that it changes
    """

    within: tuple[float, float]
    core: tuple[float, float]
    leads: Sequence[int] = (*LIMB, *CHEST)


WAVES = {
    "CRBBB": Wave((0.00, 0.40), (0.03, 0.30), (*LIMB, V1, V2, V5, V6)),
    "IRBBB": Wave((0.00, 0.40), (0.02, 0.30), (*LIMB, V1, V2, V5, V6)),
    "LBBB": Wave((-0.07, 0.40), (-0.02, 0.30)),
    "NSIVCB": Wave((-0.12, 0.12), (-0.06, 0.09)),
    "IAVB": Wave((-0.37, -0.05), (-0.31, -0.10)),
    "LPR": Wave((-0.31, -0.05), (-0.26, -0.10)),
    "LAD": Wave((-0.06, 0.06), (-0.04, 0.04), LIMB),
    "RAD": Wave((-0.06, 0.06), (-0.04, 0.04), LIMB),
    "LAnFB": Wave((-0.06, 0.06), (-0.04, 0.04), LIMB),
    "LQRSV": Wave((-0.06, 0.07), (-0.03, 0.05)),
    "QAb": Wave((-0.09, 0.00), (-0.07, -0.02), (*LIMB, V3, V4, V5, V6)),
    "LQT": Wave((0.08, 0.54), (0.12, 0.45)),
    "TAb": Wave((0.10, 0.40), (0.15, 0.32)),
    "TInv": Wave((0.10, 0.40), (0.15, 0.32)),
}


def test_every_finding_of_the_beats_form_is_looked_at() -> None:
    assert set(WAVES) == set(ABNORMAL) - set(RHYTHMS) - {"PAC"}


@pytest.mark.parametrize("label", WAVES)
def test_a_finding_changes_its_waves_on_its_leads_alone(label: str) -> None:
    wave, sample = WAVES[label], np.arange(1000) / 100
    for number in range(8):
        change, beats = np.abs(difference(label, number)), beats_of(number)
        time = sample - beats[np.searchsorted(beats + wave.within[0], sample, side="right") - 1]
        assert np.array_equal(np.flatnonzero(change.any(axis=1)), wave.leads)
        assert not (change > 0.02 * change.max())[:, time > wave.within[1]].any()
        assert change[:, (time > wave.core[0]) & (time < wave.core[1])].sum() > 0.75 * change.sum()


def test_a_right_bundle_branch_block_shows_most_on_v1_and_v2_and_a_left_one_on_all_chest_leads() -> None:
    for number in range(8):
        right, left = (np.abs(difference(label, number)).max(axis=1) for label in ("CRBBB", "LBBB"))
        assert right.argmax() in (V1, V2)
        assert left[CHEST].min() > 0.05


def test_noise_is_the_same_with_and_without_a_label() -> None:
    for label in ("IAVB", "QAb", "LAD", "TInv"):
        assert (difference(label, 3) == 0).mean() > 0.2, label


def test_premature_beats_change_little_but_their_own_places() -> None:
    for number in range(8):
        assert 0.03 < difference("PAC", number).any(axis=0).mean() < 0.35


@pytest.mark.parametrize("label", sorted(set(RHYTHMS) - {SYNTHETIC12_NORMAL}))
def test_a_rhythm_changes_the_times_of_beats_on_every_lead(label: str) -> None:
    change = np.abs(difference(label, 5))
    assert (change.max(axis=1) > 0.02).all()
    assert (change > 0).mean() > 0.5
