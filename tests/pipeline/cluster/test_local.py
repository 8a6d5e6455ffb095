"""Workers on this machine: forked of one process that has imported everything, with one thread each."""

import os
import sys

from ecgbench.pipeline.cluster.local import FORKS, local_cluster


def found():
    """What a worker has before its first job."""
    import torch

    return {
        "of": os.getppid(),
        "threads": torch.get_num_threads(),
        "imported": "ecgbench.pipeline.cluster.worker" in sys.modules,
        "store": os.environ["ECGBENCH_CACHE"],
        "set since": os.environ.get("ECGBENCH_TEST_OF_WORKERS"),
        "memory": os.environ.get("MALLOC_TRIM_THRESHOLD_"),
    }


def test_workers_are_forked_of_one_process_and_have_the_clients_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("MALLOC_TRIM_THRESHOLD_", raising=False)  # a nanny of another test leaves it in this process
    with local_cluster(1, tmp_path) as client:
        (first,) = client.run(found).values()
    monkeypatch.setenv("ECGBENCH_TEST_OF_WORKERS", "here")
    with local_cluster(1, tmp_path / "other") as client:
        (second,) = client.run(found).values()
    assert first == {"of": first["of"], "threads": 1, "imported": FORKS, "store": str(tmp_path), "set since": None, "memory": None}
    assert second == {**first, "of": second["of"], "store": str(tmp_path / "other"), "set since": "here"}
    assert (first["of"] == second["of"]) is FORKS
    assert first["of"] != os.getpid() or not FORKS
