"""KernelSHAP against Shapley values of all subsets, LIME against a Lasso of its own over the masks it drew and over all masks."""

from itertools import product

import numpy as np
import pytest
import torch

import ecgbench
from ecgbench.methods import explanation

from .cases import Linear, small, windows
from .oracles import (
    constrained_least_squares,
    lasso,
    masked,
    patches_of,
    seen_by,
    shapley,
    similarity_weight,
    slopes,
    spread,
)

PATCH = 16
ALPHA = 0.01


def outputs_of(model, rows, target=0):
    with torch.inference_mode():
        return model(torch.tensor(np.asarray(rows)))[:, target].double().numpy()


def patched(leads=2, time=60):
    """A network, a window with patches of which a lead's last is shorter, and these."""
    return small(leads), windows(n=1, leads=leads, time=time, seed=4)[0], patches_of(leads, time, PATCH)


def coefficients_of(found, patches):
    return np.array([found[place][0] for place in patches])


def all_masks(count):
    return np.array(list(product([0, 1], repeat=count)))


# KernelSHAP


@pytest.fixture(scope="module")
def exact():
    """A network, a window, its patches and their Shapley values by enumeration."""
    model, x, patches = patched()
    masks = all_masks(len(patches))
    outputs = outputs_of(model, [masked(x, patches, mask) for mask in masks])
    table = {frozenset(np.flatnonzero(mask)): output for mask, output in zip(masks, outputs, strict=True)}
    return model, x, patches, shapley(len(patches), lambda chosen: table[frozenset(chosen)])


def errors_of(exact, samples, seeds):
    model, x, patches, wanted = exact
    maps = [ecgbench.explain(model, x[None], 0, "kernel_shap", seed=seed, patch=PATCH, samples=samples)[0] for seed in seeds]
    return np.array([np.linalg.norm(coefficients_of(found, patches) - wanted) for found in maps]) / np.linalg.norm(wanted)


def explain_shap(model, x, **options):
    return explanation(model, x[None], 0, "kernel_shap", patch=PATCH, **options)


def test_the_network_of_these_tests_is_far_from_additive(exact):
    model, x, patches, wanted = exact
    alone = outputs_of(model, [masked(x, patches, mask) for mask in np.eye(len(patches))]) - outputs_of(model, [0 * x])
    assert np.linalg.norm(alone - wanted) > 0.1 * np.linalg.norm(wanted)


def test_kernel_shap_converges_to_the_exact_shapley_values(exact):
    assert errors_of(exact, 20_000, seeds=[0])[0] < 0.01


def test_error_of_kernel_shap_from_the_exact_shapley_values_falls_with_the_root_of_its_samples(exact):
    few, many = (np.sqrt((errors_of(exact, samples, range(20)) ** 2).mean()) for samples in (200, 2000))
    assert 0.6 * 0.1**0.5 < many / few < 1.6 * 0.1**0.5


@pytest.mark.parametrize("samples", [2, 6, 14, 60, 400])
def test_kernel_shap_sums_to_what_the_window_changes(exact, samples):
    model, x, patches, _ = exact
    total = coefficients_of(explain_shap(model, x, samples=samples).maps[0], patches).sum()
    assert total == pytest.approx(np.diff(outputs_of(model, [0 * x, x]))[0], abs=1e-9)


@pytest.mark.parametrize("samples", [2, 6, 10, 60])
def test_kernel_shap_is_the_least_of_the_best_fits_by_lagranges_multiplier(exact, samples):
    model, x, patches, _ = exact
    rows = seen_by(model, x, "kernel_shap", patch=PATCH, samples=samples)
    masks = np.array([[row[place].any() for place in patches] for row in rows]).astype(float)
    drawn = (masks.sum(axis=1) > 0) & (masks.sum(axis=1) < len(patches))
    flat, whole = outputs_of(model, [0 * x, x])
    wanted = constrained_least_squares(masks[drawn], outputs_of(model, rows[drawn]), whole, flat)
    found = explain_shap(model, x, samples=samples)
    np.testing.assert_allclose(coefficients_of(found.maps[0], patches), wanted, atol=1e-8 * np.abs(wanted).max())
    determined = np.linalg.matrix_rank(np.vstack([masks[drawn], np.ones(len(patches))]))
    assert (found.measures["undetermined"][0] > 0) == (determined < len(patches))
    assert 0 <= found.measures["undetermined"][0] <= 1


@pytest.mark.parametrize(("leads", "time"), [(1, 160), (2, 60), (12, 100)])
@pytest.mark.parametrize("samples", [20, 600])
def test_kernel_shap_is_exact_on_a_linear_model_wherever_masks_determine_it(leads, time, samples):
    x, weight = windows(n=6, leads=leads, time=time), windows(n=2, leads=leads, time=time, seed=1)
    found = explanation(Linear(weight, [3.0, -1.0]), x, 1, "kernel_shap", patch=PATCH, samples=samples)
    patches = patches_of(leads, time, PATCH)
    sure = found.measures["undetermined"] == 0
    assert sure.all() if samples == 600 else not sure.all()
    for window, own, exactly in zip(x, found.maps, sure, strict=True):
        wanted = spread(patches, [(weight[1] * window)[place].sum() for place in patches], window.shape)
        assert np.allclose(own, wanted, atol=1e-9) == exactly


