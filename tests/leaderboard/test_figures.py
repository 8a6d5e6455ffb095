"""Figures: well-formed, the same bytes from the same numbers, and showing what they are given."""

import base64
import io
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from ecgbench.leaderboard.figures.charts import Interval, Panel, cost_figure, critical_difference, heat_map, interval_figure
from ecgbench.leaderboard.figures.gallery import gallery_figure
from ecgbench.leaderboard.pages.page_figures import dataset_figures, figure_path, gallery_path
from ecgbench.results import gallery_name, write_file

from .conftest import results

NAN = float("nan")
ROWS = ("first", "second (abs)", "control_1")
VALUES = np.array([[0.91, 0.12], [0.52, NAN], [0.33, 0.44]])
RANKS = np.array([[0.0, 1.0], [0.5, NAN], [1.0, 0.0]])
NAMES = ("first", "second", "third")
ADJUSTED = np.array([[1.0, 0.2, 0.01], [0.2, 1.0, 0.0004], [0.01, 0.0004, 1.0]])

DRAWN = {
    "heat map": (lambda: heat_map(ROWS, ("auc ↑", "morf ↓"), VALUES, RANKS, below=1), (*ROWS, "auc ↑", "0.91", "0.44")),
    "intervals": (
        lambda: interval_figure(ROWS, [Panel("place ↓", [Interval(0.1, 0.0, 0.2), Interval(0.5), None], {"chance": 0.5})]),
        (*ROWS, "place ↓", "chance"),
    ),
    "groups": (
        lambda: critical_difference(dict(zip(NAMES, (0.1, 0.5, 0.9), strict=True)), [NAMES[:2], NAMES[2:]], ADJUSTED, 0.05),
        (*NAMES, ".010", "<.001"),
    ),
    "cost": (
        lambda: cost_figure({"first": 0.001, "second": 1.0, "third": 0.0}, {"localisation": {"first": 0.2, "second": 0.1}}),
        ("first", "second", "localisation"),
    ),
}


def texts(svg):
    return {element.text for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")}


@pytest.mark.parametrize("name", DRAWN)
def test_figure_is_well_formed_and_names_what_it_shows(name):
    draw, shown = DRAWN[name]
    assert set(shown) <= texts(draw())


@pytest.mark.parametrize("name", DRAWN)
def test_figure_has_the_same_bytes_twice(name):
    draw, _ = DRAWN[name]
    assert draw() == draw()


def test_figures_have_the_same_bytes_in_another_process():
    code = (
        "import sys; from tests.leaderboard.test_figures import DRAWN\n"
        "for name in reversed(list(DRAWN)): drawn = DRAWN[name][0]()\n"
        "sys.stdout.buffer.write(drawn)"
    )
    drawn = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    assert drawn == DRAWN["heat map"][0]()


def test_settings_of_the_session_change_nothing():
    import matplotlib as mpl

    before = DRAWN["cost"][0]()
    with mpl.rc_context({"font.size": 20, "axes.grid": True, "svg.fonttype": "path"}):
        assert DRAWN["cost"][0]() == before
        assert mpl.rcParams["font.size"] == 20


@pytest.mark.parametrize("name", DRAWN)
def test_figure_has_no_date(name):
    assert not re.search(rb"dc:date|20\d\d-\d\d-\d\d", DRAWN[name][0]())


@pytest.mark.parametrize("name", DRAWN)
def test_layout_leaves_all_text_on_the_page(name):
    root = ElementTree.fromstring(DRAWN[name][0]())
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    places = [
        re.search(r"translate\(([-\d.]+) ([-\d.]+)\)", text.get("transform", "")) for text in root.iter("{http://www.w3.org/2000/svg}text")
    ]
    found = [(float(place[1]), float(place[2])) for place in places if place]
    assert all(0 <= x <= width and 0 <= y <= height for x, y in found)


def pixels(svg):
    """Pixels of the figure's heat map, from the top; the file holds them upside down."""
    assert b'transform="scale(1 -1)' in svg
    (embedded,) = re.findall(rb'xlink:href="data:image/png;base64,\s*([^"]+)"', svg)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(embedded))).convert("RGB")).astype(int)[::-1]


