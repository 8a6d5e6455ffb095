"""Workers as jobs of a Slurm queue; a queue of this machine stands for it, which runs each job's script at once."""

import os
import stat

import dask
import dask_jobqueue  # noqa: F401  its settings are there before they are changed
import pytest

from ecgbench.errors import InputError
from ecgbench.pipeline.cluster.addresses import open_cluster
from ecgbench.pipeline.cluster.slurm import lifetime
from tests.pipeline.cluster.clusters import fill, run_on, wanted

SBATCH = """#!/usr/bin/env bash
cp "$1" "$SUBMITTED"
setsid bash "$SUBMITTED" > "$SUBMITTED.log" 2>&1 &
echo "Submitted batch job $!"
"""

SCANCEL = """#!/usr/bin/env bash
kill -- "-$1" 2> /dev/null || true
"""


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """Slurm's commands, and where the last job's script is kept."""
    for name, script in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        file = tmp_path / name
        file.write_text(script)
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SUBMITTED", str(tmp_path / "submitted.sh"))
    return tmp_path / "submitted.sh"


def settings(**changed):
    """Dask's settings of jobs."""
    return dask.config.set({"jobqueue.slurm.memory": "2GB", **{f"jobqueue.slurm.{name}": value for name, value in changed.items()}})


@pytest.mark.slow
def test_jobs_of_a_queue_compute_a_run_over_tls_and_end_before_their_walltime(queue, tmp_path):
    cells = wanted(sources=("saliency",), metrics=("auc",))
    run = run_on(tmp_path / "store", cells)
    with settings(walltime="01:00:00", interface="lo"), open_cluster("slurm:1", run.options.store.root) as client:
        assert [at.failures for at in fill(run, client)][-1] == []
    assert all(run.scores(one).cached for one in cells)
    script = queue.read_text()
    assert "#SBATCH -t 01:00:00" in script
    assert "--lifetime 3360s" in script
    assert "--nthreads 1" in script
    assert "export OMP_NUM_THREADS=1\n" in script
    assert "tls://127.0.0.1:" in script
    assert not list(run.options.store.root.glob(".cluster*"))


def test_settings_without_memory_show_a_file_that_has_them(queue, tmp_path):
    with (
        pytest.raises(InputError, match=r"how much memory(?s:.*)jobqueue.yaml(?s:.*)memory: 4GB"),
        open_cluster("slurm:2", tmp_path / "store"),
    ):
        pass


def test_a_machine_without_slurm_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="expected Slurm's sbatch"), open_cluster("slurm:2", tmp_path / "store"):
        pass


def test_workers_end_before_their_walltime():
    assert [lifetime(text) for text in ("00:10:00", "02:00:00", "1-00:00:00", "10:00")] == [360, 6840, 82080, 34200]
    for text in ("00:05:00", "soon"):
        with pytest.raises(InputError, match=f'10 minutes or more.*"{text}"'):
            lifetime(text)
