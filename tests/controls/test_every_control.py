"""Every control through the same trials, and against a second implementation."""

import numpy as np
import pytest

from ecgbench.controls import CONTROLS, control_maps
from ecgbench.methods import METHODS
from tests.controls import oracles
from tests.controls.scenes import locked, part, scene, windows

every_control = pytest.mark.parametrize("control", CONTROLS.keys())


@every_control
def test_control_says_what_it_does(control):
    entry = CONTROLS[control]
    assert all((entry.title, entry.reference))
    assert entry.version >= 1
    assert entry.mask in ("", "spans", "causal")


@every_control
def test_control_has_no_methods_key(control):
    assert control not in METHODS


@pytest.mark.parametrize(("leads", "time"), [(1, 400), (2, 400), (12, 250), (1, 17)])
@every_control
def test_maps_are_finite_and_never_negative(control, leads, time):
    maps = control_maps(control, scene(leads=leads, time=time))
    assert maps.shape == (5, leads, time)
    assert maps.dtype == np.float32
    assert np.isfinite(maps).all()
    assert maps.min() >= 0


@every_control
def test_nothing_is_written_into_and_maps_are_repeated(control):
    given, again = scene(), scene()
    np.testing.assert_array_equal(control_maps(control, given), control_maps(control, given))
    np.testing.assert_array_equal(given.windows.signal, again.windows.signal)
    np.testing.assert_array_equal(given.train.signal, again.train.signal)


@every_control
def test_map_does_not_depend_on_the_other_windows(control):
    whole, order = scene(), [3, 0, 4]
    np.testing.assert_array_equal(control_maps(control, part(whole, order)), control_maps(control, whole)[order])


@every_control
def test_map_depends_on_the_training_side_only_where_it_is_learnt(control):
    given = scene()
    other = type(given)(given.windows, given.target, windows(12, 3, train=True), given.fs)
    assert np.array_equal(control_maps(control, given), control_maps(control, other)) == (control != "beat_prior")


@every_control
def test_map_is_what_a_second_implementation_gives(control):
    given, oracle = scene(n=3), getattr(oracles, control)
    rng = np.random.default_rng(0)
    maps = control_maps(control, given)
    picked = [(w, lead, int(s)) for w in range(3) for lead in range(2) for s in (0, 40, 399, *rng.integers(1, 399, 12))]
    if control == "r_peaks":
        picked = picked[::5]
    expected = [oracle(given, *place) for place in picked]
    np.testing.assert_allclose([maps[place] for place in picked], expected, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize("control", [entry.key for entry in CONTROLS if not entry.bound and entry.key != "beat_prior"])
def test_only_bounds_and_the_prior_look_at_labels_and_annotations(control):
    given = scene()
    bare = type(given.windows)(
        given.windows.signal, given.windows.y, given.windows.record, given.windows.patient, given.windows.start, [np.empty((0, 3), int)] * 5
    )
    blind = type(given)(bare, np.zeros_like(given.target), given.train, given.fs)
    np.testing.assert_array_equal(control_maps(control, blind), control_maps(control, given))


@pytest.mark.parametrize(
    ("control", "kinds", "wanted"),
    [
        ("amplitude", (), True),
        ("beat_mask", (), False),
        ("beat_mask", ("spans",), True),
        ("beat_prior", (), False),
        ("causal_mask", ("spans",), False),
        ("causal_mask", ("spans", "causal"), True),
    ],
)
def test_control_applies_where_its_mask_is(control, kinds, wanted):
    assert CONTROLS[control].applies(kinds) == wanted


def test_masks_are_bounds_and_nothing_else_is():
    assert [entry.key for entry in CONTROLS if entry.bound] == ["beat_mask", "causal_mask"]


# Edges


def flat(given):
    signal = np.repeat(given.windows.signal[..., :1], given.shape[-1], axis=2)
    quiet = type(given.windows)(signal, *(getattr(given.windows, n) for n in ("y", "record", "patient", "start", "spans", "causal")))
    return type(given)(locked(quiet), given.target, given.train, given.fs)


@pytest.mark.parametrize("control", ["amplitude", "slope", "r_peaks"])
def test_flat_window_has_a_flat_map(control):
    assert np.ptp(control_maps(control, flat(scene())), axis=2).max() == 0


def test_prior_of_a_class_without_training_windows_is_zero():
    given = scene()
    others = type(given)(given.windows, np.full_like(given.target, 2), windows(12, 2, np.ones(12, dtype=np.int64), train=True), given.fs)
    assert not control_maps("beat_prior", others).any()


def test_prior_reads_labels_of_which_a_window_has_several():
    labels = (np.random.default_rng(0).random((12, 3)) < 0.5).astype(np.uint8)
    given = scene(labels=None)
    several = type(given)(given.windows, given.target, windows(12, 2, labels, train=True), given.fs)
    window, class_ = 0, int(given.target[0])
    masks = [several.train.mask(i, class_) for i in range(12) if labels[i, class_]]
    np.testing.assert_allclose(control_maps("beat_prior", several)[window], np.mean(masks, axis=0), rtol=1e-6)
