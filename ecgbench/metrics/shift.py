"""Shift: does the map move with the signal when the window begins a little later."""

from __future__ import annotations

import numpy as np

from ecgbench.errors import InputError
from ecgbench.metrics._checks import flat_maps
from ecgbench.metrics._further import ASIDE, correlations, mean, of_pairs
from ecgbench.metrics._registry import METRICS
from ecgbench.metrics._situations import SHIFTED
from ecgbench.needs import FurtherMaps
from ecgbench.protocol import SHIFTS
from ecgbench.types import Attributions, PerWindow


@METRICS.register(
    family="sanity",
    higher_is_better=True,
    bounds=(-1.0, 1.0),
    needs=("further",),
    atol=1e-3,
    version=1,
    reference="arXiv:1711.00867",
    situation=SHIFTED,
    by_default=False,
    ranked=False,
    aside=ASIDE,
)
def shift(attributions: Attributions, further: FurtherMaps) -> PerWindow:
    """Mean correlation of a window's map with those of the windows 1, 3, 8 and 16 samples later in the record, where the two overlap.

    A map that says when something happened says the same wherever the window begins (input invariance, Kindermans et al. 2017). Of the
    first 16 windows whose record goes on, since dear methods are asked four times for each; undefined for the others, and where maps are
    constant. Datasets whose windows are whole records, or arrays, have no cells of it.

    Parameters
    ----------
    attributions : (n, leads, time)
    further : maps of the later windows, one for each number of samples
    """
    flat_maps(attributions)
    time = attributions.shape[2]
    if further.shape[1] != len(SHIFTS) or time <= max(SHIFTS):
        raise InputError(
            f"expected further maps of {len(SHIFTS)} later windows of more than {max(SHIFTS)} samples, got {further.shape}; give one for "
            f"each of {', '.join(map(str, SHIFTS))} samples."
        )
    pairs = [
        of_pairs(attributions[..., samples:], further[:, place : place + 1, :, : time - samples], correlations)
        for place, samples in enumerate(SHIFTS)
    ]
    return mean(np.concatenate(pairs, axis=1))
