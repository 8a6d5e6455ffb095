"""The gallery and the teaser show what accepted results keep of maps, on paper to scale, with nothing on top of something else."""

import io
import shutil
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from ecgbench.leaderboard.figures.canvas import render_figure
from ecgbench.leaderboard.figures.gallery import gallery_figure, time_of_day
from ecgbench.leaderboard.figures.paper.layout import STANDARD
from ecgbench.leaderboard.figures.teaser import NAMES, teaser
from ecgbench.leaderboard.pages.page_figures import dataset_figures, gallery_path
from ecgbench.results import gallery_name, shown_name, write_file

from .conftest import results

SVG = "{http://www.w3.org/2000/svg}"


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
        return analysed()["mitdb"].board, kept

    return board


def test_gallery_shows_signals_maps_and_masks_on_standard_paper(with_gallery):
    board, kept = with_gallery()
    figure = gallery_figure(board, "lime").draw()
    strips = [axes for axes in figure.axes if len(axes.collections) > 3]
    millimetres = [2.0, 2.5, 5.0]  # strips of 0.4, 1.8 and 8 mV: at least 2, the range with room, at most 5
    for axes, signal, values, height in zip(strips, kept["signal"], kept["map"], millimetres, strict=True):
        line = next(line for line in axes.lines if len(line.get_ydata()) == 2880)
        assert line.get_ydata() == pytest.approx(signal / 1000 - np.median(signal / 1000))
        assert np.ptp(axes.get_ylim()) == pytest.approx(height)
        assert np.corrcoef(axes.images[0].get_array()[0], values)[0, 1] == pytest.approx(1)
        bar = next(one.get_paths()[0] for one in axes.collections if len(one.get_paths()) == 1)
        assert bar.get_extents().intervalx == pytest.approx([0, 499 / 360])
        share = np.clip(values[:500].astype(float), 0, None).sum() / np.clip(values.astype(float), 0, None).sum()
        assert f"{100 * share:.0f}%" in [text.get_text() for text in axes.texts]
    written = [text.get_text() for text in figure.texts]
    assert [text.partition(":")[0] for text in written if "record" in text] == ["best", "median", "worst"]
    width, height = figure.get_size_inches() * 25.4
    assert width == pytest.approx(8 * 25 + 10 + 2 * 4)
    assert Image.open(io.BytesIO(render_figure(figure, ".png"))).size == (round(4 * width), round(4 * height))


def test_signal_that_is_larger_than_the_paper_is_marked_where_it_is_cut(with_gallery):
    board, _ = with_gallery()
    figure = gallery_figure(board, "lime").draw()
    marked = [[line for line in axes.lines if line.get_marker() in "^v"] for axes in figure.axes if len(axes.collections) > 3]
    assert [bool(lines) for lines in marked] == [False, False, True]
    assert any("triangles" in text.get_text() for text in figure.texts)


def test_nothing_of_the_gallery_stands_on_something_else_or_outside(with_gallery):
    board, _ = with_gallery()
    figure = gallery_figure(board, "lime").draw()
    render_figure(figure, ".png")
    renderer = figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.texts if text.get_text()]
    boxes += [text.get_window_extent(renderer) for axes in figure.axes for text in axes.texts if "%" in text.get_text()]
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.width and box.y0 >= 0 and box.y1 <= figure.bbox.height for box in boxes)
    bars = [
        collection.get_window_extent(renderer)
        for axes in figure.axes
        for collection in axes.collections
        if len(axes.collections) > 3 and len(collection.get_paths()) == 1
    ]
    papers = [axes.get_window_extent(renderer) for axes in figure.axes]
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in [*boxes[:number], *bars, *papers])


def test_time_of_day_has_hours_from_the_first_one_on():
    assert [time_of_day(seconds) for seconds in (0, 408.0, 3723.9)] == ["0:00", "6:48", "1:02:03"]


