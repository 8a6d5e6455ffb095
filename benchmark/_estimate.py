"""What a run says before it begins."""

from __future__ import annotations

import pytest

from ecgbench.errors import EcgbenchError
from ecgbench.pipeline import Run, estimate_seconds, healthy_maps, networks_at_hand, training_note


def estimate(config: pytest.Config, names: list[str], workers: int) -> str:
    """What the named tests will compute, about how long it takes, and which models are trained for it."""
    wanted = {name.partition("[")[2].removesuffix("]") for name in names}
    selected, options = config.option.selection.cells(), config.option.run_options
    cells = [cell for cell in selected if cell.id in wanted]
    health = [maps for maps in healthy_maps(selected) if maps.id in wanted]
    what = f"{len(cells)} cells and the health of {len(health)} methods' maps"
    if not options.store.computing:
        return f"ecgbench: {what}, of which nothing is computed"
    run = Run(options)
    seconds = estimate_seconds(cells, options.samples, health, options.edition, networks_at_hand(run), options.device) / workers
    said = f"ecgbench: {what}, about {seconds:.0f} s (training not counted) if nothing of them is in the store"
    try:
        note = training_note(run, cells)
    except EcgbenchError:  # the cells' own tests say it, or are skipped with it
        return said
    return f"{said}\necgbench: {note}" if note else said
