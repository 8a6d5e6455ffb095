"""SmoothGrad and VarGrad against Captum's for the same noise, and where they are known."""

import numpy as np
import pytest
import torch
from captum import attr

import ecgbench
from ecgbench.randomness import window_generator

from .cases import Linear, assert_close_to_maximum, small, windows

BOTH = pytest.mark.parametrize("key", ["smoothgrad", "vargrad"])
COPIES = 7
TARGET = [0, 2, 1]


def noise_of(window, share, seed=0):
    """Noise of all copies of a window, (copies, leads, time)."""
    return share * window.std() * window_generator(seed, window, "noise").standard_normal((COPIES, *window.shape))


def captums(key, model, window, label, noise, monkeypatch):
    """Captum's map of one window, for noise that we drew."""
    monkeypatch.setattr(torch, "normal", lambda mean, deviation: torch.tensor(noise).view_as(deviation))
    tunnel = attr.NoiseTunnel(attr.Saliency(model))
    window = torch.tensor(window[None], requires_grad=True)
    return tunnel.attribute(window, nt_type=key, nt_samples=COPIES, target=label, abs=False)[0].detach().numpy()


@BOTH
@pytest.mark.parametrize("share", [0.1, 0.5])
def test_map_is_captums_for_the_same_noise(key, share, monkeypatch):
    model, x = small(), 3 * windows() + 1
    wanted = [captums(key, model, window, label, noise_of(window, share), monkeypatch) for window, label in zip(x, TARGET, strict=True)]
    found = ecgbench.explain(model, x, TARGET, key, copies=COPIES, noise=share)
    assert_close_to_maximum(found, np.stack(wanted), 1e-9)


def gradients(model, window, label, share):
    """The gradient at every noisy copy of a window, one after the other."""
    found = []
    for copy in window + noise_of(window, share):
        at = torch.tensor(copy[None], requires_grad=True)
        found.append(torch.autograd.grad(model(at)[0, label], at)[0][0].numpy())
    return np.stack(found)


def test_both_are_moments_of_the_same_gradients():
    model, x = small(), windows()
    each = [gradients(model, window, label, 0.3) for window, label in zip(x, TARGET, strict=True)]
    smooth, varying = (ecgbench.explain(model, x, TARGET, key, copies=COPIES, noise=0.3) for key in ("smoothgrad", "vargrad"))
    assert_close_to_maximum(smooth, np.stack([of.mean(axis=0) for of in each]), 1e-10)
    assert_close_to_maximum(varying, np.stack([of.var(axis=0) for of in each]), 1e-10)
    assert varying.min() >= 0 < varying.max()


def test_without_noise_smoothgrad_is_saliency_and_vargrad_nothing():
    model, x = small(), windows()
    smooth, varying = (ecgbench.explain(model, x, 1, key, copies=3, noise=0) for key in ("smoothgrad", "vargrad"))
    saliency = ecgbench.explain(model, x, 1, "saliency")
    assert_close_to_maximum(smooth, saliency, 1e-12)
    assert varying.max() <= 1e-15 * (saliency**2).max()


@BOTH
def test_a_linear_model_has_its_weights_and_no_variance(key):
    weight = windows(n=3, time=20, seed=1)
    found = ecgbench.explain(Linear(weight, [0.0, 1, 2]), windows(time=20), TARGET, key, copies=COPIES)
    if key == "smoothgrad":
        np.testing.assert_allclose(found, weight[TARGET], rtol=1e-12)
    else:
        np.testing.assert_allclose(found, 0, atol=1e-14)


def test_noise_is_a_share_of_the_windows_own_deviation():
    seen = []
    model, x = small(), np.stack([windows(n=1, time=400)[0], 10 * windows(n=1, time=400, seed=1)[0] + 5])
    ecgbench.explain(model, x, 0, "saliency")  # what is found out of a network once is not counted
    with model.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].detach().clone())):
        ecgbench.explain(model, x, 0, "smoothgrad", copies=5)
    added = torch.cat(seen).numpy().reshape(2, 5, 2, 400) - x[:, None]
    np.testing.assert_allclose(added.std(axis=(1, 2, 3)), 0.1 * x.std(axis=(1, 2)), rtol=0.05)
    np.testing.assert_allclose(added.mean(axis=(1, 2, 3)), 0, atol=0.05)


class Bowl(torch.nn.Module):
    """Logit 100 sum x + sum x^2 / 2."""

    def __init__(self):
        super().__init__()
        self.slope = torch.nn.Parameter(torch.tensor(100.0))

    def forward(self, x):
        return (self.slope * x + x**2 / 2).sum(dim=(1, 2))[:, None]


def test_vargrad_of_single_precision_does_not_cancel():
    # Gradients of 100 weight + x: at every copy about 100, with the noise's own variance between them.
    model = Bowl().float()
    x = windows(dtype=np.float32)
    single = ecgbench.explain(model, x, 0, "vargrad")
    double = ecgbench.explain(model.double(), x, 0, "vargrad")
    assert_close_to_maximum(single, double, 1e-3)
    assert 0.5 < double.mean() / (0.1 * x.std()) ** 2 < 2
