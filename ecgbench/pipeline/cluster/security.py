"""Whom a client trusts: a scheduler on this machine, or one that shows a certificate. Both sides unpickle what the other sends."""

from __future__ import annotations

import re
from ipaddress import ip_address

from ecgbench.errors import InputError
from ecgbench.printable import shortened

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
