"""Beats and shares above a sheet, and the thumbnail of a map: each number against one that is worked out otherwise."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from ecgbench.leaderboard.figures.paper.beats import Beat, letter_of, marked_beats, shares
from ecgbench.leaderboard.figures.thumbnail import WIDTH, thumbnail

SVG = "{http://www.w3.org/2000/svg}"


def test_runs_of_marked_samples_are_beats():
    marks = np.array([[1, 1, 0, 0, 1], [0, 0, 0, 0, 1]], dtype=bool)
    assert marked_beats(marks, "V") == [Beat(0, 2, "V", True), Beat(4, 5, "V", True)]
    assert marked_beats(np.zeros((1, 3), dtype=bool), "V") == []


def test_shares_count_what_speaks_for_the_class_in_all_leads():
    values = np.array([[1.0, -5.0, 2.0], [0.0, 1.0, -1.0]])
    beats = [Beat(0, 2, "N", False), Beat(2, 3, "V", True)]
    assert shares(values, beats) == [0.5, 0.5]
    assert np.isnan(shares(-np.abs(values), beats)).all()


def test_letters_are_of_classes_of_beats_alone():
    assert [letter_of(name) for name in ("N", "SVEB", "VEB", "LAnFB")] == ["N", "S", "V", ""]


@pytest.mark.parametrize("time", [1, 60, 2880])
def test_thumbnail_draws_warm_where_the_map_speaks_for_the_class(time: int):
    signal = np.sin(np.arange(time) / 9)
    values = np.where(np.arange(time) < time / 2, 1.0, -1.0)
    content = thumbnail(signal, values)
    assert content == thumbnail(signal, values * 3)
    assert len(content) < 8_000
    full = [path for path in ElementTree.fromstring(content).iter(f"{SVG}path") if path.get("fill-opacity") == "1"]
    places = {path.get("fill"): [int(x) for x in re.findall(r"M(\d+) ", path.get("d"))] for path in full}
    assert places["#D55E00"] == [0]
    if time > 1:
        assert places["#0072B2"][0] == pytest.approx(WIDTH / 2, abs=2)


def test_thumbnail_of_a_flat_line_and_no_map_is_drawn():
    ElementTree.fromstring(thumbnail(np.zeros(100), np.zeros(100, dtype=np.int8)))
