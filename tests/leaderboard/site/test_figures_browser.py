"""Figures in a browser: light on light pages, dark on dark ones, as large as they are drawn on narrow ones."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image

from ecgbench.leaderboard.figures.canvas import render_figure
from ecgbench.leaderboard.figures.charts import Interval, Panel, interval_figure
from ecgbench.leaderboard.figures.thumbnail import thumbnail
from ecgbench.leaderboard.site.build import render_site
from ecgbench.leaderboard.site.folder import fill
from ecgbench.report import plot

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="there is no `chromium` to show the site in")]


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """First page of a site with a chart, ECG paper and a thumbnail."""
    signal = np.sin(np.arange(3000) / 50)
    drawn = {
        "chart.svg": render_figure(interval_figure(["one", "two"], [Panel("auc", [Interval(0.5, 0.4, 0.6), Interval(0.7)])] * 5), ".svg"),
        "paper.png": render_figure(plot(signal, signal, fs=360), ".png"),
        "thumbnail.svg": thumbnail(signal, signal),
    }
    text = "# Start\n\n" + "\n\n".join(f"![{name}]({name})" for name in drawn)
    folder = tmp_path_factory.mktemp("site")
    fill(folder, render_site({"README.md": text.encode(), **drawn}, folder / "leaderboards"))
    return folder / "index.html"


def corner(image):
    """Mean brightness of what is shown in the lower left corner of an image, where nothing is drawn."""
    shown = np.asarray(Image.open(io.BytesIO(image.screenshot())).convert("L"))
    return shown[-6:-2, 2:6].mean()


def test_figures_are_dark_on_dark_pages_and_keep_their_size_on_narrow_ones(index):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for scheme, fits in (("dark", lambda level: level < 60), ("light", lambda level: level > 240)):
            page = browser.new_page(viewport={"width": 1300, "height": 900}, color_scheme=scheme)
            page.goto(index.as_uri())
            images = page.locator("img").all()
            assert [fits(corner(image)) for image in images[:2]] == [True, True]
        page.set_viewport_size({"width": 400, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        assert all(image.evaluate("image => image.clientWidth >= image.naturalWidth - 1") for image in images)
        browser.close()
