"""Captum 0.9.0's implementations, which the study calls, applied to one window at a time.

Captum's known faults are kept: relevance is copied at residual sums, overlapping pools lose contributions, every call draws its own masks.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from captum import attr
from captum.attr._core.lrp import SUPPORTED_LAYERS_WITH_RULES, SUPPORTED_NON_LINEAR_LAYERS
from captum.attr._utils.lrp_rules import EpsilonRule, PropagationRule

from ecgbench.errors import InputError
from ecgbench.nn import GlobalAverage, TimeAverage, seeded


def captum_deep_lift(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Captum's DeepLIFT with a flat line as baseline."""
    return _each_window(lambda window, label: attr.DeepLift(model).attribute(window, target=label), model, x, target)


def captum_deep_shap(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor, references: torch.Tensor) -> torch.Tensor:
    """Captum's DeepLIFT SHAP over the same references."""
    return _each_window(lambda window, label: attr.DeepLiftShap(model).attribute(window, references, target=label), model, x, target)


def captum_lrp(model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Captum's LRP with its default rules; relevance passes modules that neither have parameters nor a default unchanged."""

    def explained(window: torch.Tensor, label: int) -> Any:
        _set_rules(model)
        return attr.LRP(model).attribute(window, target=label)

    return _each_window(explained, model, x, target)


def captum_kernel_shap(
    model: torch.nn.Module,
    x: torch.Tensor,
    target: torch.Tensor,
    patches: torch.Tensor,
    samples: int,
    generators: Sequence[np.random.Generator],
) -> torch.Tensor:
    """Captum's KernelSHAP.

    Parameters
    ----------
    patches : (leads, time) int, index of the patch that each sample belongs to
    samples : number of perturbed windows
    generators : one per window, from which Captum's draws are seeded
    """
    seeds = iter([int(generator.integers(2**31)) for generator in generators])

    def explained(window: torch.Tensor, label: int) -> torch.Tensor:
        with seeded(next(seeds), x.device), torch.no_grad():
            found: torch.Tensor = attr.KernelShap(model).attribute(
                window, target=label, feature_mask=patches[None].to(x.device), n_samples=samples
            )
        return found

    return _each_window(explained, model, x, target)


def _each_window(
    attribute: Callable[[torch.Tensor, int], Any], model: torch.nn.Module, x: torch.Tensor, target: torch.Tensor
) -> torch.Tensor:
    """Captum's maps, one window after the other; its errors become an `InputError`."""
    maps = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for window, label in zip(torch.split(x, 1), target.tolist(), strict=True):
            try:
                with _left_as_found(model):
                    maps.append(attribute(window.clone().requires_grad_(True), label).detach())
            except torch.OutOfMemoryError:
                raise
            except (AssertionError, RuntimeError, TypeError, IndexError) as error:
                reason = str(error).partition("\n")[0]
                raise InputError(
                    f'expected a model that Captum can explain, got its error ({reason}); use implementation="ecgbench".'
                ) from error
    return torch.cat(maps)


class _PassThrough(PropagationRule):  # type: ignore[misc]
    """Hands the relevance of a module's output to its input unchanged."""

    @staticmethod
    def forward_hook(module: torch.nn.Module, inputs: Any, outputs: Any) -> None:
        """Leave the gradient as it is."""

    @staticmethod
    def _manipulate_weights(module: torch.nn.Module, inputs: Any, outputs: Any) -> None:
        """Leave the weights as they are."""


@contextmanager
def _left_as_found(model: torch.nn.Module) -> Iterator[None]:
    """Remove the attributes that Captum adds to modules."""
    before = [(module, set(vars(module))) for module in model.modules()]
    try:
        yield
    finally:
        for module, names in before:
            for name in set(vars(module)) - names:
                delattr(module, name)


def _set_rules(model: torch.nn.Module) -> None:
    """Set a rule for each module without one in Captum."""
    modules = [module for module in model.modules() if not list(module.children())]
    known = (*SUPPORTED_LAYERS_WITH_RULES, *SUPPORTED_NON_LINEAR_LAYERS)
    for module in modules:
        if isinstance(module, GlobalAverage | TimeAverage):
            module.rule = EpsilonRule()
        elif type(module) not in known and not list(module.parameters()):
            module.rule = _PassThrough()
