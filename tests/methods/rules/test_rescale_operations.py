"""DeepLIFT's rule of each operation: by its sum, and by second implementations of plain loops."""

import copy
import math
from itertools import permutations

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.errors import InputError
from ecgbench.methods import explanation

from ..cases import assert_close_to_maximum, drawn
from ..test_by_hand import explained, row
from .operations import ELEMENTWISE, OPERATIONS, TIME, Around, Called, module_of

TARGET = [0, 1]


class Network(nn.Module):
    """A convolution, the operation, and a linear layer of what it returns."""

    def __init__(self, operation):
        super().__init__()
        self.first, self.between = nn.Conv1d(2, 4, 3, padding=1), copy.deepcopy(module_of(operation))
        with torch.no_grad():
            values = self.between.eval()(torch.randn(1, 4, TIME))
        self.out = nn.Linear(values.flatten(1).shape[1], 2)

    def forward(self, x):
        return self.out(self.between(self.first(x)).flatten(1))


def signals(n, seed):
    return np.random.default_rng(seed).standard_normal((n, 2, TIME))


def changes(model, x, references):
    with torch.no_grad():
        change = model(torch.tensor(x)) - model(torch.tensor(references)).mean(dim=0)
    return change[range(len(x)), TARGET].numpy()


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
def test_contributions_sum_to_the_change_of_the_logit(operation):
    model, x, background = drawn(Network(operation)), signals(2, 0), signals(2, 1)
    lift = explanation(model, x, TARGET, "deep_lift")
    shap = explanation(model, x, TARGET, "deep_shap", background=background, batch_size=1)
    for found, references in ((lift, np.zeros_like(x[:1])), (shap, background)):
        wanted = changes(model, x, references)
        assert np.abs(wanted).min() > 1e-6
        np.testing.assert_allclose(found.total, wanted, atol=1e-9)
        np.testing.assert_allclose(found.maps.sum(axis=(1, 2)), wanted, atol=1e-9)
    pairs = [explanation(model, x, TARGET, "deep_shap", background=background[i : i + 1]).maps for i in range(2)]
    assert_close_to_maximum(shap.maps, np.mean(pairs, axis=0), 1e-9)


class Weighted(nn.Module):
    """A function of the window as it is, and the sum of what it returns, weighted."""

    def __init__(self, function, *shape):
        super().__init__()
        self.function = module_of(function)
        self.weight = nn.Parameter(torch.tensor(np.random.default_rng(2).standard_normal(shape)))

    def forward(self, x):
        return (self.function(x) * self.weight).flatten(1).sum(dim=1, keepdim=True)


@pytest.mark.parametrize("function", ELEMENTWISE.values(), ids=ELEMENTWISE.keys())
def test_a_sample_of_a_function_of_one_value_gets_all_of_that_value_s_change(function):
    x, background = signals(2, 0), signals(1, 1)
    x[0, 0, 0], x[0, 0, 1] = background[0, 0, 0], background[0, 0, 1] + 1e-9
    model = Weighted(function, 2, TIME)
    with torch.no_grad():
        wanted = (model.function(torch.tensor(x)) - model.function(torch.tensor(background))) * model.weight
        from_zero = (model.function(torch.tensor(x)) - model.function(torch.zeros(2, TIME).double())) * model.weight
    np.testing.assert_allclose(explanation(model, x, 0, "deep_shap", background=background).maps, wanted, atol=1e-9)
    np.testing.assert_allclose(explanation(model, x, 0, "deep_lift").maps, from_zero, atol=1e-9)


def shapley(function, x, reference):
    """Shapley values of the inputs of a function, by all orders in which they can change."""
    values = np.zeros(len(x))
    for order in permutations(range(len(x))):
        now = list(reference)
        for i in order:
            before = function(*now)
            now[i] = x[i]
            values[i] += function(*now) - before
    return values / math.factorial(len(x))


def test_factors_of_a_product_share_it_by_their_shapley_values():
    model, x, reference = Called(lambda x: x[:, :, 0] * x[:, :, 1]), (3.0, -2.0), (0.5, 4.0)
    found = explained(model, row(*x), "deep_shap", background=row(*reference))
    assert found == pytest.approx(shapley(lambda a, b: a * b, x, reference))


def test_entries_of_a_matrix_product_share_it_by_their_shapley_values():
    def product(*values):
        a, b = np.array(values).reshape(2, 2), np.array([[1.0, 2.0], [3.0, 5.0]])
        return float((a @ a @ b).sum())

    x, reference = (1.0, 2.0, -1.0, 0.5), (0.3, -0.7, 2.0, 1.0)
    weight = torch.tensor([[1.0, 2.0], [3.0, 5.0]])
    model = Called(lambda x: (x.view(-1, 2, 2) @ x.view(-1, 2, 2) @ weight.to(x)).sum(dim=(1, 2))[:, None])
    assert explained(model, row(*x), "deep_shap", background=row(*reference)) == pytest.approx(shapley(product, x, reference))


