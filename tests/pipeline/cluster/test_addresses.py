"""What `--cluster` may name, and what is refused before anything starts."""

import json

import pytest

from ecgbench.cli import main
from ecgbench.errors import InputError
from ecgbench.pipeline.cluster.addresses import check_cluster, open_cluster
from ecgbench.pipeline.cluster.local import SETTINGS


@pytest.mark.parametrize("text", ["local:1", "local:16", "tcp://127.0.0.1:8786", "tls://10.0.0.5:8786", "tls://[::1]:1", "a/b.json"])
def test_clusters_have_these_names(text):
    assert check_cluster(text) == text


@pytest.mark.parametrize("text", ["", "local:0", "local:-1", "local:2 ", "lokal:2", "http://127.0.0.1:1", "tcp://127.0.0.1"])
def test_other_names_are_refused_with_those_that_there_are(text):
    with pytest.raises(InputError, match=r"expected --cluster as local:N, .*tcp://HOST:PORT, .*; name one of these"):
        check_cluster(text)


@pytest.mark.parametrize("text", ["local", "slurm"])
def test_a_number_that_is_left_out_is_asked_for(text):
    with pytest.raises(InputError, match=rf"expected --cluster {text}:N, got \"{text}\"; say how many .*, such as {text}:4\."):
        check_cluster(text)


@pytest.mark.parametrize("address", ["tcp://10.0.0.5:8786", "tcp://login.example.org:8786", "tcp://0.0.0.0:8786"])
def test_a_scheduler_of_another_machine_must_show_a_certificate(address, tmp_path):
    file = tmp_path / "scheduler.json"
    file.write_text(json.dumps({"address": address}))
    for text in (address, str(file)):
        with pytest.raises(InputError, match="could run programs here"), open_cluster(text, tmp_path):
            pass


@pytest.mark.parametrize("content", [None, "", "[]", "{}"])
def test_a_file_of_no_scheduler_is_refused(content, tmp_path):
    file = tmp_path / "scheduler.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(InputError, match="start it with `dask scheduler --scheduler-file`"), open_cluster(str(file), tmp_path):
        pass


def test_nothing_is_checked_by_a_cluster(capsys):
    assert main(["run", "--cluster", "local:2", "--check-only"]) == 2
    assert "expected one of --cluster and --check-only, got both" in capsys.readouterr().err


def test_workers_have_one_thread_and_keep_the_memory_that_they_free():
    environment = SETTINGS["distributed.nanny.pre-spawn-environ"]
    assert set(environment.values()) == {"1"}
    assert "MALLOC_TRIM_THRESHOLD_" not in environment
