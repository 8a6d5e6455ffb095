"""What the head of an answer says of a file: its length, where the body begins, which version it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import TYPE_CHECKING

from ecgbench.datasets.physionet.session import RetryableError
from ecgbench.errors import DataError
from ecgbench.printable import quoted

if TYPE_CHECKING:
    from requests import Response

RETRYABLE_STATUSES = (408, 429)
"""HTTP statuses below 500 after which a request is worth another try (timeout, too many requests)."""

LENGTH = re.compile(r"[0-9]{1,15}")
"""A length in bytes; no file has a longer one."""

RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15})")
"""Content-Range: first and last byte of the body, and length of the file."""

STRONG_TAG = re.compile(r'"[\x21\x23-\x7e]{1,200}"')
"""An ETag that stands for bytes; one that begins with W/ does not."""

SETTLED = 60.0
"""Seconds after which a file's time of change stands for its bytes: no second change has the same time (RFC 9110, 8.8.2.2)."""


@dataclass(frozen=True)
class Body:
    """The body that follows.

    Attributes
    ----------
    start : offset of its first byte in the file
    total : length of the file; None if the body comes in chunks, the last of which is marked
    version : the ETag or time of change that stands for the file's bytes; empty if the server gives none
    """

    start: int
    total: int | None
    version: str


def read_head(url: str, response: Response, offset: int) -> Body | None:
    """What follows; None if the file has exactly `offset` bytes, so that nothing does.

    Raises
    ------
    DataError
        If the file is not to be had here.
    RetryableError
        If it may be later, or the server sends a range that was not asked for (then without a wait).
    """
    if response.status_code == 416 and offset and response.headers.get("Content-Range", "") == f"bytes */{offset}":
        return None
    if offset and response.status_code == 416:
        raise RetryableError("a range that was not asked for", wait=0)
    _refuse_status(url, response)
    _refuse_encoded(url, response)
    start, total = _ranged(response, offset) if response.status_code == 206 else (0, _length(url, response))
    return Body(start, total, _version(response))


def is_page(response: Response) -> bool:
    """Whether the server says that the body is a page of HTML."""
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower() in ("text/html", "application/xhtml+xml")


def _refuse_status(url: str, response: Response) -> None:
    status = quoted(f"{response.status_code} {response.reason}".strip())
    if response.status_code >= 500 or response.status_code in RETRYABLE_STATUSES:
        raise RetryableError(f"status {status}", _retry_after(response))
    if response.status_code in (401, 403):
        raise DataError(f"expected {url}, got status {status}; look there whether it asks for an account, or name another --mirror.")
    if response.status_code not in (200, 206):
        raise DataError(f"expected {url}, got status {status}; name another --mirror or --edition.")


def _retry_after(response: Response) -> float | None:
    """Seconds from now that the server asks to wait, if it does."""
    retry_after = response.headers.get("Retry-After", "")
    if LENGTH.fullmatch(retry_after):
        return float(retry_after)
    since = _seconds(retry_after)
    return None if since is None else since - time()


def _seconds(date: str) -> float | None:
    """Seconds since 1970 of a date in a header; None if it is none."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def _refuse_encoded(url: str, response: Response) -> None:
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    transfer = response.headers.get("Transfer-Encoding", "chunked").strip().lower()
    if encoding != "identity" or transfer != "chunked":
        got = quoted(f"{encoding}, {transfer}")
        raise DataError(f"expected {url} as it is, at most in chunks, got it encoded as {got}; name another --mirror.")


def _length(url: str, response: Response) -> int | None:
    said = response.headers.get("Content-Length")
    if said is not None and not LENGTH.fullmatch(said):
        raise DataError(f'expected a number of bytes as length of {url}, got "{quoted(said, 40)}"; name another --mirror.')
    if getattr(response.raw, "chunked", False):
        return None
    if said is None:
        raise DataError(f"expected {url} with its length, got none, so that a cut file would pass; name another --mirror.")
    return int(said)


def _ranged(response: Response, offset: int) -> tuple[int, int]:
    """First byte and length of the file, of a range that is the rest of the file from `offset`."""
    match = RANGE.fullmatch(response.headers.get("Content-Range", ""))
    first, last, total = map(int, match.groups()) if match else (-1, -1, -1)
    length = response.headers.get("Content-Length", str(last + 1 - first))
    if not offset or first != offset or last != total - 1 or length != str(total - first):
        raise RetryableError("a range that was not asked for", wait=0)
    return first, total


def _version(response: Response) -> str:
    tag = response.headers.get("ETag", "")
    if STRONG_TAG.fullmatch(tag):
        return tag
    changed = response.headers.get("Last-Modified", "")
    then, now = _seconds(changed), _seconds(response.headers.get("Date", ""))
    return changed if then is not None and now is not None and now - then >= SETTLED else ""
