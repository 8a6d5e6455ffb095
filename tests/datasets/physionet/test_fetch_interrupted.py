"""Downloads that are interrupted, killed or meet each other."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ecgbench.datasets.records.split_by_record import annotated_files
from ecgbench.datasets.simulator.stand_in import SIMULATED
from ecgbench.protocol import MITDB
from tests.datasets.physionet.databases import NAMES, WHOLE, content_of, fetch, held, list_sums
from tests.datasets.physionet.server import Fault, FileServer, serving

pytestmark = pytest.mark.network


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Python's own handler of SIGINT, here and in child processes: a shell starts background jobs with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_interruptible")
def test_interruption_stops_at_once_and_keeps_what_came(server: FileServer, root: Path) -> None:
    server.faults = {name: Fault(pause=0.1, drip=200) for name in NAMES}
    timer = threading.Timer(0.5, signal.raise_signal, (signal.SIGINT,))
    timer.start()
    since = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        fetch(server, root)
    assert time.monotonic() - since < 3
    parts = held(root)
    assert any(path.endswith(".part") for path in parts)
    time.sleep(0.5)
    assert held(root) == parts
    server.faults = {}
    fetch(server, root)
    assert held(root) == WHOLE
    assert any(asked.range for asked in server.asked)


def mitdb_published(root: Path) -> tuple[Path, list[str]]:
    """Files of mitdb's names, with made-up content, which they are marked as."""
    folder = root / MITDB.slug / MITDB.version
    folder.mkdir(parents=True)
    paths = [*annotated_files(MITDB, ()), SIMULATED]
    for path in paths:
        (folder / path).write_bytes(content_of(path)[: 2000 if path.endswith(".dat") else 300])
    list_sums(folder, paths)
    return folder, paths


@pytest.fixture
def mitdb_server(tmp_path: Path) -> Iterator[FileServer]:
    _, paths = mitdb_published(tmp_path / "mitdb_published")
    with serving(tmp_path / "mitdb_published") as server:
        server.faults = {path: Fault(pause=0.05, drip=200) for path in paths if path.endswith(".dat")}
        yield server


def start(server: FileServer, root: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ecgbench.cli", "download", "mitdb", "--dir", str(root), "--mirror", server.url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition: Any) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def same(server: FileServer, root: Path) -> bool:
    published, fetched = (folder / MITDB.slug / MITDB.version for folder in (server.folder, root))
    found = {path.name: path.read_bytes() for path in fetched.iterdir()}
    return found == {path.name: path.read_bytes() for path in published.iterdir()}


@pytest.mark.slow
@pytest.mark.usefixtures("_interruptible")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_command_that_was_ended_in_the_middle_goes_on_and_asks_for_nothing_twice(
    mitdb_server: FileServer, root: Path, end: signal.Signals
) -> None:
    folder = root / MITDB.slug / MITDB.version
    process = start(mitdb_server, root)
    wait_for(lambda: len(list(folder.glob("*.dat"))) >= 8 and list(folder.glob(".*.part")))
    process.send_signal(end)
    process.communicate(timeout=10)
    assert process.returncode == (-signal.SIGKILL if end == signal.SIGKILL else 130)
    whole = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    parts = {path.name: path.stat().st_size for path in folder.glob(".*.part")}
    assert any(parts.values())
    before = len(mitdb_server.asked)
    mitdb_server.faults = {}
    again = start(mitdb_server, root)
    said, wrong = again.communicate(timeout=60)
    assert again.returncode == 0, wrong
    assert f"{134 - len(whole)} files fetched" in said
    asked = {request.path.rpartition("/")[2]: request.range for request in mitdb_server.asked[before:]}
    assert whole.isdisjoint(asked)
    assert {name: asked[name.removeprefix(".").removesuffix(".part")] for name in parts} == {
        name: f"bytes={size}-" if size else None for name, size in parts.items()
    }
    assert same(mitdb_server, root)


@pytest.mark.slow
def test_two_commands_at_once_fetch_each_file_once_and_the_second_says_that_it_waits(mitdb_server: FileServer, root: Path) -> None:
    mitdb_server.faults["100.dat"] = Fault(pause=0.3, drip=200)
    processes = [start(mitdb_server, root) for _ in range(2)]
    said = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert set(mitdb_server.counts.values()) == {1}
    assert sorted(out.splitlines()[-1].partition(" files fetched")[0] for out, _ in said) == ["0", "133"]
    assert sum("waiting for another download into" in wrong for _, wrong in said) == 1
    assert same(mitdb_server, root)
