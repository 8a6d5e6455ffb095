"""Answers of a server that no client should believe, each sent byte by byte; more are made from a seed."""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from tests.datasets.physionet.server import Asked

Send = Callable[[bytes], object]
Misbehaviour = Callable[[bytes, Asked, Send], None]
"""Answers a request for a file of that content."""

ESCAPE = "\x1b[31m\x9b2J\x07"
"""What a terminal obeys, in both its forms."""

ENDLESS = 6.0
"""Seconds after which an answer without end ends after all."""

PAGE = b"<!DOCTYPE html><title>Log in</title>"


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


def whole(content: bytes, *lines: str, status: str = "200 OK") -> bytes:
    return head(f"Content-Length: {len(content)}", *lines, status=status) + content


def said(*lines: str, status: str = "200 OK", body: bytes | None = None) -> Misbehaviour:
    """A head and a body, by default the right one."""

    def answer(content: bytes, asked: Asked, send: Send) -> None:
        send(head(*(line.replace("SIZE", str(len(content))) for line in lines), status=status) + (content if body is None else body))

    return answer


def sent(made: Callable[[bytes], bytes]) -> Misbehaviour:
    return lambda content, asked, send: void(send(made(content)))


def void(_: object) -> None:
    pass


def endless(beginning: bytes, piece: bytes, pause: float = 0.0) -> Misbehaviour:
    def answer(content: bytes, asked: Asked, send: Send) -> None:
        until = time.monotonic() + ENDLESS
        with suppress(OSError):
            send(beginning)
            while time.monotonic() < until:
                send(piece)
                time.sleep(pause)

    return answer


def chunks(*sizes_and_bodies: bytes) -> Misbehaviour:
    return lambda content, asked, send: void(send(head("Transfer-Encoding: chunked") + b"".join(sizes_and_bodies)))


