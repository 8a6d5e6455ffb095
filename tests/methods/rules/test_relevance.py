"""Layer-wise relevance propagation against a second implementation of dense matrices and loops, on paper, and by its balance."""

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.methods import explanation

from ..cases import assert_close_to_maximum, windows
from ..oracles import TIME, Average, Maximum, Rectify, Residual, every_network, logits, network_of, steps_of, values
from ..test_by_hand import TwoUnits, explained, row

TARGET = [0, 2, 1]
STABILISER = 1e-6

every_rule = pytest.mark.parametrize("key", ["lrp", "lrp_epsilon", "lrp_gamma"])


def stabilised(denominator):
    return denominator + np.where(denominator >= 0, STABILISER, -STABILISER)


def relevance(steps, x, target, key):
    """Map of one window by a method's rules, and what biases and stabilisers absorbed on the way to it."""
    found = values(steps, x.ravel())
    start = np.zeros_like(found[-1])
    start[target] = found[-1][target]
    absorbed = []
    first, *others = steps
    above = descended(others, found[1], start, key, absorbed)
    rule = "box" if key == "lrp_gamma" else key
    return shared(first, x.ravel(), above, rule, absorbed).reshape(x.shape), sum(absorbed)


def descended(steps, x, above, rule, absorbed):
    for step, value in reversed(list(zip(steps, values(steps, x)[:-1], strict=True))):
        above = shared(step, value, above, rule, absorbed)
    return above


def shared(step, x, above, rule, absorbed):
    """Relevance of a step's inputs, given that of its outputs."""
    match step:
        case Rectify():
            return above
        case Maximum():
            below = np.zeros_like(x)
            for window, share in zip(step.windows, above, strict=True):
                below[max(window, key=lambda i: x[i])] += share
            return below
        case Residual():
            terms = np.array([values(step.branch, x)[-1], values(step.shortcut, x)[-1]])
            branch, shortcut = in_proportion(terms, np.zeros(len(above)), above, absorbed)
            ways = (step.branch, branch), (step.shortcut, shortcut)
            return sum(descended(steps, x, relevance, rule, absorbed) for steps, relevance in ways)
        case Average():
            terms = np.zeros((len(x), len(above)))
            for j, window in enumerate(step.windows):
                terms[window, j] = x[window] / len(window)
            return in_proportion(terms, np.zeros(len(above)), above, absorbed).sum(axis=1)
    terms, bias = (step.weight * x).T, step.bias
    if step.kind == "convolution":
        terms, bias = contributions(step, x, terms, bias, rule)
    return in_proportion(terms, bias, above, absorbed).sum(axis=1)


def contributions(step, x, terms, bias, rule):
    """What relevance of a convolution is shared in proportion to."""
    match rule:
        case "lrp":
            return np.maximum(terms, 0), np.maximum(bias, 0)
        case "box":
            least = x.min() * np.maximum(step.weight, 0) + x.max() * np.minimum(step.weight, 0)
            return terms - least.T, np.zeros_like(bias)
        case "lrp_gamma":
            up = terms.sum(axis=0) + bias > 0
            return tuple(part + 0.25 * np.where(up, np.maximum(part, 0), np.minimum(part, 0)) for part in (terms, bias))
    return terms, bias


def in_proportion(terms, bias, above, absorbed):
    """What each input (row) gets of each output's relevance (column); the rest is absorbed."""
    shares = terms / stabilised(terms.sum(axis=0) + bias) * above
    absorbed.append(above.sum() - shares.sum())
    return shares


@every_network
@every_rule
def test_map_is_that_of_plain_matrices_and_loops(key, network, leads):
    model, x = network_of(network, leads), windows(leads=leads, time=TIME)
    steps = steps_of(model, x.shape[1:])
    wanted = [relevance(steps, window, target, key)[0] for window, target in zip(x, TARGET, strict=True)]
    assert np.any(wanted, axis=(1, 2)).all()
    assert_close_to_maximum(ecgbench.explain(model, x, TARGET, key), np.stack(wanted), 1e-9)


@every_network
@every_rule
def test_relevance_is_conserved_map_and_what_was_absorbed_make_the_logit(key, network, leads):
    model, x = network_of(network, leads), windows(leads=leads, time=TIME)
    found, steps = explanation(model, x, TARGET, key), steps_of(model, x.shape[1:])
    for i, (window, target) in enumerate(zip(x, TARGET, strict=True)):
        plain, absorbed = relevance(steps, window, target, key)
        logit = logits(steps, window.ravel())[target]
        scale = max(1, np.abs(plain).max(), abs(absorbed))
        assert plain.sum() + absorbed == pytest.approx(logit, abs=1e-10 * scale)
        assert found.maps[i].sum() + absorbed == pytest.approx(logit, abs=1e-9 * scale)
        assert found.total[i] == pytest.approx(logit - absorbed, abs=1e-9 * scale)


@every_network
def test_the_plain_steps_are_the_network(network, leads):
    model, x = network_of(network, leads), windows(leads=leads, time=TIME)
    with torch.inference_mode():
        wanted = model(torch.tensor(x)).numpy()
    steps = steps_of(model, x.shape[1:])
    np.testing.assert_allclose([logits(steps, window.ravel()) for window in x], wanted, rtol=1e-10)


