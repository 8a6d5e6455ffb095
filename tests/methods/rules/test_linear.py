"""Which functions count as linear in what depends on the window, and how the others are named."""

import inspect

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import ecgbench
from ecgbench.errors import InputError
from ecgbench.methods.rules.linear import StrictRules

from ..networks import Called

WINDOW = torch.hann_window(4)


def stft(x):
    return torch.stft(x[:, 0], 4, 2, window=WINDOW, return_complex=True)


def written_into(x):
    y = x.clone()
    y[:, 0] = x[:, 1]
    return y.add_(x)


LINEAR = {
    "arithmetic with constants": lambda x: (2 * x - 1 + x / 3).neg(),
    "difference of two": lambda x: x - x.flip(2),
    "convolution": nn.Conv1d(3, 6, 3, groups=3, dilation=2),
    "transposed convolution": nn.ConvTranspose1d(3, 4, 3, stride=2),
    "linear": nn.Linear(8, 4),
    "linear without bias": nn.Linear(8, 4, bias=False),
    "einsum with a constant": lambda x: torch.einsum("bct,dc->bdt", x, torch.ones(2, 3)),
    "batch norm": nn.BatchNorm1d(3),
    "weight norm": nn.utils.parametrizations.weight_norm(nn.Conv1d(3, 4, 3)),
    "upsampling": lambda x: functional.interpolate(x, scale_factor=2, mode="linear"),
    "reflected": lambda x: functional.pad(x, (1, 1), mode="reflect"),
    "circular": lambda x: functional.pad(x, (1, 1), mode="circular"),
    "Fourier": lambda x: torch.view_as_real(torch.fft.rfft(x)),
    "Fourier and back": lambda x: torch.fft.irfft(torch.fft.rfft(x)),
    "STFT": lambda x: stft(x).real + stft(x).imag,
    "STFT and back": lambda x: torch.istft(stft(x), 4, 2, window=WINDOW),
    "cumsum": lambda x: x.cumsum(2).diff(dim=2),
    "average pools": nn.Sequential(nn.AvgPool1d(2), nn.AdaptiveAvgPool1d(3)),
    "dropout": nn.Dropout(),
    "cat, stack and chunk": lambda x: torch.stack([torch.cat([x, x], 1).chunk(2, 1)[0], x]),
    "steps of time": lambda x: sum(step for step in x.unbind(2)),
    "patches": lambda x: x.unfold(2, 4, 2).flatten(2),
    "indices": lambda x: x[:, [0, 2]].gather(2, torch.zeros(2, 2, 1, dtype=torch.long)),
    "a constant mask": lambda x: torch.where(torch.arange(8) > 3, x, 0).masked_fill(torch.arange(8) > 5, 0),
    "zeros of the same shape": lambda x: x + torch.zeros_like(x).relu() + torch.nn.functional.one_hot(torch.arange(8) % 2).sum(),
    "written into": written_into,
    "constants like it": lambda x: x * torch.ones(8, dtype=torch.float64).to(x) + torch.broadcast_tensors(torch.ones(8), x)[0].expand_as(x),
    "values that a hook keeps": lambda x: (x, x.detach().clone().softmax(2))[0],
    "a question about values": lambda x: x if torch.isfinite(x).all() else -x,
}


def gate(x):
    return x * torch.sigmoid(x)


class CustomGate(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, gradient):
        return gradient


def under_no_grad(x):
    with torch.no_grad():
        mean = x.mean(dim=2, keepdim=True)
    return x - mean


def masked_by_itself(x):
    y = x.clone()
    y[x > 0] = 0
    return y


