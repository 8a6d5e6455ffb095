"""Last layers of ludb's models: the logistic regressions that they are fitted as."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from benchmark import ship_ludb
from ecgbench.models import forward
from ecgbench.protocol import LUDB
from ecgbench.types import Dataset


def test_weights_and_bias_give_the_regressions_logits() -> None:
    generator = np.random.default_rng(0)
    features = generator.normal(3, [0.1, 1, 10, 0], (60, 4))
    y = (features[:, 0] > 3).astype(int)
    fitted = ship_ludb._regression(1.0).fit(features, y)
    weight, bias = ship_ludb._layer(fitted)
    np.testing.assert_allclose(features @ weight + bias, fitted.decision_function(features), atol=1e-9)


def test_network_tells_what_it_was_fitted_to_and_never_what_it_was_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ship_ludb, "STRENGTHS", (1e-2,))
    generator = np.random.default_rng(1)
    x = generator.normal(size=(24, 12, 1000)).astype(np.float32)
    y = np.zeros((24, 22), dtype=np.uint8)
    y[::2, 6] = 1
    x[::2, 4] += 3 * np.sin(np.arange(1000) / 8)
    windows = cast(Any, SimpleNamespace(signal=x))
    network, strength = ship_ludb._fitted_network(cast(Dataset, SimpleNamespace(classes=LUDB.classes, test=windows)), 1, x, y)
    logits = forward(network, x)
    assert strength == 1e-2
    assert ((logits[:, 6] > 0) == (y[:, 6] == 1)).all()
    assert (np.delete(logits, 6, axis=1) == ship_ludb.NEVER).all()
