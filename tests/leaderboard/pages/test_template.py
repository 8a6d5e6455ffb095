"""Templates: what they lack is an error, what is absent leaves no gap, and they are installed with the package."""

import tomllib
from pathlib import Path

import jinja2
import pytest

import ecgbench
from ecgbench.leaderboard.pages.template import render_page

PACKAGE = Path(ecgbench.__file__).parent
TEMPLATES = PACKAGE / "leaderboard" / "pages" / "templates"


def test_value_that_is_not_given_is_an_error():
    with pytest.raises(jinja2.UndefinedError, match="'table' is undefined"):
        render_page("readme_excerpt.md.j2", {"generated": "", "best": 3, "title": "", "page": ""})


def test_absent_part_leaves_no_blank_lines():
    context = {"generated": "first", "table": "", "best": 3, "title": "mitdb", "page": "mitdb.md", "unordered": [], "models": ""}
    first, sentence, end = render_page("readme_excerpt.md.j2", context).replace("\n\n", "\n").split("\n")
    assert (first, sentence[:10], end) == ("first", "The 3 best", "")


@pytest.mark.parametrize(
    ("count", "said"), [(3, "a, b, c are ahead;"), (5, "5 methods cannot be told apart from the best: by place a, b, c and 2 more.")]
)
def test_at_most_three_methods_that_are_ahead_are_named(count, said):
    found = {"names": list("abcde")[:count], "everyone": False, "of_all": False, "of_next": True, "patients": 9}
    context = {"ahead": found, "most": 3, "models": "one model", "described": False, "ordered": True, "part": False}
    assert render_page("sections/ahead.md.j2", context).startswith(f"for one model, {said}")


def test_every_template_is_package_data():
    declared = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["ecgbench"]
    installed = {path for pattern in declared for path in PACKAGE.glob(pattern)}
    assert {path for path in TEMPLATES.rglob("*") if path.is_file()} <= installed
