"""Attention: transformers of every kind, mixers, attention pools."""

import math

import torch
from torch import nn
from torch.nn import functional

from .table import Called, Sum, averaged, convolved, network, swapped


def patches(width=12, channels=8):
    """(n, leads, time) -> (n, patches, channels)."""
    return nn.Sequential(nn.Conv1d(12, channels, width, width), swapped())


class Places(nn.Module):
    """Learned positions, and a class token in front where one is wanted."""

    def __init__(self, count, channels, token):
        super().__init__()
        self.token = nn.Parameter(torch.randn(1, 1, channels)) if token else None
        self.places = nn.Parameter(0.3 * torch.randn(1, count + token, channels))

    def forward(self, x):
        if self.token is not None:
            x = torch.cat([self.token.expand(len(x), -1, -1), x], dim=1)
        return x + self.places


def encoder(channels=8, layers=1, **options):
    layer = nn.TransformerEncoderLayer(channels, 2, 2 * channels, 0.1, batch_first=True, **options)
    return nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)


@network("ViT1d, mean over tokens", "Dosovitskiy et al. 2021, arXiv:2010.11929; Na et al. 2024, arXiv:2402.09450")
def vit():
    return nn.Sequential(patches(), Places(20, 8, token=False), encoder(activation="gelu", norm_first=True), averaged(1), nn.Linear(8, 3))


@network("Transformer, class token", "Devlin et al. 2019, arXiv:1810.04805; Yan et al. 2019, doi:10.1109/BIBM47256.2019.8983326")
def class_token():
    first = Called(lambda x: x[:, 0])
    return nn.Sequential(patches(), Places(20, 8, token=True), encoder(layers=2), first, nn.LayerNorm(8), nn.Linear(8, 3))


class Sines(nn.Module):
    """Positions as sines, kept as a buffer."""

    def __init__(self, count, channels):
        super().__init__()
        at, rate = torch.arange(count)[:, None], torch.exp(-math.log(1e4) * torch.arange(0, channels, 2) / channels)
        self.register_buffer("table", torch.stack([torch.sin(at * rate), torch.cos(at * rate)], dim=2).flatten(1))

    def forward(self, x):
        return x + self.table[: x.shape[1]]


@network("Convolutions and a transformer", "Natarajan et al. 2020, doi:10.22489/CinC.2020.107")
def natarajan():
    stem = nn.Sequential(convolved(12, 6, 14, stride=3), convolved(6, 8, 14, stride=4), swapped())
    return nn.Sequential(stem, Sines(64, 8), encoder(), averaged(1), nn.Linear(8, 3))


class Attention(nn.Module):
    """Self attention (n, tokens, channels) by a function of queries, keys and values, each (n, heads, tokens, channels of a head)."""

    def __init__(self, attend, channels=8, heads=2):
        super().__init__()
        self.attend, self.heads = attend, heads
        self.inside, self.outside = nn.Linear(channels, 3 * channels), nn.Linear(channels, channels)

    def forward(self, x):
        n, tokens, channels = x.shape
        q, k, v = self.inside(x).view(n, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        return self.outside(self.attend(q, k, v).transpose(1, 2).reshape(n, tokens, channels))


def transformer(attend, activation=nn.GELU):
    dense = nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 16), activation(), nn.Linear(16, 8))
    return nn.Sequential(Sum(nn.Sequential(nn.LayerNorm(8), Attention(attend))), Sum(dense))


def by_hand(q, k, v):
    return torch.softmax(q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5, dim=-1) @ v


def linear(q, k, v):
    q, k = functional.elu(q) + 1, functional.elu(k) + 1
    return (q @ (k.transpose(-1, -2) @ v)) / (q @ k.sum(dim=-2).unsqueeze(-1))


@network("Attention by products", "Vaswani et al. 2017, arXiv:1706.03762")
def products():
    return nn.Sequential(patches(), Places(20, 8, token=False), transformer(by_hand), averaged(1), nn.Linear(8, 3))


@network("Scaled dot product attention, ReLU", "Vaswani et al. 2017, arXiv:1706.03762")
def fused():
    attend = functional.scaled_dot_product_attention
    return nn.Sequential(patches(), Places(20, 8, token=False), transformer(attend, nn.ReLU), averaged(1), nn.Linear(8, 3))


@network("Linear attention (Performer)", "Katharopoulos et al. 2020, arXiv:2006.16236; Choromanski et al. 2021, arXiv:2009.14794")
def performer():
    return nn.Sequential(patches(6), Places(40, 8, token=False), transformer(linear), averaged(1), nn.Linear(8, 3))


class Rotary(nn.Module):
    """Attention with rotary positions, whose table is made at the first call and kept."""

    def __init__(self):
        super().__init__()
        self.table = None

    def forward(self, q, k, v):
        if self.table is None or len(self.table) != q.shape[2]:
            angles = torch.arange(q.shape[2], dtype=q.dtype)[:, None] * torch.tensor([1.0, 0.1], dtype=q.dtype)
            self.table = torch.polar(torch.ones_like(angles), angles)
        turned = [torch.view_as_real(torch.view_as_complex(part.unflatten(-1, (2, 2))) * self.table).flatten(-2) for part in (q, k)]
        return functional.scaled_dot_product_attention(*turned, v)


@network("Rotary positions, cached", "Su et al. 2021, arXiv:2104.09864")
def rotary():
    return nn.Sequential(patches(), transformer(Rotary(), nn.SiLU), averaged(1), nn.Linear(8, 3))


class AttentionPool(nn.Module):
    """A learned query that attends to all of time."""

    def __init__(self, channels):
        super().__init__()
        self.query, self.attention = nn.Parameter(torch.randn(1, 1, channels)), nn.MultiheadAttention(channels, 2, batch_first=True)

    def forward(self, x):
        return self.attention(self.query.expand(len(x), -1, -1), x, x, need_weights=False)[0].squeeze(1)


@network("CNN with attention pooling", "Ilse et al. 2018, arXiv:1802.04712")
def pooled():
    return nn.Sequential(convolved(12, 8, 9, stride=2), convolved(8, 8, 9, stride=2), swapped(), AttentionPool(8), nn.Linear(8, 3))


@network("MLP-Mixer1d", "Tolstikhin et al. 2021, arXiv:2105.01601")
def mixer():
    tokens = [nn.LayerNorm(8), swapped(), nn.Linear(20, 24), nn.GELU(), nn.Linear(24, 20), swapped()]
    channels = [nn.LayerNorm(8), nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8)]
    return nn.Sequential(
        patches(), Sum(nn.Sequential(*tokens)), Sum(nn.Sequential(*channels)), nn.LayerNorm(8), averaged(1), nn.Linear(8, 3)
    )


class LeadTokens(nn.Module):
    """Each lead is a token, so that attention runs over leads and not over time."""

    def __init__(self):
        super().__init__()
        self.embed, self.mix, self.out = nn.Linear(240, 8), transformer(by_hand), nn.Linear(8, 3)

    def forward(self, x):
        return self.out(self.mix(self.embed(x)).mean(dim=1))


@network("Leads as tokens (iTransformer)", "Liu et al. 2024, arXiv:2310.06625")
def leads():
    return LeadTokens()
