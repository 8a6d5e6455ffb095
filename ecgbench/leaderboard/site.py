"""The leaderboards as a static site: the markdown pages as HTML whose tables sort and filter, without a server."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from itertools import pairwise
from pathlib import Path, PurePosixPath
from posixpath import normpath, relpath
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from ecgbench.artifacts import write_atomically
from ecgbench.errors import InputError

if TYPE_CHECKING:
    from markdown_it.token import Token

MANIFEST = ".ecgbench-site.json"
"""File that lists what the builder wrote, so that it removes nothing else."""

_TEMPLATE = files("ecgbench.leaderboard") / "template"
_ASSETS = ("style.css", "tables.js")


def write_site(rendered: Mapping[str, bytes], beside: Path, out: Path) -> Path:
    """Write the site, and remove what an earlier one left; returns the path of its first page.

    Parameters
    ----------
    rendered : pages and figures by their paths, as `ecgbench.leaderboard.render_pages` gives them
    beside : folder of the pages, which links that leave them are relative to
    out : folder of the site

    Raises
    ------
    InputError
        If the folder holds files and is no site of ours.
    """
    before, contents = _written(out), site_files(rendered, beside)
    for path, content in contents.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(out / path, content)
    for path in before - set(contents):
        (out / path).unlink(missing_ok=True)
    write_atomically(out / MANIFEST, (json.dumps(sorted(contents), indent=1) + "\n").encode())
    return out / "index.html"


def _written(out: Path) -> set[str]:
    """What an earlier call wrote into the folder."""
    if not out.exists():
        return set()
    if not out.is_dir() or ((there := any(out.iterdir())) and not (out / MANIFEST).is_file()):
        raise InputError(f"expected an empty folder or an earlier site in {out}, got other files; name another folder with --site.")
    listed = json.loads((out / MANIFEST).read_text()) if there else []
    return {path for path in listed if isinstance(path, str) and not PurePosixPath(path).is_absolute() and ".." not in path.split("/")}


def site_files(rendered: Mapping[str, bytes], beside: Path) -> dict[str, bytes]:
    """Content of every file of the site by its path (see `write_site`)."""
    pages = {path: content.decode() for path, content in rendered.items() if path.endswith(".md")}
    found = {path: content for path, content in rendered.items() if path not in pages}
    found |= {name: (_TEMPLATE / name).read_bytes() for name in _ASSETS}
    template = Template((_TEMPLATE / "page.html").read_text())
    for path, text in pages.items():
        found[as_html(path)] = _page(template, path, text, pages, rendered, beside).encode()
    return found


def as_html(path: str) -> str:
    """Path of a page's HTML; every folder's README is its index."""
    page = PurePosixPath(path)
    return str(page.with_name("index.html") if page.name == "README.md" else page.with_name(f"{page.stem}.html"))


def _page(template: Template, path: str, text: str, pages: Mapping[str, str], rendered: Mapping[str, bytes], beside: Path) -> str:
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    tokens = reader.parse(text)
    _name_headings(tokens)
    for token in tokens:
        for child in token.children or ():
            _lead(child, path, rendered, beside)
    return template.substitute(
        title=html.escape(_title(text) or path),
        root=relpath(".", str(PurePosixPath(path).parent)) + "/",
        navigation=_navigation(path, pages),
        content=reader.renderer.render(tokens, reader.options, {}),
    )


def _title(text: str) -> str:
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1].replace("`", "") if found else ""


def _name_headings(tokens: list[Token]) -> None:
    """Give headings the anchors that GitHub gives them."""
    seen: dict[str, int] = {}
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            text = "".join(child.content for child in inline.children or () if child.type in ("text", "code_inline"))
            name = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            seen[name] = seen.get(name, -1) + 1
            token.attrSet("id", f"{name}-{seen[name]}" if seen[name] else name)


def _lead(token: Token, path: str, rendered: Mapping[str, bytes], beside: Path) -> None:
    """Lead a link from markdown to HTML; one that leaves the pages becomes the file's own address."""
    target = str(token.attrGet("href") or "") if token.type == "link_open" else ""
    address, hash_, anchor = target.partition("#")
    if not address or re.match(r"[a-z]+:", address):
        return
    wanted = normpath(str(PurePosixPath(path).parent / unquote(address)))
    if wanted in rendered:
        there = as_html(wanted) if wanted.endswith(".md") else wanted
        token.attrSet("href", quote(relpath(there, str(PurePosixPath(path).parent))) + hash_ + anchor)
    else:
        token.attrSet("href", (beside / wanted).resolve().as_uri() + hash_ + anchor)


def _navigation(path: str, pages: Iterable[str]) -> str:
    """Links to the overview and, folded, to the datasets, methods and metrics."""
    here = str(PurePosixPath(path).parent)
    groups: dict[str, list[str]] = {}
    for page in sorted(pages):
        folder = PurePosixPath(page).parent.name
        if page != "README.md":
            groups.setdefault(folder or "datasets", []).append(page)
    parts = [f'<a href="{quote(relpath("index.html", here))}">Overview</a>']
    for name in sorted(groups):
        links = "".join(
            f'<li><a href="{quote(relpath(as_html(page), here))}">{html.escape(PurePosixPath(page).stem)}</a></li>' for page in groups[name]
        )
        parts.append(f"<details><summary>{html.escape(name.capitalize())}</summary><ul>{links}</ul></details>")
    return "\n".join(parts)