@every_rule
def test_lrp_of_dense_layers_by_hand(key):
    # Units 4 and 1/2, logit 4 - 1 + 1/4. Relevance of the units 4 and -1. The first gives (6, -1) / 4 of its 4, the second (-3, 3) / (1/2)
    # of its -1: (6 + 6, -1 - 6). Biases absorbed 1/4, -1/4 of 4 and 1 of -1.
    found = explanation(TwoUnits(), row(3, 1), 0, key)
    assert found.maps[0, 0].tolist() == pytest.approx([12, -7], rel=1e-5)
    assert found.total == pytest.approx([3.25 - (0.25 - 1 - 1)], rel=1e-5)


def signed(bias):
    """Logit y1 + 3 y2 - 2 of y = relu(2 a - b + bias), slid along the window."""
    model = nn.Sequential(nn.Conv1d(1, 1, 2), nn.ReLU(), nn.Flatten(), nn.Linear(2, 1)).double()
    given = [[[2.0, -1.0]]], [bias], [[1.0, 3.0]], [-2.0]
    for parameter, value in zip(model.parameters(), given, strict=True):
        parameter.data = torch.tensor(value, dtype=torch.float64)
    return model


@pytest.mark.parametrize(
    ("bias", "wanted", "total"),
    [
        # Units 6 and 5, relevance 6 and 15. Contributions to the first (6, -1) and bias 1: 6/7 of it go to a, 1/7 to the bias.
        # To the second (2, 2), the latter of -1 times -2, and bias 1: 2/5 of it each, 1/5 to the bias.
        (1.0, [36 / 7, 6, 6], 19 - (-2 + 6 / 7 + 3)),
        # Units 4 and 3, relevance 4 and 9. A negative bias takes no part: all of the first goes to a, halves of the second to b and c.
        (-1.0, [4, 4.5, 4.5], 11 - (-2)),
    ],
)
def test_lrp_by_hand_of_a_convolution_with_signs(bias, wanted, total):
    found = explanation(signed(bias), row(3, 1, -2), 0, "lrp")
    assert found.maps[0, 0].tolist() == pytest.approx(wanted, rel=1e-5)
    assert found.total == pytest.approx([total], rel=1e-5)


def test_lrp_epsilon_by_hand_of_a_convolution_with_signs():
    # Relevance 6 and 15, of which go (6, -1) / 6 of the first and (2, 2) / 5 of the second.
    assert explained(signed(1.0), row(3, 1, -2), "lrp_epsilon") == pytest.approx([6, -1 + 6, 6], rel=1e-5)


@pytest.mark.parametrize("logit", [1e-6, -1e-6])
@every_rule
def test_stabiliser_has_the_sign_of_what_it_stabilises(key, logit):
    model = nn.Sequential(nn.Flatten(), nn.Linear(2, 1, bias=False)).double()
    model[1].weight.data.fill_(1.0)
    assert explained(model, row(3, -3 + logit), key) == pytest.approx([1.5, -1.5], rel=1e-5)


@every_rule
def test_a_flat_line_gets_finite_relevance_of_nothing(key):
    maps = ecgbench.explain(network_of("blocks", 2), np.zeros((1, 2, TIME)), 0, key)
    assert not maps.any()


def test_lrp_is_not_lrp_epsilon_where_weights_have_both_signs():
    model, x = network_of("blocks", 2), windows(time=TIME)
    assert not np.allclose(ecgbench.explain(model, x, 0, "lrp"), ecgbench.explain(model, x, 0, "lrp_epsilon"), rtol=0.1)


@pytest.fixture(scope="module")
def golden(reference):
    """The reference network in float64 and four of its windows."""
    with np.load(reference / "mitdb_attributions.npz") as file:
        x, y = file["x"][:4].astype(np.float64), file["y"][:4]
    model = ecgbench.load_model(reference / "mitdb_resnet18_7.safetensors").double()
    return model, x.reshape(len(x), 1, -1), y


def test_lrp_is_conserved_on_golden_windows(golden):
    model, x, y = golden
    found = explanation(model, x, y, "lrp")
    with torch.inference_mode():
        of_target = model(torch.tensor(x)).numpy()[np.arange(len(y)), y]
    np.testing.assert_allclose(found.maps.sum(axis=(1, 2)), found.total, rtol=1e-8)
    assert (found.total / of_target >= 0.13).all()
    assert (found.total / of_target <= 0.88).all()


def test_lrp_by_hand_goes_to_a_pool_s_winner_and_to_terms_in_proportion():
    # Block of max pool (5, 3) and of average pool (3, 1) of (5, 1, 3, -1): sums 8 and 4, logit 8 + 2 * 4 and relevance 8 and 8.
    # The max pool's share is 5 of 8 and 3 of 4, to its winners. The averages' 3 of 8 and 1 of 4 go in proportion (5, 1) and (3, -1).
    from ..oracles import Block

    model = nn.Sequential(Block(nn.MaxPool1d(2), nn.AvgPool1d(2)), nn.Flatten(), nn.Linear(2, 1, bias=False)).double()
    model[2].weight.data = torch.tensor([[1.0, 2.0]], dtype=torch.float64)
    wanted = [5 + 3 * 5 / 6, 3 * 1 / 6, 6 + 2 * 3 / 2, -2 * 1 / 2]
    assert explained(model, row(5, 1, 3, -1), "lrp") == pytest.approx(wanted, rel=1e-5)
