"""What the site draws beyond markdown, in a browser: answers, intervals with exact numbers, choices, and whether anybody can use it."""

import re
import shutil

import numpy as np
import pytest

from ecgbench.leaderboard.pages.tables import number
from ecgbench.leaderboard.render import text_files, text_pages
from ecgbench.leaderboard.site.build import render_site
from ecgbench.leaderboard.site.drawn.parts import drawn_parts
from ecgbench.leaderboard.site.folder import fill
from tests.chromium import serious

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="there is no `chromium` to show the site in")]


@pytest.fixture
def site(accept, accept_control, analysed, out, tmp_path, monkeypatch):
    """Folder of the site, without figures, of two datasets with a control, whose classes have patients enough, and the analyses of both."""
    monkeypatch.setattr("ecgbench.leaderboard.statistics.scores.window_scores.LEAST_PATIENTS", 1)
    for dataset, better in (("mitdb", 0.8), ("svdb", 0.7)):
        accept(dataset, "lime", {"raw": {"auc": {1: better, 2: better}, "pointing_game": {1: 0.7, 2: 0.7}}})
        accept(dataset, "lrp", {"raw": {"auc": {1: 0.5, 2: 0.55}, "pointing_game": {1: 0.5, 2: 0.5}}})
        accept_control(dataset, "centre", {"auc": {1: 0.62, 2: 0.62}, "pointing_game": {1: 0.6, 2: 0.6}})
    analyses = analysed()
    texts = {**text_pages(list(analyses.values())), **text_files(list(analyses.values()))}
    drawn, pictures = drawn_parts(list(analyses.values()))
    fill(tmp_path / "site", render_site({path: text.encode() for path, text in texts.items()} | pictures, out, drawn))
    return tmp_path / "site", analyses


@pytest.fixture
def browser_errors():
    """What goes wrong on a page or leaves the machine."""
    return []


@pytest.fixture
def page(browser_errors):
    """A page of Debian's Chromium; what goes wrong on it or leaves the machine fails the test."""
    from playwright.sync_api import sync_playwright

    wrong = browser_errors
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page()
        opened.on("console", lambda message: wrong.append(message.text))
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.on("requestfailed", lambda request: wrong.append(request.url))
        opened.on("request", lambda request: None if request.url.startswith(("file:", "data:")) else wrong.append(request.url))
        yield opened
        browser.close()
    assert wrong == []


def methods(page):
    return page.locator("section:visible tbody th").all_inner_texts()


def titles(page, method):
    return page.locator(f"section:visible tr:has(a:text-is('{method}')) td.drawn").evaluate_all("cells => cells.map(cell => cell.title)")


def choose(page, axis, value):
    """Choose a view, and wait until what it holds is there."""
    page.get_by_role("combobox", name=axis).select_option(value)
    page.locator("section:visible table").first.wait_for()


def test_overview_draws_sorts_and_follows_the_choice(site, page):
    folder, analyses = site
    page.goto((folder / "index.html").as_uri())
    assert page.locator(".card").count() == 2
    assert page.locator(".card .answer").first.inner_text().startswith("lime")
    assert page.locator("section:visible").count() == 1
    for name in ("mitdb", "svdb"):
        choose(page, "Dataset", name)
        place = analyses[name].place("localisation", ("lrp", "raw"))
        assert titles(page, "lrp")[0].startswith(f"place {number(place)} ")
        assert titles(page, "lrp")[0].endswith("better than every control in 0 of 2 metrics")
    assert page.get_by_role("combobox", name="Class").evaluate("one => [...one.options].map(option => option.text)") == [
        "all classes",
        "SVEB",
        "VEB",
    ]
    choose(page, "Class", "VEB")
    assert "windows of VEB" in page.locator("section:visible .of").inner_text()
    assert methods(page) == ["lime", "lrp"]
    for _ in range(2):
        page.locator("section:visible").get_by_role("button", name=re.compile("where to look")).click()
    assert methods(page) == ["lrp", "lime"]
    assert serious(page) == []
    page.goto((folder / "methods" / "lime.html").as_uri())
    assert serious(page) == []


def test_dataset_shows_accepted_numbers_on_hover_and_by_class(site, page):
    folder, analyses = site
    page.goto((folder / "mitdb.html").as_uri())
    analysis = analyses["mitdb"]
    columns = [column for column in analysis.board.columns if column.family == "localisation" and column.ranked]
    cells = [analysis.summary(("lime", "raw"), column) for column in columns]
    expected = [f"{number(cell.mean)} ({number(cell.low)}..{number(cell.high)});" for cell in cells]
    assert [title[: len(start)] for title, start in zip(titles(page, "lime"), expected, strict=True)] == expected
    assert page.locator("section:visible svg .control").count() == 2 * len(columns)
    assert page.locator("section:visible svg .open").count() == len(columns)
    choose(page, "Class", "VEB")
    of_class = [np.mean([analysis.windows.values["lime", "raw", column.name, seed][1:] for seed in (1, 2)]) for column in columns]
    assert [title.partition(" ")[0] for title in titles(page, "lime")] == [number(mean) for mean in of_class]
    assert page.locator(".chips li").first.inner_text() == "3 patients"
    assert page.locator("a", has_text="The same as CSV").first.get_attribute("href") == "tables/mitdb.csv"
    assert serious(page) == []


def test_each_view_but_the_first_lies_in_a_script_of_its_own_and_its_links_lead_somewhere(site, page):
    folder, _ = site
    text = (folder / "index.html").read_text()
    scripts = sorted((folder / "views" / "index").glob("*.js"))
    assert text.count('<table class="glance">') == 1
    assert text.count("data-script=") == len(scripts) == 5
    page.goto((folder / "index.html").as_uri())
    choose(page, "Dataset", "svdb")
    links = page.locator("section:visible a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    assert len(links) > 2
    assert [link for link in links if not (folder / link).exists()] == []


def test_a_view_whose_script_is_gone_says_so(site, page, browser_errors):
    folder, _ = site
    shutil.rmtree(folder / "views")
    page.goto((folder / "index.html").as_uri())
    page.get_by_role("combobox", name="Class").select_option("VEB")
    assert page.locator("section:visible").inner_text() == "Expected views/index/2.js, got nothing; build the site again."
    browser_errors.clear()
