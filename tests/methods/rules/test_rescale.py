"""DeepLIFT and DeepSHAP against a second implementation of dense matrices and loops, on paper, and by their completeness."""

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.methods import explanation

from ..cases import Linear, assert_close_to_maximum, small, windows
from ..oracles import TIME, Affine, Average, Rectify, Residual, every_network, logits, network_of, steps_of, values
from ..test_by_hand import TwoUnits, explained, row

TARGET = [0, 2, 1]
AGREE = 1e-6
"""Inputs of a max pool that differ from their reference by less take the gradient."""

OVERLAPPING = ["resnet", "blocks"]
"""Networks whose pooling windows, of 3 samples every 2, overlap."""


def contributions(steps, x, baseline, target, pooling="added"):
    """What each sample of one window contributes to the logit's change from the baseline; `pooling` also names two wrong rules."""
    found = values(steps, x.ravel())
    multiplier = np.eye(len(found[-1]))[target]
    return multiplied(steps, x.ravel(), baseline.ravel(), multiplier, pooling).reshape(x.shape) * (x - baseline)


def multiplied(steps, x, baseline, above, pooling):
    pairs = zip(steps, values(steps, x)[:-1], values(steps, baseline)[:-1], strict=True)
    for step, value, reference in reversed(list(pairs)):
        above = multipliers(step, value, reference, above, pooling)
    return above


def multipliers(step, x, reference, above, pooling):
    """Multipliers of a step's inputs, given those of its outputs."""
    match step:
        case Affine():
            return step.weight.T @ above
        case Rectify():
            slopes = [rescaled(a, b) for a, b in zip(x, reference, strict=True)]
            return np.array(slopes) * above
        case Average():
            below = np.zeros_like(x)
            for window, multiplier in zip(step.windows, above, strict=True):
                below[window] += multiplier / len(window)
            return below
        case Residual():
            return sum(multiplied(steps, x, reference, above, pooling) for steps in (step.branch, step.shortcut))
    return crossed(step.windows, x, reference, above, pooling)


def rescaled(x, reference):
    if x == reference:
        return float(x > 0)
    return (max(x, 0) - max(reference, 0)) / (x - reference)


def crossed(windows, x, reference, above, pooling):
    """Multipliers before a max pool: the cross-maximum rule."""
    moved, gradient = np.zeros_like(x), np.zeros_like(x)
    for window, multiplier in zip(windows, above, strict=True):
        of_input, of_reference = max(window, key=lambda i: x[i]), max(window, key=lambda i: reference[i])
        change = x[of_input] - reference[of_reference]
        winner = of_input if change > 0 else of_reference
        moved[winner] = multiplier * change + (moved[winner] if pooling == "added" else 0)
        gradient[of_input] += multiplier
    if pooling == "gradient":
        return gradient
    apart = np.abs(x - reference) >= AGREE
    return np.where(apart, moved / np.where(apart, x - reference, 1), gradient)


def case(network, leads):
    """The network, its steps, windows, and standard normal baselines."""
    model = network_of(network, leads)
    return model, steps_of(model, (leads, TIME)), windows(leads=leads, time=TIME), windows(leads=leads, time=TIME, seed=1)


def against(model, x, baselines, target):
    """Maps of windows, each against a baseline of its own."""
    pairs = zip(x, baselines, target, strict=True)
    return np.stack([ecgbench.explain(model, [a], of, "deep_shap", background=[b])[0] for a, b, of in pairs])


@every_network
def test_deep_lift_is_that_of_plain_pairs(network, leads):
    model, steps, x, _ = case(network, leads)
    wanted = [contributions(steps, window, np.zeros_like(window), target) for window, target in zip(x, TARGET, strict=True)]
    assert np.any(wanted, axis=(1, 2)).all()
    assert_close_to_maximum(ecgbench.explain(model, x, TARGET, "deep_lift"), np.stack(wanted), 1e-9)


@every_network
def test_deep_shap_of_one_baseline_is_deep_lift_of_plain_pairs(network, leads):
    model, steps, x, baselines = case(network, leads)
    wanted = [contributions(steps, *pair) for pair in zip(x, baselines, TARGET, strict=True)]
    assert_close_to_maximum(against(model, x, baselines, TARGET), np.stack(wanted), 1e-9)


