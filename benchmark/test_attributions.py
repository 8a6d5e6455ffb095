"""Attributions: are a method's maps healthy, whatever the metrics say of them?"""

from __future__ import annotations

from ecgbench.pipeline import illness

GROUP = ("dataset", "method", "seed")


def test_maps_are_healthy(group, run, benchmark):
    dataset, method, seed = group
    maps = benchmark.pedantic(run.maps, (dataset, seed, method), rounds=1, iterations=1)
    benchmark.extra_info.update(cached=maps.cached, seconds=maps.seconds, **maps.health)
    assert not illness(maps.health), illness(maps.health)
