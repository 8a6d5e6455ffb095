"""What is known of a map whatever the network: each check returns what is wrong, in words, or nothing."""

import numpy as np
import torch
from torch import nn

from ecgbench.methods._gradient import explained_logit
from ecgbench.randomness import window_generator

from .table import windows

PATCHES = 10
"""Patches of a window, of methods that hide some."""


def options_of(key, x):
    """Options with which a method takes little time on windows as long as these."""
    patch, normal = x.shape[2] // PATCHES, windows(3, x.shape[2], seed=7).numpy()
    return {
        "lime": {"patch": 2 * patch, "samples": 60, "alpha": 1e-4},
        "kernel_shap": {"patch": patch, "samples": 160},
        "deep_shap": {"background": normal},
        "expected_gradients": {"normal_windows": normal, "baselines": 3, "steps": 4},
        "occlusion": {"patch": patch},
        "rise": {"patch": patch, "masks": 40},
        "shapley_patches": {"patch": patch, "permutations": 2},
        "smoothgrad": {"copies": 3},
        "vargrad": {"copies": 3},
    }.get(key, {})


TARGET = np.array([2, 0])
CLOSE = 1e-6
"""Of the largest value of a map, what it may be off by."""


def differs(found, wanted, close=CLOSE):
    """Whether a map is further from another than a share of its largest value."""
    return not np.abs(found - wanted).max() <= close * np.abs(wanted).max() + 1e-12


def gradient(model, x, target=TARGET):
    x = x.clone().requires_grad_(True)
    logit = model(x.clone()).gather(1, torch.as_tensor(target)[:, None]).sum()
    return torch.autograd.grad(logit, x)[0].numpy()


def logits(model, x, target=TARGET):
    with torch.no_grad():
        return model(x.clone()).numpy()[np.arange(len(x)), target]


def noisy(model, x):
    """Gradients at the copies that SmoothGrad draws: (copies, n, leads, time)."""
    copies = []
    for i, window in enumerate(x.numpy()):
        noise = 0.1 * window.std() * window_generator(0, window, "noise").standard_normal((3, *window.shape))
        copies.append([gradient(model, torch.from_numpy(window + one)[None], TARGET[i : i + 1])[0] for one in noise])
    return np.array(copies).swapaxes(0, 1)


def on_the_way(model, x):
    nodes, weights = np.polynomial.legendre.leggauss(50)
    return sum(weight / 2 * gradient(model, (node + 1) / 2 * x) for node, weight in zip(nodes, weights, strict=True)) * x.numpy()


def occluded(model, x):
    found, whole = np.empty(x.shape), logits(model, x)
    patch = x.shape[2] // PATCHES
    for start in range(0, x.shape[2], patch):
        hidden = x.clone()
        hidden[:, :, start : start + patch] = 0
        found[:, :, start : start + patch] = ((whole - logits(model, hidden)) / (x.shape[1] * patch))[:, None, None]
    return found


def guided(model, x):
    """Guided backpropagation by hooks on the graph: at each ReLU that autograd has kept, what comes back is clipped."""
    x = x.clone().requires_grad_(True)
    logit = explained_logit(model, x, torch.as_tensor(TARGET)).sum()
    seen, waiting = set(), [logit.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        waiting += [before for before, _ in node.next_functions]
        if node.name().startswith("ReluBackward"):
            node.register_prehook(lambda gradients: (gradients[0].clamp(min=0),))
    return torch.autograd.grad(logit, x)[0].numpy()


BY_HAND = {
    "saliency": gradient,
    "input_gradient": lambda model, x: x.numpy() * gradient(model, x),
    "integrated_gradients": on_the_way,
    "smoothgrad": lambda model, x: noisy(model, x).mean(axis=0),
    "vargrad": lambda model, x: noisy(model, x).var(axis=0),
    "occlusion": occluded,
    "guided_backprop": guided,
}
"""A second implementation of each method of which there is one for every network."""


def change(model, x):
    return logits(model, x) - logits(model, torch.zeros_like(x))


def change_from(key):
    def total(model, x):
        background = next(value for value in options_of(key, x).values() if isinstance(value, np.ndarray))
        with torch.no_grad():
            return logits(model, x) - model(torch.from_numpy(background)).mean(dim=0).numpy()[TARGET]

    return total


def summed(maps):
    return maps.sum(axis=(1, 2))


def summed_by_patch(maps):
    """KernelSHAP gives a patch's value to each of its samples."""
    return maps[:, :, :: maps.shape[2] // PATCHES].sum(axis=(1, 2))


SUMS = {
    "integrated_gradients": (change, summed, 0.1),
    "deep_lift": (change, summed, 1e-3),
    "shapley_patches": (change, summed, 1e-6),
    "kernel_shap": (change, summed_by_patch, 1e-6),
    "deep_shap": (change_from("deep_shap"), summed, 1e-3),
    "expected_gradients": (change_from("expected_gradients"), summed, 0.2),
}
"""What maps must sum to, how they are summed, and within which share."""

POSITIVE = {"layercam", "vargrad"}
"""Methods whose maps are never negative."""

HOMOGENEOUS = ("lrp_epsilon",)
"""Methods whose map is input times gradient where the network is homogeneous (Ancona et al. 2018, arXiv:1711.06104)."""


def without_biases(model):
    """The network whose layers and norms add nothing, so that it may be homogeneous."""
    for name, parameter in model.named_parameters():
        if name.rpartition(".")[2].startswith("bias"):
            nn.init.zeros_(parameter)
    for module in model.modules():
        if isinstance(getattr(module, "running_mean", None), torch.Tensor):
            module.running_mean.zero_()
    return model


def is_homogeneous(model, x):
    """Whether twice the window has twice the logits."""
    with torch.no_grad():
        return torch.allclose(model(2 * x), 2 * model(x.clone()), rtol=1e-9, atol=1e-12)
