"""Links of the documents as they stand in the repository, led to the same texts on the site.

A page of the site is a file of `docs/`, or one of the few beside the README that are taken in below `project/`. The leaderboards have a
site of their own, which is laid beside this one; links to source files become plain text, as the site holds no source.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
PROJECT = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "CODE_OF_CONDUCT.md")
START = "index.md"
"""What stands for the README, without its headings."""
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Take in the texts beside the README."""
    for name in PROJECT:
        files.append(File.generated(config, f"project/{name}", abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """Lead a page's links to where their targets stand on the site."""
    place = page.file.src_uri
    folder = "" if place.startswith("project/") else posixpath.dirname(f"docs/{place}")

    def led(found: re.Match[str]) -> str:
        text, link, anchor = found[1], found[2], found[3] or ""
        target = site_path(posixpath.normpath(posixpath.join(folder, link)))
        if target is None:
            return text
        there = posixpath.relpath(target, posixpath.dirname(place) or ".") + ("" if target == START else anchor)
        return f'<a href="{there}">{text}</a>' if target.startswith("leaderboards/") else f"[{text}]({there})"

    return _LINK.sub(led, markdown)


def site_path(path: str) -> str | None:
    """Where a file of the repository stands on the site; None if it doesn't."""
    if path == "README.md":
        return START
    if path in PROJECT:
        return f"project/{path}"
    if path.startswith("leaderboards/") and path.endswith(".md"):
        return re.sub(r"\.md$", ".html", path.replace("README.md", "index.md"))
    return path.removeprefix("docs/") if path.startswith("docs/") else None
