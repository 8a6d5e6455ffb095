"""What networks are made of, each as a module of (n, 4, TIME)."""

import torch
from torch import nn
from torch.nn import functional

from ..networks import Called

TIME = 8
MASK = torch.ones(TIME, TIME).triu(2).bool()


class Around(nn.Module):
    """A module between two functions: by default one of (n, time, features), whose first result counts."""

    def __init__(self, module, before=lambda x: x.mT, after=lambda x: x[0] if isinstance(x, tuple) else x):
        super().__init__()
        self.module, self.before, self.after = module, before, after

    def forward(self, x):
        return self.after(self.module(self.before(x)))


class Attention(nn.Module):
    """Multi-head attention, with its weights."""

    def __init__(self, batch_first=True, **options):
        super().__init__()
        self.unit, self.options = nn.MultiheadAttention(4, 2, batch_first=batch_first), options

    def forward(self, x):
        x = x.mT if self.unit.batch_first else x.permute(2, 0, 1)
        values, weights = self.unit(x, x, x, **self.options)
        values = (values if self.unit.batch_first else values.transpose(0, 1)).flatten(1)
        return values if weights is None else torch.cat([values, weights.flatten(1)], dim=1)


class SqueezeAndExcitation(nn.Module):
    def __init__(self):
        super().__init__()
        self.squeeze, self.excite = nn.Linear(4, 2), nn.Linear(2, 4)

    def forward(self, x):
        return x * torch.sigmoid(self.excite(torch.relu(self.squeeze(x.mean(dim=2)))))[:, :, None]


def selective_scan(x):
    step = functional.softplus(x[:, :2])
    decay, state, states = torch.exp(-step), torch.zeros_like(x[:, :2, 0]), []
    for t in range(x.shape[2]):
        state = decay[:, :, t] * state + step[:, :, t] * x[:, 2:, t]
        states.append(state)
    return torch.stack(states, dim=2)


def spectrogram(x):
    window = torch.hann_window(4, dtype=x.dtype)
    return torch.stft(x.flatten(0, 1), 4, 2, window=window, return_complex=True).unflatten(0, (len(x), -1))


def standardised(x):
    return (x - x.mean(dim=2, keepdim=True)) / (x.std(dim=2, keepdim=True) + 1e-5)


def image(module):
    return nn.Sequential(Called(lambda x: x[:, None]), module)


def halves(x):
    both = torch.relu(torch.cat([x, 1 - x]))
    return both[: len(x)] * both[len(x) :]


ELEMENTWISE = {
    "GELU": functional.gelu,
    "GELU by tanh": nn.GELU("tanh"),
    "SiLU": functional.silu,
    "Mish": functional.mish,
    "LeakyReLU": nn.LeakyReLU(0.1),
    "ELU": nn.ELU(),
    "Hardswish": nn.Hardswish(),
    "Hardsigmoid": nn.Hardsigmoid(),
    "softplus": functional.softplus,
    "softshrink": nn.Softshrink(0.1),
    "threshold": nn.Threshold(0.1, 0.2),
    "clamp_min": lambda x: x.clamp_min(0.1),
    "clip": lambda x: x.clip(-0.1, 0.2),
    "sigmoid": torch.sigmoid,
    "erf": torch.erf,
    "sin": torch.sin,
    "abs": abs,
    "square": torch.square,
    "second power": lambda x: x**2,
    "third power": lambda x: x**3,
    "2 to the power": lambda x: 2**x,
    "exponential": lambda x: x.clone().exp_(),
    "root": lambda x: (x.abs() + 0.1).sqrt(),
    "root of zero": lambda x: x.abs().sqrt(),
    "reciprocal root": lambda x: (x.abs() + 0.1) ** -0.5,
    "another power": lambda x: (x.abs() + 0.1) ** -1.5,
    "logarithm": lambda x: (x.abs() + 0.1).log(),
    "log1p": lambda x: torch.log1p(x.abs()),
    "reciprocal": lambda x: 1 / (x.abs() + 0.1),
    "smaller of a constant": lambda x: torch.minimum(x, torch.full_like(x, 0.3)),
}
"""Functions of one value; `abs` before a root keeps them so."""

