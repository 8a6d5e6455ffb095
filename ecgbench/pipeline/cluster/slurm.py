"""Workers as jobs of a Slurm queue, by dask-jobqueue and its own settings (https://jobqueue.dask.org)."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ecgbench.errors import InputError
from ecgbench.pipeline.cluster.local import SETTINGS

WALLTIME = re.compile(r"(?:(\d+)-)?(\d+):(\d\d)(?::(\d\d))?")
"""Days, hours, minutes and seconds, as Slurm writes them."""

LEAST, MARGIN, STAGGER = 600, 240, 60
"""Seconds: the shortest walltime; how long before its end a worker hands its work back, at least; and by how much workers differ."""

TRIM = 1 << 30
"""Bytes of freed memory before a worker gives it back to the system: Dask's own 64 KiB cost seconds of system time."""

EXAMPLE = """in ~/.config/dask/jobqueue.yaml, for example:
  jobqueue:
    slurm:
      memory: 4GB
      walltime: "04:00:00"
      queue: compute"""


@contextmanager
def slurm_cluster(jobs: int, root: Path) -> Iterator[Any]:
    """The client of workers that Slurm starts, by TLS with certificates that live as long as the cluster.

    Parameters
    ----------
    jobs : of one worker each
    root : folder of the store, which the machines have in common

    Raises
    ------
    InputError
        If dask-jobqueue or Slurm is absent, or Dask's settings say too little of the jobs.
    """
    if find_spec("dask_jobqueue") is None or find_spec("cryptography") is None:
        raise InputError(
            'expected the packages dask-jobqueue and cryptography for --cluster slurm, got none; pip install "ecgbench-attribution[slurm]".'
        )
    if shutil.which("sbatch") is None:
        raise InputError("expected Slurm's sbatch on this machine, got none; start where jobs are submitted, or name another cluster.")
    from distributed import Client

    root.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(prefix=".cluster-", dir=root) as certificates,
        _cluster(root, Path(certificates)) as cluster,
        Client(cluster) as client,
    ):
        cluster.scale(jobs=jobs)
        yield client


def _cluster(root: Path, certificates: Path) -> Any:
    import dask
    from dask_jobqueue.slurm import SLURMCluster

    settings = dask.config.get("jobqueue.slurm")
    if not settings.get("memory"):
        raise InputError(f"expected Dask's settings to say how much memory a Slurm job gets, got nothing; write it {EXAMPLE}")
    alive = lifetime(str(settings["walltime"]))
    return SLURMCluster(
        cores=1,
        processes=1,
        protocol="tls://",
        security=_security(certificates),
        scheduler_options={"dashboard_address": ":0", **(settings.get("scheduler-options") or {})},
        worker_extra_args=[*settings["worker-extra-args"], "--lifetime", f"{alive}s", "--lifetime-stagger", f"{STAGGER}s"],
        job_script_prologue=[*settings["job-script-prologue"], *_exports(root)],
    )


def _security(folder: Path) -> Any:
    """A key and a certificate of this cluster alone, as files that the jobs find."""
    from distributed.security import Security

    made = Security.temporary()
    files = {"ca": made.tls_ca_file, "cert": made.tls_client_cert, "key": made.tls_client_key}
    for name, content in files.items():
        (folder / f"{name}.pem").write_text(str(content))
    roles = {f"tls_{role}_{what}": str(folder / f"{what}.pem") for role in ("scheduler", "worker", "client") for what in ("cert", "key")}
    return Security(tls_ca_file=str(folder / "ca.pem"), require_encryption=True, **roles)


def _exports(root: Path) -> list[str]:
    """What a job's environment has: one thread, and the store."""
    environment: dict[str, str] = SETTINGS["distributed.nanny.pre-spawn-environ"]  # type: ignore[assignment]
    spawned = {**environment, "MALLOC_TRIM_THRESHOLD_": str(TRIM)}
    settings = {**environment, "ECGBENCH_CACHE": str(root), "DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON": str(spawned)}
    return [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]


def lifetime(walltime: str) -> int:
    """Seconds after which a worker ends by itself, so that Slurm does not end it in the middle of a job.

    Raises
    ------
    InputError
        If the walltime cannot be read, or is too short.
    """
    found = WALLTIME.fullmatch(walltime)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()) if found else (0, 0, 0, 0)
    whole = ((24 * days + hours) * 60 + minutes) * 60 + seconds
    if whole < LEAST:
        raise InputError(
            f'expected a walltime of Slurm jobs of {LEAST // 60} minutes or more, as HH:MM:SS or D-HH:MM:SS, got "{walltime}"; set '
            f"walltime {EXAMPLE}"
        )
    return whole - max(MARGIN, whole // 20)
