"""The site in a browser, from the file system: tables that sort and filter, links, schemes, narrow windows."""

import shutil

import pytest

from ecgbench.leaderboard.site.build import render_site
from ecgbench.leaderboard.site.folder import fill

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="there is no `chromium` to show the site in")]

COLUMNS = "| # | variant | place | [score](methods/lime.md)&nbsp;↑ | note |\n|---|---|---:|---:|---|\n"
ROWS = [
    ("1..2", "`lime`", "0.100 (0.05..0.20)", "**0.526** (0.460..0.639)<br><sub>balanced&nbsp;0.1</sub>", "b"),
    ("1..3", "`lrp`", "0.200", "[-0.02 (-0.10..0.05)]", "c"),
    ("3", "`lrp` (abs)", "0.300", "undefined<br><sub>9&nbsp;of&nbsp;9&nbsp;undef.</sub>", "a"),
    ("4..10", "`saliency`", "0.400", "<sub>[[0.9 (0.8..1.0)]]</sub>", "d"),
    ("10", "`gradcam`", "0.500", "1.5e-07", "e"),
    ("11", "`gradcam` (abs)", "0.600", "-", "f"),
    ("12", "`deep_lift`", "0.700", "12", "g"),
    ("-", "*chance*", "-", "0.5", "h"),
    ("-", "*control*", "-", "99", "i"),
]
TABLE = COLUMNS + "\n".join(f"| {' | '.join(row)} |" for row in ROWS)
WIDE = "| a |" + " a column |" * 40 + "\n|---|" + "---|" * 40 + "\n| b |" + " 0.123 (0.100..0.200) |" * 40
PAGES = {
    "README.md": f"# Start\n\n[board](mitdb.md), [lime](methods/lime.md#health)\n\n{TABLE}\n",
    "mitdb.md": f"# Board with_a_very_long_name_{'x' * 60}\n\n{WIDE}\n\n<details><summary>More</summary>\n\nhidden text\n\n"
    "![f](figures/mitdb/f.svg)\n\n</details>\n",
    "methods/lime.md": "# lime\n\n[start](../README.md)\n\n## Health\n\n| a | b |\n|---|---|\n| 2 | x |\n| 1 | y |\n",
    "figures/mitdb/f.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="90"><rect width="900" height="90"/></svg>',
}
ORIGINAL = ["lime", "lrp", "lrp (abs)", "saliency", "gradcam", "gradcam (abs)", "deep_lift", "chance", "control"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Folder of a built site."""
    folder = tmp_path_factory.mktemp("site")
    fill(folder, render_site({path: text.encode() for path, text in PAGES.items()}, folder / "leaderboards"))
    return folder


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def visit(browser, site):
    """Opens a page of the site; what goes wrong on it, then or later, fails the test."""
    contexts, wrong = [], []

    def start(name="index.html", **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda request: wrong.append(request.url))
        page.goto((site / name).as_uri())
        return page

    yield start
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def page(visit):
    """The first page, whose table has nine rows."""
    return visit()


def variants(page):
    return page.locator("tbody tr:visible td:nth-child(2)").all_inner_texts()


def header(page, column):
    return page.locator("thead th").nth(column)


def test_every_link_of_every_page_leads_somewhere(visit, site):
    page = visit()
    followed = set()
    for name in sorted(path for path in site.rglob("*.html")):
        page.goto(name.as_uri())
        followed |= set(page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)"))
        assert page.eval_on_selector_all("img", "images => images.every(image => image.complete && image.naturalWidth > 0)")
    assert len(followed) == 4
    for address in sorted(followed):
        page.goto(address)
        assert page.locator("h1").count() == 1
        assert page.evaluate("!location.hash || document.getElementById(location.hash.slice(1)) !== null")


def test_headers_sort_up_then_down_then_as_it_was(page):
    found, said = [], []
    for _ in range(3):
        header(page, 4).click(position={"x": 5, "y": 5})
        found.append(variants(page)[:7])
        said.append(header(page, 4).get_attribute("aria-sort"))
    alphabetic = ["lrp (abs)", "lime", "lrp", "saliency", "gradcam", "gradcam (abs)", "deep_lift"]
    assert found == [alphabetic, alphabetic[::-1], ORIGINAL[:7]]
    assert said == ["ascending", "descending", "none"]


def test_numbers_sort_by_the_first_of_a_cell_with_no_value_last_and_controls_below(page):
    orders = []
    for _ in range(2):
        header(page, 3).locator("button").click()
        orders.append(variants(page)[:7])
        assert set(variants(page)[7:]) == {"chance", "control"}
    assert orders[0] == ["lrp", "gradcam", "lime", "saliency", "deep_lift", "lrp (abs)", "gradcam (abs)"]
    assert orders[1] == ["deep_lift", "saliency", "lime", "gradcam", "lrp", "lrp (abs)", "gradcam (abs)"]


def test_positions_sort_as_numbers_with_those_without_one_below(page):
    header(page, 0).locator("button").click()
    header(page, 0).locator("button").click()
    assert variants(page) == ["deep_lift", "gradcam (abs)", "gradcam", "saliency", "lrp (abs)", "lime", "lrp", "chance", "control"]


def test_another_header_starts_anew(page):
    header(page, 4).locator("button").click()
    header(page, 3).locator("button").click()
    assert [header(page, column).get_attribute("aria-sort") for column in range(5)] == ["none", "none", "none", "ascending", "none"]


def test_keys_sort(page):
    button = page.get_by_role("button", name="Sort by note")
    button.focus()
    for key, first in (("Enter", "lrp (abs)"), ("Space", "deep_lift")):
        page.keyboard.press(key)
        assert variants(page)[0] == first
        assert button.evaluate("button => button === document.activeElement")


def test_link_in_a_header_is_followed_and_does_not_sort(page):
    header(page, 3).locator("a").click()
    assert page.url.endswith("/methods/lime.html")


def test_filter_leaves_rows_that_hold_all_words_and_counts_them_and_sorting_keeps_it(page):
    field = page.get_by_role("searchbox", name="Filter rows, Table: Start")
    found = {"": ORIGINAL, "abs  gradcam": ["gradcam (abs)"], "balanced 0.1": ["lime"], "nothing": [], "LRP": ["lrp", "lrp (abs)"]}
    for typed, left in found.items():
        field.fill("other")
        field.fill(typed)
        assert variants(page) == left
        assert page.locator("output").inner_text() == f"{len(left)} of 9 rows"
    header(page, 4).locator("button").click()
    assert variants(page) == ["lrp (abs)", "lrp"]


def test_short_tables_have_no_filter(visit):
    assert visit("methods/lime.html").get_by_role("searchbox").count() == 0


def test_details_open(visit):
    page = visit("mitdb.html")
    assert not page.get_by_text("hidden text").is_visible()
    page.get_by_text("More").click()
    assert page.get_by_text("hidden text").is_visible()


def test_menus_open_one_at_a_time_and_close(page):
    menus = page.locator("nav details")
    for close in (lambda: page.keyboard.press("Escape"), lambda: page.locator("h1").click()):
        menus.nth(0).locator("summary").click()
        menus.nth(1).locator("summary").click()
        assert menus.evaluate_all("menus => menus.map(menu => menu.open)") == [False, True]
        close()
        assert menus.evaluate_all("menus => menus.map(menu => menu.open)") == [False, False]


@pytest.mark.parametrize(("scheme", "is_dark"), [("dark", True), ("light", False)])
def test_scheme_is_that_of_the_reader(visit, scheme, is_dark):
    page = visit(color_scheme=scheme)
    ground, text = (
        page.evaluate(f"getComputedStyle(document.body).{name}.match(/[0-9]+/g).map(Number)") for name in ("backgroundColor", "color")
    )
    assert (sum(ground) < sum(text)) is is_dark
    assert sum(ground) < 150 if is_dark else sum(ground) > 600


def test_narrow_window_scrolls_tables_and_not_the_page(visit):
    page = visit("mitdb.html", viewport={"width": 400, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert page.locator(".box").evaluate("box => box.scrollWidth > box.clientWidth")


def test_first_column_stays_in_sight_when_a_table_scrolls(visit):
    page = visit("mitdb.html", viewport={"width": 800, "height": 600})
    page.locator(".box").evaluate("box => box.scrollTo(500, 0)")
    box, cell = page.locator(".box").bounding_box(), page.locator("tbody td").first.bounding_box()
    assert abs(cell["x"] - box["x"]) < 3


def test_headers_and_both_columns_that_name_a_row_stay_in_sight(visit):
    page = visit(viewport={"width": 660, "height": 300})
    page.add_style_tag(content="table { min-width: 60rem; }")
    before = header(page, 1).bounding_box()["x"]
    page.locator(".box").evaluate("box => box.scrollTo(80, 200)")
    assert page.locator(".box").evaluate("box => box.scrollLeft > 0 && box.scrollTop > 0")
    box = page.locator(".box").bounding_box()
    assert abs(header(page, 3).bounding_box()["y"] - box["y"]) < 3
    assert header(page, 1).bounding_box()["x"] == before
