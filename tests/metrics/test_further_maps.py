"""Metrics that compare a map with further maps of its source: by hand, on models whose answer is known, and against Quantus."""

from dataclasses import replace

import numpy as np
import pytest
import quantus
import torch
from quantus.functions.complexity_func import discrete_entropy
from scipy.stats import rankdata
from torch import nn

import ecgbench
from ecgbench.errors import InputError
from ecgbench.metrics import METRICS
from ecgbench.metrics._situations import DRAWS, KEPT_WITHIN, NOISY, SNR, noisy_windows, record_noise, runner_up_class, shifted_windows
from ecgbench.protocol import SHIFTS

RNG = np.random.default_rng(0)
N, LEADS, TIME = 3, 2, 120
X = RNG.normal(size=(N, LEADS, TIME))
MAPS = RNG.normal(size=X.shape)
OTHERS = RNG.normal(size=(N, 5, LEADS, TIME))


def score(key, maps=MAPS, further=OTHERS, x=X):
    entry = METRICS[key]
    given = {"x": x, "further": further}
    return entry.function(maps, **{name: given[name] for name in entry.needs})


def residuals(values, given):
    """What a straight line in `given` leaves of `values`."""
    design = np.stack([given, np.ones_like(given)], axis=1)
    return values - design @ np.linalg.lstsq(design, values, rcond=None)[0]


# Randomisation


def test_randomisation_is_the_correlation_of_what_the_signals_size_leaves_of_the_ranks():
    wanted = np.empty((N, 5))
    for i in range(N):
        size, first = (rankdata(np.abs(array[i])) for array in (X, MAPS))
        for k in range(5):
            left = [residuals(ranks, size) for ranks in (first, rankdata(np.abs(OTHERS[i, k])))]
            wanted[i, k] = abs(np.corrcoef(*left)[0, 1])
    np.testing.assert_allclose(score("randomisation"), 1 - wanted.mean(axis=1), rtol=1e-9)


def test_resemblance_by_the_signals_size_alone_counts_for_nothing():
    first, second = (np.abs(X) * np.exp(RNG.normal(size=X.shape)) for _ in range(2))
    similar = np.corrcoef(rankdata(first), rankdata(second))[0, 1]
    assert similar > 0.3
    assert (score("randomisation", first, second[:, None]) > 0.85).all()


@pytest.mark.parametrize("maps", [MAPS, np.abs(X), X**3], ids=["any", "amplitude", "of its order"])
def test_map_that_no_weight_changes_has_no_randomisation(maps):
    np.testing.assert_array_equal(score("randomisation", maps, np.repeat(maps[:, None], 3, axis=1)), 0.0)
    np.testing.assert_array_equal(score("randomisation", maps, 7 * maps[:, None]), 0.0)


def test_what_is_undefined_is_left_out_and_nan_where_nothing_is_left():
    partly = OTHERS.copy()
    partly[:, 1:] = np.nan
    constant = OTHERS.copy()
    constant[:, 1:] = 2.0
    for key in ("randomisation", "efficient_mprt", "stability", "contrast"):
        np.testing.assert_array_equal(score(key, further=constant), score(key, further=partly))
        assert np.isnan(score(key, further=np.full_like(OTHERS, np.nan))).all()
        assert np.isnan(score(key, maps=np.zeros_like(MAPS))).all()
    assert np.isnan(score("randomisation", further=np.abs(X)[:, None])).all()


class Line(nn.Module):
    """Logits that are weighted sums of the window."""

    def __init__(self, seed):
        super().__init__()
        weight = np.random.default_rng([seed, 1]).normal(size=(2, LEADS, TIME))
        self.weight = nn.Parameter(torch.tensor(weight))

    def forward(self, x):
        return torch.einsum("olt,nlt->no", self.weight, x)


def test_gradient_of_a_linear_model_depends_on_its_weights_and_not_on_noise():
    maps = ecgbench.explain(Line(0), X, 0, "saliency")
    redrawn = np.stack([ecgbench.explain(Line(seed), X, 0, "saliency") for seed in (1, 2, 3)], axis=1)
    assert (score("randomisation", maps, redrawn) > 0.85).all()
    noisy = np.stack([ecgbench.explain(Line(0), X + 0.1 * RNG.normal(size=X.shape), 0, "saliency") for _ in range(3)], axis=1)
    np.testing.assert_allclose(score("stability", maps, noisy), 0.0, atol=1e-12)
    np.testing.assert_allclose(score("max_sensitivity", maps, noisy), 0.0, atol=1e-12)
    other = ecgbench.explain(Line(0), X, 1, "saliency")
    wanted = [1 - abs(np.corrcoef(maps[i].ravel(), other[i].ravel())[0, 1]) for i in range(N)]
    np.testing.assert_allclose(score("contrast", maps, other[:, None]), wanted)


