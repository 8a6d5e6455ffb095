"""A run spread over pytest-xdist's workers.

Each worker performs the tasks behind its own tests, and the store's locks see to it that what several need is computed once. Cells on the
same maps go to one worker. Since a task's result depends on nothing but its inputs, the bytes are those of a single process.
"""

from __future__ import annotations

from typing import Any

import pytest

from benchmark._crosscheck import crosschecks
from ecgbench.pipeline import Address, healthy_maps, models


def scheduler(config: pytest.Config, log: Any, cells: list[Address]) -> Any:
    """What hands out tests: those about the same maps together."""
    from xdist.scheduler import LoadScopeScheduling

    scopes = {one.id: one.id for one in [*healthy_maps(cells), *models(cells), *crosschecks(cells)]}
    scopes |= {cell.id: cell.of_maps.id for cell in cells}

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return scopes.get(nodeid.partition("[")[2].removesuffix("]"), nodeid)

    return Scheduling(config, log)


def share_threads(config: pytest.Config) -> None:
    """Give a worker its share of the threads."""
    import torch

    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    torch.set_num_threads(max(1, torch.get_num_threads() // workers))
