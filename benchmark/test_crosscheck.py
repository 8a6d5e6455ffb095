"""Cross-check: a few explained windows of every dataset, by every metric that declares an oracle, beside that oracle."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark._crosscheck import crosscheck

# Quantus warns of small masks, and divides by zero where it is given fewer than three windows.
pytestmark = pytest.mark.filterwarnings("ignore:Ratio is smaller:UserWarning", "ignore:divide by zero:RuntimeWarning")


def test_agrees_with_its_oracle(crossed, run, record_property):
    """A metric under the study's options equals its oracle; by default it does too, or declares how it differs."""
    scores, entry = crosscheck(run, crossed), crossed.entry
    np.testing.assert_allclose(scores["study"], scores["oracle"], atol=1e-5)
    difference = float(np.abs(scores["ours"] - scores["oracle"]).max(initial=0))
    record_property("crosscheck", f"{crossed.dataset} {crossed.metric}: at most {difference:.1e}. {entry.differs}")
    assert difference < 1e-5 or entry.differs, f"expected {crossed.metric} as its oracle has it, got {difference:.2g} away, undeclared"
