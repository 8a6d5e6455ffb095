"""Windows with counterfactual twins, and models of which all is known, that the tests of causal faithfulness share."""

import numpy as np

from ecgbench.metrics import METRICS

from .cases import Linear

FS = 50.0
"""A patch of 0.1 s is 5 samples."""


class Twins:
    """Windows, twins that differ in a few patches, and a linear model that tells them apart."""

    def __init__(self, n=4, leads=1, time=60, players=5, seed=0):
        rng = np.random.default_rng([seed, leads, time])
        self.x = rng.normal(size=(n, leads, time)).astype(np.float32)
        self.weights = rng.normal(size=(3, leads, time))
        self.target = rng.integers(1, 3, n)
        self.differs = np.zeros((n, 1, time), dtype=bool)
        for differs in self.differs:
            for patch in rng.choice(time // 5, players, replace=False):
                differs[:, 5 * patch : 5 * patch + 5] = True
        change = rng.normal(size=self.x.shape) + 2 * (2 * self.weights[0] - self.weights[1] - self.weights[2])
        self.twin = np.where(self.differs, self.x + change, self.x).astype(np.float32)
        self.sham = np.full_like(self.x, np.nan)
        self.evaluate = Linear(self.weights)
        self.seed, self.multilabel, self.fs = 7, False, FS

    @property
    def exact(self):
        """What each value adds to the fall of the label's logit from window to twin."""
        return self.weights[self.target] * (self.x.astype(np.float64) - self.twin)

    def given(self, names, windows=slice(None), **changed):
        known = {name: getattr(self, name) for name in ("evaluate", "seed", "multilabel", "fs")}
        known |= {name: getattr(self, name)[windows] for name in ("x", "twin", "sham", "target")}
        return {name: value for name, value in {**known, **changed}.items() if name in names}

    def shared(self, key, windows=slice(None), **changed):
        entry = METRICS[key]
        return entry.shared(**self.given(entry.shared_needs, windows, **changed))

    def score(self, key, attributions, windows=slice(None), **changed):
        entry = METRICS[key]
        given = self.given(entry.needs, windows, **changed)
        maps = () if entry.perturb is not None else (attributions,)
        return entry.function(*maps, shared=self.shared(key, windows, **changed), **given)
