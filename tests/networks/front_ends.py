"""Spectra, wavelets and sincs in front, and state spaces."""

import math

import torch
from torch import nn
from torch.nn import functional

from .table import Called, Joined, Sum, averaged, convolved, head, network, swapped


class Spectrogram(nn.Module):
    """(n, leads, time) -> (n, leads, frequencies, frames), log of magnitudes."""

    def __init__(self, width=32, hop=8):
        super().__init__()
        self.width, self.hop = width, hop
        self.register_buffer("window", torch.hann_window(width))

    def forward(self, x):
        n, leads, time = x.shape
        spectrum = torch.stft(x.reshape(n * leads, time), self.width, self.hop, window=self.window, return_complex=True)
        return torch.log(spectrum.abs().square() + 1e-3).view(n, leads, *spectrum.shape[1:])


def layer2d(inside, outside):
    return nn.Sequential(nn.Conv2d(inside, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.ReLU())


@network("STFT and a 2-D CNN", "Huang et al. 2019, doi:10.1109/ACCESS.2019.2928017")
def stft():
    average = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3)]
    return nn.Sequential(Spectrogram(), layer2d(12, 6), nn.MaxPool2d(2), layer2d(6, 8), *average)


class Spectrum(nn.Module):
    """Magnitudes of the whole window: no time is left."""

    def forward(self, x):
        return torch.fft.rfft(x).abs()[:, :, :64]


@network("Spectrum of the window", "no axis of time behind the first operation; Zheng et al. 2020, doi:10.1038/s41598-020-59821-7")
def spectrum():
    return head(Spectrum(), convolved(12, 6, 5), convolved(6, 6, 5))