# Against Quantus


def test_entropies_are_those_of_quantus():
    wanted = np.empty((N, 5))
    for i in range(N):
        before = discrete_entropy(MAPS[i], MAPS[i])
        for k in range(5):
            wanted[i, k] = (discrete_entropy(OTHERS[i, k], MAPS[i]) - before) / before
    np.testing.assert_allclose(score("efficient_mprt"), wanted.mean(axis=1), rtol=1e-9)


class OnImages(nn.Module):
    """A small network on (n, 1, leads, time) of layers that Quantus can re-draw."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng():
            torch.default_generator.manual_seed(0)
            self.convolution, self.out = nn.Conv2d(1, 4, (1, 5)), nn.Linear(4, 2)

    def forward(self, x):
        return self.out(torch.relu(self.convolution(x)).mean(dim=(2, 3)))


def gradients(model, inputs, targets, **_):
    x = torch.as_tensor(np.asarray(inputs), dtype=torch.float32).requires_grad_()
    model(x)[torch.arange(len(x)), torch.as_tensor(np.asarray(targets))].sum().backward()
    return (x.grad * x.detach()).numpy()


@pytest.mark.filterwarnings("ignore")
def test_efficient_mprt_is_that_of_quantus_where_both_have_the_same_models():
    """Quantus chooses the number of bins by its own rule unless it is named, and re-draws by each layer's own initialisation, once."""
    images, target, made = X[:, None].astype(np.float32), np.array([0, 1, 1]), []

    def explain(model, inputs, targets, **_):
        made.append(gradients(model, inputs, targets))
        return made[-1]

    model = OnImages().eval()
    metric = quantus.EfficientMPRT(
        complexity_func_kwargs={"n_bins": 100},
        normalise=False,
        abs=False,
        skip_layers=True,
        compute_extra_scores=False,
        disable_warnings=True,
        display_progressbar=False,
    )
    theirs = metric(model=model, x_batch=images, y_batch=target, a_batch=None, channel_first=True, explain_func=explain)
    maps, redrawn = made[-2][:, 0], made[-1][:, 0]
    assert np.abs(maps - redrawn).max() > 1e-6
    np.testing.assert_allclose(score("efficient_mprt", maps, redrawn[:, None]), np.ravel(theirs), rtol=1e-6)


@pytest.mark.filterwarnings("ignore")
def test_max_sensitivity_is_that_of_quantus_with_the_same_perturbations():
    """Quantus drops draws that change the predicted class instead of those that change the explained logit; here nothing is dropped."""
    images, target, model = X[:, None].astype(np.float32), np.array([0, 1, 1]), OnImages().eval()
    rows = images + 0.1 * RNG.normal(size=(4, *images.shape)).astype(np.float32)
    drawn = iter(rows)
    metric = quantus.MaxSensitivity(
        nr_samples=4,
        perturb_func=lambda arr, **_: next(drawn).reshape(arr.shape),
        normalise=False,
        abs=False,
        disable_warnings=True,
        return_nan_when_prediction_changes=False,
    )
    maps = gradients(model, images, target)
    theirs = metric(model=model, x_batch=images, y_batch=target, a_batch=maps, channel_first=True, explain_func=gradients)
    further = np.stack([gradients(model, one, target)[:, 0] for one in rows], axis=1)
    np.testing.assert_allclose(score("max_sensitivity", maps[:, 0], further), theirs, rtol=1e-6)


# Stability and shift


def test_stability_is_the_median_of_the_draws_that_are_there():
    further = MAPS[:, None] + np.array([0.1, 0.5, 3.0])[:, None, None] * RNG.normal(size=(N, 3, LEADS, TIME))
    apart = [[1 - np.corrcoef(MAPS[i].ravel(), further[i, k].ravel())[0, 1] for k in range(3)] for i in range(N)]
    np.testing.assert_allclose(score("stability", further=further), np.median(apart, axis=1))
    further[:, 2] = np.nan
    np.testing.assert_allclose(score("stability", further=further), np.mean([row[:2] for row in apart], axis=1))
    np.testing.assert_allclose(score("max_sensitivity", 1e-200 * MAPS, 1e-200 * further), score("max_sensitivity", further=further))


