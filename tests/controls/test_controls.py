"""Controls: each against a plain second way of making it, and what holds for all of them."""

import numpy as np
import pytest

from ecgbench.controls import CONTROLS, Scene, control_maps
from ecgbench.controls.r_peaks import detected
from ecgbench.datasets import load_dataset
from ecgbench.errors import InputError
from ecgbench.types import Windows

FS = 128.0
KEYS = CONTROLS.keys()


def windows(n, leads=2, time=384, seed=0):
    """Made-up windows, each with beats of classes 0 and 1 or 2, and a causal mask."""
    rng = np.random.default_rng(seed)
    spans = tuple(np.array([[0, 100, 0], [100, 100 + 10 * (i + 1), 1 + i % 2], [300, time, 0]]) for i in range(n))
    causal = np.zeros((n, leads, time), dtype=bool)
    causal[:, :, 110:130] = True
    names = np.array([f"r{i}" for i in range(n)])
    signal = rng.normal(0, 0.5, (n, leads, time)).astype(np.float32).cumsum(axis=-1) / 4
    return Windows(signal, 1 + np.arange(n) % 2, names, names, np.arange(n) * time, spans, causal)


@pytest.fixture
def scene():
    explained = windows(4)
    for array in (explained.signal, explained.y, explained.causal):
        array.setflags(write=False)
    return Scene(explained, np.array([1, 2, 1, 2]), windows(6, seed=1), FS)


@pytest.mark.parametrize("control", KEYS)
def test_maps_fit_and_are_not_negative(control, scene):
    maps = control_maps(control, scene)
    assert maps.shape == scene.windows.signal.shape
    assert maps.dtype == np.float32
    assert np.isfinite(maps).all()
    assert maps.min() >= 0


@pytest.mark.parametrize("control", KEYS)
def test_map_does_not_depend_on_the_other_windows(control, scene):
    index = np.array([2])
    alone = Scene(scene.windows.take(index), scene.target[index], scene.train, scene.fs)
    np.testing.assert_allclose(control_maps(control, alone)[0], control_maps(control, scene)[2], rtol=1e-6)


@pytest.mark.parametrize("control", KEYS)
def test_entry_says_what_it_does(control):
    entry = CONTROLS[control]
    assert entry.title
    assert entry.reference
    assert entry.bound == control.endswith("_mask")


def test_constant_is_the_same_everywhere(scene):
    assert (control_maps("constant", scene) == 1).all()


def test_amplitude_is_the_distance_from_the_mean_in_standard_deviations(scene):
    for lead, map_ in zip(scene.windows.signal[1], control_maps("amplitude", scene)[1], strict=True):
        np.testing.assert_allclose(map_, np.abs(lead - lead.mean()) / lead.std(), rtol=1e-4, atol=1e-5)


def test_slope_is_central_differences(scene):
    x = scene.windows.x[0, 1]
    middle = np.abs(x[2:] - x[:-2]) / (2 / FS)
    np.testing.assert_allclose(control_maps("slope", scene)[0, 1, 1:-1], middle, rtol=1e-4, atol=1e-4)


def test_centre_is_symmetric_and_falls_to_the_ends(scene):
    map_ = control_maps("centre", scene)[0, 0]
    np.testing.assert_allclose(map_, map_[::-1], rtol=1e-5)
    assert (np.diff(map_[: len(map_) // 2]) > 0).all()
    assert map_[len(map_) // 3] == pytest.approx(np.exp(-0.5), abs=0.01)
    assert map_[0] == pytest.approx(np.exp(-4.5), abs=1e-3)


def test_prior_counts_training_windows_of_the_class(scene):
    maps = control_maps("beat_prior", scene)
    for window, class_ in enumerate(scene.target):
        of_class = [i for i in range(6) if scene.train.y[i] == class_]
        for sample in (0, 105, 125, 145, 350):
            covering = [i for i in of_class if any(on <= sample < off and c == class_ for on, off, c in scene.train.spans[i])]
            assert maps[window, 0, sample] == pytest.approx(len(covering) / len(of_class))


def test_prior_of_a_class_that_was_not_trained_on_is_nothing(scene):
    assert (control_maps("beat_prior", Scene(scene.windows, np.full(4, 3), scene.train, FS)) == 0).all()


def test_masks_are_the_masks(scene):
    np.testing.assert_array_equal(control_maps("beat_mask", scene), scene.windows.masks(scene.target))
    np.testing.assert_array_equal(control_maps("causal_mask", scene), scene.windows.causal)


def test_r_peaks_stand_where_simulated_beats_have_theirs():
    """Of each simulated beat the R peak is the sample farthest from the window's median within the beat's first half second."""
    test = load_dataset("synthetic").test
    found, beats = 0, 0
    for window in range(0, 120, 4):
        signal = test.signal[window, 0]
        peaks = detected(signal, FS)
        for onset, offset, _ in test.spans[window][1:-1]:
            true = onset + int(np.abs(signal[onset:offset] - np.median(signal)).argmax())
            found += bool(peaks.size) and np.abs(peaks - true).min() <= 0.06 * FS
            beats += 1
    assert beats > 150
    assert found / beats > 0.9


def test_r_peak_has_a_bump_of_its_width(scene):
    test = load_dataset("synthetic").test.take(np.array([0]))
    map_ = control_maps("r_peaks", Scene(test, np.array([1]), test, FS))[0, 0]
    peak = int(detected(test.signal[0, 0], FS)[2])
    assert map_[peak] == 1
    assert map_[peak + 5] == pytest.approx(np.exp(-((5 / FS / 0.04) ** 2) / 2), rel=1e-5)


@pytest.mark.parametrize("fs", [100, 128, 257, 360, 500])
@pytest.mark.parametrize("kind", ["flat", "nearly flat", "noise", "short", "step"])
def test_detector_takes_any_signal(kind, fs):
    rng = np.random.default_rng(0)
    time = 100 if kind == "short" else int(8 * fs)
    signal = {
        "flat": np.zeros(time),
        "nearly flat": np.full(time, 0.1) + 1e-7 * np.arange(time),
        "noise": rng.normal(size=time),
        "short": rng.normal(size=time),
        "step": np.repeat([0.0, 1.0], time // 2),
    }[kind]
    peaks = detected(signal.astype(np.float32), float(fs))
    assert ((peaks >= 0) & (peaks < len(signal))).all()
    assert kind != "flat" or not peaks.size


@pytest.mark.parametrize("returned", [np.zeros((4, 2, 3)), np.full((4, 2, 384), -1.0), np.full((4, 2, 384), np.nan)])
def test_maps_that_are_no_control_are_refused(returned, scene, monkeypatch):
    monkeypatch.setitem(CONTROLS._entries, "broken", CONTROLS._entry_type("broken", lambda scene: returned, 1, "none", title="broken"))
    with pytest.raises(InputError, match="expected finite maps"):
        control_maps("broken", scene)


@pytest.mark.parametrize(
    ("kinds", "absent"), [((), {"beat_mask", "beat_prior", "causal_mask"}), (("spans",), {"causal_mask"}), (("spans", "causal"), set())]
)
def test_controls_that_need_a_mask_exist_where_it_does(kinds, absent):
    assert {entry.key for entry in CONTROLS if not entry.applies(kinds)} == absent
