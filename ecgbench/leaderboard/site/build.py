"""The pages as a static site that needs no server and no network: sortable, filterable tables on the accepted results."""

from __future__ import annotations

import html
import posixpath
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from string import Template
from types import MappingProxyType
from urllib.parse import quote, unquote, urlsplit

from ecgbench.leaderboard.figures.style import AGAINST, FOR
from ecgbench.leaderboard.kept_figures import PATH as DIGESTS
from ecgbench.leaderboard.site.drawn.parts import Parts, drawn_parts
from ecgbench.leaderboard.site.explorer.case import Shown
from ecgbench.leaderboard.site.explorer.page import explorer_files, explorer_head, explorer_markup
from ecgbench.leaderboard.site.folder import INDEX, check, fill
from ecgbench.leaderboard.site.html import Page, parse, to_html
from ecgbench.leaderboard.site.set_aside import set_aside
from ecgbench.leaderboard.statistics.analysis import Analysis, analyse
from ecgbench.leaderboard.statistics.board import read_boards
from ecgbench.leaderboard.write import rendered
from ecgbench.metrics import LOCALISATION

STYLE = "style.css"
ASSETS = ("tables.js", "views.js", "menus.js")
START = "README.md"
SCHEMES = ("http", "https", "mailto")
EXPLORER = "explorer.html"

Explore = Callable[[Mapping[str, Mapping[str, str]]], Sequence[Shown]]
"""From the methods of each dataset, the best first, with the variant that ranks, to the models and windows that the explorer shows."""


def write_site(scores: Path, folder: Path, out: Path, explore: Explore | None = None) -> Path:
    """Build the site of the accepted results; no page outside its folder is written.

    Parameters
    ----------
    scores : folder of the accepted results
    folder : folder of the site
    out : folder of the pages, which says what their links to other files mean
    explore : finds what the explorer shows; without it the site has none

    Returns
    -------
    Path
        The site's first page.

    Raises
    ------
    ResultsError
        If results are absent or unreadable.
    InputError
        If the site's folder holds something that is not of a site.
    """
    check(folder)
    analyses = [analyse(board) for board in read_boards(scores)]
    orders = {analysis.board.key: methods_in_order(analysis) for analysis in analyses if analysis.board.default}
    shown = () if explore is None else explore(orders)
    contents = {path.relative_to(out).as_posix(): content for path, content in rendered(analyses, out).items()}
    del contents[DIGESTS]
    drawn, pictures = drawn_parts(analyses)
    fill(folder, render_site(contents | pictures, out, drawn, shown))
    return folder / INDEX


def methods_in_order(analysis: Analysis) -> dict[str, str]:
    """Methods and controls from the best mean place on, with the variant that ranks where to look; those without a place are left out."""
    found: dict[str, str] = {}
    for source, variant in analysis.board.places.mean(axis=1).dropna().sort_values().index:
        found.setdefault(str(source), str(variant))
    compared = analysis.comparisons.get(LOCALISATION)
    return found if compared is None else found | {key: variant for key, variant in compared.order if key in found}


def render_site(
    contents: Mapping[str, bytes], source: Path, drawn: Parts = MappingProxyType({}), shown: Sequence[Shown] = ()
) -> dict[str, bytes]:
    """Content of every file of the site by its path below the site's folder.

    Parameters
    ----------
    contents : markdown pages and figures by their path, with slashes, below the pages' folder
    source : the pages' folder; a link out of the pages leads to the file that it names from there, or nowhere if there is none
    drawn : HTML by page and name of the part in whose place it stands
    shown : models and windows of the explorer; without any there is none
    """
    pages = {path: parse(content.decode()) for path, content in contents.items() if path.endswith(".md")}
    site = {path: content for path, content in contents.items() if path not in pages}
    explored = bool(shown)
    for path, page in pages.items():
        content = to_html(page, lambda link, path=path: _target(link, path, pages, contents, source), drawn.get(path, {}))  # type: ignore[misc]
        content, scripts = set_aside(_linked(content, path, shown), _name(path))
        site |= scripts | {_name(path): _page(page.title, path, _navigation(pages, path, explored), content)}
    if explored:
        content = f"<h1>Explorer</h1>\n{explorer_markup(schemes=True)}"
        site[EXPLORER] = _page("Explorer", EXPLORER, _navigation(pages, EXPLORER, explored), content, explorer_head())
        site |= explorer_files(shown)
    return site | {name: _asset(name) for name in ASSETS} | {STYLE: _style()}


