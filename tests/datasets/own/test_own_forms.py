"""Own WFDB records of any form: extensions of annotations, leads by name, rates, and classes; all against what was written or is known."""

from __future__ import annotations

import warnings
from fractions import Fraction

import numpy as np
import pytest

import ecgbench
from ecgbench.datasets import DATASETS, request_for
from ecgbench.datasets.recordings.resampling import ratio_of
from ecgbench.errors import DataError, InputError, MissingDataError
from ecgbench.protocol import MITDB
from tests.datasets.records.wfdb_files import BEATS, FS, WINDOW, signal_of, wfdb, write

pytestmark = pytest.mark.usefixtures("registries_restored")

OWN_BEATS = {"N": "normal", "V": "ectopic", "A": "early", "/": None}


@pytest.fixture(autouse=True)
def _own_store(tmp_path, monkeypatch):
    monkeypatch.setenv("ECGBENCH_CACHE", str(tmp_path / "store"))


@pytest.fixture
def folder(tmp_path):
    """Records `a` and `b` of three leads, L0 to L2."""
    for seed, name in enumerate("ab"):
        write(tmp_path / "records", name, signal_of(leads=3, seed=seed), BEATS)
    return tmp_path / "records"


def registered(folder, **changed):
    given = {"train": ["a"], "test": ["b"], "fs": FS, "window": WINDOW}
    return ecgbench.register_records("mine", folder, **given | changed).key


def loaded(folder, **changed):
    return ecgbench.load_dataset(registered(folder, **changed))


def loaded_again(folder, **changed):
    DATASETS._entries.pop("mine")
    return loaded(folder, **changed)


def test_annotations_have_any_extension_and_leads_are_named(folder):
    for name in "ab":
        (folder / f"{name}.atr").rename(folder / f"{name}.man2")
    with pytest.raises(MissingDataError, match=r"expected .*/a\.atr, got no such file; put it there"):
        loaded(folder)
    found = loaded_again(folder, annotations="man2", leads=["l2", "L0"], beats=OWN_BEATS)
    assert found.leads == ("l2", "L0")
    wanted = signal_of(leads=3, seed=1)[: 3 * WINDOW, [2, 0]].reshape(3, WINDOW, 2).swapaxes(1, 2)
    np.testing.assert_allclose(found.test.signal, wanted, atol=1e-6)


def test_masks_twins_regions_and_continuations_have_all_leads(tmp_path):
    rng, beats = np.random.default_rng(0), [(30 + 72 * i, "V" if i == 20 else "N") for i in range(40)]
    for name in "ab":
        write(tmp_path, name, rng.normal(0, 0.1, (72 * 40, 2)).round(3), beats, fs=72)
    key = registered(tmp_path, leads=["L1", "L0"], fs=72, window=720)
    test = ecgbench.load_dataset(key).test
    entry, request = DATASETS[key], request_for(key)
    assert test.masks(test.y).shape == test.signal.shape == (4, 2, 720)
    assert test.y.tolist() == [0, 0, 2, 0]
    twins = entry.twins(request, test, test.y)
    assert np.isfinite(twins.twin[2]).all()
    changed = (twins.twin[2] != test.signal[2]).any(axis=1)
    assert changed.tolist() == [True, True]
    continued = entry.continued(request, test)
    assert np.array_equal(continued[:, :, :720], test.signal)
    assert np.array_equal(continued[0, :, 720:], test.signal[1, :, : continued.shape[2] - 720])
    assert (entry.regions(request, test, test.y)[2] > 0).any(axis=1).all()


def test_classes_are_the_user_s_and_masks_are_those_of_hand_placed_beats(folder):
    dataset = loaded(folder, beats=OWN_BEATS, leads=["L0"])
    assert dataset.classes == ("normal", "ectopic", "early")
    assert dataset.labels == "own"
    assert dataset.test.y.tolist() == [0, 1, 0]
    mask = dataset.test.masks(np.array([0, 1, 0]))
    expected = np.zeros((3, 1, WINDOW), dtype=bool)
    expected[0] = expected[1] = True  # one N at 40 alone; V at 150 and 160; "/" in the third window is no beat
    assert np.array_equal(mask, expected)
    ordered = loaded_again(folder, beats=OWN_BEATS, classes=["early", "other", "normal", "ectopic"])
    assert ordered.test.y.tolist() == [2, 3, 0]


def test_more_own_classes_than_the_benchmark_s_rules_have_are_kept_apart(tmp_path):
    letters = "NLRAVF"
    for name in "ab":
        write(tmp_path, name, signal_of(600), [(50 + 100 * i, letter) for i, letter in enumerate(letters)])
    dataset = loaded(tmp_path, beats={letter: f"class {letter}" for letter in letters})
    assert dataset.test.y.tolist() == [0, 1, 2, 3, 4, 5]
    assert DATASETS["mine"].twins(request_for("mine"), dataset.test, dataset.test.y).twin.shape == dataset.test.signal.shape


def test_letters_without_a_class_are_named_or_dropped(folder):
    with pytest.raises(DataError, match=r"expected annotations of .*/a that have a class, got /, A; name the class .* or say unmapped="):
        loaded(folder, beats={"N": "normal", "V": "ectopic"})
    dataset = loaded_again(folder, beats={"N": "normal", "V": "ectopic"}, unmapped="drop")
    assert dataset.test.y.tolist() == [0, 1, 0]
    assert [len(spans) for spans in dataset.test.spans] == [1, 2, 0]


