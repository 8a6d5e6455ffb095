"""Views of a page that are not shown at first, as scripts of their own: a page from the file system may load scripts and nothing else.

Each section that stands hidden in a page becomes empty and names the script that fills it. `views.js` loads it when a reader chooses it.
"""

from __future__ import annotations

import html
import re
from urllib.parse import quote

from ecgbench.leaderboard.site.script_json import script_json

HIDDEN_VIEW = re.compile(r'(<section class="view"[^>]*) hidden>(.*?)</section>', re.DOTALL)


def set_aside(content: str, page: str) -> tuple[str, dict[str, bytes]]:
    """A page's content without what its hidden views hold, and the scripts that hold it, by their paths.

    Parameters
    ----------
    content : HTML of the page, with its links resolved; sections of the class "view" hold no other sections
    page : the page's file, such as "mitdb.html", which stands in the site's own folder

    Returns
    -------
    The content, and the scripts by their paths below the site's folder.
    """
    scripts: dict[str, bytes] = {}

    def emptied(view: re.Match[str]) -> str:
        path = f"views/{page.removesuffix('.html')}/{len(scripts) + 1}.js"
        scripts[path] = f"putView({script_json(path)}, {script_json(view[2])});\n".encode()
        return f'{view[1]} data-script="{html.escape(quote(path, safe="/@"))}" hidden></section>'

    return HIDDEN_VIEW.sub(emptied, content), scripts