def test_kernel_shap_of_a_single_patch_is_all_that_the_window_changes():
    model, x, _ = patched(leads=1)
    found = explanation(model, x[None], 0, "kernel_shap", patch=1000, samples=4)
    np.testing.assert_allclose(found.maps[0], np.diff(outputs_of(model, [0 * x, x]))[0], atol=1e-12)
    assert found.measures["undetermined"] == 0


# LIME


def surrogate(model, x, patches, samples, target=0, seed=0):
    """Masks that LIME drew, the target's logits there, and their weights."""
    rows = seen_by(model, x, "lime", target, patch=PATCH, samples=samples, seed=seed)
    masks = np.array([[row[place].any() for place in patches] for row in rows]).astype(float)
    return masks, outputs_of(model, rows, target), np.array([similarity_weight(x, row) for row in rows])


def explain_lime(model, x, **options):
    return ecgbench.explain(model, x[None], 0, "lime", patch=PATCH, **options)[0]


def louder(factor):
    """A network whose logits are so many times those of `small`."""
    model = small()
    for parameter in model.head[-1].parameters():
        parameter.data *= factor
    return model


@pytest.mark.parametrize("samples", [5, 100, 500])
@pytest.mark.parametrize("factor", [1, 30])
@pytest.mark.parametrize("alpha", [ALPHA, 0.1, "relative"])
def test_lime_meets_the_conditions_of_a_minimum_at_the_masks_it_drew(samples, factor, alpha):
    model, (_, x, patches) = louder(factor), patched()
    masks, outputs, weights = surrogate(model, x, patches, samples)
    found = coefficients_of(explain_lime(model, x, samples=samples, alpha=alpha), patches)
    limit = 0.01 * outputs.std() if alpha == "relative" else alpha
    slope = slopes(masks, outputs, weights, found)
    tolerance = 1e-5 * outputs.std()
    np.testing.assert_allclose(slope[found != 0], limit * np.sign(found[found != 0]), atol=tolerance)
    assert (np.abs(slope[found == 0]) <= limit + tolerance).all()


def test_lime_has_both_zeros_and_coefficients_of_both_signs_where_its_conditions_are_tested():
    model, (_, x, patches) = louder(30), patched()
    found = coefficients_of(explain_lime(model, x, samples=500, alpha=0.1), patches)
    assert {-1, 0, 1} == set(np.sign(found))


@pytest.mark.parametrize("factor", [10, 100])
def test_lime_of_many_samples_is_the_lasso_over_all_masks(factor):
    model, (_, x, patches) = louder(factor), patched()
    masks = all_masks(len(patches))
    rows = [masked(x, patches, mask) for mask in masks]
    wanted = lasso(masks, outputs_of(model, rows), np.array([similarity_weight(x, row) for row in rows]), ALPHA)
    found = coefficients_of(explain_lime(model, x, samples=20_000, alpha=ALPHA), patches)
    assert np.abs(found - wanted).max() < 0.03 * np.abs(wanted).max()
    assert np.abs(wanted).max() > 0


def test_lime_weighs_samples_by_their_similarity_to_the_window():
    # The Lasso over the same masks with equal weights is another one.
    model, (_, x, patches) = louder(30), patched()
    masks, outputs, weights = surrogate(model, x, patches, 500)
    found = coefficients_of(explain_lime(model, x, samples=500, alpha=ALPHA), patches)
    scale = np.abs(found).max()
    np.testing.assert_allclose(found, lasso(masks, outputs, weights, ALPHA), atol=1e-3 * scale)
    assert np.abs(found - lasso(masks, outputs, np.ones(len(weights)), ALPHA)).max() > 3e-3 * scale


def test_relative_alpha_of_lime_scales_with_the_logits_and_the_absolute_one_does_not():
    _, x, _ = patched()
    relative, absolute = ([explain_lime(louder(factor), x, alpha=alpha) for factor in (1, 1000)] for alpha in ("relative", ALPHA))
    np.testing.assert_allclose(relative[1], 1000 * relative[0], atol=1e-4 * np.abs(relative[1]).max())
    assert np.abs(absolute[1] - 1000 * absolute[0]).max() > 0.01 * np.abs(absolute[1]).max()
    assert (absolute[1] != 0).sum() > (absolute[0] != 0).sum()


def test_lime_goes_by_the_logits_by_default_and_by_the_penalty_of_the_study_in_its_protocol():
    model, x = louder(1), patched()[1]
    for protocol, alpha in (("ours", "relative"), ("study", ALPHA)):
        wanted = explain_lime(model, x, samples=100, alpha=alpha)
        np.testing.assert_array_equal(explain_lime(model, x, samples=100, protocol=protocol), wanted)
    assert explain_lime(louder(1e-4), x, samples=100).any()


@pytest.mark.parametrize("alpha", [1e9, ALPHA, "relative"])
def test_lime_is_zero_where_alpha_is_huge_or_the_model_ignores_the_window(alpha):
    _, x, _ = patched()
    model = small() if alpha == 1e9 else Linear(np.zeros((1, *x.shape)), [7.0])
    assert not explain_lime(model, x, alpha=alpha).any()


def test_weights_of_lime_on_golden_windows_hardly_differ(reference):
    with np.load(reference / "mitdb_attributions.npz") as file:
        x = file["x"].reshape(len(file["x"]), 1, -1).astype(np.float64)
    rows = [seen_by(Linear(np.ones((1, *window.shape)), [0.0]), window, "lime", patch=24) for window in x]
    weights = np.array([similarity_weight(window, row) for window, of_window in zip(x, rows, strict=True) for row in of_window])
    assert ((weights >= 0.85) & (weights <= 0.99)).mean() >= 0.95
