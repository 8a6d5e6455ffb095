"""Downloads from a server that takes the connection and then hangs: no step is waited for without end, and no mirror file by file."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from ecgbench.datasets import download
from ecgbench.errors import DataError
from tests.datasets.physionet.databases import ENTRY, NAMES, NUMBERS, PATHS, QUICK, WHOLE, fetch, held
from tests.datasets.physionet.server import Fault, FileServer

pytestmark = pytest.mark.network

SHORT = replace(QUICK, tries=2, connect=0.3, read=0.3)
"""Far less than a server that drips takes for a head or a handshake, and enough for several of its bytes."""

WITHIN = 5.0
"""Seconds in which two tries are over, on a busy machine too; a step without a bound lasts 30 s."""


@contextmanager
def dripping(said: bytes) -> Iterator[int]:
    """Port of a server that takes every connection and sends a byte at a time, the last one again and again; nothing if that is empty."""
    ended = threading.Event()

    def drip(taken: socket.socket) -> None:
        with taken, suppress(OSError):
            for byte in itertools.chain(said, itertools.repeat(said[-1] if said else None, 300)):
                if byte is not None:
                    taken.send(bytes([byte]))
                if ended.wait(0.1):
                    return

    def serve() -> None:
        while True:
            try:
                taken, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=drip, args=(taken,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)


HEAD = b"HTTP/1.1 200 OK\r\nX: y"
TLS = b"\x16\x03\x03\x40\x00\x02"  # the beginning of a long record that has a server's part of the handshake

TIMED_OUT = r"(.*timed out|no whole (head of an answer|handshake) within 0\.3 s)"

HANGING = {
    "silent": ("http", b"", f"got {TIMED_OUT}"),
    "head that drips": ("http", HEAD, r"got no whole head of an answer within 0\.3 s"),
    "TLS that says nothing": ("https", b"", f"got {TIMED_OUT}"),
    "handshake that drips": ("https", TLS, f"got {TIMED_OUT}"),
}


@pytest.mark.parametrize("case", HANGING)
def test_server_that_hangs_is_given_up_in_time(root: Path, case: str) -> None:
    scheme, said, message = HANGING[case]
    began = time.monotonic()
    with dripping(said) as port, pytest.raises(DataError, match=rf"SHA256SUMS\.txt whole, {message}.* in 2 attempts; look at"):
        download(ENTRY, root, mirror=f"{scheme}://127.0.0.1:{port}/", patience=SHORT)
    assert time.monotonic() - began < WITHIN


def test_proxy_whose_answer_drips_is_given_up_in_time(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.monotonic()
    monkeypatch.setenv("no_proxy", "")
    with dripping(HEAD) as port:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
        with pytest.raises(DataError, match=r"got no whole handshake within 0\.3 s in 2 attempts"):
            download(ENTRY, root, mirror="https://nowhere.invalid/", patience=SHORT)
    assert time.monotonic() - began < WITHIN


HANGS = {
    "hangs": (Fault(pause=0.6), {"read": 0.2}, f"got {TIMED_OUT.replace('3', '2')} in 2 attempts"),
    "is cut": (Fault(cut=10, ranges=False), {}, r"IncompleteRead.* in 2 attempts"),
    "drips": (Fault(pause=0.05, drip=10), {"least": 1000, "window": 0.2}, "expected at least 1000 bytes/s of"),
}


@pytest.mark.parametrize("case", HANGS)
def test_mirror_on_which_every_file_hangs_is_given_up_after_few(server: FileServer, root: Path, case: str) -> None:
    fault, patience, message = HANGS[case]
    server.faults = {name: replace(fault) for name in (*NAMES, "table.csv")}
    with pytest.raises(
        DataError, match="expected 10 files of tinydb, got 0 and none of the last 3, so that the mirror is given up"
    ) as caught:
        download(ENTRY, root, mirror=server.url, jobs=1, patience=replace(SHORT, **patience))
    assert caught.match(f"and 3 that failed, among them .*{message}.* The same command fetches what is missing.")
    assert sum(server.counts[name] > 0 for name in (*NAMES, "table.csv")) <= 4, "one more may have begun"
    server.faults = {}
    fetch(server, root)
    assert held(root) == WHOLE


def test_files_that_come_between_keep_the_mirror(server: FileServer, root: Path) -> None:
    failing = [name for number, name in enumerate(NAMES) if number % 3]
    server.faults = {name: Fault(status=503) for name in failing}
    with pytest.raises(DataError, match=f"expected 10 files of tinydb, got 4, and {len(failing)} that failed"):
        download(ENTRY, root, mirror=server.url, jobs=1, patience=SHORT)


def test_files_that_are_here_say_nothing_of_the_mirror(server: FileServer, root: Path) -> None:
    fetch(server, root)
    for number in (0, 4, 8):
        (root / NUMBERS.slug / NUMBERS.version / PATHS[number]).unlink()
        server.faults[NAMES[number]] = Fault(status=503)
    with pytest.raises(DataError, match="expected 10 files of tinydb, got 6 and none of the last 3"):
        download(ENTRY, root, mirror=server.url, jobs=1, patience=SHORT)
