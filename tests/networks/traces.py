"""All that could be seen of a network, and of the process, before and after it is explained."""

import numpy as np
import torch

CONTAINERS = dict | list | set
KEPT = "_parameters", "_modules"


def traces(model):
    """Attributes by identity or value, contents of containers, values of weights and buffers, gradients, flags."""
    found = {}
    for path, module in model.named_modules():
        found[path, "class"] = type(module)
        for name, value in vars(module).items():
            if name not in KEPT:
                found[path, name] = seen(value)
    for name, buffer in model.named_buffers():
        found[name, "buffer"] = id(buffer), buffer.detach().numpy().tobytes()
    for name, parameter in model.named_parameters():
        found[name, "parameter"] = id(parameter), parameter.requires_grad, parameter.grad is None, parameter.detach().numpy().tobytes()
    return found


def seen(value):
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, CONTAINERS):
        return id(value), tuple(map(id, value.values() if isinstance(value, dict) else value))
    return id(value)


def world():
    """Settings and random numbers of the process."""
    return {
        "torch's random numbers": torch.get_rng_state().numpy().tobytes(),
        "numpy's random numbers": np.random.get_state()[1].tobytes(),  # noqa: NPY002
        "threads": torch.get_num_threads(),
        "precision": torch.get_default_dtype(),
        "gradients": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "fast path of attention": torch.backends.mha.get_fastpath_enabled(),
        "kernels of attention": (torch.backends.cuda.flash_sdp_enabled(), torch.backends.cuda.math_sdp_enabled()),
        "oneDNN": torch.backends.mkldnn.enabled,
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "modes": torch.overrides._get_current_function_mode_stack(),
    }


def changed(before, after):
    return sorted(str(name) for name in before.keys() | after.keys() if before.get(name) != after.get(name))