NONLINEAR = {
    "product": (lambda x: x * x, "torch.Tensor.mul"),
    "quotient": (lambda x: 1 / x, "torch.Tensor.__rtruediv__"),
    "matrix product": (lambda x: x @ x.mT, "torch.Tensor.matmul"),
    "einsum of two": (lambda x: torch.einsum("bct,bdt->bcd", x, x), "torch.functional.einsum"),
    "exponential": (torch.exp, "torch.exp"),
    "in place": (lambda x: x.clone().exp_(), "torch.Tensor.exp_"),
    "LayerNorm": (nn.LayerNorm(8), "torch.nn.functional.layer_norm"),
    "InstanceNorm": (nn.InstanceNorm1d(3), "torch.nn.functional.instance_norm"),
    "batch norm of the batch": (lambda x: functional.batch_norm(x, None, None, training=True), "torch.nn.functional.batch_norm"),
    "GRU": (nn.GRU(8, 4, batch_first=True), "torch.gru"),
    "sorted": (lambda x: x.sort(2)[0], "torch.Tensor.sort"),
    "mask by values": (lambda x: torch.where(x > 0, x, 0), "torch.Tensor.gt"),
    "mask by values, in place": (masked_by_itself, "torch.Tensor.gt"),
    "mask by values, as numbers": (lambda x: x * x.gt(0).logical_not().to(x.dtype), "torch.Tensor.gt"),
    "embedding of values": (lambda x: x + functional.embedding(x.argmax(2), torch.ones(8, 8)), "torch.Tensor.argmax"),
    "numpy": (lambda x: x + torch.tensor(x.detach().numpy()), "torch.Tensor.numpy"),
    "custom": (CustomGate.apply, "torch.sigmoid without a gradient"),
    "no_grad": (under_no_grad, "torch.Tensor.mean without a gradient"),
    "detached": (lambda x: x - x.detach().mean(), "torch.Tensor.detach without a gradient"),
    "below torch's functions": (torch.ops.aten.silu, "aten.silu"),
}


def passed(function):
    """What the rules have read when a function between two linear ones has been called."""
    model = nn.Sequential(nn.Identity(), Called(function), Called(lambda x: x + 1)).eval().requires_grad_(False)
    with StrictRules(model) as rules:
        model(torch.randn(2, 3, 8, requires_grad=True).clone())
    return rules.reads


@pytest.mark.parametrize("function", LINEAR.values(), ids=LINEAR.keys())
def test_what_is_linear_passes(function):
    passed(function)


@pytest.mark.parametrize(("function", "name"), NONLINEAR.values(), ids=NONLINEAR.keys())
def test_what_is_not_linear_is_refused_by_name_and_place(function, name):
    with pytest.raises(InputError, match=rf'expected .*, got {name}.* in "[12]\.?\w*"') as refused:
        passed(function)
    assert ("test_linear.py:" in str(refused.value)) == (inspect.isfunction(function) or name.startswith("torch.sigmoid"))


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_what_cannot_be_seen_is_refused_where_its_value_is_used():
    with pytest.raises(InputError, match=r"got a function that cannot be seen, before torch\.Tensor\.add in"):
        passed(torch.jit.script(gate))


def test_numbers_that_the_forward_pass_takes_out_of_values_are_kept():
    ((name, value),) = passed(lambda x: x / (x * 0).sum().item() if x.shape[0] > 2 else x * float(x.sum() * 0 + 3))
    assert (name.startswith("torch.Tensor.__float__ in"), value) == (True, 3)


def test_nothing_is_refused_that_is_the_same_for_every_window():
    passed(lambda x: x * torch.sigmoid(torch.ones(8)) + torch.exp(torch.ones(8)).softmax(0))


class Borrowing(nn.Module):
    """A network whose layers are another's, which nobody freezes."""

    def __init__(self, lender):
        super().__init__()
        self.lenders = [lender]

    def forward(self, x):
        return self.lenders[0](x)


@pytest.mark.parametrize("method", ["lrp", "lrp_gamma", "deep_lift", "guided_backprop"])
def test_layers_that_a_model_does_not_hold_are_weights_all_the_same(method):
    lender = nn.Sequential(nn.Conv1d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 6, 2))
    x = torch.randn(2, 2, 8, generator=torch.Generator().manual_seed(0))
    np.testing.assert_array_equal(ecgbench.explain(Borrowing(lender), x, 1, method), ecgbench.explain(lender, x, 1, method))
