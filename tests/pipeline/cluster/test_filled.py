"""A cluster fills the store with the bytes of a serial run."""

import pytest

from ecgbench.pipeline.cluster.filled import fill_by
from tests.pipeline.cluster.clusters import run_on, serial, wanted
from tests.pipeline.runs import digests


@pytest.mark.slow
def test_a_cluster_leaves_the_bytes_of_a_serial_run(tmp_path):
    cells = wanted(sources=("saliency",), metrics=("auc",))
    run = run_on(tmp_path / "cluster", cells)
    said = []
    assert fill_by("local:1", run, said.append) == []
    assert said[0].startswith("1 worker of 1 host, 1 thread each, cpu; store shared: yes; scheduler tcp://127.0.0.1:")
    assert all(run.scores(one).cached for one in cells)
    assert digests(run.options.store) == serial(tmp_path / "serial", cells)
    assert not list(run.options.store.root.glob(".cluster*"))
