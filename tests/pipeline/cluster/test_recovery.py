"""Whatever is killed in its middle: what is left goes on, and the bytes are those of a serial run."""

import contextlib
import json
import os
import signal
import threading

import dask
import distributed  # noqa: F401 - whose settings are there before a test changes some
import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.pipeline import Address
from ecgbench.pipeline.cluster.addresses import open_cluster
from ecgbench.pipeline.cluster.engine import fill
from tests.pipeline.cluster import faulty
from tests.pipeline.cluster.clusters import (
    METRICS,
    PATIENCE,
    SAMPLES,
    SOURCES,
    arrays_digests,
    finish,
    processes,
    run_on,
    separate_cluster,
    serial,
    wait_until,
    wanted,
)
from tests.pipeline.runs import MODEL, digests, store_with_windows

pytestmark = pytest.mark.slow

BRIEF = Address("synthetic", f"{MODEL}+brief", "saliency", "raw", "auc", 1)


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    """What a serial run leaves."""
    return serial(tmp_path_factory.mktemp("serial"), wanted(seeds=(1, 2)))


def test_a_killed_worker_changes_no_byte(tmp_path, expected):
    run = run_on(tmp_path, wanted(seeds=(1, 2)))
    with open_cluster("local:2", tmp_path) as client:
        for number, at in enumerate(fill(run, client)):  # noqa: B007
            if number == 3:
                os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
    assert at.failures == []
    assert all(run.scores(one).cached for one in wanted(seeds=(1, 2)))
    assert digests(run.options.store) == expected


def test_a_repeated_run_goes_on_after_client_and_scheduler_were_killed(tmp_path, expected):
    store = store_with_windows(tmp_path / "store")
    named = ["--dataset", "synthetic", "--seeds", "1,2"]
    named += [word for source in SOURCES for word in ("--method", source)] + [word for metric in METRICS for word in ("--metric", metric)]
    options = ["--samples", str(SAMPLES), "--cluster", "local:2", "--allow-new", "--scores", str(tmp_path / "scores")]
    command = (["-m", "ecgbench", "run", *named, *options], {"ECGBENCH_CACHE": str(store.root)})
    with processes(command) as (client,):
        wait_until(lambda: any(stage == "attributions" for stage, _ in store), "maps of a worker")
        os.kill(client.pid, signal.SIGKILL)
        client.wait()
    assert len(digests(store)) < len(expected)
    with processes(command) as (client,):
        assert client.wait(PATIENCE) == 0
    assert digests(ArtifactStore(store.root)) == expected


@pytest.fixture
def training(tmp_path, registries_restored):
    """The serial run of a model that is trained, and another run that is to train it, on a store that holds no more than windows."""
    faulty.register()
    serial_run = run_on(tmp_path / "serial", [BRIEF], explained="own")
    finish(serial_run)
    return serial_run, run_on(tmp_path / "cluster", [BRIEF], explained="own")


def kill_after_two_epochs(client, store, seen):
    """Kill the worker that trains when the client's store has its second epoch; `seen` becomes the epochs until then."""
    numbers = client.run(os.getpid)

    def epochs():
        with contextlib.suppress(OSError, ValueError):
            for record in store.glob("unfinished/model-*/epoch.json"):
                log = json.loads(record.read_text())["log"]
                if len(log) >= 2:
                    return log
        return None

    seen += wait_until(epochs, "two epochs")
    for address, keys in client.processing().items():
        if any(key.startswith("outputs") for key in keys):
            os.kill(numbers[address], signal.SIGKILL)


def check_continued(training, client, store):
    """Fill the store while the training is killed, and compare what is left with the serial run."""
    serial_run, run = training
    seen = []
    killer = threading.Thread(target=kill_after_two_epochs, args=(client, store, seen))
    killer.start()
    failures = [at.failures for at in fill(run, client)][-1]
    killer.join()
    assert failures == []
    epochs = run.model(BRIEF.of_model).info["epochs"]
    assert len(epochs) == faulty.EPOCHS
    assert epochs[: len(seen)] == seen  # their seconds too: they were not trained again
    finish(run)
    assert arrays_digests(run.options.store) == arrays_digests(serial_run.options.store)


def test_a_killed_training_goes_on_from_its_last_epoch(training, tmp_path):
    with dask.config.set(faulty.PRELOADED), open_cluster("local:2", tmp_path / "cluster") as client:
        check_continued(training, client, tmp_path / "cluster")


def test_a_killed_training_goes_on_at_another_worker_with_a_store_of_its_own(training, tmp_path):
    preload = ["--preload", faulty.__name__]
    with separate_cluster(tmp_path / "machines", preload=preload) as client:
        check_continued(training, client, tmp_path / "cluster")
    assert not list((tmp_path / "cluster").glob("unfinished/*"))


def test_workers_with_stores_of_their_own_send_all_that_they_make(tmp_path, expected):
    run = run_on(tmp_path / "client", wanted(seeds=(1, 2)))
    with separate_cluster(tmp_path / "machines") as client:
        failures = [at.failures for at in fill(run, client)][-1]
    assert failures == []
    assert all(run.scores(one).cached for one in wanted(seeds=(1, 2)))
    assert digests(run.options.store) == expected
