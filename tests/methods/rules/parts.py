"""Operations that ECG networks are made of, each to stand between layers of 4 channels: (n, 4, time) -> (n, channels, time)."""

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.parametrizations import weight_norm

from tests.methods.networks import Called


class Applied(nn.Module):
    """A function of x and of modules that it names."""

    def __init__(self, function, *parts):
        super().__init__()
        self.function, self.parts = function, nn.ModuleList(parts)

    def forward(self, x):
        return self.function(x, *self.parts)


def tokens(function, *parts):
    """A function of (n, time, channels)."""
    return Applied(lambda x, *modules: function(x.transpose(1, 2), *modules).transpose(1, 2), *parts)


def attention(x, query, key, value):
    weights = torch.softmax(query(x) @ key(x).mT / 2, dim=-1)
    return weights @ value(x)


def masked_attention(x, query, key, value):
    hidden = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    return (query(x) @ key(x).mT).masked_fill(hidden, -torch.inf).softmax(-1) @ value(x)


def linear_attention(x, query, key, value):
    q, k = functional.elu(query(x)) + 1, functional.elu(key(x)) + 1
    kv = torch.einsum("ntd,nte->nde", k, value(x))
    return torch.einsum("ntd,nde->nte", q, kv) / torch.einsum("ntd,nd->nt", q, k.sum(1))[..., None]


def pooled_by_attention(x, score):
    return x + (x * torch.softmax(score(x), dim=2)).sum(dim=2, keepdim=True)


def scanned(x, step, inwards, outwards):
    """A selective state space (Gu & Dao 2023, arXiv:2312.00752)."""
    delta, b, c = functional.softplus(step(x)), inwards(x), outwards(x)
    state, outputs = torch.zeros(len(x), 4, 2, dtype=x.dtype), []
    for t in range(x.shape[1]):
        keeps = torch.exp(-delta[:, t, :, None] * torch.tensor([1.0, 2.0], dtype=x.dtype))
        state = keeps * state + (delta[:, t] * x[:, t])[..., None] * b[:, t, None]
        outputs.append((state * c[:, t, None]).sum(-1))
    return torch.stack(outputs, 1) + x


def convolved_by_spectrum(x):
    kernel = torch.fft.rfft(torch.exp(-torch.arange(x.shape[2], dtype=x.dtype) / 4), 2 * x.shape[2])
    return torch.fft.irfft(torch.fft.rfft(x, 2 * x.shape[2]) * kernel, 2 * x.shape[2])[..., : x.shape[2]]


def spectrogram(x):
    found = torch.stft(x.flatten(0, 1), 8, 2, window=torch.hann_window(8, dtype=x.dtype), return_complex=True)
    return found.abs().unflatten(0, x.shape[:2]).flatten(1, 2)[:, ::5]


def z_scored(x):
    return (x - x.mean(dim=2, keepdim=True)) / (x.std(dim=2, keepdim=True) + 1e-3)


def with_class_token(x, token):
    return torch.cat([token.weight.expand(len(x), -1, -1), x], dim=1)


def gelu_by_hand(x):
    return 0.5 * x * (1 + torch.tanh(0.8 * (x + 0.05 * x**3)))


def statistics(x):
    return torch.cat([x.mean(2), x.std(2), x.amax(2), x.var(2)], dim=1)[:, ::4, None].expand(-1, -1, 8)


def excited(x, squeeze, excite):
    return x * torch.sigmoid(excite(torch.relu(squeeze(x.mean(dim=2)))))[..., None]


def three_linear():
    return [nn.Linear(4, 4) for _ in range(3)]


