"""Made-up maps, masks and models that the tests of several metrics share."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ecgbench.metrics import METRICS

many = settings(max_examples=80, deadline=None, derandomize=True)


@st.composite
def maps_and_masks(draw, values=10):
    """Maps with many ties and masks of all sizes: up to 4 windows of at most `values` values."""
    leads = draw(st.integers(1, 3))
    shape = (draw(st.integers(1, 4)), leads, draw(st.integers(1, values // leads)))
    steps = draw(arrays.arrays(np.int64, shape, elements=st.integers(-3, 3)))
    scale = draw(st.sampled_from([1.0, 0.1, 1e-12, 1e9]))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return (steps * scale).astype(dtype), draw(arrays.arrays(np.bool_, shape))


def row(*values):
    """One window of one lead."""
    return np.array([[values]], dtype=np.float64)


def mask(text):
    """One window of one lead, "1" where the mask is."""
    return np.array([[[letter == "1" for letter in text]]])


class Linear:
    """Logits w . x + b, each row on its own, so that no bit depends on the batch; keeps the rows of every call."""

    def __init__(self, weights, bias=0.0):
        self.weights, self.bias, self.calls = np.asarray(weights, dtype=np.float64), bias, []

    def __call__(self, rows):
        self.calls.append(rows)
        flat = rows.reshape(len(rows), 1, self.weights[0].size).astype(np.float64)
        return (flat * self.weights.reshape(1, len(self.weights), -1)).sum(axis=2) + self.bias


def stepwise(evaluate, x, steps, other=None):
    """What `Evaluate.stepwise` returns, by the plain loop over windows that all go through the model at every step."""
    rows, samples = x[steps.window], np.arange(x.shape[2])
    written = np.zeros_like(rows) if other is None else other[steps.window]
    points = [evaluate(rows)]
    for onset, offset in zip(steps.onset.T, steps.offset.T, strict=True):
        gone = (samples >= onset[:, None]) & (samples < offset[:, None])
        rows = np.where(gone[:, None], written, rows)
        points.append(evaluate(rows))
    return np.stack(points, axis=1)


def perturbed(key, attributions, x, target, evaluate, seed, multilabel, **options):
    """Score by a metric that watches the outputs while windows are perturbed."""
    entry = METRICS[key]
    steps = entry.perturb(attributions, x, seed, **options)
    given = {"curves": stepwise(evaluate, x, steps), "steps": steps.count, "target": target, "multilabel": multilabel}
    return entry.function(**{name: given[name] for name in entry.needs})


class World:
    """Windows, masks and a linear model: whatever a metric can need."""

    def __init__(self, n=4, leads=2, time=75, outputs=3, seed=0, dtype=np.float32):
        rng = np.random.default_rng(seed)
        self.x = rng.normal(size=(n, leads, time)).astype(dtype)
        self.attributions = rng.normal(size=(n, leads, time)).astype(dtype)
        self.mask = np.repeat(rng.random((n, 1, time)) < 0.3, leads, axis=1)
        self.target = rng.integers(0, outputs, n)
        self.evaluate = Linear(rng.normal(size=(outputs, leads * time)) / 5)
        self.seed, self.multilabel = 7, False

    def score(self, key, attributions, windows=slice(None)):
        """Score maps of the chosen windows by a metric, with everything else it needs."""
        entry = METRICS[key]
        given = {name: getattr(self, name) for name in ("evaluate", "seed", "multilabel")}
        given |= {name: getattr(self, name)[windows] for name in ("mask", "x", "target")}
        if entry.perturb is not None:
            return perturbed(key, attributions, given["x"], given["target"], given["evaluate"], given["seed"], given["multilabel"])
        if entry.shared is not None:
            given["shared"] = entry.shared(**{name: given[name] for name in entry.shared_needs})
        return entry.function(attributions, **{name: given[name] for name in entry.needs})
