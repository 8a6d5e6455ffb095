"""Which maps are rated: methods and controls by their names, signed or absolute."""

from __future__ import annotations

from collections.abc import Sequence

from ecgbench.pipeline.compute.sources.map_sources import MapSource, registered_sources
from ecgbench.pipeline.grid.address import variant_name
from ecgbench.pipeline.grid.selection import matching
from ecgbench.rating.schedule import USUAL


def shown_maps(patterns: Sequence[str]) -> tuple[str, ...]:
    """Names of the maps that patterns select: a method's key means its signed maps, `_abs` behind it their absolute values.

    Parameters
    ----------
    patterns : keys or globs; `USUAL` if there are none

    Raises
    ------
    UnknownKeyError
        If a pattern matches nothing.
    """
    return tuple(matching("methods", list(patterns or USUAL), list(named_maps())))


def named_maps() -> dict[str, tuple[MapSource, str]]:
    """Source and variant of all maps, by name."""
    return {variant_name(source.key, variant): (source, variant) for source in registered_sources() for variant in source.variants}