def shifted(maps_of, longer):
    """The map of a window, and those of the windows later in the record."""
    time = longer.shape[2] - max(SHIFTS)
    return maps_of(longer[..., :time]), np.stack([maps_of(longer[..., samples : samples + time]) for samples in SHIFTS], axis=1)


def coarse(x, unit=32):
    """Class activation of units of 32 samples, whose nearest one stands for a sample."""
    means = np.abs(x).reshape(*x.shape[:2], -1, unit).mean(axis=3)
    return np.repeat(means, unit, axis=2)


def test_map_that_moves_with_the_signal_has_shift_1_and_one_of_coarse_units_has_not():
    longer = np.random.default_rng(1).normal(size=(N, 1, 320 + max(SHIFTS)))
    np.testing.assert_allclose(score("shift", *shifted(np.abs, longer)), 1.0, rtol=1e-12)
    assert (score("shift", *shifted(coarse, longer)) < 0.8).all()


# Situations


def rate(rows):
    """Logits of which the first hardly changes, the second does."""
    return np.stack([100 + rows.mean(axis=(1, 2)), 1e-3 * rows[:, 0, 0] + 1e-9], axis=1)


def test_noise_is_20_db_below_each_lead_and_draws_that_change_the_decision_are_not_asked_for():
    window = X[0] * np.array([[1.0], [50.0]])
    drawn = record_noise(window, np.random.default_rng(0), 100.0)
    np.testing.assert_allclose(10 * np.log10(window.var(axis=1) / drawn.var(axis=1)), SNR)
    kept = noisy_windows(X, np.array([0, 1, 0]), rate, 0, 100.0)
    assert kept.asked[[0, 2]].all()
    after = np.stack([rate(kept.x[:, k])[:, 1] for k in range(DRAWS)], axis=1)
    before = rate(X)[:, 1:]
    np.testing.assert_array_equal(kept.asked[1], (np.abs(after - before) < KEPT_WITHIN * np.abs(before))[1])
    np.testing.assert_array_equal(kept.reason, (~kept.asked.any(axis=1)).astype(int))
    assert len(np.unique(kept.x[0, :, 0, 5])) == DRAWS
    alone = noisy_windows(X[1:2], np.array([1]), rate, 0, 100.0)
    np.testing.assert_array_equal(alone.x[0], kept.x[1])


def test_later_windows_are_cut_from_the_record_and_are_not_there_where_it_ends():
    longer = RNG.normal(size=(2, 1, 100 + max(SHIFTS))).astype(np.float32)
    longer[1, 0, -1] = np.nan
    found = shifted_windows(np.zeros((2, 1, 100)), longer)
    np.testing.assert_array_equal(found.reason, [0, 1])
    np.testing.assert_array_equal(found.asked, [[True] * 4, [False] * 4])
    for place, samples in enumerate(SHIFTS):
        cut = longer[0, 0, samples : samples + 100]
        np.testing.assert_allclose(found.x[0, place, 0], (cut - cut.mean()) / (cut.std() + 1e-6), rtol=1e-4, atol=1e-5)


def test_runner_up_is_the_best_of_the_other_classes_and_a_model_of_one_output_has_none():
    found = runner_up_class(X, np.array([0, 1, 0]), lambda rows: np.tile([3.0, 1.0, 2.0], (len(rows), 1)))
    np.testing.assert_array_equal(found.target, [[2], [0], [2]])
    assert found.asked.all()
    alone = runner_up_class(X, np.zeros(N, dtype=np.int64), lambda rows: np.ones((len(rows), 1)))
    np.testing.assert_array_equal(alone.reason, 1)
    assert not alone.asked.any()


# Declarations


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"needs": ("further",), "situation": None}, 'expected "further" in needs of contrast and its situation, got further alone'),
        ({"needs": ("x",)}, 'expected "further" in needs of contrast and its situation, got a situation alone'),
    ],
)
def test_metric_with_half_of_the_declaration_is_refused(declared, message):
    with pytest.raises(InputError, match=message):
        replace(METRICS["contrast"], **declared)


def test_situation_without_maps_or_with_unknown_needs_is_refused():
    with pytest.raises(InputError, match="expected a situation of one further map at least"):
        replace(NOISY, maps=0)
    with pytest.raises(InputError, match=r'expected needs of noisy among .* got "weather"'):
        replace(NOISY, change=lambda weather: None)