OPERATIONS = {
    "PReLU": nn.PReLU(),
    "in place": nn.SiLU(inplace=True),
    "product": lambda x: x * x.flip(2),
    "product in place": lambda x: x.clone().mul_(torch.sigmoid(x)),
    "squeeze and excitation": SqueezeAndExcitation(),
    "gated linear unit": nn.GLU(1),
    "quotient": lambda x: x / (1 + x.flip(2) ** 2),
    "quotient of any signs": lambda x: x / x.flip(2),
    "softmax": nn.Softmax(1),
    "steep softmax": lambda x: torch.softmax(50 * x, dim=2),
    "log softmax": nn.LogSoftmax(2),
    "softmin": nn.Softmin(1),
    "logsumexp": lambda x: torch.cat([x.logsumexp(2), x.logsumexp((1,), True)[:, 0]], dim=1),
    "logaddexp": lambda x: torch.logaddexp(x, x.flip(2)),
    "LayerNorm": nn.LayerNorm((4, TIME)),
    "GroupNorm": nn.GroupNorm(2, 4),
    "InstanceNorm": nn.InstanceNorm1d(4, affine=True),
    "RMSNorm": nn.RMSNorm(TIME),
    "z-scores": standardised,
    "variances": lambda x: torch.cat([*torch.var_mean(x, 2), *torch.std_mean(x, 1, keepdim=True), x.var(dim=(1, 2))[:, None]][:2], dim=1),
    "deviations": lambda x: torch.cat(torch.std_mean(x, 2, correction=0), dim=1),
    "norms": lambda x: torch.stack([x.norm(dim=2), torch.linalg.vector_norm(x, 1, 2), torch.linalg.norm(x, dim=2)], dim=1),
    "normalised": lambda x: functional.normalize(x, dim=2),
    "cosine": lambda x: functional.cosine_similarity(x, x.flip(2), dim=1),
    "max pool": nn.MaxPool1d(3, 2),
    "max pool with places": lambda x: functional.max_pool1d(x, 2, return_indices=True)[0],
    "max pool of images": image(nn.MaxPool2d(2)),
    "adaptive max pool": nn.AdaptiveMaxPool1d(3),
    "adaptive max pool of images": image(nn.AdaptiveMaxPool2d((2, 3))),
    "concat pool": lambda x: torch.cat([x.amax(2), x.mean(2), x.amin(dim=(1, 2), keepdim=True)[:, 0], x.max(2)[0], x.min(2)[0]], dim=1),
    "maximum": lambda x: torch.maximum(x, x.flip(2)) + torch.max(x, 2 * x),
    "minimum": lambda x: torch.minimum(x, x.flip(2)) + torch.min(x, 2 * x),
    "power pool": nn.LPPool1d(2, 3),
    "power pool of images": image(nn.LPPool2d(2, 2)),
    "odd power pool behind a ReLU": nn.Sequential(nn.ReLU(), nn.LPPool1d(3, 3)),
    "matrix product": lambda x: x @ x.mT + torch.bmm(x, x.mT),
    "einsum": lambda x: torch.einsum("bct,bdt->bcd", x, torch.tanh(x)) + torch.einsum("bct,bdt->bcd", [x, x]),
    "added matrix product": lambda x: torch.baddbmm(x[:, :, :4], x, x.mT, alpha=0.5),
    "scaled dot product attention": lambda x: functional.scaled_dot_product_attention(x.mT, x.mT, x.mT),
    "causal attention": lambda x: functional.scaled_dot_product_attention(x.mT, x.mT, x.mT, is_causal=True),
    "masked attention": lambda x: functional.scaled_dot_product_attention(x.mT, x.mT, x.mT, attn_mask=~MASK),
    "multi-head attention": Attention(),
    "multi-head attention, time first": Attention(batch_first=False),
    "multi-head attention, masked": Attention(attn_mask=MASK, need_weights=False),
    "transformer": Around(nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, activation="gelu", batch_first=True), 1)),
    "transformer, time first": Around(
        nn.TransformerEncoderLayer(4, 2, 8, norm_first=True), before=lambda x: x.permute(2, 0, 1), after=lambda x: x.transpose(0, 1)
    ),
    "LSTM": Around(nn.LSTM(4, 2, batch_first=True, bidirectional=True), before=lambda x: x.mT[:, :2]),
    "LSTM's last state": Around(nn.LSTM(4, 3, bias=False), before=lambda x: x.permute(2, 0, 1)[:2], after=lambda x: x[1][0][-1]),
    "GRU": Around(nn.GRU(4, 3, 2, batch_first=True), before=lambda x: x.mT[:, :2]),
    "RNN": Around(nn.RNN(4, 3, batch_first=True, nonlinearity="relu"), before=lambda x: x.mT[:, :2]),
    "LSTM cell": Around(nn.LSTMCell(4, 3), before=lambda x: x[:, :, 0]),
    "transposed convolution": nn.ConvTranspose1d(4, 3, 3, 2),
    "depthwise, dilated": nn.Conv1d(4, 8, 3, groups=4, dilation=2),
    "weight norm": nn.utils.parametrizations.weight_norm(nn.Conv1d(4, 4, 3)),
    "spectrogram": lambda x: torch.log1p(spectrogram(x).abs() ** 2),
    "power spectrum": lambda x: (spectrogram(x) * spectrogram(x).conj()).real,
    "selective scan": selective_scan,
    "cumulative sum": lambda x: torch.cumsum(x * torch.sigmoid(x), dim=2),
    "time-major rows": lambda x: torch.relu(x.permute(2, 0, 1).reshape(-1, 4)).view(TIME, -1, 4).transpose(0, 1),
    "two halves of a batch": halves,
}
"""What else has a rule or is linear."""


def module_of(operation):
    return operation if isinstance(operation, nn.Module) else Called(operation)