ACTIVATIONS = {
    **{
        kind.__name__: kind() for kind in (nn.GELU, nn.SiLU, nn.Mish, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.Hardswish, nn.Softplus, nn.Sigmoid)
    },
    **{name: Called(getattr(torch, name)) for name in ("exp", "square", "sin", "tanh", "abs")},
    "log": Called(lambda x: torch.log1p(x.abs())),
    "power": Called(lambda x: (x.abs() + 0.1) ** 0.5),
    "threshold": nn.Threshold(0.1, 0.2),
    "maximum": Called(lambda x: torch.maximum(x, torch.tensor(0.1, dtype=x.dtype))),
}
GATES = {
    "squeeze and excitation": Applied(excited, nn.Linear(4, 2), nn.Linear(2, 4)),
    "GLU": Applied(lambda x, wider: functional.glu(wider(x), dim=1), nn.Conv1d(4, 8, 1)),
    "WaveNet": Applied(
        lambda x, a, b: torch.tanh(a(x)) * torch.sigmoid(b(x)), nn.Conv1d(4, 4, 3, padding=1), nn.Conv1d(4, 4, 3, padding=2, dilation=2)
    ),
    "attention pooling": Applied(pooled_by_attention, nn.Conv1d(4, 1, 1)),
    "product": Applied(lambda x, a, b: a(x) * b(x), nn.Conv1d(4, 4, 1), nn.Conv1d(4, 4, 1)),
    "GELU by hand": Called(gelu_by_hand),
    "gate in place": Called(lambda x: x.clone().mul_(torch.sigmoid(x))),
    "softmax alone": nn.Softmax(dim=1),
    "log softmax": nn.LogSoftmax(dim=1),
}
NORMS = {
    "LayerNorm": tokens(lambda x, norm: norm(x), nn.LayerNorm(4)),
    "GroupNorm": nn.GroupNorm(2, 4),
    "InstanceNorm": nn.InstanceNorm1d(4, affine=True),
    "RMSNorm": tokens(lambda x, norm: norm(x), nn.RMSNorm(4)),
    "z-scoring": Called(z_scored),
    "normalize": Called(lambda x: functional.normalize(x, dim=1)),
    "local response": nn.LocalResponseNorm(2),
    "weight norm": weight_norm(nn.Conv1d(4, 4, 3, padding=1)),
}
POOLS = {
    "adaptive max": nn.AdaptiveMaxPool1d(3),
    "largest": Called(lambda x: x + x.amax(dim=2, keepdim=True)),
    "largest and its place": Called(lambda x: x - x.max(dim=2, keepdim=True)[0]),
    "concat": Called(lambda x: torch.cat([functional.adaptive_avg_pool1d(x, 2), functional.adaptive_max_pool1d(x, 2)], dim=1)[:, ::2]),
    "lp": nn.LPPool1d(2, 2),
    "statistics": Called(statistics),
    "logsumexp": Called(lambda x: torch.logsumexp(x, dim=2, keepdim=True) + x),
}
CONVOLUTIONS = {
    "transposed": nn.Sequential(nn.ConvTranspose1d(4, 4, 3, stride=2, groups=2), nn.BatchNorm1d(4)),
    "depthwise": nn.Conv1d(4, 4, 3, padding=1, groups=4),
    "dilated": nn.Conv1d(4, 4, 3, padding=4, dilation=4),
    "circular": nn.Conv1d(4, 4, 3, padding=1, padding_mode="circular"),
    "reflecting": nn.Conv1d(4, 4, 3, padding=1, padding_mode="reflect"),
    "upsampled": nn.Upsample(scale_factor=2, mode="linear"),
}
SEQUENCES = {
    "LSTM": tokens(lambda x, layer: layer(x)[0], nn.LSTM(4, 2, 2, batch_first=True, bidirectional=True)),
    "LSTM in reverse": tokens(lambda x, layer: layer(x.flip(1))[0], nn.LSTM(4, 4, batch_first=True, bias=False)),
    "GRU": Applied(lambda x, layer: layer(x.permute(2, 0, 1))[0].permute(1, 2, 0), nn.GRU(4, 4)),
    "RNN": tokens(lambda x, layer: layer(x)[0], nn.RNN(4, 4, batch_first=True)),
    "attention": tokens(attention, *three_linear()),
    "masked attention": tokens(masked_attention, *three_linear()),
    "SDPA": tokens(lambda x, a, b, c: functional.scaled_dot_product_attention(a(x), b(x), c(x), is_causal=True), *three_linear()),
    "multi-head": tokens(lambda x, layer: layer(x, x, x)[0], nn.MultiheadAttention(4, 2, batch_first=True)),
    "multi-head with weights": tokens(lambda x, layer: layer(x, x, x, need_weights=True)[0], nn.MultiheadAttention(4, 2, batch_first=True)),
    "linear attention": tokens(linear_attention, *three_linear()),
    "transformer": nn.Sequential(
        tokens(lambda x, layer: layer(x), nn.TransformerEncoderLayer(4, 2, 8, activation="gelu", batch_first=True))
    ),
    "class token": tokens(with_class_token, nn.Embedding(1, 4)),
    "state space": tokens(scanned, nn.Linear(4, 4), nn.Linear(4, 2), nn.Linear(4, 2)),
    "state space by its spectrum": Called(convolved_by_spectrum),
    "cumulated": Called(lambda x: x.cumsum(dim=2) / 8),
}
SPECTRA = {
    "magnitude": Called(spectrogram),
    "power": Called(lambda x: torch.view_as_real(torch.fft.rfft(x)).square().sum(-1)),
    "sum of spectra": Called(lambda x: (torch.fft.rfft(x) + (1 + 2j)).abs()),
}
OPERATIONS = {
    f"{group}: {name}": module
    for group, modules in (
        ("activation", ACTIVATIONS),
        ("gate", GATES),
        ("norm", NORMS),
        ("pool", POOLS),
        ("convolution", CONVOLUTIONS),
        ("sequence", SEQUENCES),
        ("spectrum", SPECTRA),
    )
    for name, module in modules.items()
}


class TransformerBlock(nn.Module):
    """Patches, a class token, places, attention, a feed-forward layer, and a head (Dosovitskiy et al. 2021)."""

    def __init__(self):
        super().__init__()
        self.patches, self.token, self.places = (
            nn.Conv1d(2, 8, 4, stride=4),
            nn.Parameter(torch.zeros(1, 8)),
            nn.Parameter(torch.zeros(7, 8)),
        )
        self.block = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", batch_first=True, norm_first=True)
        self.norm, self.out = nn.LayerNorm(8), nn.Linear(8, 3)

    def forward(self, x):
        patches = self.patches(x).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), 1, -1), patches], dim=1) + self.places
        return self.out(self.norm(self.block(x))[:, 0])


class ResidualSqueezed(nn.Module):
    """A residual block with squeeze and excitation (Hu et al. 2018)."""

    def __init__(self):
        super().__init__()
        self.stem, self.norm = nn.Conv1d(2, 4, 5, padding=2), nn.BatchNorm1d(4)
        self.branch = nn.Sequential(nn.Conv1d(4, 4, 3, padding=1, bias=False), nn.BatchNorm1d(4), nn.SiLU(), nn.Conv1d(4, 4, 3, padding=1))
        self.squeeze, self.excite, self.out = nn.Linear(4, 2), nn.Linear(2, 4), nn.Linear(8, 3)

    def forward(self, x):
        x = functional.silu(self.norm(self.stem(x)))
        x = functional.silu(x + excited(self.branch(x), self.squeeze, self.excite))
        return self.out(torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1))
