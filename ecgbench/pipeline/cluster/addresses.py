"""What `--cluster` names: workers on this machine, jobs of a queue, or a scheduler that runs; and which scheduler is trusted.

A client trusts a scheduler on this machine, or one that shows a certificate: both sides unpickle what the other sends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ecgbench.errors import InputError
from ecgbench.printable import shortened

LOCAL, SLURM = re.compile(r"local:([1-9]\d{0,3})"), re.compile(r"slurm:([1-9]\d{0,3})")

REMOTE = re.compile(r"(?P<protocol>tcp|tls)://(?P<host>\[[0-9a-fA-F:.]+\]|[\w.-]+):(?P<port>\d+)")
"""Addresses of schedulers."""

CERTIFICATES = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=authority -keyout ca-key.pem -out ca.pem",
    "openssl req -newkey rsa:2048 -nodes -subj /CN=cluster -keyout key.pem -out request.pem",
    "openssl x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 365 -out cert.pem",
)
"""Commands that make an authority, which stays with whoever starts the cluster, and a key and certificate that all its processes use."""

SETTINGS = ("ca-file", "client.cert", "client.key")
"""Dask's settings of a client, below `distributed.comm.tls`."""

USE = (
    "dask scheduler --protocol tls --tls-ca-file ca.pem --tls-cert cert.pem --tls-key key.pem",
    "dask worker tls://HOST:8786 --nthreads 1 --tls-ca-file ca.pem --tls-cert cert.pem --tls-key key.pem",
    "export DASK_DISTRIBUTED__COMM__TLS__CA_FILE=$PWD/ca.pem",
    "export DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT=$PWD/cert.pem",
    "export DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY=$PWD/key.pem",
)
"""Commands that use them; the last set Dask's settings for the client."""

NUMBERS = {"local": "how many workers are to be started", "slurm": "how many jobs are to be submitted, which jobqueue.yaml leaves open"}
"""What a name that lacks its number is asked for."""

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
    if text in NUMBERS:
        raise InputError(f'expected --cluster {text}:N, got "{text}"; say {NUMBERS[text]}, such as {text}:4.')
    raise InputError(
        f"expected --cluster as local:N, slurm:N, tcp://HOST:PORT, tls://HOST:PORT or the FILE.json of a scheduler, got "
        f'"{shortened(text)}"; name one of these.'
    )


def prepare_cluster(text: str) -> None:
    """Start what takes time of a cluster on this machine, and goes on beside what the caller does next: its imports."""
    from ecgbench.pipeline.cluster.local import warm_up

    if LOCAL.fullmatch(text) and find_spec("distributed") is not None:
        warm_up()


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


def check_secure(address: str) -> None:
    """Refuse a scheduler that anybody could stand for.

    Raises
    ------
    InputError
        If it is neither on this machine nor asked for by TLS, or Dask's settings name no certificates; the error tells the commands that
        make them.
    """
    import dask

    found = REMOTE.fullmatch(address)
    if found is not None and found["protocol"] == "tcp" and is_loopback(found["host"]):
        return
    if found is None or found["protocol"] == "tcp":
        raise InputError(
            f'expected a scheduler of tls://, or of tcp:// on this machine alone, got "{shortened(address)}": whoever reaches it, or '
            f"stands for it, could run programs here. {_remedy()}"
        )
    missing = [name for name in SETTINGS if not dask.config.get(f"distributed.comm.tls.{name}", None)]
    if missing:
        said = f"expected certificates for {shortened(address)} in Dask's settings distributed.comm.tls, got none for {', '.join(missing)}."
        raise InputError(f"{said} {_remedy()}")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a host."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _remedy() -> str:
    return "\n  ".join(["Make certificates and start it with them:", *CERTIFICATES, *USE])
