"""The site without a browser: links, escaping, what is the same each time, and whose files a build may touch."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

from ecgbench.errors import InputError
from ecgbench.leaderboard import write_site
from ecgbench.leaderboard.site.build import render_site
from ecgbench.leaderboard.site.folder import LIST, fill
from ecgbench.leaderboard.site.html import own_markup, parse, to_html

PAGES = {
    "README.md": b"# Start\n\n[board](mitdb.md#scores), [one](methods/lime.md), [docs](../docs/how.md), [none](../docs/none.md), [web](https://a.b/c.md)",
    "mitdb.md": b"# Board\n\n## Scores\n\n## Scores\n\n[again](#scores-1), [gone](README.md#gone)\n\n![f](figures/mitdb/f.svg)\n\n"
    b'<details><summary>raw</summary><img src="figures/mitdb/f.svg" alt="f"> <a href="methods/lime.md">lime</a></details>',
    "methods/lime.md": b"# lime\n\n"
    b"[start](../README.md), [board](../mitdb.md#scores), [same folder](lime.md)\n\n![f](../figures/mitdb/f.svg)",
    "figures/mitdb/f.svg": b"<svg/>",
}


class Tags(HTMLParser):
    """Elements of a page with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def tags(content, name):
    return [attributes for tag, attributes in Tags(content.decode()).found if tag == name]


def all_links(site):
    """Page and link of every address that a site refers to."""
    for path, content in site.items():
        if path.endswith(".html"):
            for _, attributes in Tags(content.decode()).found:
                yield from ((path, attributes[key]) for key in ("href", "src") if key in attributes)


def dead_links(folder, site):
    """Links to files or anchors that are not there."""
    ids = {
        path: {a["id"] for _, a in Tags(content.decode()).found if "id" in a} for path, content in site.items() if path.endswith(".html")
    }
    for page, link in all_links(site):
        parts = urlsplit(link)
        if parts.scheme in ("https", "data"):
            continue
        place = folder / unquote(parts.path) if parts.scheme == "file" else (folder / page).parent / unquote(parts.path)
        if not place.exists() or (parts.fragment and parts.fragment not in ids[place.resolve().relative_to(folder.resolve()).as_posix()]):
            yield page, link


@pytest.fixture
def site(tmp_path):
    """A small site, whose pages are below `project/leaderboards`."""
    docs = tmp_path / "project" / "docs"
    docs.mkdir(parents=True)
    (docs / "how.md").write_text("")
    return render_site(PAGES, tmp_path / "project" / "leaderboards")


def shown(markdown):
    return to_html(parse(markdown), lambda link: link)


# Links


def test_links_between_pages_lead_to_their_html(site):
    start = [attributes.get("href") for attributes in tags(site["index.html"], "a")][-5:]
    assert start[:2] == ["mitdb.html#scores", "methods/lime.html"]
    assert [attributes["href"] for attributes in tags(site["methods/lime.html"], "a")][-3:] == [
        "../index.html",
        "../mitdb.html#scores",
        "lime.html",
    ]


def test_link_out_of_the_pages_leads_to_the_file_or_nowhere(site, tmp_path):
    there, absent, web = [attributes.get("href") for attributes in tags(site["index.html"], "a")][-3:]
    assert there == (tmp_path / "project" / "docs" / "how.md").as_uri()
    assert absent is None
    assert web == "https://a.b/c.md"


def test_links_in_raw_markup_lead_to_the_same_places_and_anchors_that_are_not_there_are_left_off(site):
    links = [attributes["href"] for attributes in tags(site["mitdb.html"], "a")]
    assert links[-3:] == ["mitdb.html#scores-1", "index.html", "methods/lime.html"]
    assert [attributes["src"] for attributes in tags(site["mitdb.html"], "img")] == ["figures/mitdb/f.svg"] * 2


def test_headings_have_the_anchors_that_github_gives_them():
    text = "## Localisation (causal)\n\n## MIT-BIH `mitdb`\n\n## [ptbxl@100hz](a.md)\n\n## What *is* this_one?"
    assert parse(text).anchors == {"localisation-causal", "mit-bih-mitdb", "ptbxl100hz", "what-is-this_one"}


def test_every_link_of_a_small_site_leads_somewhere(site, tmp_path):
    fill(tmp_path / "site", site)
    assert len(list(all_links(site))) > 20
    assert list(dead_links(tmp_path / "site", site)) == []


def test_every_link_of_rendered_results_leads_somewhere(accept_small, scores, out, tmp_path):
    accept_small("mitdb")
    accept_small("svdb", advantage=-0.1)
    folder = tmp_path / "site"
    index = write_site(scores, folder, out)
    assert index == folder / "index.html"
    written = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {"index.html", "mitdb.html", "svdb.html", "methods/lime.html", "metrics/auc.html"} <= written.keys()
    assert list(dead_links(folder, written)) == []
    assert sorted(path.name for path in out.iterdir()) == ["scores"]


# Pages


def test_navigation_names_every_page_and_marks_the_one_it_is_on(site):
    links = tags(site["methods/lime.html"], "a")[:3]
    assert [attributes["href"] for attributes in links] == ["../index.html", "../mitdb.html", "lime.html"]
    assert [attributes.get("aria-current") for attributes in links] == [None, None, "page"]


