"""Maps: are a method's maps healthy, whatever the metrics say of them?"""

from __future__ import annotations

import pytest

from ecgbench.errors import RefusedError
from ecgbench.pipeline import health_record, refuse_missed_sum


def test_maps_are_healthy(maps_of, run, benchmark, record_property, scores_root, pytestconfig):
    try:
        maps = benchmark.pedantic(run.maps, (maps_of,), rounds=1, iterations=1)
        refuse_missed_sum(run, maps_of, scores_root, pytestconfig.option.update_scores)
    except RefusedError as error:
        pytest.skip(f"not applicable: {error}")
    measures = run.health(maps_of)
    record_property("health", health_record(run, maps_of))
    benchmark.extra_info.update(cached=maps.cached, seconds=maps.seconds, **measures)
    ill = run.source(maps_of.source).illness(measures, run.options.protocol)
    if ill:
        pytest.fail(ill, pytrace=False)
