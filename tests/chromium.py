"""Debian's Chromium for tests that look at a page: what goes wrong on one fails its test."""

import shutil
from contextlib import contextmanager

import pytest

CHROMIUM = shutil.which("chromium")

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no `chromium` to show a page in")


@contextmanager
def chromium():
    """The browser, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def opened(browser, address, **options):
    """A page; a message on its console, an error or a request for anything but files fails."""
    wrong = []
    context = browser.new_context(**options)
    page = context.new_page()
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: wrong.append(request.url) if not request.url.startswith(("file:", "data:")) else None)
    page.goto(address)
    yield page
    context.close()
    assert wrong == []


def serious(page):
    """What keeps somebody from using the page, in either scheme."""
    from axe_playwright_python.sync_playwright import Axe

    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        violations = Axe().run(page, options={"preload": False}).response["violations"]
        found += [(one["id"], one["nodes"][0]["html"]) for one in violations if one["impact"] in ("serious", "critical")]
    return found
