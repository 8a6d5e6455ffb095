"""Downloads from a server that misbehaves, or onto a disk that does."""

from __future__ import annotations

import errno
import hashlib
import os
import socket
import subprocess
import sys
import time
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from ecgbench.datasets import download
from ecgbench.datasets.physionet.session import MAX_REDIRECTS, Patience
from ecgbench.datasets.physionet.transfer import _pause
from ecgbench.errors import DataError
from tests.datasets.physionet.databases import ENTRY, NAMES, NUMBERS, PATHS, QUICK, SIZE, WHOLE, content_of, fetch, held, list_sums
from tests.datasets.physionet.server import Fault, FileServer

pytestmark = pytest.mark.network

BAD = NAMES[4]
BAD_PATH = PATHS[4]
OTHERS = {path: content for path, content in WHOLE.items() if path != BAD_PATH}


def part(root: Path) -> Path:
    return root / NUMBERS.slug / NUMBERS.version / "records" / f".{BAD}.part"


# What passes


PASSING: dict[str, tuple[Fault, list[str | None]]] = {
    "status 503": (Fault(status=503, times=2), [None, None, None]),
    "status 500": (Fault(status=500, times=1), [None, None]),
    "status 429": (Fault(status=429, headers={"Retry-After": "0"}, times=2), [None, None, None]),
    "status 408": (Fault(status=408, times=1), [None, None]),
    "cut": (Fault(cut=7000, times=1), [None, "bytes=7000-"]),
    "cut before the first byte": (Fault(cut=0, times=2), [None, None, None]),
    "cut, ranges ignored": (Fault(cut=7000, ranges=False, times=2), [None, "bytes=7000-", "bytes=7000-"]),
    "cut again and again, with progress": (Fault(cut=3000), [None, *(f"bytes={at}-" for at in range(3000, SIZE, 3000))]),
    "wrong content": (Fault(content=b"w" * SIZE, times=1), [None, None]),
    "shorter content": (Fault(content=b"w", times=1), [None, None]),
    "slow": (Fault(pause=0.01, drip=1000), [None]),
}


@pytest.mark.parametrize("case", PASSING)
def test_what_passes_is_tried_again_until_the_file_is_whole(server: FileServer, root: Path, case: str) -> None:
    server.faults[BAD], ranges = PASSING[case]
    fetch(server, root)
    assert held(root) == WHOLE
    assert [asked.range for asked in server.of(BAD)] == ranges
    assert all(server.counts[name] == 1 for name in NAMES if name != BAD)


@pytest.mark.parametrize("case", ["ignored", "beside"])
def test_range_that_is_not_heeded_starts_anew(server: FileServer, root: Path, case: str) -> None:
    part(root).parent.mkdir(parents=True)
    part(root).write_bytes(content_of(BAD_PATH)[:500])
    server.faults[BAD] = Fault(ranges=False) if case == "ignored" else Fault(beside=3)
    fetch(server, root)
    assert held(root) == WHOLE
    assert [asked.range for asked in server.of(BAD)] == (["bytes=500-"] if case == "ignored" else ["bytes=500-", None])


@pytest.mark.parametrize("after", ["seconds", "date"])
def test_server_that_asks_to_wait_is_waited_for_as_long_as_it_asks_but_no_longer_than_the_limit(
    server: FileServer, root: Path, after: str
) -> None:
    said = "1" if after == "seconds" else formatdate(time.time() + 3600, usegmt=True)
    server.faults[BAD] = Fault(status=503, headers={"Retry-After": said}, times=1)
    download(ENTRY, root, mirror=server.url, patience=replace(QUICK, longest=1.2, first=0.0))
    first, second = server.of(BAD)
    assert second.time - first.time >= (1.0 if after == "seconds" else 1.2)


