"""What fails on a worker fails its own cells alone."""

import dask
import distributed  # noqa: F401 - whose settings are there before a test changes some
import pytest

from ecgbench.errors import UnavailableError
from ecgbench.pipeline import failed_cells
from tests.pipeline.cluster import faulty
from tests.pipeline.cluster.clusters import filled, run_on, serial, wanted
from tests.pipeline.runs import digests, maps_of

GOOD = ("saliency", "random_baseline")
METRICS = ("auc", "pointing_game")


@pytest.mark.slow
def test_a_method_that_raises_fails_its_own_cells_alone(tmp_path, registries_restored):
    faulty.register()
    cells = wanted(sources=(*GOOD, "raising"), metrics=METRICS)
    run = run_on(tmp_path / "cluster", cells)
    with dask.config.set(faulty.PRELOADED):
        failed = failed_cells(filled(run), cells)
    assert failed == {one: "ZeroDivisionError: no such luck" for one in cells if one.source == "raising"}
    assert all(run.scores(one).cached for one in cells if one not in failed)
    with pytest.raises(ZeroDivisionError, match="no such luck"):
        run.maps(maps_of("raising"))
    assert digests(run.options.store) == serial(tmp_path / "serial", [one for one in cells if one not in failed])


@pytest.mark.slow
@pytest.mark.parametrize(("source", "memory"), [("dying", "auto"), ("hungry", "1GiB")])
def test_a_method_that_ends_its_worker_fails_its_own_cells_alone_and_is_not_tried_here(tmp_path, registries_restored, source, memory):
    faulty.register()
    cells = wanted(sources=(source, *GOOD), metrics=METRICS)
    run = run_on(tmp_path / "cluster", cells)
    with dask.config.set(faulty.PRELOADED):
        failed = failed_cells(filled(run, memory_limit=memory), cells)
    assert list(failed) == [one for one in cells if one.source == source]
    assert all(why.startswith(f"expected a worker to compute {maps_of(source).id}, got one that died") for why in failed.values())
    assert all(run.scores(one).cached for one in cells if one not in failed)
    with pytest.raises(UnavailableError, match="leave it out"):
        run.maps(maps_of(source))
    assert digests(run.options.store) == serial(tmp_path / "serial", [one for one in cells if one not in failed])