@every_network
@pytest.mark.parametrize("key", ["deep_lift", "deep_shap"])
def test_map_is_complete(key, network, leads):
    model, steps, x, baselines = case(network, leads)
    options, references = {"deep_lift": ({}, np.zeros_like(x[:1])), "deep_shap": ({"background": baselines}, baselines)}[key]
    found = explanation(model, x, TARGET, key, **options)
    before = np.mean([logits(steps, reference.ravel()) for reference in references], axis=0)
    wanted = [logits(steps, window.ravel())[target] - before[target] for window, target in zip(x, TARGET, strict=True)]
    np.testing.assert_allclose(found.maps.sum(axis=(1, 2)), wanted, atol=1e-9)
    np.testing.assert_allclose(found.total, wanted, atol=1e-9)


@pytest.mark.parametrize("network", OVERLAPPING)
@pytest.mark.parametrize("pooling", ["assigned", "gradient"])
def test_wrong_rules_of_max_pools_are_not_complete_where_ours_is(network, pooling):
    _, steps, x, baselines = case(network, 2)
    off = {"added": [], pooling: []}
    for rule, errors in off.items():
        for window, baseline, target in zip(x, baselines, TARGET, strict=True):
            change = logits(steps, window.ravel())[target] - logits(steps, baseline.ravel())[target]
            errors.append(abs(contributions(steps, window, baseline, target, rule).sum() - change) / max(abs(change), 1))
    assert max(off["added"]) < 1e-9
    assert max(off[pooling]) > 1e-2


@pytest.fixture(scope="module", params=["mitdb", "svdb"])
def golden(request, reference):
    """The reference network and one of its windows."""
    with np.load(reference / f"{request.param}_attributions.npz") as file:
        x, y = file["x"][:1], file["y"][:1]
    return ecgbench.load_model(reference / f"{request.param}_resnet18_7.safetensors"), x.reshape(len(x), 1, -1), y


DOUBLE, SINGLE = (torch.float64, 1e-9), (torch.float32, 1e-4)


@pytest.mark.parametrize(
    ("key", "drawn", "dtype", "limit"),
    [("deep_lift", 0, *DOUBLE), ("deep_lift", 0, *SINGLE), ("deep_shap", 3, *DOUBLE), ("deep_shap", None, *SINGLE)],
)
def test_deep_lift_and_deep_shap_are_complete_on_the_reference_networks(golden, dtype, limit, key, drawn):
    model, x, y = golden
    model = model.to(dtype)
    options = {"deep_lift": {}, "deep_shap": {"baselines": drawn} if drawn else {"background": windows(3, 1, x.shape[-1], seed=7)}}[key]
    seen = []
    ecgbench.explain(model, x, y, "saliency")  # passes what every network is asked once
    with model.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach().clone())):
        found = explanation(model, x, y, key, **options)
    with torch.inference_mode():
        outputs = model(torch.tensor(x).to(dtype)).double().numpy()
        flat = model(references_among(torch.cat(seen), x)).double().mean(dim=0).numpy()
    change = (outputs - flat)[np.arange(len(y)), y]
    assert (np.abs(found.maps.sum(axis=(1, 2), dtype=np.float64) - change) <= limit * np.maximum(np.abs(change), 1)).all()
    np.testing.assert_allclose(found.total, change, rtol=1e-3 if dtype == torch.float32 else 1e-9)


def references_among(rows, x):
    """Rows that passed through a model and are not the windows: once each."""
    is_window = (rows[:, None] == torch.tensor(x).to(rows)).flatten(2).all(dim=2).any(dim=1)
    return torch.unique(rows[~is_window], dim=0)


def test_deep_lift_of_two_units_by_hand():
    # The units go from -1 to 4 before the activation and 0 to 4 behind it, slope 4/5, and from 1/2 to 1/2, slope that of the gradient.
    # 4/5 (2, -1) - 2 (-1, 3) = (3.6, -6.8).
    assert explained(TwoUnits(), row(3, 1), "deep_lift") == pytest.approx([10.8, -6.8])


def test_deep_shap_of_two_units_by_hand():
    # Against (0, 0) as above. Against (3, 0), unit by unit: from 5 to 4, slope 1; from -5/2 to 1/2, slope 1/6: (2, -1) - 1/3 (-1, 3),
    # times (0, 1).
    assert explained(TwoUnits(), row(3, 1), "deep_shap", background=[[[0.0, 0]], [[3.0, 0]]]) == pytest.approx([5.4, -4.4])


