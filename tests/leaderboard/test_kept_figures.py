"""A figure is drawn again if its data, its file or what draws it has changed, and not otherwise."""

from dataclasses import replace

import numpy as np
import pytest

from ecgbench.leaderboard.figures import drawing as module
from ecgbench.leaderboard.figures.charts import Interval, Panel, cost_figure, heat_map, interval_figure
from ecgbench.leaderboard.figures.drawing import Drawing
from ecgbench.leaderboard.kept_figures import PATH, digests_file, figure_digest, kept_figure, known_digests

PANEL = Panel("auc", [Interval(0.5, 0.4, 0.6), None], {"chance": 0.1})
FIGURE = "figures/mitdb/cost.svg"


def interval(panel=PANEL, rows=("one", "two"), counts=True):
    return Drawing(interval_figure, (rows, [panel], counts))


def heat(values, counts=1):
    return Drawing(heat_map, (["one"], ["auc", "gini"], np.array([values]), np.array([[0.0, np.nan]]), counts))


def test_digest_tells_whatever_is_drawn():
    drawings = [
        interval(),
        interval(rows=("two", "one")),
        interval(counts=False),
        interval(replace(PANEL, title="gini")),
        interval(replace(PANEL, rows=[Interval(0.5, 0.4), None])),
        interval(replace(PANEL, rows=[None, Interval(0.5, 0.4, 0.6)])),
        interval(replace(PANEL, lines={"best control": 0.1})),
        heat([0.5, 0.25]),
        heat([0.5, 1.0]),
        heat([0.5, np.nan]),
        heat([0.5, 0.25], 0),
        Drawing(cost_figure, ({"one": 1.0}, {})),
        Drawing(cost_figure, ({"one": 1.0, "two": 2.0}, {})),
        Drawing(cost_figure, ({"two": 2.0, "one": 1.0}, {})),
    ]
    assert len({drawing.digest for drawing in drawings}) == len(drawings)


def test_digest_does_not_depend_on_rounding():
    least = 1 + 1e-13
    other = replace(PANEL, rows=[Interval(0.5 * least, 0.4, 0.6), None], lines={"chance": 0.1 * least})
    assert interval(other).digest == interval().digest
    assert heat([0.5 * least, 0.3 * least]).digest == heat([0.5, 0.3]).digest
    assert heat([0.5, -0.0]).digest == heat([0.5, 0.0]).digest


@pytest.fixture
def kept(tmp_path):
    """The folder of pages with one figure, and its content."""
    content = b"<svg/>"
    (tmp_path / FIGURE).parent.mkdir(parents=True)
    (tmp_path / FIGURE).write_bytes(content)
    (tmp_path / PATH).write_bytes(digests_file({FIGURE: figure_digest(interval(), content)}))
    return tmp_path


def test_figure_is_kept_until_its_data_or_file_changes(kept):
    known = known_digests(kept)
    assert kept_figure(kept, FIGURE, interval(), known) == b"<svg/>"
    assert kept_figure(kept, FIGURE, interval(counts=False), known) is None
    assert kept_figure(kept, "figures/mitdb/other.svg", interval(), known) is None
    (kept / FIGURE).write_bytes(b"<svg />")
    assert kept_figure(kept, FIGURE, interval(), known) is None
    (kept / FIGURE).unlink()
    assert kept_figure(kept, FIGURE, interval(), known) is None


def test_figure_is_drawn_again_by_other_code(kept, monkeypatch):
    monkeypatch.setattr(module, "renderer", lambda: "another")
    assert kept_figure(kept, FIGURE, interval(), known_digests(kept)) is None


@pytest.mark.parametrize("content", ["", "<<<<<<< ours", "[]"])
def test_list_that_cannot_be_read_keeps_nothing(kept, content):
    (kept / PATH).write_text(content)
    assert known_digests(kept) == {}