def test_pause_doubles_up_to_the_limit_and_is_spread() -> None:
    patience = Patience(first=1, longest=10)
    pauses = {failed: [_pause(failed, None, patience) for _ in range(50)] for failed in range(1, 7)}
    for failed, longest in zip(pauses, (1, 2, 4, 8, 10, 10), strict=True):
        assert all(longest / 2 <= pause <= longest for pause in pauses[failed])
        assert len(set(pauses[failed])) > 1
    assert [_pause(1, asked, patience) for asked in (3.0, 1e9, -5.0)] == [3.0, 10, 0]


def test_list_is_resumed_and_its_length_checked(server: FileServer, root: Path) -> None:
    server.faults["SHA256SUMS.txt"] = Fault(cut=100, version='"1"')
    server.faults["SHA256SUMS.txt"].times = 2
    fetch(server, root)
    assert [asked.range for asked in server.of("SHA256SUMS.txt")] == [None, "bytes=100-", "bytes=200-"]
    assert held(root) == WHOLE


# What does not pass


FAILING: dict[str, tuple[Fault, str, int]] = {
    "status 404": (
        Fault(status=404),
        r"expected http://.*/101\.dat, got status 404 Not Found; name another --mirror",
        1,
    ),
    "status 403": (Fault(status=403), r"got status 403 Forbidden; look there whether it asks for an account", 1),
    "status 410": (Fault(status=410), r"got status 410 Gone; name another --mirror or --edition", 1),
    "status 503": (
        Fault(status=503),
        r"expected http://.* whole, got status 503 Service Unavailable in 3 attempts; look at",
        3,
    ),
    "always cut": (Fault(cut=7000, ranges=False), r"got IncompleteRead\(7000 bytes read, 13000 more expected\) in 3 attempts", 3),
    "cut, and ranges beside": (Fault(cut=7000, beside=3), "in 3 attempts; look at the connection", 3),
    "closed at once": (Fault(cut=0), r"in 3 attempts; look at the connection", 3),
    "wrong content": (Fault(content=b"w" * SIZE), "expected SHA-256 {expected} of http://.*, got {actual}; name another --mirror", 2),
    "no length": (Fault(length=False, cut=SIZE), r"with its length, got none, so that a cut file would pass", 1),
    "silent": (Fault(pause=1.5), r"got .*timed out.* in 3 attempts", 3),
}


@pytest.mark.parametrize("case", FAILING)
def test_what_does_not_pass_is_named_after_all_other_files_came_and_leaves_nothing_under_its_name(
    server: FileServer, root: Path, case: str
) -> None:
    server.faults[BAD], message, attempts = FAILING[case]
    sums = {"expected": hashlib.sha256(content_of(BAD_PATH)).hexdigest(), "actual": hashlib.sha256(b"w" * SIZE).hexdigest()}
    for name, value in sums.items():
        message = message.replace(f"{{{name}}}", value)
    with pytest.raises(DataError, match=message) as caught:
        download(ENTRY, root, mirror=server.url, patience=replace(QUICK, read=0.5))
    assert f"expected {len(PATHS)} files of tinydb, got {len(PATHS) - 1}, and 1 that failed" in str(caught.value)
    assert {path: content for path, content in held(root).items() if not path.endswith(".part")} == OTHERS
    assert server.counts[BAD] == attempts
    del server.faults[BAD]
    assert fetch(server, root).fetched == 1
    assert held(root) == WHOLE


def test_many_failures_are_counted_and_the_first_are_named(server: FileServer, root: Path) -> None:
    server.faults = {name: Fault(status=404) for name in NAMES}
    with pytest.raises(DataError, match=r"expected 10 files of tinydb, got 1, and 9 that failed, among them") as caught:
        fetch(server, root)
    assert str(caught.value).count("status 404") == 3
    assert "The same command fetches what is missing." in str(caught.value)


def test_mirror_without_the_database_is_refused_at_its_list(server: FileServer, root: Path) -> None:
    with pytest.raises(DataError, match=r"expected http://.*/other/1\.0/SHA256SUMS\.txt, got status 404"):
        fetch(server, root, replace(ENTRY, protocol=replace(NUMBERS, slug="other")))
    assert held(root) == {}


