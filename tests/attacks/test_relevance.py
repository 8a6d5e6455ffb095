"""Networks of operations drawn by chance: relevance is conserved for every window, in double and in single precision."""

from __future__ import annotations

import numpy as np
import pytest
from torch import nn

from ecgbench.methods import explanation
from tests.attacks.conftest import Tries
from tests.methods.cases import drawn, windows
from tests.methods.networks import Between
from tests.methods.rules.parts import OPERATIONS

pytestmark = pytest.mark.slow

KEEPING = [name for name in OPERATIONS if name not in ("sequence: class token",)]
"""Operations behind which others may stand, whatever the window's length."""

ROUNDED = 1e-3
"""What a sum may be off by beside nothing, as a share of what it may be off by at most."""


def network(rng: np.random.Generator) -> nn.Module:
    """Two operations between layers, with drawn weights."""
    chosen = [OPERATIONS[name] for name in rng.choice(KEEPING, 2)]
    first = [nn.ReLU(), nn.Tanh(), nn.GELU(), nn.Identity()][rng.integers(4)]
    return drawn(Between(nn.Sequential(*chosen), first=first), int(rng.integers(1000)))


def test_relevance_is_conserved_whatever_stands_behind_what(tries: Tries) -> None:
    """In single precision sums are within a hundredth of what maps hold."""
    for number in tries(600, 100):
        rng = np.random.default_rng(number)
        key = ["lrp", "lrp_epsilon", "lrp_gamma"][number % 3]
        model, x = network(rng), windows(time=24, seed=number) * rng.choice([0.01, 0.1, 1])
        for precise, within in ((True, 1e-8), (False, 1e-2)):
            found = explanation(model if precise else model.float(), x if precise else x.astype(np.float32), [0, 1, 2], key)
            off = np.abs(found.maps.sum(axis=(1, 2), dtype=np.float64) - found.total)
            assert (off <= within * (np.abs(found.maps).sum(axis=(1, 2)) + np.abs(found.total) + ROUNDED)).all(), number
        model.double()
