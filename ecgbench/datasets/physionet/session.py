"""The HTTP session: what is asked for, redirects, and errors of the network in the project's terms."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from ecgbench.datasets.physionet.pace import Bounded
from ecgbench.errors import DataError
from ecgbench.printable import quoted

if TYPE_CHECKING:
    from requests import Response, Session

MAX_REDIRECTS = 5
"""Most redirects that are followed from one URL, all on its own host."""

REDIRECTS = (301, 302, 303, 307, 308)
"""HTTP statuses that name another place of the file."""


@dataclass(frozen=True)
class Patience:
    """How often a transfer is tried, the waiting times, and how slowly bytes may come.

    Attributes
    ----------
    tries : attempts in a row that bring less than `progress`
    progress : new bytes that start the count of tries anew
    first : s to wait before the second attempt; doubled for each further one
    longest : s to wait at most, even if the server asks for more
    connect : timeout in s for a connection, and for the whole of a handshake on it: TLS's, and a proxy's answer before that
    read : timeout in s for the whole head of an answer and for the next byte of its body
    least : bytes/s below which a body is given up
    window : s over which that rate is measured
    files : files in a row that the network fails, each after all its tries, until the mirror is given up
    """

    tries: int = 6
    progress: int = 1 << 16
    first: float = 1.0
    longest: float = 60.0
    connect: float = 15.0
    read: float = 60.0
    least: float = 100.0
    window: float = 60.0
    files: int = 3


@dataclass(frozen=True)
class Connection:
    """What all transfers of a download share.

    Attributes
    ----------
    session : the HTTP session
    patience : numbers of tries and waiting times
    stop : set when all transfers have to end
    largest : bytes that a file can have at most
    """

    session: Session
    patience: Patience
    stop: threading.Event
    largest: int


class RetryableError(Exception):
    """A failure that may not occur again on another try, `wait` seconds later if the server said so."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


def open_session(jobs: int) -> Session:
    """An HTTP session that keeps up to `jobs` connections to a host, and follows no redirect of itself."""
    import requests

    class Unredirected(requests.Session):
        """Requests would read a redirect's body to its end, however long, before it follows it."""

        def get_redirect_target(self, resp: Response) -> None:
            return None

    session = Unredirected()
    session.headers.update({"User-Agent": "ecgbench", "Accept-Encoding": "identity"})
    adapter = _adapter(jobs)
    for scheme in ("http://", "https://"):
        session.mount(scheme, adapter)
    return session


def _adapter(jobs: int) -> Any:
    """An adapter whose connections wait for a whole handshake, and for the whole head of an answer, only as long as for a byte."""
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection

    class BoundedHTTP(Bounded, HTTPConnection):
        pass

    class BoundedHTTPS(Bounded, HTTPSConnection):
        pass

    class Adapter(HTTPAdapter):
        def get_connection_with_tls_context(self, *arguments: Any, **options: Any) -> Any:
            pool = super().get_connection_with_tls_context(*arguments, **options)
            pool.ConnectionCls = BoundedHTTPS if pool.scheme == "https" else BoundedHTTP
            return pool

    return Adapter(pool_maxsize=jobs)


def ask(connection: Connection, url: str, headers: Mapping[str, str]) -> Response:
    """The head of the answer to a GET; redirects are followed on the URL's own host.

    Raises
    ------
    DataError
        If a redirect leads to another host or from https to http, or there are too many.
    RetryableError
        If the network fails.
    """
    limits = (connection.patience.connect, connection.patience.read)
    asked = url
    for _ in range(MAX_REDIRECTS + 1):
        with network():
            response = connection.session.get(asked, headers=dict(headers), stream=True, timeout=limits)
        if response.status_code not in REDIRECTS or "Location" not in response.headers:
            return response
        response.close()
        with network():
            asked = _redirected(asked, response.headers["Location"])
    raise DataError(f"expected {url}, got more than {MAX_REDIRECTS} redirects; name another --mirror.")


def _redirected(asked: str, location: str) -> str:
    """Where a redirect leads."""
    target = urljoin(asked, location.encode("latin-1").decode(errors="replace"))
    old, new = urlsplit(asked), urlsplit(target)
    if new.scheme not in ("http", "https") or (new.hostname, new.port) != (old.hostname, old.port):
        raise DataError(
            f"expected {asked} from its own host {old.netloc}, got a redirect to {quoted(f'{new.scheme}://{new.netloc}')}; "
            "name that host's --mirror, if you trust it."
        )
    if old.scheme == "https" and new.scheme != "https":
        raise DataError(f"expected {asked} over https, got a redirect to http on {old.netloc}; name another --mirror.")
    return target


@contextmanager
def network() -> Iterator[None]:
    """Turn errors of requests and urllib3 into a retryable error, or into a DataError where another try would not help."""
    import urllib3

    try:
        yield
    except (ValueError, OverflowError) as error:  # an URL that is none, a length beyond all numbers
        raise DataError(f"expected a file that can be fetched, got {_reason(error)}; name another --mirror.") from error
    except (OSError, urllib3.exceptions.HTTPError) as error:  # requests' own errors are OSErrors
        raise RetryableError(_reason(error)) from error


def _reason(error: BaseException) -> str:
    """The message of the innermost error, without the layers that wrap it, on one line."""
    while error.__context__ is not None:
        error = error.__context__
    return quoted(" ".join(str(error).split())) or type(error).__name__