@pytest.fixture
def with_shown(scores, analysed):
    """Board of two methods of which the same two windows of some leads and 1,000 samples are kept."""

    def board(leads, methods=("lime", "saliency")):
        shutil.rmtree(scores, ignore_errors=True)
        rng, size = np.random.default_rng(0), (2, len(leads) * 1000)
        shown = {
            "window": np.array([1, 0]),
            "leads": np.array(leads),
            "probability": np.array([[0.03, 0.06, 0.91, 0.0], [0.2, 0.1, 0.3, 0.4]], dtype=np.float32),
            "signal": rng.integers(-500, 500, size).astype(np.int16),
            "mask": np.zeros(size, dtype=bool),
            "beats": np.array([[0, 100, 200, 0], [0, 300, 500, 2], [1, 0, 1000, 2]]),
            "variant": np.array("raw"),
            "metric": np.array("auc"),
        }
        for method in methods:
            found, arrays = results("mitdb", method, {"raw": {"auc": {1: 0.5}}})
            shown |= {"map": rng.integers(-127, 127, size).astype(np.int8), "score": arrays["raw/auc/1"][[1, 0]]}
            write_file(found, arrays | {shown_name(what, 1): array for what, array in shown.items()}, root=scores)
        return analysed()["mitdb"].board

    return board


def test_gallery_of_shown_windows_is_of_the_same_ones_for_all_methods_with_what_the_model_says(with_shown):
    board = with_shown(["MLII"])
    headings = [[text.get_text() for text in gallery_figure(board, method).draw().texts] for method in ("lime", "saliency")]
    assert [text for text in headings[0] if "record" in text] == [text for text in headings[1] if "record" in text]
    assert any("model: N 3%, SVEB 6%, VEB 91%, F 0%" in text for text in headings[0])
    first, *_ = [axes for axes in gallery_figure(board, "lime").draw().axes if len(axes.collections) > 3]
    assert {"N", "V", "MLII"} <= {text.get_text() for text in first.texts}
    assert [text.get_text() for text in first.texts if text.get_weight() == "bold" and text.get_text() in "NV"] == ["V"]


def test_gallery_of_twelve_leads_is_a_sheet_of_three_rows_of_four_and_a_rhythm_strip(with_shown):
    figure = gallery_figure(with_shown(list(STANDARD)), "lime").draw()
    rows = [axes for axes in figure.axes if len(axes.collections) > 3]
    written = [[text.get_text() for text in axes.texts if text.get_text() in STANDARD] for axes in rows[:4]]
    assert written == [["I", "aVR", "V1", "V4"], ["II", "aVL", "V2", "V5"], ["III", "aVF", "V3", "V6"], ["II"]]
    assert len(rows) == 8
    width, height = Image.open(io.BytesIO(render_figure(figure, ".png"))).size
    assert width * height < 1_010_000
    assert all("V" in [text.get_text() for text in axes.texts] for axes in (rows[3], rows[7]))


def test_teaser_shows_one_window_with_the_maps_of_four_methods(with_shown):
    board = with_shown(["MLII"], ("saliency", "lime", "lrp", "gradcam", "deep_shap"))
    root = ElementTree.fromstring(teaser(board))
    written = [text.text for text in root.iter(f"{SVG}text")]
    assert [name for name in written if name in NAMES.values()] == ["LRP", "LIME", "DeepSHAP", "Grad-CAM"]
    assert "VEB, record" in written[0]
    assert "VEB 91%" in written[0]
    assert sum("in the labelled beats" in text for text in written) == 4
    assert teaser(with_shown(["MLII"])) is None


def test_gallery_is_drawn_and_on_the_pages_where_windows_are_kept(with_gallery, analysed, pages):
    with_gallery()
    assert gallery_path("mitdb", "lime") in dict(dataset_figures(analysed()["mitdb"]))
    found = pages()
    assert f"({gallery_path('mitdb', 'lime')})" in found["mitdb.md"]
    assert f"(../{gallery_path('mitdb', 'lime')})" in found["methods/lime.md"]
    board, kept = with_gallery()
    board, _ = with_gallery(**dict.fromkeys(kept))
    assert gallery_figure(board, "lime") is None
