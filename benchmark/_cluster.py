"""`--cluster`: the controller lets a cluster fill the store after collection, and the tests then read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ecgbench.errors import InputError
from ecgbench.pipeline import Address, Run, cluster_from, failed_cells, fill_by, prepare_cluster

RUN = pytest.StashKey[Run]()


def named_cluster(config: pytest.Config) -> str | None:
    """The cluster that the options name; refused beside pytest-xdist's workers, which would read what is not there yet.

    Workers on this machine start beside what is imported and collected next.
    """
    named = cluster_from(config.option)
    if named is not None and (getattr(config.option, "numprocesses", None) or hasattr(config, "workerinput")):
        raise InputError("expected one of --cluster and -n, got both; leave -n out, since the cluster's workers compute.")
    if named is not None:
        prepare_cluster(named)
    return named


def fill_store(config: pytest.Config, asked: Sequence[Any]) -> None:
    """Let the cluster that the options name compute the cells among what tests ask for."""
    cluster = named_cluster(config)
    cells = [about for about in asked if isinstance(about, Address)]
    if cluster is None or not cells:
        return
    run = Run(config.option.run_options, wanted=cells)
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    failed = failed_cells(fill_by(cluster, run, lambda line: reporter.write_line(f"ecgbench: {line}")), cells)
    left = Run(run.options, wanted=[cell for cell in cells if cell not in failed])
    left.unavailable = run.unavailable
    config.stash[RUN] = left


def filled_run(config: pytest.Config) -> Run | None:
    """The run whose store a cluster has filled; it refuses what ended workers, and computes what merely failed."""
    return config.stash.get(RUN, None)