def test_colours_of_the_heat_map_follow_the_ranks():
    ranks = np.array([[0.0], [0.25], [0.75], [1.0]])
    drawn = pixels(heat_map(list("abcd"), ["auc"], np.ones((4, 1)), ranks))
    rows = drawn[[drawn.shape[0] * (2 * i + 1) // 8 for i in range(4)], drawn.shape[1] // 2]
    brightness = rows.sum(axis=1)
    assert (np.diff(brightness) < 0).all()
    assert rows[0, 2] < rows[0, 0]  # the best is yellow: less blue than red
    assert rows[3, 2] > rows[3, 0]  # the worst is blue


def test_figures_of_a_dataset_name_every_ranked_variant_and_control(accept_small, accept_control, analysed):
    accept_small("mitdb")
    accept_control("mitdb", "centre", {"auc": {1: 0.5, 2: 0.5}})
    found = dataset_figures(analysed()["mitdb"])
    variants = {"lime", "lime (abs)", "saliency", "saliency (abs)"}
    assert variants | {"centre"} <= texts(found[figure_path("mitdb", "scores-localisation")])
    assert variants <= texts(found[figure_path("mitdb", "intervals-localisation")])
    assert {"lime", "saliency"} <= texts(found[figure_path("mitdb", "groups-faithfulness")])
    assert {"lime", "saliency"} <= texts(found[figure_path("mitdb", "cost")])


def test_nothing_is_drawn_where_nothing_is_ranked(accept, analysed):
    accept("mitdb", "lime", {"raw": {"auc": {1: None}}})
    assert dataset_figures(analysed()["mitdb"]) == {}


@pytest.fixture
def with_gallery(scores, analysed):
    """Board of a method of which three windows of 2,880 samples (8 s at 360 Hz) are kept."""
    time, rng = 2880, np.random.default_rng(0)
    kept = {
        "window": np.array([1, 0, 3]),
        "score": np.array([0.9, 0.5, 0.1], dtype=np.float32),
        "lead": np.zeros(3, dtype=np.int64),
        "signal": np.stack([np.round(1000 * height * np.sin(np.arange(time) / 40)) for height in (0.2, 0.9, 4.0)]).astype(np.int16),
        "map": rng.integers(-127, 127, (3, time)).astype(np.int8),
        "mask": np.arange(time)[None].repeat(3, axis=0) < 500,
        "variant": np.array("raw"),
        "metric": np.array("relevance_rank_accuracy"),
    }

    def board(**changed):
        found, arrays = results("mitdb", "lime", {"raw": {"auc": {1: 0.5}}})
        arrays |= {gallery_name(what, 1): array for what, array in (kept | changed).items() if array is not None}
        write_file(found, arrays, root=scores)
        return analysed()["mitdb"].board

    return board


def test_gallery_is_standard_paper_at_four_pixels_a_millimetre(with_gallery):
    image = Image.open(io.BytesIO(gallery_figure(with_gallery(), "lime")))
    millimetres = [2.0, 2.5, 5.0]  # strips of 0.4, 1.8 and 8 mV: at least 2, the range with room, at most 5
    assert image.format == "PNG"
    assert image.size == (4 * (8 * 25 + 2 * 4), round(4 * sum(10 * height + 9 for height in millimetres)))


def test_gallery_has_the_same_bytes_twice(with_gallery):
    board = with_gallery()
    assert gallery_figure(board, "lime") == gallery_figure(board, "lime")


def test_gallery_shows_the_map(with_gallery):
    other = gallery_figure(with_gallery(map=np.zeros((3, 2880), dtype=np.int8)), "lime")
    assert gallery_figure(with_gallery(), "lime") != other


def test_method_without_kept_windows_has_no_gallery(with_gallery):
    board = with_gallery(window=None)
    assert gallery_figure(board, "lime") is None


def test_kept_windows_are_drawn_and_on_the_pages(with_gallery, analysed, pages):
    with_gallery()
    assert gallery_path("mitdb", "lime") in dataset_figures(analysed()["mitdb"])
    found = pages()
    assert f"({gallery_path('mitdb', 'lime')})" in found["mitdb.md"]
    assert f"(../{gallery_path('mitdb', 'lime')})" in found["methods/lime.md"]
