"""The explained windows as arrays that a method's author can work with, and the maps that come back."""

from __future__ import annotations

from math import prod
from pathlib import Path

import numpy as np

from ecgbench.pipeline.compute.run import Run
from ecgbench.pipeline.grid.address import ModelAddress
from ecgbench.pipeline.grid.selection import check_seeds
from ecgbench.pipeline.submissions.expected_windows import other_model, other_windows
from ecgbench.pipeline.submissions.untrusted_npz import Form, Reader, archive
from ecgbench.types import Attributions

WINDOW_ARRAYS = ("x", "target", "record", "patient", "start", "fs", "seed", "model")
"""Arrays of a file of explained windows."""

ATTRIBUTIONS = "attributions"
"""What stands beside them in a file of maps."""

SAMPLE, WINDOW, FILE = 12, 1 << 12, 1 << 16
"""Bytes that a file of maps may have for a sample (x and attributions), for a window's names and numbers, and beside them."""


def window_arrays(run: Run, of: ModelAddress) -> dict[str, np.ndarray]:
    """The explained windows of a seed, and what they are known by: `WINDOW_ARRAYS` by name.

    Returns
    -------
    x : (n, leads, time) float32, standardised
    target : (n,) int64, the class that is explained
    record, patient : (n,) str
    start : (n,) int64, first sample in the record
    fs : Hz
    seed : of the model
    model : digest of the model
    """
    explained = run.explained(of)
    windows, model = explained.windows, run.model(of).digest
    found = (windows.x, explained.target, windows.record, windows.patient, windows.start, run.dataset(of.dataset).fs, of.seed, model)
    return {name: np.asarray(value) for name, value in zip(WINDOW_ARRAYS, found, strict=True)}


def read_maps(run: Run, dataset: str, model: str, path: Path) -> tuple[int, Attributions]:
    """The seed and the maps (n, leads, time), as float32, of an .npz file that holds them beside what tells their windows.

    Raises
    ------
    InputError
        If the file is none, or its maps explain other windows or another model.
    """
    test = run.dataset(dataset).test
    most = run.options.samples_of(run.spec(dataset)) or test.y.size
    limit = most * (SAMPLE * prod(test.signal.shape[1:]) + WINDOW) + FILE
    with archive(path, (ATTRIBUTIONS, *WINDOW_ARRAYS), limit) as read:
        seed = int(read("seed", Form("i")))
        check_seeds(dataset, run.spec(dataset).seeds, [seed])
        of = ModelAddress(dataset, model, seed)
        if not np.array_equal(read("model", Form("U")), np.asarray(run.model(of).digest)):
            raise other_model(of, path)
        return seed, _explained_maps(run, of, path, read)


def _explained_maps(run: Run, of: ModelAddress, path: Path, read: Reader) -> Attributions:
    explained = run.explained(of)
    found = read(ATTRIBUTIONS, Form("f", explained.windows.x.shape))
    own = {"target": explained.target, "start": explained.windows.start, "record": explained.windows.record}
    for name, kind in (("target", "i"), ("start", "i"), ("record", "U")):
        if not np.array_equal(read(name, Form(kind, own[name].shape)), own[name]):
            raise other_windows(of, path, f'another "{name}"')
    with np.errstate(over="ignore"):  # what becomes infinite is refused with the other non-finite maps
        return found.astype(np.float32)
