"""Residual networks."""

import torch
from torch import nn

from .table import Called, Joined, Sum, convolved, head, network


def basic(inside, outside, kernel=7, stride=1, gate=None, activation=nn.ReLU):
    branch = [convolved(inside, outside, kernel, activation, stride), convolved(outside, outside, kernel, None)]
    shortcut = None if inside == outside and stride == 1 else convolved(inside, outside, 1, None, stride)
    return Sum(nn.Sequential(*branch, *([gate] if gate else [])), shortcut, activation())


@network("ResNet-18 1d", "Wagner et al. 2024, doi:10.1016/j.compbiomed.2024.108525")
def resnet():
    stem = [convolved(12, 6, 7, stride=2), nn.MaxPool1d(3, 2, 1)]
    return head(*stem, basic(6, 6), basic(6, 8, stride=2), basic(8, 10, stride=2))


class PreActivated(nn.Module):
    """Rajpurkar's block: norm, ReLU, dropout before each convolution; the shortcut is a max pool with channels of zeros behind it."""

    def __init__(self, inside, outside, pool):
        super().__init__()
        self.first = nn.Conv1d(inside, outside, 15, padding=7)
        self.second = nn.Sequential(nn.BatchNorm1d(outside), nn.ReLU(), nn.Dropout(0.2), nn.Conv1d(outside, outside, 15, pool, 7))
        self.norm, self.shortcut = nn.Sequential(nn.BatchNorm1d(inside), nn.ReLU()), nn.MaxPool1d(pool)

    def forward(self, x):
        branch, kept = self.second(self.first(self.norm(x))), self.shortcut(x)
        missing = branch.shape[1] - kept.shape[1]
        return branch + nn.functional.pad(kept, (0, 0, 0, missing))


@network("Rajpurkar 34 layers", "Rajpurkar et al. 2017, arXiv:1707.01836")
def rajpurkar():
    blocks = [PreActivated(6, 6, 2), PreActivated(6, 6, 1), PreActivated(6, 8, 2)]
    return head(convolved(12, 6, 15), *blocks, nn.BatchNorm1d(8), nn.ReLU())


class ByTime(nn.Module):
    """Hannun's head: logits of every stretch of time, then their mean."""

    def __init__(self, channels):
        super().__init__()
        self.dense = nn.Linear(channels, 3)

    def forward(self, x):
        return self.dense(x.transpose(1, 2)).mean(dim=1)


@network("Hannun, logits over time", "Hannun et al. 2019, doi:10.1038/s41591-018-0268-3")
def hannun():
    blocks = [PreActivated(6, 6, 2), PreActivated(6, 8, 2), PreActivated(8, 8, 2)]
    return nn.Sequential(convolved(12, 6, 15), *blocks, nn.BatchNorm1d(8), nn.ReLU(), ByTime(8))


class Unified(nn.Module):
    """Ribeiro's unit: the shortcut leaves before the norm, is pooled and mapped by a 1 x 1 convolution; two streams go on."""

    def __init__(self, inside, outside, pool):
        super().__init__()
        self.first, self.norm = nn.Conv1d(inside, outside, 17, padding=8, bias=False), nn.BatchNorm1d(outside)
        self.second, self.after = nn.Conv1d(outside, outside, 17, pool, 8, bias=False), nn.BatchNorm1d(outside)
        self.shortcut = nn.Sequential(nn.MaxPool1d(pool), nn.Conv1d(inside, outside, 1, bias=False))

    def forward(self, streams):
        x, kept = streams
        x = self.second(torch.relu(self.norm(self.first(x)))) + self.shortcut(kept)
        return torch.relu(self.after(x)), x