def test_tables_stand_in_named_boxes_and_tables_of_positions_are_marked():
    page = shown("## Scores\n\n| # | a |\n|---|---|\n| 1 | 2 |\n\n## Other\n\n| a |\n|---|\n| 1 |")
    assert re.findall(r'aria-label="([^"]*)">\n<table([^>]*)>', page) == [("Table: Scores", ' class="positions"'), ("Table: Other", "")]
    assert page.count('<th scope="col"') == 3


def test_site_is_the_same_each_time_and_asks_nothing_of_the_network(site, tmp_path):
    assert render_site(dict(reversed(PAGES.items())), tmp_path / "project" / "leaderboards") == site
    loaded = [
        link
        for page in site
        for tag in ("script", "link", "img")
        if page.endswith(".html")
        for a in tags(site[page], tag)
        for link in a.values()
        if link and "//" in link
    ]
    assert loaded == []


# Escaping


HOSTILE = (
    "<script>alert(1)</script>",
    "<SCRIPT src='x.js'></SCRIPT>",
    "<scr<!-- -->ipt>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<img src="x" onerror="alert(1)">',
    '<iframe src="https://a.b"></iframe>',
    '<a href="javascript:alert(1)">a</a>',
    "[a](javascript:alert(1))",
    "<svg/onload=alert(1)>",
    "<style>body { display: none }</style>",
)


@pytest.mark.parametrize("around", ["{}", "`{}`", "| {} |\n|---|\n| {} |", "<details>{}</details>"])
def test_hostile_text_stays_text(around, tmp_path):
    markdown = "\n\n".join(around.replace("{}", hostile) for hostile in HOSTILE)
    site = render_site({"README.md": markdown.encode()}, tmp_path)
    found = Tags(site["index.html"].decode()).found
    assert {tag for tag, _ in found}.isdisjoint({"iframe", "svg", "style"})
    assert [attributes["src"] for attributes in tags(site["index.html"], "script")] == ["tables.js", "views.js", "menus.js"]
    assert not [key for _, attributes in found for key in attributes if key.startswith("on")]
    assert not [value for _, attributes in found for value in attributes.values() if value and value.startswith("javascript")]


def test_markup_of_the_pages_is_kept():
    markup = "<details open><summary>a &lt; <code>b</code></summary>1<br><sub>2</sub></details>"
    assert own_markup(markup, lambda link: link) == markup.replace("open", 'open=""')
    assert own_markup("<!-- gone -->a < b", lambda link: link) == "a &lt; b"


# The folder


def names_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_files_of_the_last_build_that_are_not_made_any_more_are_removed_and_others_left(tmp_path):
    fill(tmp_path, {"index.html": b"1", "methods/lime.html": b"2", "a.html": b"3"})
    (tmp_path / "notes.txt").write_text("mine")
    fill(tmp_path, {"index.html": b"4"})
    assert names_in(tmp_path) == [LIST, "index.html", "notes.txt"]
    assert not (tmp_path / "methods").exists()
    assert (tmp_path / "index.html").read_bytes() == b"4"


def test_folder_of_other_files_is_refused_and_left(tmp_path):
    existing = "folder/notes.txt"
    (tmp_path / existing).parent.mkdir(exist_ok=True)
    (tmp_path / existing).write_text("mine")
    with pytest.raises(
        InputError, match=r"expected an empty folder or an earlier site in .*, got other files; name another folder with --site\."
    ):
        fill(tmp_path, {"index.html": b""})
    assert names_in(tmp_path) == [existing]


def test_file_that_was_put_where_the_site_needs_one_is_refused_and_left(tmp_path):
    fill(tmp_path, {"index.html": b"1"})
    (tmp_path / "a.html").write_text("mine")
    with pytest.raises(InputError, match=r"got a file a\.html that was not built"):
        fill(tmp_path, {"index.html": b"2", "a.html": b"2"})
    assert [(tmp_path / name).read_bytes() for name in ("index.html", "a.html")] == [b"1", b"mine"]


def test_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "site").write_text("mine")
    with pytest.raises(InputError, match="got a file; name another folder"):
        fill(tmp_path / "site", {"index.html": b""})


@pytest.mark.parametrize("path", ["/etc/hostname", "a/../../notes.txt"])
def test_list_that_names_files_elsewhere_is_refused(tmp_path, path):
    folder = tmp_path / "site"
    (tmp_path / "notes.txt").write_text("mine")
    fill(folder, {"index.html": b""})
    with (folder / LIST).open("a") as listing:
        listing.write(f"{path}\n")
    with pytest.raises(InputError, match=r"got a list .* that was not built"):
        fill(folder, {"index.html": b""})
    assert (tmp_path / "notes.txt").exists()


def test_build_that_was_cut_off_is_built_over(tmp_path, monkeypatch):
    import ecgbench.leaderboard.site.folder as module

    written = []

    def full(path, content):
        if len(written) == 2:
            raise OSError(28, "No space left on device")
        written.append(path)
        path.write_bytes(content)

    monkeypatch.setattr(module, "write_atomically", full)
    with pytest.raises(InputError, match="No space left on device"):
        fill(tmp_path, {"a.html": b"1", "index.html": b"1"})
    monkeypatch.undo()
    fill(tmp_path, {"index.html": b"2"})
    assert names_in(tmp_path) == [LIST, "index.html"]