@pytest.mark.parametrize(
    ("x", "reference", "wanted"),
    [
        # Both windows' maximum is the middle sample's: it moves 1 (5 - 4) and 2 (5 - 2).
        ((1, 2, 5, 0, 3), (4, 0, 1, 0, 2), [0, 0, 7, 0, 0]),
        ((4, 0, 1, 0, 2), (1, 2, 5, 0, 3), [0, 0, -7, 0, 0]),
        # One window rises, at the input's winner, one falls, at the reference's.
        ((6, 0, 1, 0, 2), (4, 0, 0, 5, 2), [2, 0, 0, -6, 0]),
        # The same maximum at another place moves nothing.
        ((4, 0, 1, 0, 2), (0, 4, 1, 2, 0), [0, 0, 0, 0, 0]),
    ],
)
def test_deep_shap_of_overlapping_max_pools_by_hand(x, reference, wanted):
    model = nn.Sequential(nn.MaxPool1d(3, 2), nn.Flatten(), nn.Linear(2, 1, bias=False)).double()
    model[2].weight.data = torch.tensor([[1.0, 2.0]], dtype=torch.float64)
    assert explained(model, row(*x), "deep_shap", background=row(*reference)) == pytest.approx(wanted, abs=1e-12)


class Shifted(nn.Module):
    """The larger of a + 2 and b + 5."""

    def __init__(self):
        super().__init__()
        self.pool, self.unused = nn.MaxPool1d(2), nn.Parameter(torch.zeros(1, dtype=torch.float64))

    def forward(self, x):
        return self.pool(x + torch.tensor([2.0, 5.0]))[:, 0]


@pytest.mark.parametrize(("key", "options"), [("deep_lift", {}), ("deep_shap", {"background": [[[0.0, 0.0]]]})])
@pytest.mark.parametrize(("a", "share"), [(1e-7, 1), (1e-5, 0)])
def test_deep_lift_and_deep_shap_take_the_gradient_at_the_input_where_a_pool_s_input_and_reference_agree(key, options, a, share):
    # The pool falls from the second's 5 to the first's 2 + a, which the second, as the winner of the reference, answers for.
    assert explained(Shifted(), row(a, -5), key, **options) == pytest.approx([a * share, a - 3], rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("seed", [0, 1])
def test_deep_shap_is_the_mean_of_plain_pairs_over_standard_normal_baselines(seed):
    model, steps, x, _ = case("blocks", 2)
    baselines = baselines_of(seed, 5, x.shape[1:])
    wanted = [np.mean([contributions(steps, a, b, target) for b in baselines], axis=0) for a, target in zip(x, TARGET, strict=True)]
    assert_close_to_maximum(ecgbench.explain(model, x, TARGET, "deep_shap", seed=seed, baselines=5), np.stack(wanted), 1e-9)


def baselines_of(seed, count, shape):
    """The baselines that pass through a model beside a window of ones."""
    model, seen = Linear(np.ones((1, *shape)), [0.0]), []
    ecgbench.explain(model, np.ones((1, *shape)), 0, "saliency")  # passes what every network is asked once
    with model.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach().clone())):
        ecgbench.explain(model, np.ones((1, *shape)), 0, "deep_shap", seed=seed, baselines=count)
    found = references_among(torch.cat(seen), np.ones((1, *shape)))
    assert len(found) == count
    return found.numpy()


def test_baselines_of_deep_shap_are_standard_normal_and_not_alike():
    from scipy import stats

    found = baselines_of(3, 40, (2, 250))
    assert stats.kstest(found.ravel(), "norm").pvalue > 1e-3
    assert np.abs(np.corrcoef(found.reshape(40, -1)) - np.eye(40)).max() < 5 / 500**0.5


def test_baselines_of_deep_shap_depend_on_the_seed_alone():
    model, x = small(), windows(n=4)
    together = ecgbench.explain(model, x, 1, "deep_shap", seed=5, baselines=4)
    alone = [ecgbench.explain(model, x[i : i + 1], 1, "deep_shap", seed=5, baselines=4)[0] for i in range(4)]
    assert_close_to_maximum(together, np.stack(alone), 1e-12)
    assert not np.allclose(together, ecgbench.explain(model, x, 1, "deep_shap", seed=6, baselines=4), rtol=0.1)
