"""Trials of controls: maps of a made-up scene."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from ecgbench.controls import ControlEntry, Scene, control_maps
from ecgbench.methods import METHODS, explain_from
from ecgbench.testing._made_up import Network, close, global_generators_left_alone, locked
from ecgbench.testing._report import require
from ecgbench.types import Windows

FS, BEAT, CLASSES = 100.0, 80, 3


def windows(count: int, seed: int, leads: int, time: int) -> Windows:
    """Noise with a beat every 0.8 s, spans of random classes, a random causal mask; nobody may write into them."""
    generator = np.random.default_rng(seed)
    signal = generator.normal(0, 0.05, (count, leads, time))
    signal[..., BEAT // 2 :: BEAT] += 1.0
    edges = np.arange(0, time + 1, BEAT)
    rows = [np.column_stack([edges[:-1], edges[1:], generator.integers(0, CLASSES, len(edges) - 1)]) for _ in range(count)]
    names = np.array([f"{seed}-{i}" for i in range(count)])
    twin = np.where(generator.random((count, 1, time)) < 0.3, 0.0, signal).astype(np.float32)
    causal = np.repeat(generator.random((count, 1, time)) < 0.2, leads, axis=1)
    y = generator.integers(1, CLASSES, count)
    start = np.zeros(count, dtype=np.int64)
    spans = tuple(locked(row) for row in rows)
    return Windows(locked(signal.astype(np.float32)), locked(y), names, names, locked(start), spans, locked(causal), locked(twin))


def scene(leads: int = 2, time: int = 400) -> Scene:
    """Five windows to explain, twelve of the training side, and a network for a control that sees one."""
    return _scene(windows(5, 1, leads, time), windows(12, 2, leads, time))


def _scene(explained: Windows, train: Windows) -> Scene:
    return Scene(explained, explained.y, train, FS, partial(explain_from, Network(), explained.x, target=explained.y))


def says_what_it_does(entry: ControlEntry) -> None:
    """It says what its maps do, which mask it needs, and has no method's key."""
    require(entry.title.strip(), entry, "a title", repr(entry.title), "say what its maps do in a few words")
    require(entry.mask in ("", "spans", "causal"), entry, 'mask "spans", "causal" or none', repr(entry.mask), "name one of these")
    require(entry.key not in METHODS, entry, "a key that no method has", entry.key, "rename it")


def maps_fit_the_windows(entry: ControlEntry) -> None:
    """Maps are finite, of the windows' shape and never negative, for any number of leads and samples."""
    for leads, time in ((1, 400), (12, 250), (2, 17)):
        control_maps(entry.key, scene(leads, time))


def maps_are_repeated(entry: ControlEntry) -> None:
    """The same scene has the same maps, nothing is written into, and generators of the process are left alone."""
    given, untouched = scene(), scene()
    with global_generators_left_alone(entry):
        first, again = (control_maps(entry.key, given) for _ in range(2))
    require(np.array_equal(first, again), entry, "the same maps of the same scene", "others", "let nothing but the scene matter")
    pairs = ((given.windows.signal, untouched.windows.signal), (given.train.signal, untouched.train.signal))
    same = all(np.array_equal(found, wanted) for found, wanted in pairs)
    require(same, entry, "windows as they were", "others", "copy what you write into")


def map_depends_on_its_window_alone(entry: ControlEntry) -> None:
    """A window's map does not depend on the other explained windows."""
    whole, order = scene(), np.array([3, 0, 4])
    part = _scene(whole.windows.take(order), whole.train)
    found, wanted = control_maps(entry.key, part), control_maps(entry.key, whole)[order]
    same = close(found, wanted) if entry.sees_model else np.array_equal(found, wanted)
    require(same, entry, "the same map of a window among other windows", "another", "let each map depend on its window alone")


def labels_are_looked_at_where_it_is_declared(entry: ControlEntry) -> None:
    """Labels and annotations are not looked at by a control that declares no mask."""
    if entry.mask or entry.bound:
        return
    given = scene()
    bare = replace(given.windows, spans=tuple(np.empty((0, 3), dtype=np.int64) for _ in given.windows.spans), causal=None, twin=None)
    blind = replace(given, windows=bare, target=np.zeros_like(given.target), integrate=None)
    same = np.array_equal(control_maps(entry.key, blind), control_maps(entry.key, given))
    require(same, entry, "the same maps without labels and annotations", "others", "declare the mask that it looks at")


TRIALS = (
    says_what_it_does,
    maps_fit_the_windows,
    maps_are_repeated,
    map_depends_on_its_window_alone,
    labels_are_looked_at_where_it_is_declared,
)
