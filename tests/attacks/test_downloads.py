"""A server that misbehaves gives the right bytes or a refusal of one line, never a mixture, and not without end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ecgbench.datasets import Downloaded, download
from ecgbench.datasets.physionet import download as downloading
from ecgbench.errors import EcgbenchError
from tests.attacks.conftest import Tries
from tests.attacks.misbehaviours import ENDLESS, FIXED, Changing, Misbehaviour
from tests.datasets.physionet.databases import ENTRY, NUMBERS, QUICK, content_of, held, list_sums, publish
from tests.datasets.physionet.server import Asked, FileServer, serving

pytestmark = [pytest.mark.slow, pytest.mark.network]

RECORD = tuple(f"records/100{suffix}" for suffix in (".hea", ".dat", ".atr"))
SUMS = "SHA256SUMS.txt"
SMALL = replace(ENTRY, files=lambda numbers, listed: [*RECORD])
HASTE = replace(QUICK, tries=2, first=0.005, longest=0.02, read=0.3, connect=1.0, least=1000.0, window=0.4)
LIMIT = 5.0
"""Seconds that a download may take."""

PLACES = (*((path, True) for path in RECORD[1:2]), *((path, False) for path in RECORD), (SUMS, True))
"""Files that are attacked, each with whether the list has sums of the record's files."""

CASES = [(name, place) for place in PLACES for name in FIXED]


@pytest.fixture
def published(tmp_path: Path) -> Path:
    return publish(tmp_path / "published", RECORD)


@pytest.fixture
def server(published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setattr(downloading, "LEAST_LARGEST", 1e6)
    monkeypatch.setattr(downloading, "LARGEST_SHARE", 0)
    with serving(tmp_path / "published") as server:
        yield server


@dataclass
class Ended:
    """How a download ended: what it did, or its refusal; neither if it did not end."""

    done: Downloaded | None = None
    error: BaseException | None = None


def download_within(server: FileServer, root: Path) -> Ended:
    ended = Ended()

    def work() -> None:
        try:
            ended.done = download(SMALL, root, mirror=server.url, patience=HASTE, allow_unlisted=True, jobs=1)
        except BaseException as error:
            ended.error = error

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(LIMIT)
    return ended


def wrong(ended: Ended, found: dict[str, bytes], right: dict[str, list[bytes]]) -> str:
    """What is wrong with how a download ended and what it left; empty if nothing is.

    Parameters
    ----------
    right : versions of files that have several; a part must be the beginning of one
    """
    if ended.done is None and ended.error is None:
        return "no end"
    if ended.error is not None and not (isinstance(ended.error, EcgbenchError) and str(ended.error).isprintable()):
        return f"refusal {type(ended.error).__name__} {str(ended.error)[:200]!r}"
    for name in RECORD:
        part = found.get(name.replace("/", "/.") + ".part", b"")
        if name in right and not any(content.startswith(part) for content in right[name]):
            return f"part of {name} that is a mixture"
        if name in found and found[name] not in right.get(name, [content_of(name)]):
            return f"{name} of {len(found[name])} other bytes"
    return "" if ended.error is not None or set(found) == set(RECORD) else f"no refusal and only {sorted(found)}"


def attack(server: FileServer, root: Path, path: str, answer: Misbehaviour, contents: dict[str, list[bytes]]) -> str:
    content = (server.folder / NUMBERS.slug / NUMBERS.version / path).read_bytes()

    def script(asked: Asked, send: object) -> None:
        answer(content, asked, send)  # type: ignore[arg-type]

    server.scripts = {path.rpartition("/")[2]: script}
    return wrong(download_within(server, root), held(root), contents)


def mended(ended: Ended, root: Path) -> str:
    """What is wrong after a download from a server that behaves."""
    whole = {path: content_of(path) for path in RECORD}
    return "" if ended.done is not None and held(root) == whole else f"what it left cannot be mended: {ended.error}"


def test_answer_that_is_not_to_be_believed_is_refused_or_right(
    server: FileServer, published: Path, tmp_path: Path, tries: Tries, capfd: pytest.CaptureFixture[str]
) -> None:
    failures = []
    for number in tries(len(CASES)):
        name, (path, summed) = CASES[number]
        list_sums(published, RECORD if summed else [other for other in RECORD if other != path])
        root = tmp_path / f"data{number}"
        found = attack(server, root, path, FIXED[name], {})
        server.scripts = {}
        if not found:
            found = mended(download_within(server, root), root)
        if any(sign in capfd.readouterr().err for sign in ("\x1b[31m", "\x9b")):
            found = f"{found} escapes on the terminal".strip()
        if found:
            failures.append(f"{name}, {path}{'' if summed else ' without a sum'}: {found}")
    assert not failures, "\n".join([f"{len(failures)} failures", *failures])


def test_file_that_changes_between_cuts_is_one_version_or_refused(
    server: FileServer, published: Path, tmp_path: Path, tries: Tries
) -> None:
    failures = []
    for number in tries(200):
        path, summed = PLACES[number % 4]
        list_sums(published, RECORD if summed else [other for other in RECORD if other != path])
        changing, root = Changing(number), tmp_path / f"data{number}"
        for _ in range(2):  # the second finds what the first left
            since = time.monotonic()
            found = attack(server, root, path, changing, {} if summed else {path: changing.versions})
            if found or time.monotonic() - since > ENDLESS:
                failures.append(f"{number}, {path}{'' if summed else ' without a sum'}: {found}")
    assert not failures, "\n".join([f"{len(failures)} failures", *failures])
