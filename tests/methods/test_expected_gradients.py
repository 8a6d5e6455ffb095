"""Expected gradients against integrated gradients from each baseline, ours and Captum's."""

import numpy as np
import pytest
import torch
from captum import attr

import ecgbench
from ecgbench.errors import InputError
from ecgbench.methods import explanation
from ecgbench.randomness import seed_generator

from .cases import Linear, assert_close_to_maximum, small, windows

NORMAL = windows(n=12, time=64, seed=8)
TARGET = [0, 2, 1]


def explained(model, x, target, **options):
    return explanation(model, x, target, "expected_gradients", **{"normal_windows": NORMAL, **options})


def plainly(model, window, label, baselines, steps):
    """Gradients one after the other, at points that are shifted from baseline to baseline."""
    found = np.zeros_like(window)
    for k, baseline in enumerate(baselines):
        for step in range(steps):
            share = (step + (k + 0.5) / len(baselines)) / steps
            at = torch.tensor((baseline + share * (window - baseline))[None], requires_grad=True)
            gradient = torch.autograd.grad(model(at)[0, label], at)[0][0].numpy()
            found += gradient * (window - baseline) / (len(baselines) * steps)
    return found


def drawn(baselines, seed=0):
    return NORMAL[seed_generator(seed, "expected_gradients").permutation(12)[:baselines]]


@pytest.mark.parametrize(("baselines", "steps", "seed"), [(10, 5, 0), (4, 3, 1), (1, 8, 2)])
def test_map_is_that_of_plain_loops(baselines, steps, seed):
    model, x = small(), windows()
    wanted = [plainly(model, window, label, drawn(baselines, seed), steps) for window, label in zip(x, TARGET, strict=True)]
    found = explained(model, x, TARGET, baselines=baselines, steps=steps, seed=seed).maps
    assert_close_to_maximum(found, np.stack(wanted), 1e-9)


def captums(model, x, baseline, steps):
    gradients = attr.IntegratedGradients(model)
    found = gradients.attribute(x, torch.tensor(baseline), torch.tensor(TARGET), n_steps=steps, method="riemann_middle")
    return found.detach().numpy()


@pytest.mark.parametrize("steps", [2, 6, 50])
def test_from_a_single_baseline_it_is_captums_integrated_gradients_by_midpoints(steps):
    model, x = small(), windows()
    found = explained(model, x, TARGET, normal_windows=NORMAL[:1], steps=steps).maps
    # Captum keeps its points in float32.
    assert_close_to_maximum(found, captums(model, torch.tensor(x), NORMAL[:1], steps), 1e-6)


def test_map_tends_to_the_mean_of_captums_integrated_gradients_from_each_baseline():
    model, x = small(), windows()
    wanted = np.mean([captums(model, torch.tensor(x), baseline[None], 400) for baseline in drawn(4)], axis=0)
    assert_close_to_maximum(explained(model, x, TARGET, baselines=4, steps=200).maps, wanted, 5e-3)


def test_all_normal_windows_are_used_where_there_are_no_more_than_asked_for():
    weight = windows(n=3, time=64, seed=1)
    model = Linear(weight, [1.0, 2, 3])
    for given in (NORMAL[:3], NORMAL[:10]):
        found = explained(model, windows(), TARGET, normal_windows=given).maps
        np.testing.assert_allclose(found, weight[TARGET] * (windows() - given.mean(axis=0)), rtol=1e-9)


def test_as_many_as_asked_for_are_drawn_without_repetition_and_the_same_for_all_windows():
    weight = np.ones((1, 1, 12))
    x = windows(n=5, leads=1, time=12)
    found = ecgbench.explain(Linear(weight, [0.0]), x, 0, "expected_gradients", normal_windows=np.eye(12)[:, None], batch_size=2)
    means = x - found
    np.testing.assert_allclose(means, means[:1].repeat(5, axis=0), atol=1e-12)
    np.testing.assert_allclose(np.sort(means[0, 0]), [0] * 2 + [0.1] * 10, atol=1e-12)


def test_map_sums_to_the_logits_mean_change_from_the_baselines():
    model, x = small(), windows()
    with torch.no_grad():
        change = model(torch.tensor(x)).numpy() - model(torch.tensor(drawn(10))).mean(dim=0).numpy()
    found = explained(model, x, TARGET, steps=200)
    np.testing.assert_allclose(found.total, change[[0, 1, 2], TARGET], rtol=1e-12)
    np.testing.assert_allclose(found.maps.sum(axis=(1, 2)), found.total, atol=1e-3 * np.abs(found.maps).sum(axis=(1, 2)).max())


def test_without_normal_windows_it_says_how_to_pass_them():
    with pytest.raises(InputError, match="expected normal_windows for expected_gradients, got none; pass it by name"):
        ecgbench.explain(small(), windows(), 0, "expected_gradients")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (NORMAL[:, :1], r"expected normal_windows \(m, 2, 64\), got \(12, 1, 64\); cut it like the windows"),
        (NORMAL[0], r"expected normal_windows \(m, 2, 64\), got \(2, 64\)"),
        (np.full((1, 2, 64), np.inf), "expected normal_windows of finite numbers"),
    ],
)
def test_normal_windows_that_do_not_fit_are_refused(given, message):
    with pytest.raises(InputError, match=message):
        ecgbench.explain(small(), windows(), 0, "expected_gradients", normal_windows=given)


def test_methods_that_need_no_normal_windows_do_not_look_at_them():
    model, x = small(), windows()
    wanted = ecgbench.explain(model, x, 0, "saliency")
    np.testing.assert_array_equal(ecgbench.explain(model, x, 0, "saliency", normal_windows="none of these"), wanted)
