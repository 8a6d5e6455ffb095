"""Gates, norms and pools."""

import torch
from torch import nn
from torch.nn import functional

from .residual import basic
from .table import Called, Joined, Sum, averaged, convolved, head, network


class SqueezeExcite(nn.Module):
    def __init__(self, channels, activation=nn.ReLU):
        super().__init__()
        self.gate = nn.Sequential(nn.Linear(channels, 4), activation(), nn.Linear(4, channels), nn.Sigmoid())

    def forward(self, x):
        return x * self.gate(x.mean(dim=2)).unsqueeze(2)


@network("SE-ResNet", "Hu et al. 2018, arXiv:1709.01507; Zhao et al. 2020, doi:10.22489/CinC.2020.112")
def se_resnet():
    return head(convolved(12, 6, 7, stride=2), basic(6, 6, gate=SqueezeExcite(6)), basic(6, 8, stride=2, gate=SqueezeExcite(8)))


@network("EfficientNet1d", "Tan & Le 2019, arXiv:1905.11946")
def efficient():
    def block(channels):
        wide = convolved(channels, 2 * channels, 1, nn.SiLU), convolved(2 * channels, 2 * channels, 5, nn.SiLU, groups=2 * channels)
        return Sum(nn.Sequential(*wide, SqueezeExcite(2 * channels, nn.SiLU), convolved(2 * channels, channels, 1, None)))

    return head(convolved(12, 6, 3, nn.SiLU, 2), block(6), nn.AvgPool1d(2), block(6))


class Cbam(nn.Module):
    """Attention to channels, by means and maxima, then to places."""

    def __init__(self, channels):
        super().__init__()
        self.dense = nn.Sequential(nn.Linear(channels, 4), nn.ReLU(), nn.Linear(4, channels))
        self.place = nn.Conv1d(2, 1, 7, padding=3, bias=False)

    def forward(self, x):
        x = x * torch.sigmoid(self.dense(x.mean(dim=2)) + self.dense(x.amax(dim=2))).unsqueeze(2)
        return x * torch.sigmoid(self.place(torch.cat([x.mean(dim=1, keepdim=True), x.amax(dim=1, keepdim=True)], dim=1)))


@network("CBAM-ResNet", "Woo et al. 2018, arXiv:1807.06521")
def cbam():
    return head(convolved(12, 6, 7, stride=2), basic(6, 6, gate=Cbam(6)), nn.MaxPool1d(2))


class Eca(nn.Module):
    """A gate by a convolution over the channels."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, x):
        return x * torch.sigmoid(self.convolution(x.mean(dim=2).unsqueeze(1))).transpose(1, 2)


@network("ECA-Net", "Wang et al. 2020, arXiv:1910.03151")
def eca():
    return head(convolved(12, 6, 7, stride=2), basic(6, 6, gate=Eca()))


@network("GroupNorm", "Wu & He 2018, arXiv:1803.08494")
def group_norm():
    return head(nn.Conv1d(12, 8, 7, 2, 3), nn.GroupNorm(2, 8), nn.ReLU(), nn.Conv1d(8, 8, 7, 2, 3), nn.GroupNorm(4, 8), nn.ReLU())


@network("InstanceNorm", "Ulyanov et al. 2016, arXiv:1607.08022")
def instance_norm():
    first, second = nn.InstanceNorm1d(6, affine=True), nn.InstanceNorm1d(8)
    return nn.Sequential(
        nn.Conv1d(12, 6, 7, 2, 3), first, nn.ReLU(), nn.Conv1d(6, 8, 7, 2, 3), second, nn.ReLU(), nn.Flatten(), nn.LazyLinear(3)
    )


class Standardised(nn.Module):
    """Each lead less its mean, over its deviation."""

    def forward(self, x):
        return (x - x.mean(dim=2, keepdim=True)) / (x.std(dim=2, keepdim=True) + 1e-5)


@network("z-scores its input", "Standardisation inside the network, as in Ribeiro et al. 2020, doi:10.1038/s41467-020-15432-4")
def z_scores():
    return head(Standardised(), convolved(12, 6, 7, stride=2), convolved(6, 8, 7, stride=2))


@network("LayerNorm over channels and time", "Ba et al. 2016, arXiv:1607.06450")
def layer_norm():
    return head(nn.Conv1d(12, 6, 8, 4), nn.LayerNorm([6, 59]), nn.ReLU(), nn.Conv1d(6, 8, 5, padding=2), nn.ReLU())


class Blur(nn.Module):
    """Anti-aliased pooling: a maximum at every sample, a binomial filter, then every second sample."""

    def __init__(self, channels):
        super().__init__()
        self.register_buffer("kernel", (torch.tensor([1.0, 2.0, 1.0]) / 4).repeat(channels, 1, 1))

    def forward(self, x):
        padded = functional.pad(functional.max_pool1d(x, 2, 1), (1, 1), mode="reflect")
        return functional.conv1d(padded, self.kernel, stride=2, groups=x.shape[1])


@network("Blur pool", "Zhang 2019, arXiv:1904.11486")
def blur():
    return head(convolved(12, 6, 7), Blur(6), convolved(6, 8, 7), Blur(8))


@network("Lp pool", "Gulcehre et al. 2014, arXiv:1311.1780")
def lp_pool():
    return head(convolved(12, 6, 7), nn.LPPool1d(2, 3), convolved(6, 8, 7), nn.LPPool1d(3, 2))


@network("Maximum over time", "Zhou et al. 2016, arXiv:1512.04150")
def maximum():
    return nn.Sequential(convolved(12, 6, 7), nn.MaxPool1d(2), convolved(6, 8, 7), Called(lambda x: x.amax(dim=2)), nn.Linear(8, 3))


@network("Log-sum-exp pooling", "Pinheiro & Collobert 2015, arXiv:1411.6228")
def log_sum_exp():
    return nn.Sequential(convolved(12, 6, 7), convolved(6, 8, 7), Called(lambda x: torch.logsumexp(x, dim=2)), nn.Linear(8, 3))


@network("Mean and deviation over time", "Okabe et al. 2018 (statistics pooling), arXiv:1803.10963")
def statistics():
    return nn.Sequential(convolved(12, 6, 7, stride=2), Joined(averaged(), Called(lambda x: x.std(dim=2))), nn.Linear(12, 3))


@network("Softmax over classes in time", "attention over classes and time; Kong et al. 2018, arXiv:1711.00927")
def class_attention():
    class Weighted(nn.Module):
        def __init__(self):
            super().__init__()
            self.value, self.weight = nn.Conv1d(6, 3, 1), nn.Conv1d(6, 3, 1)

        def forward(self, x):
            return (torch.softmax(self.weight(x), dim=2) * self.value(x)).sum(dim=2)

    return nn.Sequential(convolved(12, 6, 7, stride=2), convolved(6, 6, 7), Weighted())


@network("Multiplied branches", "bilinear pooling; Lin et al. 2015, arXiv:1504.07889")
def bilinear():
    class Product(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two, self.out = convolved(12, 4, 7), convolved(12, 4, 15), nn.Linear(16, 3)

        def forward(self, x):
            return self.out(torch.einsum("nat,nbt->nab", self.one(x), self.two(x)).flatten(1) / x.shape[2])

    return Product()
