"""The static site as files: links, anchors, escaping, what it removes and refuses."""

import json
import re
from html.parser import HTMLParser
from pathlib import PurePosixPath
from posixpath import normpath
from urllib.parse import unquote

import pytest

from ecgbench.errors import InputError
from ecgbench.leaderboard import write_site
from ecgbench.leaderboard.site import MANIFEST, as_html, site_files

PAGES = {
    "README.md": "# Boards\n\n[one](one@x.md#the-auc--1) [notes](../docs/notes.md) [web](https://example.org)\n\n| # |\n|---|\n| 1 |\n",
    "one@x.md": "\n\n".join(
        [
            *("# One (`one@x`)", "## The auc & 1", "## Twice", "## Twice"),
            "![f](figures/one@x/f.svg) [back](README.md) [m](methods/m.md)",
        ]
    ),
    "methods/m.md": "\n\n".join(
        [
            *("# m", "[one](../one@x.md#twice-1) ![f](../figures/one@x/f.svg)"),
            *("<details><summary>s</summary>", "**bold**", "</details>"),
        ]
    ),
    "figures/one@x/f.svg": "<svg/>",
}
PAGES = {path: text.encode() for path, text in PAGES.items()}


class Links(HTMLParser):
    """Links, images and anchors of a page."""

    def __init__(self, text):
        super().__init__()
        self.targets, self.anchors = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.targets += [found[name] for name in ("href", "src") if name in found]
        self.anchors |= {found["id"]} if "id" in found else set()


@pytest.fixture
def files(tmp_path):
    return site_files(PAGES, tmp_path / "leaderboards")


def test_readme_is_the_index_of_its_folder():
    assert as_html("README.md") == "index.html"
    assert as_html("methods/lrp.md") == "methods/lrp.html"
    assert as_html("ptbxl@100hz.md") == "ptbxl@100hz.html"


def test_every_link_between_pages_leads_to_a_file_and_an_anchor(files):
    checked = 0
    for path, content in files.items():
        if not path.endswith(".html"):
            continue
        for target in Links(content.decode()).targets:
            address, _, anchor = target.partition("#")
            if re.match(r"[a-z]+:", address):
                continue
            there = normpath(str(PurePosixPath(path).parent / unquote(address)))
            assert there in files, (path, target)
            assert not anchor or anchor in Links(files[there].decode()).anchors, (path, target)
            checked += 1
    assert checked > 15


def test_links_that_leave_the_pages_become_addresses_of_files(files, tmp_path):
    assert (tmp_path / "docs" / "notes.md").as_uri() in Links(files["index.html"].decode()).targets
    assert "https://example.org" in Links(files["index.html"].decode()).targets


def test_markdown_within_details_is_rendered(files):
    assert "<strong>bold</strong>" in files["methods/m.html"].decode()


def test_title_and_navigation_are_escaped(tmp_path):
    files = site_files({"README.md": b"# A <b>\n", "<i>.md": b"# B\n"}, tmp_path)
    assert "<title>A &lt;b&gt;</title>" in files["index.html"].decode()
    assert "<i>" not in files["index.html"].decode()


def test_every_page_is_in_the_navigation(files):
    for path, wanted in (("one@x.html", ["index", "one%40x", "methods/m"]), ("methods/m.html", ["../index", "../one%40x", "m"])):
        assert {f"{name}.html" for name in wanted} <= set(Links(files[path].decode()).targets)


def test_writing_twice_changes_no_byte_and_removes_what_is_gone(tmp_path):
    out = tmp_path / "site"
    first = write_site(PAGES, tmp_path, out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert first == out / "index.html"
    write_site(PAGES, tmp_path, out)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    write_site({"README.md": PAGES["README.md"]}, tmp_path, out)
    assert {path.name for path in out.rglob("*") if path.is_file()} == {"index.html", "style.css", "tables.js", MANIFEST}


def test_file_of_the_user_in_the_site_stays(tmp_path):
    write_site(PAGES, tmp_path, tmp_path / "site")
    (tmp_path / "site" / "mine.txt").write_text("mine")
    write_site({"README.md": b"# A\n"}, tmp_path, tmp_path / "site")
    assert (tmp_path / "site" / "mine.txt").read_text() == "mine"


def test_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="expected an empty folder or an earlier site"):
        write_site(PAGES, tmp_path, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("listed", ["../outside.txt", "/outside.txt"])
def test_manifest_removes_nothing_outside_the_site(listed, tmp_path):
    out = tmp_path / "site"
    write_site(PAGES, tmp_path, out)
    (tmp_path / "outside.txt").write_text("mine")
    (out / MANIFEST).write_text(json.dumps([listed]))
    write_site(PAGES, tmp_path, out)
    assert (tmp_path / "outside.txt").exists()
