"""The package's own controls against a second implementation, beyond the trials of all entries (see tests/testing)."""

from dataclasses import replace

import numpy as np
import pytest

from ecgbench.controls import CONTROLS, ControlEntry, control_maps
from ecgbench.errors import InputError
from ecgbench.models import forward
from ecgbench.types import standardised_as
from tests.controls import oracles
from tests.controls.scenes import locked, scene, windows

OWN = ["amplitude", "beat_mask", "beat_prior", "causal_mask", "centre", "constant", "r_peaks", "slope"]
every_control = pytest.mark.parametrize("control", OWN)


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
    assert [CONTROLS[control].applies(kinds, twins) for twins in (False, True)] == [wanted, wanted]


def test_control_that_sees_twins_applies_where_they_are():
    assert [CONTROLS["ig_twin"].applies((), twins) for twins in (False, True)] == [False, True]


def test_masks_are_bounds_and_so_is_what_sees_the_model_and_nothing_else():
    assert [key for key in CONTROLS.keys() if CONTROLS[key].bound] == ["beat_mask", "causal_mask", "ig_twin"]  # noqa: SIM118
    assert [key for key in CONTROLS.keys() if CONTROLS[key].sees_model] == ["ig_twin"]  # noqa: SIM118


def test_only_a_bound_may_see_the_model():
    with pytest.raises(InputError, match="expected mine to be a bound, since it sees the model, got none"):
        ControlEntry(key="mine", function=scene, version=1, reference="", title="mine", sees_model=True)


def test_integrated_gradients_from_the_twin_sum_to_the_fall_of_the_logit_and_are_zero_without_a_twin():
    given = scene()
    signal = given.windows.signal
    twin = signal.copy()
    twin[:, :, 40:60] -= 0.5
    twin[1] = np.nan
    windows = replace(given.windows, twin=twin)
    weights = np.random.default_rng(0).normal(size=signal.shape[1:])
    # Of a linear model: the mean gradient is its weights wherever the way begins.
    made = control_maps("ig_twin", replace(given, windows=windows, integrate=lambda start: weights * (windows.x - start)))
    wanted = weights * (windows.x - standardised_as(twin, signal))
    np.testing.assert_allclose(made[[0, 2, 3, 4]], wanted[[0, 2, 3, 4]], atol=1e-5)
    assert not made[1].any()


def test_gradients_are_integrated_from_where_they_are_asked_to_be():
    from ecgbench.methods import explain, explain_from
    from ecgbench.testing._made_up import Network

    model, x, target = Network(), np.random.default_rng(0).normal(size=(3, 2, 80)), np.array([0, 1, 2])
    np.testing.assert_allclose(explain_from(model, x, np.zeros_like(x), target), explain(model, x, target, "integrated_gradients"))
    start = np.random.default_rng(1).normal(size=x.shape)
    logits = [forward(model, rows)[np.arange(3), target] for rows in (x, start)]
    np.testing.assert_allclose(explain_from(model, x, start, target, 400).sum(axis=(1, 2)), logits[0] - logits[1], rtol=1e-2, atol=1e-2)


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