class Sinc(nn.Module):
    """Band passes by two learned frequencies each, every lead by the same."""

    def __init__(self, filters=4, width=31):
        super().__init__()
        self.low, self.band = nn.Parameter(torch.linspace(0.01, 0.2, filters)), nn.Parameter(torch.full((filters,), 0.05))
        self.register_buffer("at", torch.arange(width) - width // 2)
        self.register_buffer("window", torch.hamming_window(width, periodic=False))

    def forward(self, x):
        low, high = self.low.abs()[:, None], (self.low.abs() + self.band.abs())[:, None]
        kernel = (2 * high * torch.sinc(2 * high * self.at) - 2 * low * torch.sinc(2 * low * self.at)) * self.window
        return functional.conv1d(x, kernel[:, None].repeat(x.shape[1], 1, 1), padding=len(self.at) // 2, groups=x.shape[1])


@network("SincNet", "Ravanelli & Bengio 2018, arXiv:1808.00158")
def sinc():
    return head(Sinc(), nn.LeakyReLU(0.2), nn.MaxPool1d(3), convolved(48, 6, 5, lambda: nn.LeakyReLU(0.2)))


class Haar(nn.Module):
    """Approximation and detail of each lead, as a fixed convolution."""

    def forward(self, x):
        even, odd = x[:, :, ::2], x[:, :, 1::2]
        return torch.cat([(even + odd) / 2**0.5, (even - odd) / 2**0.5], dim=1)


@network("Wavelet decomposition", "Wang et al. 2018 (mWDN), arXiv:1806.08946")
def wavelet():
    return head(Haar(), convolved(24, 6, 7), Haar(), convolved(12, 6, 7))


class Differences(nn.Module):
    """The window, its first difference and its moving average."""

    def forward(self, x):
        smooth = functional.avg_pool1d(x, 5, 1, 2)
        return torch.cat([x, functional.pad(torch.diff(x, dim=2), (1, 0)), smooth], dim=1)


@network("Differences and moving averages in front", "Cui et al. 2016, arXiv:1603.06995")
def differences():
    return head(Differences(), convolved(36, 6, 7, stride=2), convolved(6, 6, 7))


class S4D(nn.Module):
    """A diagonal state space as a long convolution by FFT, (n, channels, time)."""

    def __init__(self, channels=6, states=4):
        super().__init__()
        self.log_step, self.out = (
            nn.Parameter(torch.empty(channels).uniform_(math.log(0.01), math.log(0.1))),
            nn.Conv1d(channels, channels, 1),
        )
        self.real = nn.Parameter(torch.full((channels, states), math.log(0.5)))
        self.imaginary = nn.Parameter(math.pi * torch.arange(states).repeat(channels, 1).float())
        self.c, self.d = nn.Parameter(torch.randn(channels, states, 2) * 0.5), nn.Parameter(torch.randn(channels))

    def forward(self, x):
        time = x.shape[2]
        rates = torch.complex(-torch.exp(self.real), self.imaginary) * torch.exp(self.log_step)[:, None]
        powers = torch.exp(rates[:, :, None] * torch.arange(time))
        kernel = 2 * (torch.view_as_complex(self.c)[:, :, None] * (torch.exp(rates) - 1)[:, :, None] * powers).sum(dim=1).real
        y = torch.fft.irfft(torch.fft.rfft(kernel, n=2 * time) * torch.fft.rfft(x, n=2 * time), n=2 * time)[:, :, :time]
        return self.out(functional.gelu(y + self.d[:, None] * x))


@network("S4D, state space by FFT", "Gu et al. 2022, arXiv:2206.11893; Strodthoff et al. 2023, arXiv:2211.07579")
def s4d():
    return nn.Sequential(nn.Conv1d(12, 6, 1), Sum(S4D()), Sum(S4D()), averaged(), nn.Linear(6, 3))


class SelectiveScan(nn.Module):
    """Mamba's block: a short causal convolution, a scan whose step, input and output depend on the sample, a gate."""

    def __init__(self, channels=6, states=3):
        super().__init__()
        self.inside, self.short = nn.Linear(channels, 2 * channels), nn.Conv1d(channels, channels, 4, padding=3, groups=channels)
        self.select, self.step = nn.Linear(channels, 2 * states), nn.Linear(channels, channels)
        self.log_a, self.outside = (
            nn.Parameter(torch.log(torch.arange(1, states + 1).float()).repeat(channels, 1)),
            nn.Linear(channels, channels),
        )

    def forward(self, x):
        x, gate = self.inside(x).chunk(2, dim=-1)
        x = functional.silu(self.short(x.transpose(1, 2))[:, :, : x.shape[1]]).transpose(1, 2)
        b, c = self.select(x).chunk(2, dim=-1)
        step = functional.softplus(self.step(x)).unsqueeze(-1)
        keep, put = torch.exp(-step * self.log_a.exp()), step * b.unsqueeze(2) * x.unsqueeze(-1)
        state, found = 0, []
        for at in range(x.shape[1]):
            state = keep[:, at] * state + put[:, at]
            found.append((state * c[:, at, None]).sum(dim=-1))
        return self.outside(torch.stack(found, dim=1) * functional.silu(gate))


@network("Selective scan (Mamba)", "Gu & Dao 2023, arXiv:2312.00752")
def mamba():
    stem = [nn.Conv1d(12, 6, 12, 12), swapped()]
    return nn.Sequential(*stem, Sum(nn.Sequential(nn.LayerNorm(6), SelectiveScan())), nn.LayerNorm(6), averaged(1), nn.Linear(6, 3))


@network("Random kernels (ROCKET), proportion of positives", "Dempster et al. 2020, arXiv:1910.13051")
def rocket():
    kernels = nn.Conv1d(12, 16, 9, padding=8, dilation=2)
    proportion = nn.Sequential(Called(lambda x: torch.sigmoid(10 * x)), averaged())
    return nn.Sequential(kernels, Joined(proportion, Called(lambda x: x.amax(dim=2))), nn.BatchNorm1d(32), nn.Linear(32, 3))