def test_a_quotient_is_shared_as_the_product_that_its_numerator_is():
    # q b = a: from 4/2 to 9/3, so 9 - 4 = (3 - 2) (3 + 2) / 2 + (3 + 2) / 2 (3 - 2), of which the second goes from a to b.
    model = Called(lambda x: x[:, :, 0] / x[:, :, 1])
    assert explained(model, row(9, 3), "deep_shap", background=row(4, 2)) == pytest.approx([5 / 2.5, -(2.5 * 1) / 2.5])
    # With other signs, 1/b is a factor: from 1 * 1/2 to 3 * -1/4.
    found = explained(model, row(3, -4), "deep_shap", background=row(1, 2))
    assert found == pytest.approx([2 * (-1 / 4 + 1 / 2) / 2, (-1 / 4 - 1 / 2) * (3 + 1) / 2])


def softmax_shares(x, reference, weight):
    """Contributions to the weighted sum of a softmax, in loops."""
    p, q = ([math.exp(a) / sum(map(math.exp, values)) for a in values] for values in (x, reference))
    means = [a if a == b else (a - b) / math.log(a / b) for a, b in zip(p, q, strict=True)]
    shares = []
    for i in range(len(x)):
        own = means[i] * weight[i]
        taken = means[i] / sum(means) * sum(means[j] * weight[j] for j in range(len(x)))
        shares.append((own - taken) * (x[i] - reference[i]))
    return shares


@pytest.mark.parametrize("shift", [0, 700])
def test_a_softmax_shares_by_logarithmic_means_whatever_is_added_to_its_inputs(shift):
    x, reference, weight = [1.0, -2.0, 0.5], [0.0, 3.0, 0.5], [2.0, -1.0, 4.0]
    model = Called(lambda x: (torch.softmax(x + shift, dim=2) * torch.tensor(weight).to(x)).sum(dim=2))
    wanted = softmax_shares(x, reference, weight)
    assert explained(model, row(*x), "deep_shap", background=row(*reference)) == pytest.approx(wanted)


def test_a_level_of_a_softmax_s_inputs_changes_nothing():
    model, x = Called(lambda x: torch.softmax(x, dim=2).matmul(torch.tensor([2.0, -1.0, 4.0]).to(x))), (0.0, 3.0, 0.5)
    assert sum(explained(model, row(*(a + 100 for a in x)), "deep_shap", background=row(*x))) == pytest.approx(0, abs=1e-4)


def norm_shares(x, reference, weight, eps):
    """Contributions to the weighted sum of a layer norm's output, in loops."""
    count = len(x)
    c, d = ([a - sum(values) / count for a in values] for values in (x, reference))
    s, t = (math.sqrt(sum(a * a for a in values) / count + eps) for values in (c, d))
    multipliers = [0.0] * count
    for i in range(count):
        multipliers[i] += weight[i] * 2 / (s + t)
        for j in range(count):  # the square of j's deviation changes the deviation of all
            slope = (c[j] + d[j]) / count / (s + t)
            multipliers[j] -= weight[i] * (c[i] / s + d[i] / t) / (s + t) * slope
    level = sum(multipliers) / count
    return [(m - level) * (a - b) for m, a, b in zip(multipliers, x, reference, strict=True)]


@pytest.mark.parametrize("reference", [[0.0, 3.0, 0.5], [0.0, 0.0, 0.0]], ids=["another window", "flat"])
def test_a_layer_norm_shares_as_plain_loops_do(reference):
    x, weight = [1.0, -2.0, 0.5], [2.0, -1.0, 4.0]
    norm = nn.LayerNorm(3, elementwise_affine=False, eps=1e-12)
    model = Called(lambda x: (norm(x) * torch.tensor(weight)).sum(dim=2))
    wanted = norm_shares(x, reference, weight, 1e-12)
    assert explained(model, row(*x), "deep_shap", background=row(*reference)) == pytest.approx(wanted)
    assert np.abs(wanted).max() < 20


