"""A server of files on loopback that misbehaves where it is told to, and remembers what it was asked."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote


@dataclass
class Fault:
    """How the server misbehaves at one path.

    Attributes
    ----------
    status : answered instead of the file
    headers : said beside or instead of the right ones
    times : requests that it misbehaves at; all if None
    cut : bytes of a body after which the connection is closed
    content : sent instead of the file's
    pause, drip : s between two pieces, and bytes of a piece
    ranges : whether Range is heeded; if not, everything is sent with 200
    beside : bytes by which a range starts beside the one that was asked for
    length : whether Content-Length is said
    version : ETag, by which If-Range is heeded; none if it is empty
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    times: int | None = None
    cut: int | None = None
    content: bytes | None = None
    pause: float = 0.0
    drip: int = 1 << 16
    ranges: bool = True
    beside: int = 0
    length: bool = True
    version: str = ""


@dataclass
class Asked:
    """One request: its path below `/files/`, its Range and If-Range, and the bytes of the body that were sent."""

    path: str
    range: str | None
    time: float
    sent: int = 0
    if_range: str | None = None


Script = Callable[[Asked, Callable[[bytes], object]], None]
"""Sends, through a function that it is given, the bytes of a whole answer to a request; the connection is then closed."""


class FileServer(ThreadingHTTPServer):
    """Serves `folder` as `/files/`."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.faults: dict[str, Fault] = {}
        self.scripts: dict[str, Script] = {}
        self.asked: list[Asked] = []
        self.busy = self.busiest = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/files/"

    @property
    def counts(self) -> Counter[str]:
        """Requests by file name."""
        return Counter(asked.path.rpartition("/")[2] for asked in self.asked)

    def of(self, name: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path.endswith(f"/{name}")]

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that were killed are no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FileServer

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        path = unquote(self.path.partition("?")[0]).removeprefix("/files/")
        asked = Asked(path, self.headers["Range"], time.monotonic(), if_range=self.headers["If-Range"])
        with self.server.lock:
            self.server.asked.append(asked)
            fault = self._fault(path.rpartition("/")[2])
            self.server.busy += 1
            self.server.busiest = max(self.server.busiest, self.server.busy)
        try:
            self._answer(asked, fault)
        finally:
            with self.server.lock:
                self.server.busy -= 1

    def _fault(self, name: str) -> Fault:
        fault = self.server.faults.get(name, Fault())
        if fault.times is not None:
            fault.times -= 1
            if fault.times < 0:
                return Fault()
        return fault

    def _answer(self, asked: Asked, fault: Fault) -> None:
        file = self.server.folder / asked.path
        script = self.server.scripts.get(asked.path.rpartition("/")[2])
        if script is not None:
            self.close_connection = True
            return script(asked, self.wfile.write)
        if fault.version:
            fault = replace(fault, headers={"ETag": fault.version, **fault.headers})
        if fault.status != 200 or not file.is_file():
            return self._send(asked, fault, fault.status if fault.status != 200 else 404, b"an error\n", fault.headers)
        content = file.read_bytes() if fault.content is None else fault.content
        if asked.range is None or not fault.ranges or asked.if_range not in (None, fault.version):
            return self._send(asked, fault, 200, content, fault.headers)
        start = int(asked.range.removeprefix("bytes=").removesuffix("-"))
        if start >= len(content):
            return self._send(asked, fault, 416, b"", {"Content-Range": f"bytes */{len(content)}"})
        start += fault.beside
        said = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
        return self._send(asked, fault, 206, content[start:], {**said, **fault.headers})

    def _send(self, asked: Asked, fault: Fault, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**({"Content-Length": str(len(body))} if fault.length else {"Connection": "close"}), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        sent = body if fault.cut is None else body[: fault.cut]
        self._drip(asked, fault, sent)
        self.close_connection = len(sent) < len(body) or not fault.length

    def _drip(self, asked: Asked, fault: Fault, sent: bytes) -> None:
        for at in range(0, len(sent), fault.drip):
            time.sleep(fault.pause)
            self.wfile.write(sent[at : at + fault.drip])
            asked.sent += len(sent[at : at + fault.drip])


@contextmanager
def serving(folder: Path) -> Iterator[FileServer]:
    """A server that runs in a thread of this process."""
    server = FileServer(folder)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
