"""The site in a real browser: Debian's Chromium, headless, from the file system."""

import shutil

import pytest

from ecgbench.leaderboard import render_pages, write_site

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the path; `apt-get install chromium` brings it"),
]

ROWS = """\
| # | method | mean |
|:--|:-------|-----:|
| 1..2 | alpha | 0.526 (0.460..0.639) |
| 1..2 | beta | **0.604**±0.02 (0.4..0.8) |
| 3 | gamma | -0.02 (-0.1..0.1) |
| 4 | delta | undefined |
| 5 | epsilon | 0.1 |
| 6 | zeta | 0.05 |
| 7 | eta | 2e-05 |
| 8 | theta | - |
| - | *chance* | 0.9 |
"""
ASCENDING = ["gamma", "eta", "zeta", "epsilon", "alpha", "beta", "delta", "theta", "chance"]
DESCENDING = ["beta", "alpha", "epsilon", "zeta", "eta", "gamma", "delta", "theta", "chance"]
ORIGINAL = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "chance"]


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A page that collects what goes wrong on it."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.wrong = []
    page.on("console", lambda message: page.wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("requestfailed", lambda request: page.wrong.append(request.url))
    yield page
    page.close()


@pytest.fixture
def table(page, tmp_path):
    """The page of one table, opened."""
    first = write_site({"README.md": f"# Board\n\n{ROWS}".encode()}, tmp_path, tmp_path / "site")
    page.goto(first.as_uri())
    return page


def names(page):
    return page.locator("tbody tr:not([hidden]) td:nth-child(2)").all_text_contents()


def test_click_sorts_up_then_down_then_back(table):
    heading = table.get_by_role("columnheader", name="mean")
    for order, direction in ((ASCENDING, "ascending"), (DESCENDING, "descending"), (ORIGINAL, "none")):
        heading.click()
        assert names(table) == order
        assert heading.get_attribute("aria-sort") == direction
    assert table.wrong == []


def test_text_is_sorted_as_text(table):
    table.get_by_role("columnheader", name="method").click()
    assert names(table) == [*sorted(ORIGINAL[:-1]), "chance"]


def test_second_heading_takes_over(table):
    table.get_by_role("columnheader", name="mean").click()
    table.get_by_role("columnheader", name="method").click()
    assert table.locator("th[aria-sort=none]").count() == 2


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_keyboard_sorts(key, table):
    table.get_by_role("columnheader", name="mean").focus()
    table.keyboard.press(key)
    assert names(table) == ASCENDING


@pytest.mark.parametrize(
    ("typed", "left"), [("ETA", ["beta", "zeta", "eta", "theta"]), ("eta 0.05", ["zeta"]), ("nothing", []), ("  ", ORIGINAL)]
)
def test_filter_leaves_rows_with_all_words(typed, left, table):
    table.get_by_label("Filter rows").fill(typed)
    assert names(table) == left
    assert table.locator("output").text_content() == f"{len(left)} of 9 rows"


def test_filter_and_sorting_go_together(table):
    table.get_by_label("Filter rows").fill("eta")
    table.get_by_role("columnheader", name="mean").click()
    assert names(table) == ["eta", "zeta", "beta", "theta"]
    table.get_by_label("Filter rows").fill("")
    assert names(table) == ASCENDING


def test_short_table_has_no_filter(page, tmp_path):
    first = write_site({"README.md": b"# Board\n\n| a |\n|---|\n| 1 |\n"}, tmp_path, tmp_path / "site")
    page.goto(first.as_uri())
    assert page.get_by_label("Filter rows").count() == 0


@pytest.fixture
def site(accept_small, scores, tmp_path):
    """The site of fabricated results, its first page's path."""
    accept_small("mitdb")
    return write_site(render_pages(scores), scores.parent, tmp_path / "site")


def test_every_link_of_every_page_can_be_followed(page, site):
    waiting, seen = [site.as_uri()], set()
    while waiting:
        address = waiting.pop()
        seen.add(address)
        page.goto(address)
        assert page.locator("h1").count() == 1
        assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")
        links = page.eval_on_selector_all("a", "links => links.map((link) => link.href.split('#')[0])")
        own = {link for link in links if link.startswith(site.parent.as_uri())}
        waiting += [link for link in own if link not in seen and link not in waiting]
    assert len(seen) == len(list(site.parent.rglob("*.html")))
    assert page.wrong == []


@pytest.mark.parametrize(("scheme", "bright"), [("light", True), ("dark", False)])
def test_scheme_is_the_readers(scheme, bright, browser, site):
    page = browser.new_page(color_scheme=scheme)
    page.goto(site.as_uri())
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (sum(colour) > 3 * 128) == bright
    page.close()


def test_narrow_window_scrolls_tables_not_the_page(browser, site):
    page = browser.new_page(viewport={"width": 400, "height": 800})
    page.goto((site.parent / "mitdb.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("[...document.querySelectorAll('.table')].some((box) => box.scrollWidth > box.clientWidth)")
    page.close()


def test_folded_parts_open(page, site):
    page.goto((site.parent / "mitdb.html").as_uri())
    folded = page.locator("main details").first
    assert not folded.locator("table").first.is_visible()
    folded.locator("summary").click()
    assert folded.locator("table").first.is_visible()
