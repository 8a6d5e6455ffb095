"""Convolutional networks without residual blocks, or with their own idea of convolution."""

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from .table import Called, Joined, Sum, averaged, convolved, head, network, swapped


@network("FCN", "Wang et al. 2017, arXiv:1611.06455")
def fcn():
    return head(nn.ConstantPad1d((3, 4), 0), convolved(12, 8, 8, padding=0), convolved(8, 10, 5), convolved(10, 8, 3))


def inception(inside, filters=3):
    narrow = nn.Conv1d(inside, 4, 1, bias=False)
    wide = Joined(*(nn.Conv1d(4, filters, kernel, padding=kernel // 2, bias=False) for kernel in (39, 19, 9)))
    pooled = nn.Sequential(nn.MaxPool1d(3, 1, 1), nn.Conv1d(inside, filters, 1, bias=False))
    return nn.Sequential(Joined(nn.Sequential(narrow, wide), pooled), nn.BatchNorm1d(4 * filters), nn.ReLU())


@network("InceptionTime", "Ismail Fawaz et al. 2020, doi:10.1007/s10618-020-00710-y")
def inception_time():
    shortcut = convolved(12, 12, 1, None)
    return head(Sum(nn.Sequential(inception(12), inception(12), inception(12)), shortcut, nn.ReLU()))


@network("VGG1d, five pools, valid convolutions", "Simonyan & Zisserman 2015, arXiv:1409.1556")
def vgg():
    stages = []
    for inside, outside in ((12, 6), (6, 6), (6, 6), (6, 8)):
        stages += [nn.Conv1d(inside, outside, 3), nn.ReLU(inplace=True), nn.MaxPool1d(2)]
    return nn.Sequential(
        *stages, nn.Conv1d(8, 8, 3), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.LazyLinear(8), nn.ReLU(), nn.Linear(8, 3)
    )


@network("Plain CNN, valid, strided", "Kiranyaz et al. 2016, doi:10.1109/TBME.2015.2468589")
def kiranyaz():
    return nn.Sequential(
        *(nn.Conv1d(12, 6, 15), nn.Tanh(), nn.AvgPool1d(3), nn.Conv1d(6, 6, 7), nn.Tanh(), nn.AvgPool1d(3)),
        *(nn.Flatten(), nn.LazyLinear(8), nn.Tanh(), nn.Linear(8, 3)),
    )


@network("MobileNet1d", "Howard et al. 2019, arXiv:1905.02244")
def mobile():
    def inverted(channels):
        wide = (
            convolved(channels, 2 * channels, 1, nn.Hardswish),
            convolved(2 * channels, 2 * channels, 5, nn.Hardswish, groups=2 * channels),
        )
        return Sum(nn.Sequential(*wide, convolved(2 * channels, channels, 1, None)))

    return head(convolved(12, 6, 5, nn.Hardswish, 2), inverted(6), inverted(6), nn.AvgPool1d(2), nn.Conv1d(6, 8, 1), nn.Hardswish())


class Scale(nn.Module):
    """A learned factor by channel."""

    def __init__(self, channels):
        super().__init__()
        self.gamma = nn.Parameter(torch.full((channels, 1), 0.5))

    def forward(self, x):
        return self.gamma * x


@network("ConvNeXt1d", "Liu et al. 2022, arXiv:2201.03545")
def convnext():
    def block(channels):
        dense = [
            swapped(),
            nn.LayerNorm(channels),
            nn.Linear(channels, 2 * channels),
            nn.GELU(),
            nn.Linear(2 * channels, channels),
            swapped(),
        ]
        return Sum(nn.Sequential(nn.Conv1d(channels, channels, 7, padding=3, groups=channels), *dense, Scale(channels)))

    return nn.Sequential(nn.Conv1d(12, 8, 4, 4), block(8), block(8), averaged(), nn.LayerNorm(8), nn.Linear(8, 3))


class Causal(nn.Module):
    """A convolution that sees no later samples: padded at both ends and cut at the later."""

    def __init__(self, inside, outside, kernel, dilation):
        super().__init__()
        self.surplus = (kernel - 1) * dilation
        self.convolution = weight_norm(nn.Conv1d(inside, outside, kernel, padding=self.surplus, dilation=dilation))

    def forward(self, x):
        return self.convolution(x)[:, :, : -self.surplus]


@network("TCN, causal, weight norm", "Bai et al. 2018, arXiv:1803.01271")
def tcn():
    def block(inside, outside, dilation):
        branch = [Causal(inside, outside, 3, dilation), nn.ReLU(), nn.Dropout(0.2), Causal(outside, outside, 3, dilation), nn.ReLU()]
        return Sum(nn.Sequential(*branch), None if inside == outside else nn.Conv1d(inside, outside, 1), nn.ReLU())

    return nn.Sequential(block(12, 6, 1), block(6, 6, 2), block(6, 6, 4), Called(lambda x: x[:, :, -1]), nn.Linear(6, 3))


class Gated(nn.Module):
    """WaveNet's unit: tanh times sigmoid, a residual and a skip."""

    def __init__(self, channels, dilation):
        super().__init__()
        self.filter = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.gate = nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.residual, self.skip = nn.Conv1d(channels, channels, 1), nn.Conv1d(channels, channels, 1)

    def forward(self, x):
        gated = torch.tanh(self.filter(x)) * torch.sigmoid(self.gate(x))
        return x + self.residual(gated), self.skip(gated)


class WaveNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.units = nn.Conv1d(12, 6, 1), nn.ModuleList(Gated(6, 2**k) for k in range(4))
        self.out = nn.Sequential(nn.ReLU(), nn.Conv1d(6, 6, 1), nn.ReLU(), averaged(), nn.Linear(6, 3))

    def forward(self, x):
        x, skips = self.stem(x), 0
        for unit in self.units:
            x, skip = unit(x)
            skips = skips + skip
        return self.out(skips)


@network("WaveNet, gated convolutions", "van den Oord et al. 2016, arXiv:1609.03499")
def wavenet():
    return WaveNet()


@network("Gated linear units", "Dauphin et al. 2017, arXiv:1612.08083")
def glu():
    return head(nn.Conv1d(12, 16, 7, padding=3), nn.GLU(dim=1), nn.Conv1d(8, 16, 7, 2, padding=3), nn.GLU(dim=1))


@network("PReLU and LeakyReLU", "He et al. 2015, arXiv:1502.01852")
def leaky():
    return head(convolved(12, 6, 7, lambda: nn.PReLU(6)), nn.MaxPool1d(2), convolved(6, 8, 7, lambda: nn.LeakyReLU(0.2)))


@network("ELU and average pools (EEGNet)", "Lawhern et al. 2018, arXiv:1611.08024")
def eegnet():
    temporal = [nn.Conv2d(1, 4, (1, 31), padding=(0, 15), bias=False), nn.BatchNorm2d(4)]
    spatial = [nn.Conv2d(4, 8, (12, 1), groups=4, bias=False), nn.BatchNorm2d(8), nn.ELU(), nn.AvgPool2d((1, 4))]
    separable = [
        nn.Conv2d(8, 8, (1, 15), padding=(0, 7), groups=8, bias=False),
        nn.Conv2d(8, 8, 1, bias=False),
        nn.BatchNorm2d(8),
        nn.ELU(),
    ]
    return nn.Sequential(
        Called(lambda x: x.unsqueeze(1)), *temporal, *spatial, *separable, nn.AvgPool2d((1, 8)), nn.Flatten(), nn.LazyLinear(3)
    )


@network("Multi-scale, unlike strides", "Cui et al. 2016, arXiv:1603.06995")
def multi_scale():
    branches = [nn.Sequential(nn.AvgPool1d(k), convolved(12, 4, 7), nn.AdaptiveMaxPool1d(16)) for k in (1, 2, 4)]
    return nn.Sequential(Joined(*branches), nn.Conv1d(12, 8, 5, padding=2), nn.ReLU(), nn.Flatten(), nn.LazyLinear(3))


class Prototypes(nn.Module):
    """Logits of the smallest distances between stretches of features and prototypes."""

    def __init__(self):
        super().__init__()
        self.features, self.prototypes, self.out = convolved(12, 6, 7, stride=2), nn.Parameter(torch.randn(8, 6)), nn.Linear(8, 3)

    def forward(self, x):
        distances = ((self.features(x)[:, None] - self.prototypes[None, :, :, None]) ** 2).sum(dim=2)
        return self.out(torch.log((distances + 1) / (distances + 1e-2)).amax(dim=2))


@network("Prototypes (ProtoPNet)", "Chen et al. 2019, arXiv:1806.10574")
def prototypes():
    return Prototypes()
