"""What controls look at in these tests: made-up windows that nobody may write into."""

import numpy as np

from ecgbench.controls import Scene
from ecgbench.types import Windows

FS, LEADS, TIME, CLASSES = 100.0, 2, 400, 3


def windows(n, seed, labels=None, train=False, leads=LEADS, time=TIME):
    """Noise with a beat every 80 samples, spans of random classes, a random causal mask."""
    rng = np.random.default_rng(seed)
    signal = rng.normal(0, 0.05, (n, leads, time))
    signal[..., 40::80] += 1.0
    edges = np.arange(0, time + 1, 80)
    spans = tuple(np.column_stack([edges[:-1], edges[1:], rng.integers(0, CLASSES, len(edges) - 1)]) for _ in range(n))
    y = rng.integers(1, CLASSES, n) if labels is None else labels
    names = np.array([f"{'train' if train else 'test'}{i}" for i in range(n)])
    causal = np.repeat(rng.random((n, 1, time)) < 0.2, leads, axis=1)
    return locked(Windows(signal.astype(np.float32), y, names, names, np.zeros(n, dtype=np.int64), spans, causal))


def locked(made):
    for array in (made.signal, made.y, made.start, made.causal, *made.spans):
        array.flags.writeable = False
    return made


def scene(n=5, labels=None, **options):
    """Five windows to explain, and twelve of the training side."""
    explained = windows(n, 1, **options)
    return Scene(explained, explained.y, windows(12, 2, labels, train=True, **options), FS)


def part(whole, index):
    """The scene with some of its windows."""
    index = np.array(index)
    return Scene(locked(whole.windows.take(index)), whole.target[index], whole.train, whole.fs)
