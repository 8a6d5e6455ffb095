"""A reader study end to end: a server that is killed in the middle, a browser, and raters of known skill."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.request import urlopen

import numpy as np
import pytest

from ecgbench.rating import Ratings, answers, summary
from tests.rating.made_up import COMMAND, DESIGN, MAPS, RATERS, careful, careless, make

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="there is no `chromium` to rate in")]

KILLED_AFTER = 7
"""Trials that are answered before the server is killed."""

FEATURE = 0.5, 0.6
"""Shares of the paper's width over which a mark is dragged."""


@contextmanager
def serving(path, port):
    """The command, which is killed without warning in the end."""
    command = [sys.executable, "-m", "ecgbench.cli", *COMMAND, "--out", str(path), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_for(port, process)
            yield
        finally:
            os.kill(process.pid, signal.SIGKILL)


def _wait_for(port, process):
    for _ in range(600):
        assert process.poll() is None
        try:
            urlopen(f"http://127.0.0.1:{port}/", timeout=5).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="module")
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def page():
    """A page of Debian's Chromium; what goes wrong on it, and what it loads, is kept with it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.wrong, page.loaded = [], []
        page.on("console", lambda message: page.wrong.append(message.text))
        page.on("pageerror", lambda error: page.wrong.append(str(error)))
        page.on("response", lambda response: page.loaded.append(response))
        page.set_default_timeout(20_000)
        yield page
        browser.close()


def at(page, position):
    page.wait_for_selector(f'body[data-position="{position}"]')


def enter(page, port, rater):
    page.goto(f"http://127.0.0.1:{port}/")
    page.get_by_role("button", name=RATERS[rater]).click()


def go_through(page, rate, position=0, until=None):
    """Answer trials by keys; returns the position of the next one."""
    at(page, position)
    while page.get_attribute("body", "data-kind") != "done" and position != until:
        shown = page.evaluate("trial")
        assert named(json.dumps(shown)) == []
        if shown["kind"] == "map":
            for points in rate(shown):
                page.keyboard.press(str(points))
        page.keyboard.press("Enter")
        position += 1
        at(page, position)
    return position


def drag(page):
    box = page.locator("#paper").bounding_box()
    left, right = (box["x"] + box["width"] * share for share in FEATURE)
    page.mouse.move(left, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(right, box["y"] + 25)
    page.mouse.up()


def marks(page):
    return page.evaluate("paper.regions")


def check_marks(page):
    """A mark is dragged, grows by another that touches it, is clicked away, and is made by keys."""
    drag(page)
    ((lead, onset, offset),) = marks(page)
    assert lead == 0
    assert 100 < onset < offset < 160
    drag(page)
    assert marks(page) == [[0, onset, offset]]
    box = page.locator("#paper").bounding_box()
    page.mouse.click(box["x"] + box["width"] * np.mean(FEATURE), box["y"] + 20)
    assert marks(page) == []
    for key in ("ArrowDown", *["Shift+ArrowRight"] * 2, "Space", "Shift+ArrowRight", "Space"):
        page.keyboard.press(key)
    assert marks(page) == [[1, 52, 78]]


def check_correction(page):
    """The last answer is seen again, kept where it is not changed, and corrected where it is."""
    page.keyboard.press("Backspace")
    at(page, 1)
    assert page.locator("input:checked").count() == 2
    page.keyboard.press("Enter")
    at(page, 2)


def begin(page, port):
    """The first trials of the careful rater, with all that a hand may do."""
    enter(page, port, 0)
    at(page, 0)
    assert page.get_by_role("heading", level=1).inner_text() == "Where would you look for VEB?"
    check_marks(page)
    page.keyboard.press("Enter")
    at(page, 1)
    page.keyboard.press("Enter")
    assert page.inner_text("#said") == "Answer both questions, from 1 to 5."
    go_through(page, careful, 1, until=2)
    check_correction(page)
    go_through(page, careful, 2, until=KILLED_AFTER)


def check_killed(page, ratings):
    """All that was answered is in the file, and the page says that the server is gone."""
    kept = ratings.answered(0)
    assert list(kept) == list(range(KILLED_AFTER))
    assert kept[0].regions == [(1, 52, 78)]
    if page.get_attribute("body", "data-kind") == "map":
        page.keyboard.type("11")
    page.keyboard.press("Enter")
    page.wait_for_selector("#said:visible")
    assert page.inner_text("#said").startswith("The server does not answer.")
    page.wrong = [text for text in page.wrong if "ERR_CONNECTION_REFUSED" not in text]
    return kept


def resume(page, port, ratings, kept):
    """The rest of the careful rater's trials, and all of a careless one's."""
    page.reload()
    assert go_through(page, careful, KILLED_AFTER) == len(ratings.trials(0))
    assert page.get_by_text("Thank you, all ECGs are rated.").is_visible()
    assert {position: ratings.answered(0)[position] for position in kept} == kept
    enter(page, port, 1)
    assert go_through(page, careless(np.random.default_rng(5))) == len(ratings.trials(1))
    assert page.inner_text("#who") == RATERS[1]


def test_study_end_to_end(page, port, tmp_path):
    ratings = make(tmp_path / "ratings.sqlite")
    with serving(ratings.path, port):
        begin(page, port)
    kept = check_killed(page, ratings)
    with serving(ratings.path, port):
        resume(page, port, ratings, kept)
        check_blinding(page, port)
    assert page.wrong == []
    check_results(Ratings(ratings.path), sum(len(ratings.trials(number)) for number in range(2)))


def named(text):
    """The methods that a text names."""
    return [name for name in (*MAPS, "random_baseline", "r_peaks") if name in text]


def check_blinding(page, port):
    """Nothing that was loaded names a method, or came from elsewhere; names are text."""
    loaded = {response.url for response in page.loaded}
    assert {url.split("/")[2] for url in loaded} == {f"127.0.0.1:{port}"}
    for file in [url for url in loaded if "/api/" not in url]:
        assert named(page.request.get(file).text()) == []
    assert named(" ".join(loaded) + page.content()) == []
    assert page.locator("img").count() == 0


def check_results(ratings, total):
    table, found = answers(ratings), summary(ratings)
    assert len(table) == total == found.asked
    first = table[(table["rater"] == DESIGN.raters[0]) & (table["kind"] == "map") & ~table["repeat"]]
    means = first.groupby("map")["feature"].mean()
    assert means["gradcam"] > means["saliency"] > means["lrp"]
    assert means["random_baseline"] == 1
    assert found.agreements[0].within[DESIGN.raters[0]].value == 1
    assert abs(next(iter(found.agreements[0].between.values())).value) < 0.5