def test_an_lstm_is_explained_as_its_cell_called_step_by_step():
    class Steps(nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.layer = layer

        def forward(self, x):
            hidden = cell = torch.zeros(len(x), 3, dtype=x.dtype)
            for now in x.unbind(1):
                gates = now @ self.layer.weight_ih_l0.T + self.layer.bias_ih_l0 + hidden @ self.layer.weight_hh_l0.T + self.layer.bias_hh_l0
                i, f, g, o = gates.split(3, dim=1)
                cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
                hidden = o.sigmoid() * cell.tanh()
            return hidden

    layer = drawn(nn.LSTM(2, 3, batch_first=True))
    by_torch, by_steps = Around(layer, after=lambda x: x[0][:, -1]), Around(Steps(layer))
    x = signals(2, 0)
    found = [ecgbench.explain(model, x, TARGET, "deep_lift") for model in (by_torch, by_steps)]
    assert_close_to_maximum(*found, 1e-9)


def test_attention_with_time_first_is_explained_as_with_windows_first():
    first, second = drawn(nn.MultiheadAttention(4, 2, batch_first=True)), nn.MultiheadAttention(4, 2).double().eval()
    second.load_state_dict(first.state_dict())
    x = np.random.default_rng(0).standard_normal((2, 4, TIME))
    models = [
        Called(lambda x: first(x.mT, x.mT, x.mT)[0].mean(dim=1)),
        Called(lambda x: second(*[x.permute(2, 0, 1)] * 3)[0].mean(dim=0)),
    ]
    for model, unit in zip(models, (first, second), strict=True):
        model.unit = unit
    for key, options in (("deep_lift", {}), ("deep_shap", {"background": x[::-1] + 1})):
        assert_close_to_maximum(*(ecgbench.explain(model, x, TARGET, key, **options) for model in models), 1e-9)


REFUSED = {
    "sorted": (lambda x: x.sort(dim=2)[0], "torch.Tensor.sort"),
    "median": (lambda x: x.median(dim=2)[0], "torch.Tensor.median"),
    "product of samples": (lambda x: x.prod(dim=2), "torch.Tensor.prod"),
    "angle": (lambda x: torch.fft.rfft(x).angle(), "torch.Tensor.angle"),
    "mask": (lambda x: torch.where(x > 0, x, 0), "torch.Tensor.gt"),
    "clamp between values": (lambda x: torch.clamp(x, x.flip(2) - 1), "clamp of two tensors that depend on the window"),
    "three factors": (lambda x: torch.einsum("bct,bct,bct->bc", x, x, x), "einsum of more than two tensors"),
    "largest of the batch": (lambda x: x / x.abs().max(), "max over windows"),
    "batch norm of the batch": (lambda x: nn.functional.batch_norm(x, None, None, training=True), "torch.nn.functional.batch_norm"),
    "projected LSTM": (Around(nn.LSTM(4, 3, proj_size=2, batch_first=True)), "another; remove them"),
}


@pytest.fixture
def _unasked(monkeypatch):
    """As if no network had been asked whether a window's logits depend on those beside it, since what does is refused then already."""
    monkeypatch.setattr("ecgbench.model_calls._check_independent", lambda model, window: None)


@pytest.mark.usefixtures("_unasked")
@pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")
@pytest.mark.parametrize(("operation", "name"), REFUSED.values(), ids=REFUSED.keys())
@pytest.mark.parametrize("key", ["deep_lift", "deep_shap"])
def test_what_has_no_rule_is_refused_by_name_whatever_the_window(key, operation, name):
    model = drawn(Network(operation))
    for x in (signals(1, 0), signals(2, 1), np.zeros((1, 2, TIME))):
        with pytest.raises(InputError, match=rf"expected .*, got .*{name}"):
            ecgbench.explain(model, x, 0, key, **({"background": signals(2, 3)} if key == "deep_shap" else {}))


@pytest.mark.usefixtures("_unasked")
def test_a_network_whose_number_differs_between_window_and_reference_is_refused():
    model = drawn(Network(lambda x: x / (1 + x.abs().max().item())))
    with pytest.raises(InputError, match="expected a model that calls the same activations for every window"):
        ecgbench.explain(model, signals(1, 0), 0, "deep_lift")


def test_a_network_that_has_no_logits_of_a_flat_line_is_told():
    model = Weighted(lambda x: x / x.std(dim=2, keepdim=True), 2, TIME)
    with pytest.raises(InputError, match="expected finite logits of the references"):
        ecgbench.explain(model, signals(1, 0), 0, "deep_lift")


def test_a_small_change_beside_a_large_logit_is_explained_to_rounding():
    model = drawn(Network(nn.GELU()))
    model.out.bias.data += 1e4
    x = 1e-3 * signals(2, 0)
    wanted = changes(model, x, np.zeros_like(x[:1]))
    np.testing.assert_allclose(ecgbench.explain(model, x, TARGET, "deep_lift").sum(axis=(1, 2)), wanted, atol=1e-10)
