"""Attributions: are a method's maps healthy, whatever the metrics say of them?"""

from __future__ import annotations

import pytest

from ecgbench.methods import METHODS
from ecgbench.pipeline import health_record, illness

GROUP = ("dataset", "method", "seed")


def test_maps_are_healthy(group, run, benchmark, record_property):
    dataset, method, seed = group
    maps = benchmark.pedantic(run.maps, (dataset, seed, method), rounds=1, iterations=1)
    found = health_record(run, dataset, method, seed)
    record_property("health", found)
    benchmark.extra_info.update(cached=maps.cached, seconds=maps.seconds, **found["measures"])
    ill = illness(found["measures"], METHODS[method], run.options.protocol)
    if ill:
        pytest.fail(ill, pytrace=False)