def test_other_rates_are_refused_or_resampled_as_is_said(folder):
    with pytest.raises(DataError, match=r"expected 250 Hz in .*/a, got 360 Hz; say resample=True"):
        loaded(folder, fs=250)
    found = loaded_again(folder, fs=250, resample=True, window=70, beats=OWN_BEATS)
    assert found.fs == 250
    assert found.train.signal.shape == (3, 1, 70)  # 350 samples are 243.06, which are 244


@pytest.mark.parametrize(("fs", "wanted"), [(360, 250), (257, 500), (1000, 128), (100, 360), (360.5, 250)])
def test_resampled_sine_is_the_closed_form_and_beats_move_with_it(tmp_path, fs, wanted):
    time = np.arange(round(20 * fs)) / fs
    places = [round(second * fs) for second in (1, 7.3, 15.01)]
    write(tmp_path, "a", np.sin(2 * np.pi * 3.1 * time)[:, None], [(place, "N") for place in places], fs=fs)
    found = ecgbench.read_recording(tmp_path / "a", fs=wanted)
    here = np.arange(found.signal.shape[1]) / wanted
    assert found.fs == wanted
    assert found.signal.shape[1] == -(-len(time) * wanted // fs)
    inner = (here > 0.5) & (here < 19.5)
    np.testing.assert_allclose(found.signal[0, inner], np.sin(2 * np.pi * 3.1 * here[inner]), atol=2e-3)
    exact = np.array(places) / fs * wanted
    assert np.abs(found.sample - exact).max() <= 0.5


def test_annotations_that_step_back_are_put_in_order(folder):
    skip = (59 << 10).to_bytes(2, "little") + (0xFFFF).to_bytes(2, "little") + (0x10000 - 80).to_bytes(2, "little")
    words = [(5 << 10 | 100).to_bytes(2, "little"), skip, (1 << 10 | 30).to_bytes(2, "little"), bytes(2)]
    (folder / "a.atr").write_bytes(b"".join(words))
    found = ecgbench.read_recording(folder / "a")
    assert (found.sample.tolist(), found.symbol) == ([50, 100], ("N", "V"))


def test_rates_without_a_small_ratio_are_refused():
    assert abs(ratio_of(360.00123, 250, 1000, "a") * Fraction("360.00123") - 250) < Fraction(1, 1000)
    for found, length in ((360.00123, 10**9), (1e7, 1000)):
        with pytest.raises(DataError, match=r"expected a rate of a that is to 250 Hz as whole numbers up to 10000 are, got"):
            ratio_of(found, 250, length, "a")


def test_real_record_at_another_rate_has_the_same_beats_within_a_sample(records):
    record = records / MITDB.slug / MITDB.version / "100"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        known, signal = wfdb.rdann(str(record), "atr"), wfdb.rdrecord(str(record)).p_signal
    plain, found = (ecgbench.read_recording(record, leads=["mlii", "V5"], fs=fs) for fs in (None, 250))
    assert plain.symbol == found.symbol == tuple(known.symbol)
    assert np.array_equal(plain.sample, known.sample)
    np.testing.assert_allclose(plain.signal, signal.T, atol=1e-6)
    assert np.abs(found.sample - known.sample * 250 / 360).max() <= 0.5
    peak = found.sample[np.array(found.symbol) == "N"][1:-1]
    here = [int(place) - 4 + int(found.signal[0, place - 4 : place + 5].argmax()) for place in peak]
    there = known.sample[np.array(known.symbol) == "N"][1:-1]
    first = [int(place) - 6 + int(plain.signal[0, place - 6 : place + 7].argmax()) for place in there]
    assert np.abs(np.array(here) - np.array(first) * 250 / 360).max() <= 1.5


REFUSED = {
    "a lead that is not there": ({"leads": ["L9"]}, DataError, r"expected one lead L9 in .*/a\.hea, got 0 of that name among L0, L1, L2"),
    "leads and a lead": ({"leads": ["L1"], "lead": 1}, InputError, r"expected either leads or lead, got both, \['L1'\] and 1; leave"),
    "no mapping": ({"beats": {" ": "normal", "V": "ectopic"}}, InputError, "expected beats as a mapping such as"),
    "one class": ({"beats": {"N": "normal"}}, InputError, "expected classes as 2 or more different texts"),
    "a class that is not named": ({"beats": OWN_BEATS, "classes": ["normal", "early"]}, InputError, "got ectopic; name every class"),
    "classes alone": ({"classes": ["a", "b"]}, InputError, "expected beats beside classes, got none"),
    "another say": ({"unmapped": "ignore"}, InputError, 'expected unmapped "refuse" or "drop", got \'ignore\''),
    "a path as extension": ({"annotations": "../b.atr"}, InputError, "expected annotations without any of"),
    "a unit of pressure": ({"unit": "mmHg"}, InputError, "expected unit mV, uV or V, got 'mmHg'"),
    "no rate": ({"record_fs": 0}, InputError, "expected record_fs as a number above 0"),
    "arrays of other names": ({"arrays": {"ecg": "x"}}, InputError, r"expected arrays as names by usual names \(signal, fs"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_form_is_refused(folder, case):
    changed, kind, message = REFUSED[case]
    with pytest.raises(kind, match=message):
        loaded(folder, **changed)