def _style() -> bytes:
    """The style sheet with the colours that maps have in figures too."""
    return Template(_asset(STYLE).decode()).safe_substitute({"for": FOR, "against": AGAINST}).encode()


def _linked(content: str, path: str, shown: Sequence[Shown]) -> str:
    """A page's content with a link to the explorer below its heading, if it is of a dataset or method that is shown there."""
    folder, file = posixpath.split(path)
    name = file.removesuffix(".md")
    states = {("", one.dataset): "dataset" for one in shown} | {("methods", key): "maps" for one in shown for key in one.sources}
    if (folder, name) not in states:
        return content
    state = html.escape(f"{_relative(EXPLORER, path)}#{states[folder, name]}={quote(name)}")
    return content.replace("</h1>", f'</h1>\n<p><a href="{state}">See its maps in the explorer</a></p>', 1)


def _page(title: str, path: str, navigation: str, content: str, head: str = "") -> bytes:
    """A page of the site; `path` says where it stands."""
    template = Template(_asset("page.html").decode())
    filled = template.substitute(title=html.escape(title), root=_relative("", path), head=head, navigation=navigation, content=content)
    return filled.encode()


def _asset(name: str) -> bytes:
    return (resources.files("ecgbench.leaderboard.site") / "assets" / name).read_bytes()


def _name(page: str) -> str:
    """File of a page in the site."""
    folder, file = posixpath.split(page)
    name = f"{file.removesuffix('.md')}.html" if file.endswith(".md") else file
    return posixpath.join(folder, INDEX if file == START else name)


def _relative(path: str, page: str) -> str:
    """Address of a file of the site from a page; of the site's folder, with a slash behind it or empty, for no path."""
    up = "../" * page.count("/")
    if not path:
        return up
    folder = posixpath.dirname(page)
    near = path.removeprefix(f"{folder}/") if folder and path.startswith(f"{folder}/") else up + path
    return quote(near, safe="/@")


def _target(link: str, page: str, pages: Mapping[str, Page], contents: Mapping[str, bytes], source: Path) -> str | None:
    """Where a page's link leads: to a page or figure of the site, the web, or an existing file; an anchor that is not there is left off."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return link if parts.scheme in SCHEMES else None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path))) if parts.path else page
    if path in pages:
        there = unquote(parts.fragment) in pages[path].anchors
        return _relative(_name(path), page) + (f"#{parts.fragment}" if there else "")
    if path in contents:
        return _relative(path, page)
    file = (source / path).resolve()
    return file.as_uri() if file.exists() else None


def _navigation(pages: Mapping[str, Page], current: str, explored: bool) -> str:
    """Links to all pages: the first one, the explorer if there is one, and a menu for each folder."""
    menus: dict[str, list[str]] = {}
    for path in sorted(pages.keys() - {START}):
        menus.setdefault(posixpath.dirname(path), []).append(path)
    items = [_entry(START, "Overview", current)] if START in pages else []
    items += [_entry(EXPLORER, "Explorer", current)] if explored else []
    for folder, paths in sorted(menus.items()):
        entries = "".join(f"<li>{_entry(path, posixpath.basename(path).removesuffix('.md'), current)}</li>" for path in paths)
        here = ' class="here"' if current in paths else ""
        title = html.escape((folder or "datasets").capitalize())
        items.append(f'<details name="menu"><summary{here}>{title}</summary><ul>{entries}</ul></details>')
    return "\n".join(items)


def _entry(page: str, text: str, current: str) -> str:
    here = ' aria-current="page"' if page == current else ""
    return f'<a href="{html.escape(_relative(_name(page), current))}"{here}>{html.escape(text)}</a>'