def test_server_that_is_not_there_is_named(root: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        mirror = f"http://127.0.0.1:{taken.getsockname()[1]}/files/"
        with pytest.raises(DataError, match=r"SHA256SUMS\.txt whole, got .*refused in 3 attempts; look at the connection"):
            download(ENTRY, root, mirror=mirror, patience=QUICK)


@pytest.mark.parametrize("total", [25_000, 15_000])
def test_file_of_another_length_than_its_range_said_starts_anew(server: FileServer, root: Path, total: int) -> None:
    part(root).parent.mkdir(parents=True)
    part(root).write_bytes(content_of(BAD_PATH)[:500])
    server.faults[BAD] = Fault(headers={"Content-Range": f"bytes 500-19999/{total}"}, times=1)
    fetch(server, root)
    assert [asked.range for asked in server.of(BAD)] == ["bytes=500-", None]
    assert held(root) == WHOLE


def test_unlisted_file_that_is_cut_is_not_taken_for_whole(server: FileServer, root: Path) -> None:
    list_sums(server.folder / NUMBERS.slug / NUMBERS.version, [path for path in PATHS if path != BAD_PATH])
    server.faults[BAD] = Fault(cut=100, ranges=False)
    with pytest.raises(DataError, match=r"IncompleteRead\(100 bytes read"):
        fetch(server, root, allow_unlisted=True)
    assert BAD_PATH not in held(root)


# What cannot be written


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_disk_that_cannot_be_written_ends_the_download_with_the_remedy(
    server: FileServer, root: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    replaced = os.replace

    def fails(source: Any, target: Any) -> None:
        if Path(target).name != "SHA256SUMS.txt":
            raise OSError(code, os.strerror(code))
        replaced(source, target)

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(DataError, match=rf"expected to write .*, got {os.strerror(code)}; free space there, mend the permissions or name"):
        fetch(server, root, jobs=1)
    assert len(server.asked) == 2


def test_file_is_on_the_disk_before_it_gets_its_name(server: FileServer, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced, replaced = set(), os.replace

    def sync(descriptor: int) -> None:
        synced.add(os.fstat(descriptor).st_ino)

    def replace_synced(source: Any, target: Any) -> None:
        assert Path(source).stat().st_ino in synced
        replaced(source, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(os, "replace", replace_synced)
    fetch(server, root)
    assert len(synced) == len(PATHS) + 1


def test_full_disk_in_the_middle_of_a_file_is_no_failure_of_the_connection(server: FileServer, tmp_path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path; from tests.datasets.physionet.databases import ENTRY, QUICK\n"
        "from ecgbench.datasets import download\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({SIZE // 2}, {SIZE // 2}))\n"
        "download(ENTRY, Path(sys.argv[1]), mirror=sys.argv[2], patience=QUICK, jobs=1)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "data"), server.url], capture_output=True, text=True, check=False)
    assert "UnwritableError: expected to write" in done.stderr
    assert "got File too large; free space there" in done.stderr
    assert len(server.asked) == 2


def test_folder_that_cannot_be_made_is_refused(server: FileServer, root: Path) -> None:
    root.write_text("a file")
    with pytest.raises(DataError, match=r"expected to write .*, got Not a directory; free space there"):
        fetch(server, root)


# The network


def test_proxy_is_that_of_the_environment(server: FileServer, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url.removesuffix("/files/"))
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(DataError, match="status 404"):
        download(ENTRY, root, mirror="http://nowhere.invalid/files/", patience=QUICK)
    assert server.asked[0].path.startswith("http://nowhere.invalid/")


def test_redirection_without_end_is_refused_at_once(server: FileServer, root: Path) -> None:
    server.faults["SHA256SUMS.txt"] = Fault(status=302, headers={"Location": "SHA256SUMS.txt"})
    with pytest.raises(DataError, match=f"got more than {MAX_REDIRECTS} redirects; name another --mirror"):
        fetch(server, root)
    assert len(server.asked) == MAX_REDIRECTS + 1
