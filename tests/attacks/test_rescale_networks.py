"""Random networks of what has a rule, and of what has none: DeepLIFT and DeepSHAP are right on all windows, or refused on all."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from ecgbench.errors import InputError
from ecgbench.methods import explanation

from ..methods.cases import drawn
from ..methods.rules.operations import ELEMENTWISE, OPERATIONS, TIME, module_of

pytestmark = pytest.mark.slow

WITHOUT_RULE = {
    "sorted": lambda x: x.sort(dim=2)[0],
    "masked by its values": lambda x: torch.where(x > 0, x, x / 2),
    "rounded": lambda x: x + (4 * x).round() / 4,
    "detached": lambda x: x - x.detach().mean(dim=2, keepdim=True),
    "cumulative maximum": lambda x: x.cummax(dim=2)[0],
}


UNBOUNDED = ("quotient of any signs", "normalised")
"""Operations that enlarge rounding without a bound, where they divide by what is nearly 0."""


def keeps_shape(operation):
    with torch.no_grad():
        return module_of(operation).eval()(torch.randn(1, 4, TIME).to(dtype_of(operation))).shape == (1, 4, TIME)


def dtype_of(operation):
    return next((parameter.dtype for parameter in module_of(operation).parameters()), torch.float32)


class Chain(nn.Module):
    """A convolution, operations, each scaled, and a linear layer whose bias may dwarf what the others do."""

    def __init__(self, rng, operations):
        super().__init__()
        self.operations = nn.ModuleList(copy.deepcopy(module_of(operation)) for operation in operations)
        self.first, self.out = nn.Conv1d(2, 4, 3, padding=1), nn.Linear(4 * TIME, 2)
        self.scales = [10 ** rng.uniform(-1, 0.5) for _ in operations]
        self.offset = 10 ** rng.uniform(-2, 4)

    def forward(self, x):
        x = self.first(x)
        for scale, operation in zip(self.scales, self.operations, strict=True):
            x = operation(scale * x)
        return self.out(x.flatten(1)) + self.offset


def overflows(model, x):
    with torch.no_grad():
        return not (model(torch.tensor(x)).abs() < 1e6).all()


def verdict(model, x, key, options):
    try:
        return explanation(model, x, 1, key, **options)
    except InputError as refused:
        return str(refused)


@pytest.fixture(scope="module")
def shared_shape():
    operations = {**ELEMENTWISE, **OPERATIONS}
    return {name: operation for name, operation in operations.items() if name not in UNBOUNDED and keeps_shape(operation)}


def test_networks_are_right_or_refused_whichever_windows_stand_together(tries, shared_shape):
    for number in tries(240):
        rng = np.random.default_rng(number)
        ruled = number % 3 > 0
        names = list(rng.choice(list(shared_shape), size=3))
        operations = [shared_shape[name] for name in names]
        if not ruled:
            operations.insert(rng.integers(4), list(WITHOUT_RULE.values())[rng.integers(len(WITHOUT_RULE))])
        model = drawn(Chain(rng, operations))
        x = rng.standard_normal((3, 2, TIME)) * 10 ** rng.uniform(-4, 1, size=(3, 1, 1))
        background = rng.standard_normal((2, 2, TIME))
        if overflows(model, np.concatenate([x, background])):
            continue
        for key, options, references in (("deep_lift", {}, np.zeros_like(x[:1])), ("deep_shap", {"background": background}, background)):
            together = verdict(model, x, key, options)
            alone = [verdict(model, x[i : i + 1], key, options) for i in range(len(x))]
            if ruled:
                check_right(model, x, references, together, alone, (number, names))
            else:
                assert {str(found) for found in (together, *alone)} == {together}, (number, names)


def check_right(model, x, references, together, alone, said):
    assert not isinstance(together, str), (said, together)
    with torch.no_grad():
        after, before = model(torch.tensor(x))[:, 1], model(torch.tensor(references))[:, 1].mean()
    wanted = (after - before).numpy()
    mass = np.abs(together.maps).sum(axis=(1, 2)) + model.offset + np.abs(after.numpy())
    assert (np.abs(together.maps.sum(axis=(1, 2)) - wanted) < 1e-9 * mass).all(), said
    assert np.abs(np.concatenate([found.maps for found in alone]) - together.maps).max() < 1e-8 * mass.max(), said
