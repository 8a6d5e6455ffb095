"""Markdown pages as HTML: headings with GitHub's anchors, links that a caller resolves, tables in boxes, and no markup but our own."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

Target = Callable[[str], str | None]
"""Address of a link in the site; None if it leads nowhere."""

TAGS = frozenset("a br code details div em img p picture source span strong sub summary sup".split())
LINKS = frozenset(("href", "src", "srcset"))
ATTRIBUTES = LINKS | frozenset(("align", "alt", "height", "media", "open", "title", "width"))
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
TAG = re.compile(r'<(/?)([A-Za-z][\w-]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*/?>')
ATTRIBUTE = re.compile(r'([\w:-]+)(?:="([^"]*)")?')


DRAWN, DRAWN_END = re.compile(r"<!-- drawn:(\S+) -->"), "<!-- /drawn -->"
"""Between these stands, in markdown, what the site draws."""
DRAWN_LINK = re.compile(r'\b(href|src)="([^"]*)"')


@dataclass(frozen=True)
class Page:
    """A parsed page, the text of its first heading, and its anchors."""

    tokens: Sequence[Token]
    title: str
    anchors: frozenset[str]


def parse(markdown: str) -> Page:
    """Parse a page and give its headings the anchors that GitHub gives them."""
    tokens = _parser().parse(markdown)
    titles: list[str] = []
    anchors: list[str] = []
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            titles.append(_text(inline))
            anchors.append(_anchor(titles[-1], anchors))
            token.attrSet("id", anchors[-1])
    return Page(tokens, titles[0] if titles else "", frozenset(anchors))


def to_html(page: Page, target: Target, drawn: Mapping[str, str] = MappingProxyType({})) -> str:
    """Render a page; a link or picture without a target keeps its text alone.

    Parameters
    ----------
    page : parsed
    target : where links lead
    drawn : trusted HTML by the name of the part of the page in whose place it stands
    """
    rendered: str = _parser().renderer.render(_with_drawn(page.tokens, drawn), _parser().options, {"target": target})
    return rendered


def _with_drawn(tokens: Sequence[Token], drawn: Mapping[str, str]) -> list[Token]:
    """The tokens, those between the marks of a drawn part replaced by it."""
    kept, within = list[Token](), False
    for token in tokens:
        mark = DRAWN.match(token.content) if token.type == "html_block" else None
        if mark and mark[1] in drawn:
            kept.append(Token("drawn", "", 0, content=drawn[mark[1]]))
        within = mark[1] in drawn if mark else within
        if not within:
            kept.append(token)
        elif token.type == "html_block" and token.content.startswith(DRAWN_END):
            within = False
    return kept


def _drawn(_renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, env: Environment) -> str:
    """A drawn part with its links resolved."""

    def resolved(link: re.Match[str]) -> str:
        wanted = env["target"](html.unescape(link[2]))
        return "" if wanted is None else f'{link[1]}="{html.escape(wanted)}"'

    return DRAWN_LINK.sub(resolved, tokens[at].content)


def own_markup(text: str, target: Target) -> str:
    """Raw HTML of a page with the tags and attributes that pages are made of; all other tags become text, comments vanish."""
    text = COMMENT.sub("", text)
    parts, end = [], 0
    for tag in TAG.finditer(text):
        parts += [text[end : tag.start()].replace("<", "&lt;"), _tag(tag, target)]
        end = tag.end()
    return "".join([*parts, text[end:].replace("<", "&lt;")])


def _tag(tag: re.Match[str], target: Target) -> str:
    closing, name, attributes = tag.groups()
    if name.lower() not in TAGS:
        return html.escape(tag[0])
    kept = []
    for key, value in ATTRIBUTE.findall(attributes):
        if key not in ATTRIBUTES:
            continue
        wanted = target(html.unescape(value)) if key in LINKS else html.unescape(value)
        if wanted is not None:
            kept.append(f' {key}="{html.escape(wanted)}"')
    return f"<{closing}{name}{''.join(kept)}>"


def _text(inline: Token) -> str:
    return "".join(child.content for child in inline.children or () if child.type in ("text", "text_special", "code_inline"))


def _anchor(title: str, taken: Sequence[str]) -> str:
    """The anchor of a heading, numbered where earlier ones have the same."""
    plain = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
    anchor, number = plain, 0
    while anchor in taken:
        number += 1
        anchor = f"{plain}-{number}"
    return anchor


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    for kind, rule in {
        "drawn": _drawn,
        "fence": _fence,
        "html_block": _raw,
        "html_inline": _raw,
        "link_open": _link,
        "image": _image,
        "table_open": _table,
        "table_close": _table_end,
        "th_open": _header,
    }.items():
        parser.add_render_rule(kind, rule)
    return parser


Environment = MutableMapping[str, Any]


def _raw(_renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, env: Environment) -> str:
    return own_markup(tokens[at].content, env["target"])


def _link(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: Environment) -> str:
    return renderer.renderToken([_resolved(tokens[at], "href", env)], 0, options, env)


def _image(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: Environment) -> str:
    return renderer.image([_resolved(tokens[at], "src", env)], 0, options, env)


def _resolved(token: Token, attribute: str, env: Environment) -> Token:
    wanted = env["target"](str(token.attrs[attribute]))
    attributes = {key: value for key, value in token.attrs.items() if key != attribute}
    return token.copy(attrs=attributes if wanted is None else attributes | {attribute: wanted})


def _table(_renderer: RendererHTML, tokens: Sequence[Token], at: int, _options: OptionsDict, env: Environment) -> str:
    """A box that scrolls by itself, named after the heading before it; a table of positions is marked as such."""
    before = (earlier for earlier in range(at, -1, -1) if tokens[earlier].type == "heading_open")
    heading = next((_text(tokens[earlier + 1]) for earlier in before), "")
    first = next((token for token in tokens[at:] if token.type == "inline"), None)
    kind = ' class="positions"' if first is not None and first.content == "#" else ""
    taken = env.setdefault("tables", Counter())
    taken[heading] += 1
    label = f"Table: {heading}" + (f" ({taken[heading]})" if taken[heading] > 1 else "")
    return f'<div class="box" role="region" tabindex="0" aria-label="{html.escape(label)}">\n<table{kind}>\n'


def _fence(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: Environment) -> str:
    """A block of code that keys can scroll."""
    return renderer.fence(tokens, at, options, env).replace("<pre>", '<pre tabindex="0">', 1)


def _table_end(_renderer: RendererHTML, _tokens: Sequence[Token], _at: int, _options: OptionsDict, _env: Environment) -> str:
    return "</table>\n</div>\n"


def _header(renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: Environment) -> str:
    return renderer.renderToken([tokens[at].copy(attrs={"scope": "col"} | tokens[at].attrs)], 0, options, env)