class Ribeiro(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = convolved(12, 6, 17)
        self.units, self.out = nn.ModuleList([Unified(6, 6, 4), Unified(6, 8, 4)]), nn.LazyLinear(3)

    def forward(self, x):
        x = self.stem(x)
        streams = (x, x)
        for unit in self.units:
            streams = unit(streams)
        return self.out(streams[0].flatten(1))


@network("Ribeiro residual units", "Ribeiro et al. 2020, doi:10.1038/s41467-020-15432-4")
def ribeiro():
    return Ribeiro()


def concat_pool(channels):
    """fastai's head: maximum and mean over time, side by side."""
    pools = Joined(nn.AdaptiveAvgPool1d(1), nn.AdaptiveMaxPool1d(1))
    dense = [nn.BatchNorm1d(2 * channels), nn.Dropout(0.25), nn.Linear(2 * channels, 8), nn.ReLU(), nn.BatchNorm1d(8)]
    return [pools, nn.Flatten(), *dense, nn.Dropout(0.5), nn.Linear(8, 3)]


@network("xresnet1d", "Strodthoff et al. 2021, doi:10.1109/JBHI.2020.3022989")
def xresnet():
    stem = [convolved(12, 4, 5, stride=2), convolved(4, 4, 5), convolved(4, 6, 5), nn.MaxPool1d(3, 2, 1)]
    down = Sum(
        nn.Sequential(convolved(6, 6, 5, stride=2), convolved(6, 8, 5, None)),
        nn.Sequential(nn.AvgPool1d(2, ceil_mode=True), convolved(6, 8, 1, None)),
        nn.ReLU(),
    )
    return nn.Sequential(*stem, basic(6, 6, 5), down, *concat_pool(8))


@network("DenseNet1d", "Huang et al. 2017, arXiv:1608.06993")
def dense_net():
    def layer(channels):
        bottleneck = nn.Sequential(nn.BatchNorm1d(channels), nn.ReLU(), nn.Conv1d(channels, 8, 1, bias=False))
        return Joined(nn.Identity(), nn.Sequential(bottleneck, nn.BatchNorm1d(8), nn.ReLU(), nn.Conv1d(8, 4, 3, padding=1, bias=False)))

    transition = [nn.BatchNorm1d(14), nn.ReLU(), nn.Conv1d(14, 7, 1), nn.AvgPool1d(2)]
    return head(convolved(12, 6, 7, stride=2), layer(6), layer(10), *transition, layer(7), nn.BatchNorm1d(11), nn.ReLU())


@network("ResNeXt1d, grouped", "Hong et al. 2020, doi:10.1088/1361-6579/abc960")
def resnext():
    def block(channels):
        grouped = nn.Sequential(
            convolved(channels, channels, 1), convolved(channels, channels, 9, groups=4), convolved(channels, channels, 1, None)
        )
        return Sum(grouped, None, nn.ReLU())

    return head(convolved(12, 8, 9, stride=2), block(8), nn.MaxPool1d(2), block(8))


class UNet(nn.Module):
    """Down, up by transposed convolutions, with the finer stage joined."""

    def __init__(self):
        super().__init__()
        self.top, self.down = convolved(12, 6, 9), nn.Sequential(nn.MaxPool1d(2), convolved(6, 8, 9))
        self.up, self.joint, self.out = nn.ConvTranspose1d(8, 6, 2, stride=2), convolved(12, 6, 9), nn.Linear(6, 3)

    def forward(self, x):
        top = self.top(x)
        x = self.joint(torch.cat([top, self.up(self.down(top))], dim=1))
        return self.out(x.mean(dim=2))


@network("U-Net1d", "Moskalenko et al. 2020, arXiv:2001.04689")
def unet():
    return UNet()


@network("ResNet2d on leads as rows", "Hannun-like networks on (n, 1, leads, time); He et al. 2016, arXiv:1512.03385")
def rows():
    def layer(inside, outside, stride=1):
        return nn.Sequential(nn.Conv2d(inside, outside, (1, 7), (1, stride), (0, 3)), nn.BatchNorm2d(outside), nn.ReLU())

    average = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(Called(lambda x: x.unsqueeze(1)), layer(1, 4, 2), Sum(layer(4, 4)), layer(4, 6, 2), average, nn.Linear(6, 3))
