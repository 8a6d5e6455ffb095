"""A mirror that serves other files with a list that fits them is believed only where nothing is pinned."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from ecgbench.datasets import DATASETS, is_simulated, verify
from ecgbench.datasets.physionet import pins
from ecgbench.datasets.physionet.needed_files import needed_paths
from ecgbench.datasets.records.files.checksums import read_sums, sha256
from ecgbench.errors import DataError
from tests.datasets.physionet.databases import ENTRY, NAMES, NUMBERS, PATHS, WHOLE, content_of, fetch, held, list_sums, publish
from tests.datasets.physionet.server import Fault, FileServer

PINNED = (Path(pins.__file__).parent / "sums").resolve()

FIXED = PATHS[1]


@pytest.fixture
def _pinned(pinned: Path) -> None:
    """The published content of one file is pinned."""
    digest = hashlib.sha256(content_of(FIXED)).hexdigest()
    (pinned / f"{NUMBERS.slug}-{NUMBERS.version}.txt").write_text(f"{digest} {FIXED}\n")


def forge(published: Path, *marks: str) -> None:
    (published / FIXED).write_bytes(b"forged")
    for mark in marks:
        (published / mark).write_text("yes")
    list_sums(published, [*PATHS, *marks])


@pytest.mark.parametrize("key", ["mitdb", "svdb"])
def test_every_needed_file_is_pinned(key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pins, "FOLDER", PINNED)
    entry = DATASETS[key]
    assert set(pins.pinned_sums(entry.protocol)) == set(needed_paths(entry, tmp_path, None))


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(PINNED.glob("*.txt")), ids=lambda path: path.stem)
def test_pinned_sums_are_those_of_the_published_files(path: Path, unpacked: Callable[[str], Path]) -> None:
    slug, _, version = path.stem.rpartition("-")
    folder = unpacked(slug) / slug / version
    listed = dict(read_sums(folder / "SHA256SUMS.txt"))
    pinned = dict(read_sums(path))
    assert pinned == {name: listed[name] for name in pinned} == {name: sha256(folder / name) for name in pinned}


@pytest.mark.network
@pytest.mark.usefixtures("_pinned")
@pytest.mark.parametrize("listed", [True, False])
def test_published_files_come_and_a_pinned_one_need_not_be_listed(server: FileServer, root: Path, published: Path, listed: bool) -> None:
    list_sums(published, [path for path in PATHS if listed or path != FIXED])
    fetch(server, root)
    assert held(root) == WHOLE
    assert verify(ENTRY, root).complete


@pytest.mark.network
@pytest.mark.usefixtures("_pinned")
def test_forged_file_with_a_list_that_fits_is_refused_before_any_file_comes(server: FileServer, root: Path, published: Path) -> None:
    forge(published)
    with pytest.raises(DataError, match=rf"expected the SHA-256 of {FIXED} that ecgbench fixes for tinydb 1\.0, .*; name another --mirror"):
        fetch(server, root)
    assert held(root) == {}


@pytest.mark.network
def test_forged_file_is_believed_where_nothing_is_pinned(server: FileServer, root: Path, published: Path) -> None:
    forge(published)
    fetch(server, root)
    assert held(root)[FIXED] == b"forged"


@pytest.mark.network
@pytest.mark.usefixtures("_pinned")
def test_records_that_say_they_are_simulated_come_with_their_mark_first(server: FileServer, root: Path, published: Path) -> None:
    forge(published, "SIMULATED")
    done = fetch(server, root)
    assert [asked.path.rpartition("/")[2] for asked in server.asked[:2]] == ["SHA256SUMS.txt", "SIMULATED"]
    assert is_simulated(done.folder)


@pytest.mark.network
@pytest.mark.usefixtures("_pinned")
def test_records_do_not_come_without_the_mark_that_is_listed(server: FileServer, root: Path, published: Path) -> None:
    forge(published, "SIMULATED")
    server.faults["SIMULATED"] = Fault(status=404)
    with pytest.raises(DataError, match="expected 11 files of tinydb, got 0, and 1 that failed, among them SIMULATED"):
        fetch(server, root)
    assert held(root) == {}


@pytest.mark.usefixtures("_pinned")
def test_forged_folder_is_damaged(tmp_path: Path) -> None:
    forge(publish(tmp_path))
    assert verify(ENTRY, tmp_path).damaged == (FIXED,)


@pytest.mark.network
@pytest.mark.usefixtures("_pinned")
def test_list_here_that_is_forged_or_old_is_fetched_anew(server: FileServer, root: Path) -> None:
    forge(publish(root))
    fetch(server, root)
    assert held(root) == {**WHOLE, "not needed.txt": content_of("not needed.txt")}


@pytest.mark.network
def test_old_list_is_named_beside_the_mirror_where_nothing_is_pinned(server: FileServer, root: Path, published: Path) -> None:
    fetch(server, root)
    forge(published)
    (root / NUMBERS.slug / NUMBERS.version / FIXED).unlink()
    with pytest.raises(DataError, match=r"name another --mirror or, if the mirror has another list since, remove .*SHA256SUMS\.txt\."):
        fetch(server, root)
    (root / NUMBERS.slug / NUMBERS.version / "SHA256SUMS.txt").unlink()
    assert fetch(server, root).fetched == 1
    assert server.counts[NAMES[0]] == 1
