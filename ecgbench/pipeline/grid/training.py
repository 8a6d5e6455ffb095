"""Which models a selection needs that must be trained first, and how long that will take on this machine."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ecgbench.pipeline.grid.address import Address, ModelAddress
from ecgbench.pipeline.grid.selection import models
from ecgbench.protocol import OWN, DatasetProtocol

if TYPE_CHECKING:
    from ecgbench.pipeline.compute.run import Run

ROWS = 16
"""Windows of the one step of training that is timed."""


def training_note(run: Run, cells: Iterable[Address]) -> str:
    """What a run says of the models that it trains first; empty if it trains none.

    Raises
    ------
    MissingDataError
        If a dataset's records are not there.
    """
    selected = models(cells)
    missing = models_to_train(run, selected)
    if not missing:
        return ""
    others = [of for of in missing if of not in selected]
    why = f", {len(others)} of them for windows that all seeds explain (`--explained {OWN}` needs no others)" if others else ""
    what = "1 model is" if len(missing) == 1 else f"{len(missing)} models are"
    return f"{what} trained first, in about {training_seconds(run, missing):.0f} s{why}: {', '.join(of.id for of in missing)}"


def models_to_train(run: Run, selected: Iterable[ModelAddress]) -> list[ModelAddress]:
    """The selected models and those that must recognise what is explained of them, as far as they are not at hand."""
    needed = dict.fromkeys(one for of in selected for one in (*run.panel(of), of))
    return [of for of in needed if run.model_at_hand(of) is None]


def training_seconds(run: Run, missing: Iterable[ModelAddress]) -> float:
    """Seconds that training models takes: the windows that training sees, times the time of one, measured here."""
    from ecgbench.models import recipe_of

    total, measured = 0.0, dict[tuple[str, str], float]()
    for of in missing:
        spec = run.spec(of.dataset)
        if (of.dataset, of.model) not in measured:
            measured[of.dataset, of.model] = _seconds_per_window(spec, of.model)
        total += recipe_of(spec.recipe, of.model).epochs * len(run.dataset(of.dataset).train) * measured[of.dataset, of.model]
    return total


def _seconds_per_window(protocol: DatasetProtocol, name: str) -> float:
    """Seconds that a forward and a backward pass take that change all weights."""
    import torch

    from ecgbench.models import split_model, untrained

    model = untrained(split_model(name)[0], len(protocol.classes), leads=protocol.leads, samples=protocol.window).train()
    x = torch.from_numpy(np.zeros((ROWS, protocol.leads, protocol.window), dtype=np.float32))
    model(x).sum().backward()
    began = time.perf_counter()
    model(x).sum().backward()
    return (time.perf_counter() - began) / ROWS
