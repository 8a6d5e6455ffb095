"""What is asked of a server before its bytes are taken: one version, a least rate, its own host, a form."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ecgbench.datasets import download
from ecgbench.datasets.physionet.session import _redirected
from ecgbench.errors import DataError, InputError
from tests.datasets.physionet.databases import ENTRY, NAMES, NUMBERS, PATHS, QUICK, WHOLE, content_of, fetch, held, list_sums
from tests.datasets.physionet.server import Fault, FileServer

pytestmark = pytest.mark.network

HEADER, SIGNALS, ANNOTATIONS = range(3)


def unlist(published: Path, which: int) -> None:
    list_sums(published, [path for path in PATHS if path != PATHS[which]])


def part(root: Path) -> Path:
    found = root / NUMBERS.slug / NUMBERS.version / "records" / f".{NAMES[SIGNALS]}.part"
    found.parent.mkdir(parents=True)
    return found


@pytest.mark.parametrize("version", ['"1"', "", 'W/"1"'])
def test_file_without_a_sum_is_resumed_only_as_the_same_version(server: FileServer, root: Path, published: Path, version: str) -> None:
    unlist(published, SIGNALS)
    server.faults[NAMES[SIGNALS]] = Fault(cut=7000, version=version)
    if version == '"1"':
        fetch(server, root, allow_unlisted=True)
        assert held(root) == WHOLE
    else:
        with pytest.raises(DataError, match="in 3 attempts"):
            fetch(server, root, allow_unlisted=True)
    asked = [(one.range, one.if_range) for one in server.of(NAMES[SIGNALS])]
    assert asked[:2] == [(None, None), ("bytes=7000-", version) if version == '"1"' else (None, None)]


def test_part_of_an_earlier_download_is_not_resumed_without_a_sum(server: FileServer, root: Path, published: Path) -> None:
    unlist(published, SIGNALS)
    part(root).write_bytes(b"other" * 100)
    fetch(server, root, allow_unlisted=True)
    assert [asked.range for asked in server.of(NAMES[SIGNALS])] == [None]
    assert held(root) == WHOLE


def test_bytes_that_come_too_slowly_are_given_up_and_kept(server: FileServer, root: Path) -> None:
    server.faults[NAMES[SIGNALS]] = Fault(pause=0.05, drip=10)
    slow = replace(QUICK, least=1000, window=0.3)
    with pytest.raises(DataError, match=r"expected at least 1000 bytes/s of http://.*, got \d+ bytes in 0\.3 s; try again later or name"):
        download(ENTRY, root, mirror=server.url, patience=slow)
    assert server.counts[NAMES[SIGNALS]] == 1
    server.faults = {}
    fetch(server, root)
    assert server.of(NAMES[SIGNALS])[-1].range is not None
    assert held(root) == WHOLE


@pytest.mark.parametrize("location", ["http://other.invalid/x", "//other.invalid/x", "https://other.invalid"])
def test_redirect_to_another_host_is_refused_with_both_names(server: FileServer, root: Path, location: str) -> None:
    server.faults["SHA256SUMS.txt"] = Fault(status=302, headers={"Location": location})
    with pytest.raises(DataError, match=r"from its own host 127\.0\.0\.1:\d+, got a redirect to https?://other\.invalid; name that host's"):
        fetch(server, root)


@pytest.mark.parametrize(
    ("asked", "location", "led"),
    [
        ("http://a/b/c", "d", "http://a/b/d"),
        ("http://a/b/c", "https://a/b/c", "https://a/b/c"),
        ("https://a:8/b", "//a:8/c?d", "https://a:8/c?d"),
        ("https://a/b", "http://a/b", None),
        ("http://a/b", "http://a:8/b", None),
        ("http://a/b", "file:///b", None),
        ("http://a/b", "http://a@b/", None),
    ],
)
def test_redirect_leads_to_the_same_host_and_never_from_https_to_http(asked: str, location: str, led: str | None) -> None:
    if led is None:
        with pytest.raises(DataError, match=r"expected https?://a.*, got a redirect to http|got a redirect to file"):
            _redirected(asked, location)
    else:
        assert _redirected(asked, location) == led


def test_redirect_on_the_same_host_is_followed(server: FileServer, root: Path, published: Path) -> None:
    (published / "there").write_bytes(content_of(PATHS[SIGNALS]))
    server.faults[NAMES[SIGNALS]] = Fault(status=302, headers={"Location": "../there"})
    fetch(server, root)
    assert held(root) == WHOLE


@pytest.mark.parametrize("kind", ["link", "second name", "pipe"])
def test_part_that_is_no_file_of_its_own_is_not_written_through(server: FileServer, root: Path, tmp_path: Path, kind: str) -> None:
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    there = part(root)
    if kind == "pipe":
        os.mkfifo(there)
    else:
        (there.symlink_to if kind == "link" else there.hardlink_to)(mine)
    fetch(server, root)
    assert mine.read_bytes() == b"mine"
    assert held(root) == WHOLE


@pytest.mark.parametrize(
    ("which", "content", "message"),
    [
        (HEADER, b"<!DOCTYPE html>", "expected the content of 100.hea, got a page of HTML"),
        (HEADER, content_of(PATHS[3]), 'expected the header of record 100 in 100.hea, got 1 signals of "101"'),
        (HEADER, b"100 1 250", "expected whole lines in 100.hea"),
        (HEADER, b"100 0\n", 'got 0 signals of "100"'),
        (HEADER, b"nonsense\n", "expected a readable WFDB record"),
        (SIGNALS, b"", "expected the content of 100.dat, got an empty file"),
        (SIGNALS, b"x" * 19_998, "expected 20000 bytes of signals in 100.dat, as its header says, got 19998"),
        (ANNOTATIONS, b"x" * 20_000, "expected annotations and their end mark in 100.atr, got 20000 bytes without"),
        (ANNOTATIONS, b"x\0\0", "expected annotations and their end mark in 100.atr, got 3 bytes without"),
    ],
)
def test_file_without_a_sum_must_have_the_form_of_its_name(
    server: FileServer, root: Path, published: Path, which: int, content: bytes, message: str
) -> None:
    unlist(published, which)
    server.faults[NAMES[which]] = Fault(content=content)
    with pytest.raises(DataError) as caught:
        fetch(server, root, allow_unlisted=True)
    assert message in str(caught.value)
    server.faults = {}
    fetch(server, root, allow_unlisted=True)
    assert held(root) == WHOLE


def test_file_here_without_a_sum_and_of_another_form_is_fetched_again(server: FileServer, root: Path, published: Path) -> None:
    unlist(published, HEADER)
    fetch(server, root, allow_unlisted=True)
    (root / NUMBERS.slug / NUMBERS.version / PATHS[HEADER]).write_bytes(b"<html>")
    assert fetch(server, root, allow_unlisted=True).fetched == 1
    assert held(root) == WHOLE


def test_what_a_terminal_obeys_is_shown_by_its_escapes(server: FileServer, root: Path, published: Path) -> None:
    (published / "SHA256SUMS.txt").write_text("\x1b[31mred\n")
    with pytest.raises(DataError, match=r"\\x1b\[31mred") as caught:
        fetch(server, root)
    assert str(caught.value).isprintable()


def test_path_with_a_control_character_is_refused(server: FileServer, root: Path, published: Path) -> None:
    with open(published / "SHA256SUMS.txt", "a") as file:
        file.write(f"{'0' * 64} a\x9bb\n")
    with pytest.raises(DataError, match=r"expected a path below the database's folder, got 'a\\x9bb'"):
        fetch(server, root)


@pytest.mark.parametrize(
    "mirror", ["http://[::1", "http://", "http://:80/", "http://a b/", "http://a:99999/", "http://a/?b", "http://a/#b", "http://\x1b[31m"]
)
def test_mirror_that_is_no_folder_at_a_host_is_refused_in_one_line(root: Path, mirror: str) -> None:
    with pytest.raises(InputError, match="expected an http:// or https:// URL, got") as caught:
        download(ENTRY, root, mirror=mirror)
    assert str(caught.value).isprintable()