def rest(changed: Callable[[int, int], str], *lines: str) -> Misbehaviour:
    """The first half and a cut; then the rest under a Content-Range that lies."""

    def answer(content: bytes, asked: Asked, send: Send) -> None:
        if asked.range is None:
            return void(send(whole(content, 'ETag: "1"')[: -len(content) // 2]))
        start = int(asked.range[6:-1])
        return void(send(whole(content[start:], f"Content-Range: {changed(start, len(content))}", *lines, status="206 Partial Content")))

    return answer


def a_byte_a_connection(content: bytes, asked: Asked, send: Send) -> None:
    start = int(asked.range[6:-1]) if asked.range else 0
    if start:
        send(head(f"Content-Length: {len(content) - start}", f"Content-Range: bytes {start}-{len(content) - 1}/{len(content)}", 'ETag: "1"',
                  status="206 Partial Content") + content[start : start + 1])  # fmt: skip
    else:
        send(head(f"Content-Length: {len(content)}", 'ETag: "1"') + content[:1])


def chunked(content: bytes) -> bytes:
    return head("Transfer-Encoding: chunked") + b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content)


HEADS: dict[str, Misbehaviour] = {
    "garbage": sent(lambda content: b"\0\xff" * 50),
    "no head": sent(lambda content: content),
    "status of many digits": said("Content-Length: SIZE", status="9999999999 OK"),
    "status that is no number": said("Content-Length: SIZE", status="abc OK"),
    "status 204": said(status="204 No Content", body=b""),
    "status 304": said(status="304 Not Modified", body=b""),
    "status 101": said("Content-Length: SIZE", status="101 Switching Protocols"),
    "escapes in the reason of 404": said("Content-Length: SIZE", status=f"404 {ESCAPE}"),
    "escapes in the reason of 503": said("Content-Length: SIZE", status=f"503 {ESCAPE}"),
    "escapes in headers": said("Content-Length: SIZE", f"ETag: {ESCAPE}", f"Content-Type: {ESCAPE}", f"Last-Modified: {ESCAPE}"),
    "escapes in the encoding": said("Content-Length: SIZE", f"Content-Encoding: {ESCAPE}"),
    "escapes in the length": said(f"Content-Length: {ESCAPE}"),
    "NUL in a header": said("Content-Length: SIZE", "X: a\0b"),
    "a thousand headers": said("Content-Length: SIZE", *(f"X{i}: y" for i in range(1000))),
    "a header of 100 kB": said("Content-Length: SIZE", f"X: {'y' * 100_000}"),
    "header without a colon": said("nonsense", "Content-Length: SIZE"),
    "head that drips": endless(b"HTTP/1.1 200 OK\r\nX: ", b"y", 0.05),
    "endless 100 Continue": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01),
    "cookies that are none": said("Content-Length: SIZE", f"Set-Cookie: {ESCAPE}=;;;expires=9999", "Set-Cookie: =;domain=.com"),
    "Retry-After of 5000 digits": said(f"Retry-After: {'9' * 5000}", "Content-Length: SIZE", status="503 Later"),
    "Retry-After in the year 9999": said("Retry-After: Fri, 31 Dec 9999 23:59:59 GMT", "Content-Length: SIZE", status="503 Later"),
    "Retry-After below zero": said("Retry-After: -5", "Content-Length: SIZE", status="503 Later"),
    "closed at once": sent(lambda content: b""),
}
LENGTHS: dict[str, Misbehaviour] = {
    "length of 5000 digits": said(f"Content-Length: {'9' * 5000}"),
    "length below zero": said("Content-Length: -1"),
    "two lengths": said("Content-Length: SIZE", "Content-Length: 7"),
    "the same length twice": said("Content-Length: SIZE", "Content-Length: SIZE"),
    "length with a sign": said("Content-Length: +SIZE"),
    "length in hexadecimal": said("Content-Length: 0x10"),
    "length with an underscore": said("Content-Length: 1_0"),
    "no length": said(),
    "length that is too short": said("Content-Length: 7000"),
    "length that is too long": said("Content-Length: 99999"),
    "length of 100 TB": said("Content-Length: 100000000000000"),
    "empty": said("Content-Length: 0", body=b""),
    "length beside chunks": sent(lambda content: chunked(content).replace(b"Transfer", b"Content-Length: 7\r\nTransfer")),
    "chunks": sent(chunked),
    "chunk of a negative size": chunks(b"-5\r\nabcde\r\n"),
    "chunk of a size of 5000 digits": chunks(b"f" * 5000 + b"\r\nabc"),
    "chunk of a size that is none": chunks(b"xyz\r\nabc\r\n0\r\n\r\n"),
    "chunks without an end": chunks(b"5\r\nabcde\r\n"),
    "chunk that is cut": chunks(b"ffff\r\nabcde"),
    "chunk size that drips": endless(head("Transfer-Encoding: chunked"), b"0", 0.05),
    "trailers without end": endless(head("Transfer-Encoding: chunked") + b"5\r\nabcde\r\n0\r\n", b"X: y\r\n", 0.05),
    "body without end": endless(head("Transfer-Encoding: chunked"), b"10000\r\n" + b"x" * 0x10000 + b"\r\n"),
    "chunks inside gzip": said("Transfer-Encoding: gzip, chunked"),
    "unknown transfer encoding": said("Transfer-Encoding: rot13", "Content-Length: SIZE"),
    "gzip": sent(lambda content: whole(gzip.compress(content), "Content-Encoding: gzip")),
    "said to be gzip": sent(lambda content: whole(content, "Content-Encoding: gzip")),
    "range that was not asked for": sent(lambda content: whole(content[500:], "Content-Range: bytes 500-19999/20000", status="206 P")),
    "416 to a plain request": said("Content-Range: bytes */20000", "Content-Length: 0", status="416 Range", body=b""),
    "200 with a range": sent(lambda content: whole(content[:-1], "Content-Range: bytes 0-7/9")),
    "range of another beginning": rest(lambda start, size: f"bytes {start + 1}-{size - 1}/{size}", 'ETag: "1"'),
    "range of another total": rest(lambda start, size: f"bytes {start}-{size - 1}/{size + 5}", 'ETag: "1"'),
    "range without a total": rest(lambda start, size: f"bytes {start}-{size - 1}/*", 'ETag: "1"'),
    "range of 5000 digits": rest(lambda start, size: f"bytes {start}-{'9' * 5000}/{'9' * 5000}", 'ETag: "1"'),
    "range that is none": rest(lambda start, size: ESCAPE, 'ETag: "1"'),
    "rest of another version": rest(lambda start, size: f"bytes {start}-{size - 1}/{size}", 'ETag: "2"'),
    "rest of no version": rest(lambda start, size: f"bytes {start}-{size - 1}/{size}"),
}
PACES: dict[str, Misbehaviour] = {
    "a byte at a time": endless(head("Content-Length: 20000"), b"x", 0.05),
    "silent after the head": endless(head("Content-Length: 20000"), b"", 0.1),
    "silent": endless(b"", b"", 0.1),
    "closed after the head": said("Content-Length: SIZE", body=b""),
    "a byte a connection": a_byte_a_connection,
}
REDIRECTS: dict[str, Misbehaviour] = {
    f"redirect to {place!r}": said(f"Location: {place}", "Content-Length: 0", status="302 Found", body=b"")
    for place in (
        *(
            "http://127.0.0.2/files/x",
            "http://other.invalid/x",
            "//other.invalid/x",
            "file:///etc/passwd",
            "javascript:x",
            "ftp://127.0.0.1/x",
        ),
        *("http://[::1", "http://127.0.0.1:99999/x", "http://127.0.0.1:0/x", "", "?", f"http://{ESCAPE}/x", "/files/absent", "http:///x"),
    )
}
REDIRECTS["redirect with a body without end"] = endless(
    head("Location: /files/absent", "Transfer-Encoding: chunked", status="301 M"), b"1\r\nx\r\n"
)
PAGES: dict[str, Misbehaviour] = {
    "page to log in": sent(lambda content: whole(PAGE, "Content-Type: text/html; charset=utf-8")),
    "page said to be data": sent(lambda content: whole(PAGE, "Content-Type: application/octet-stream")),
    "page behind a mark and blanks": sent(lambda content: whole(b"\xef\xbb\xbf\r\n  <HTML>hello", "Content-Type: text/plain")),
    "page as long as the file": sent(lambda content: whole((PAGE * 600)[: len(content)])),
    "text": sent(lambda content: whole(b"please come again\n")),
    "half of the content": sent(lambda content: whole(content[: len(content) // 2])),
    "content and more": sent(lambda content: whole(content + b"more")),
}
FIXED: dict[str, Misbehaviour] = {**HEADS, **LENGTHS, **PACES, **REDIRECTS, **PAGES}


class Changing:
    """A file that changes between two requests, at a server that cuts, and heeds ranges and versions or doesn't, all from a seed.

    Attributes
    ----------
    versions : contents that the file had, all of one length and form
    """

    def __init__(self, number: int) -> None:
        self._rng = np.random.default_rng(number)
        self._tags = ("", '"v{}"', 'W/"v{}"', f'"{ESCAPE}{{}}"')[self._rng.integers(4)]
        self._heeds, self._ranges = self._rng.random() < 0.5, self._rng.random() < 0.8
        self.versions: list[bytes] = []

    def __call__(self, content: bytes, asked: Asked, send: Send) -> None:
        if not self.versions or self._rng.random() < 0.4:
            self.versions.append(self._changed(content) if self.versions else content)
        now, tag = self.versions[-1], self._tags.format(len(self.versions))
        lines = [f"ETag: {tag}"] if tag else []
        start = int(re.sub(r"\D", "", asked.range or "") or 0)
        if not self._ranges or (self._heeds and asked.if_range not in (None, tag)):
            start = 0
        if start:
            answer = whole(now[start:], f"Content-Range: bytes {start}-{len(now) - 1}/{len(now)}", *lines, status="206 Partial Content")
        else:
            answer = whole(now, *lines)
        cut = int(self._rng.integers(0, len(now) - start + 1)) if self._rng.random() < 0.6 else 0
        send(answer[: len(answer) - cut])

    def _changed(self, content: bytes) -> bytes:
        """Other bytes behind a header's lines and before an end mark, so that the form is the same."""
        made: Any = self._rng.integers(97, 122, len(content) - 202, dtype=np.uint8)
        return content[:200] + bytes(made) + content[-2:]
