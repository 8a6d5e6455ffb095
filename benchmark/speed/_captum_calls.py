"""Captum's calls, as its documentation writes them and the study makes them: one window at a time."""

from __future__ import annotations

from collections.abc import Callable

import torch
from captum import attr
from captum._utils.models.linear_model import SkLearnLasso
from captum.attr._core.lime import get_exp_kernel_similarity_function

from ecgbench.methods._captum import captum_lrp

PATCH = 24
"""Samples of a patch of lime and kernel_shap, as ours by default."""

Call = Callable[[torch.nn.Module, torch.Tensor, int, int], torch.Tensor]
"""The map of one image (1, 1, leads, time) and its label; the last number is that of steps, samples or baselines, where there are any."""


def _patches(image: torch.Tensor) -> torch.Tensor:
    leads, time = image.shape[2:]
    numbers = torch.arange(leads)[:, None] * -(-time // PATCH) + torch.arange(time) // PATCH
    return numbers[None, None]


def saliency(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """Signed gradient."""
    return attr.Saliency(model).attribute(image, target=label, abs=False)


def input_gradient(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """Input times gradient."""
    return attr.InputXGradient(model).attribute(image, target=label)


def guided_backprop(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """Guided backpropagation."""
    return attr.GuidedBackprop(model).attribute(image, target=label)


def integrated_gradients(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """Integrated gradients from a flat line, Gauss-Legendre."""
    return attr.IntegratedGradients(model).attribute(image, target=label, n_steps=count)


def deep_lift(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """DeepLIFT with a flat line as baseline."""
    return attr.DeepLift(model).attribute(image, target=label)


def deep_shap(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """DeepLIFT SHAP with standard normal baselines, drawn anew by each call."""
    baselines = torch.randn(count, *image.shape[1:])
    return attr.DeepLiftShap(model).attribute(image, baselines, target=label)


def lime(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """LIME, one perturbed window at a time."""
    kernel = get_exp_kernel_similarity_function("cosine", kernel_width=1.0)
    lime = attr.Lime(model, interpretable_model=SkLearnLasso(alpha=0.01), similarity_func=kernel)
    return lime.attribute(image, target=label, feature_mask=_patches(image), n_samples=count)


def kernel_shap(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """KernelSHAP, one perturbed window at a time."""
    return attr.KernelShap(model).attribute(image, target=label, feature_mask=_patches(image), n_samples=count)


def gradcam(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """Grad-CAM of the last stage, each unit repeated."""
    cam = attr.LayerGradCam(model, model.layer4).attribute(image, target=label)
    return attr.LayerAttribution.interpolate(cam, tuple(image.shape[2:]), "nearest")


def guided_gradcam(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """Guided Grad-CAM of the last stage."""
    return attr.GuidedGradCam(model, model.layer4).attribute(image, target=label)


def lrp(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """LRP with Captum's rules, the epsilon rule nearly everywhere; modules that Captum does not know get one for the call."""
    return captum_lrp(model, image, torch.tensor([label]))


def smoothgrad(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """Mean gradient over noisy copies."""
    return _tunnel(model, image, label, count, "smoothgrad")


def vargrad(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """Variance of the gradient over noisy copies."""
    return _tunnel(model, image, label, count, "vargrad")


def _tunnel(model: torch.nn.Module, image: torch.Tensor, label: int, count: int, kind: str) -> torch.Tensor:
    tunnel = attr.NoiseTunnel(attr.Saliency(model))
    return tunnel.attribute(image, nt_type=kind, nt_samples=count, stdevs=0.1, target=label, abs=False)


def expected_gradients(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """GradientSHAP from ten baselines, at 100 points."""
    return attr.GradientShap(model).attribute(image, torch.randn(10, *image.shape[1:]), n_samples=100, target=label)


def occlusion(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """Occlusion by patches of all leads, one after the other."""
    shape = (1, image.shape[2], PATCH)
    return attr.Occlusion(model).attribute(image, shape, strides=shape, target=label)


def shapley_patches(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """Shapley values by permutations, one coalition at a time."""
    patches = (torch.arange(image.shape[3]) // PATCH).expand(1, 1, image.shape[2], -1)
    return attr.ShapleyValueSampling(model).attribute(image, target=label, feature_mask=patches, n_samples=count)


def hirescam(model: torch.nn.Module, image: torch.Tensor, label: int, count: int) -> torch.Tensor:
    """Gradient times activation of the second stage, each unit repeated."""
    cam = attr.LayerGradientXActivation(model, model.layer2).attribute(image, label).sum(dim=1, keepdim=True)
    return attr.LayerAttribution.interpolate(cam, tuple(image.shape[2:]), "nearest")
