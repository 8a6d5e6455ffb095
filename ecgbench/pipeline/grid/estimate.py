"""How long a selection will take on this machine, if nothing of it lies in the store."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgbench.datasets import DATASETS
from ecgbench.device_kinds import PROCESSOR
from ecgbench.errors import EcgbenchError
from ecgbench.pipeline.grid.address import Address, MapsAddress, ModelAddress
from ecgbench.pipeline.grid.cost import cost_of
from ecgbench.protocol import ALL, DatasetProtocol

if TYPE_CHECKING:
    import torch

    from ecgbench.pipeline.compute.run import Run

Networks = Callable[[ModelAddress], "torch.nn.Module | None"]
"""Gives the network that is explained (without dead channels, in its precision, on its device); None if it is not there."""

ROUNDS = 3
"""Timed passes, of which the fastest counts: whatever else runs can only make one slower."""

ROWS = 16
"""Windows of a timed pass, where there is enough to compute."""


def estimate_seconds(
    cells: Sequence[Address],
    samples: int | str | None,
    health: Collection[MapsAddress] = (),
    edition: str | None = None,
    networks: Networks = lambda of: None,
    device: str = PROCESSOR,
) -> float:
    """Seconds for computing the cells anew: forward passes that they need, times the time of one, measured here.

    Parameters
    ----------
    cells : the selection
    samples : explained windows of each dataset and seed; None and "all" are taken for the dataset's usual number
    health : maps whose health is measured
    edition : of the datasets; by default the first of each
    networks : gives those that are at hand, whose speed is measured; an untrained one stands for any other
    device : on which the untrained ones compute

    Training is not counted (see `training_note`): how many windows there are is not known before the records are read.
    """
    total = 0.0
    every = [*(cell.of_maps for cell in cells), *health]
    for dataset, model in dict.fromkeys((of.dataset, of.model) for of in every):
        own = [cell for cell in cells if (cell.dataset, cell.model) == (dataset, model)]
        checked = {(of.source, of.seed) for of in health if (of.dataset, of.model) == (dataset, model)}
        numbers = DATASETS[dataset].numbers(edition)
        windows = numbers.samples if samples in (None, ALL) else int(samples)
        passes = cost_of(own, checked, numbers, model, windows).passes
        if passes:  # a network is neither loaded nor timed for nothing
            seed = min(of.seed for of in every if (of.dataset, of.model) == (dataset, model))
            rows = int(np.clip(passes // (ROUNDS + 1), 1, ROWS))  # timing should not take longer than what is timed
            total += passes * _seconds_per_pass(numbers, model, networks(ModelAddress(dataset, model, seed)), device, rows)
    return total


def networks_at_hand(run: Run) -> Networks:
    """The run's networks that need not be trained."""

    def network(of: ModelAddress) -> torch.nn.Module | None:
        try:
            model = run.model_at_hand(of)
        except EcgbenchError:  # its records are not there, which the cells themselves say
            return None
        return None if model is None else model.network

    return network


def _seconds_per_pass(protocol: DatasetProtocol, name: str, network: torch.nn.Module | None, device: str, rows: int) -> float:
    import torch

    from ecgbench.models import split_model, untrained

    if network is None:
        made = untrained(split_model(name)[0], len(protocol.classes), leads=protocol.leads, samples=protocol.window)
        network = made.to(device, getattr(torch, protocol.precision))
    return seconds_per_pass(network, protocol.leads, protocol.window, rows)


def seconds_per_pass(
    network: torch.nn.Module, leads: int, samples: int, rows: int = ROWS, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Seconds of a forward pass of one window (leads, samples), the fastest of some passes of that many rows."""
    from ecgbench.models import forward

    x: Any = np.zeros((rows, leads, samples), dtype=np.float32)
    forward(network, x)
    found = []
    for _ in range(ROUNDS):
        began = clock()
        forward(network, x)
        found.append(clock() - began)
    return min(found) / rows
