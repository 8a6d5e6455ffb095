"""What `--cluster` names: workers on this machine, or a scheduler that runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ecgbench.errors import InputError
from ecgbench.pipeline.cluster.security import REMOTE, check_secure
from ecgbench.printable import shortened

LOCAL, SLURM = re.compile(r"local:([1-9]\d{0,3})"), re.compile(r"slurm:([1-9]\d{0,3})")

SECONDS_TO_CONNECT = 30
"""Seconds to wait for the scheduler before it is taken to be absent."""


def check_cluster(text: str) -> str:
    """The text, if it can name a cluster; Dask is not asked.

    Raises
    ------
    InputError
        If it cannot.
    """
    if LOCAL.fullmatch(text) or SLURM.fullmatch(text) or REMOTE.fullmatch(text) or text.endswith(".json"):
        return text
    raise InputError(
        f"expected --cluster as local:N, slurm:N, tcp://HOST:PORT, tls://HOST:PORT or the FILE.json of a scheduler, got "
        f'"{shortened(text)}"; name one of these.'
    )


@contextmanager
def open_cluster(text: str, root: Path, memory_limit: str | float = "auto") -> Iterator[Any]:
    """The client of the cluster that a text names (see `check_cluster`).

    Parameters
    ----------
    root : folder of the store, which workers on this machine share
    memory_limit : bytes of a worker on this machine

    Raises
    ------
    InputError
        If the text names none, Dask is not installed, or the scheduler cannot be reached or trusted.
    """
    if find_spec("distributed") is None:
        raise InputError('expected the package distributed for --cluster, got none; pip install "ecgbench-attribution[cluster]".')
    with _opened(check_cluster(text), root, memory_limit) as client:
        yield client


def _opened(text: str, root: Path, memory_limit: str | float) -> AbstractContextManager[Any]:
    """A client of one's own cluster, or of one that runs."""
    from ecgbench.pipeline.cluster.local import local_cluster
    from ecgbench.pipeline.cluster.slurm import slurm_cluster

    if local := LOCAL.fullmatch(text):
        return local_cluster(int(local[1]), root, memory_limit)
    if slurm := SLURM.fullmatch(text):
        return slurm_cluster(int(slurm[1]), root)
    return _connected(_address_in(Path(text)) if text.endswith(".json") else text)


@contextmanager
def _connected(address: str) -> Iterator[Any]:
    """The client of a scheduler that runs."""
    from distributed import Client

    check_secure(address)
    try:
        client = Client(address, timeout=SECONDS_TO_CONNECT)
    except (OSError, ValueError) as error:
        raise InputError(
            f"expected a scheduler at {address}, got {error}; start it with `dask scheduler`, for tls:// by a certificate of the same "
            "authority."
        ) from error
    with client:
        yield client


def _address_in(file: Path) -> str:
    """The address in a file that a scheduler wrote."""
    try:
        return str(json.loads(file.read_text())["address"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"expected the file of a scheduler in {file}, got {error}; start it with `dask scheduler --scheduler-file`."
        ) from error
