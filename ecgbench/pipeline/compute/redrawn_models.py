"""Models whose weights are re-drawn, which metrics compare a source's maps by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgbench.artifacts import artifact_key
from ecgbench.pipeline.compute.models import TrainedModel
from ecgbench.randomness import seed_generator
from ecgbench.types import Dataset

CALIBRATED_ON = 256
"""Training windows that batch norms are calibrated on, evenly spaced, so that they are of all patients: four batches settle their means."""

VERSION = 1
"""Bumped when re-drawn weights change on purpose."""


def redrawn_model(model: TrainedModel, dataset: Dataset, seed: int, number: int) -> TrainedModel:
    """The copy of a model by its number from 1 on, of the same form and without what was learned.

    Its digest says how it came about, not what its values are, since those depend on the last bits of what calibrates it.

    Parameters
    ----------
    dataset : which the model was trained on
    seed : of the run
    """
    from ecgbench.models import redrawn

    places = np.unique(np.linspace(0, len(dataset.train) - 1, CALIBRATED_ON).round().astype(np.int64))
    drawn_from = int(seed_generator(seed, f"re-drawn weights {number}").integers(2**63))
    module = redrawn(model.module, drawn_from, dataset.train.inputs(places))
    digest = artifact_key("redrawn", version=VERSION, model=model.digest, data=dataset.key, seed=seed, number=number)
    return replace(model, module=module, digest=digest)
