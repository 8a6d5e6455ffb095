"""Windows of noise, every second of them raised for a while, as a user would pass them."""

import numpy as np

import ecgbench

TIME = 256


def raised(count=24, leads=1, seed=0):
    """Noise; every second window is raised at 100 to 140."""
    x = np.random.default_rng(seed).standard_normal((count, leads, TIME))
    y = np.arange(count) % 2
    x[y == 1, :, 100:140] += 4
    return x, y


def spans_of(y):
    return [[[0, 100, 0], [100, 140, int(class_)], [140, TIME, 0]] for class_ in y]


def side(seed=0, count=24, leads=1, **changed):
    x, y = raised(count, leads, seed)
    return ecgbench.windows(**{"x": x, "y": y, "patient": np.arange(count) // 4 + 100 * seed, "spans": spans_of(y)} | changed)
