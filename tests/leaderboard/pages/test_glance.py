"""What a reader sees first: who is named and who is not, the order of the rows, how an interval is drawn."""

import math

import numpy as np
import pytest

from ecgbench.leaderboard.pages.glance.answers import cards, dataset_cards
from ecgbench.leaderboard.pages.glance.rows import view_of_all, views
from ecgbench.leaderboard.pages.glance.words import bar, duration
from ecgbench.leaderboard.statistics.controls.controls_beaten import controls_beaten, recommended
from ecgbench.leaderboard.statistics.of_class import class_views, of_class

LOCALISATION = "localisation"


@pytest.fixture
def scored(accept, accept_control, analysed):
    """`lime` beats the control `centre` in both metrics, `lrp` in one, though its place is as good."""

    def write(control=0.6):
        accept("mitdb", "lime", {"raw": {"auc": {1: 0.8}, "pointing_game": {1: 0.7}}})
        accept("mitdb", "lrp", {"raw": {"auc": {1: 0.9}, "pointing_game": {1: 0.5}}})
        accept_control("mitdb", "centre", {"auc": {1: control}, "pointing_game": {1: 0.6}})
        return analysed()["mitdb"]

    return write


def test_method_that_fails_a_control_is_not_recommended(scored):
    analysis = scored()
    assert controls_beaten(analysis, ("lrp", "raw"), LOCALISATION) == (1, 2)
    assert recommended(analysis, LOCALISATION) == [("lime", "raw")]
    looks, warning = cards([analysis])
    assert [one.method for one in looks.named] == ["lime"]
    assert warning.warns


def test_a_card_names_no_method_of_many_that_cannot_be_told_apart(accept, accept_control, analysed):
    for method in ("lime", "lrp", "saliency", "gradcam"):
        accept("mitdb", method, {"raw": {"auc": {1: 0.9}, "pointing_game": {1: 0.7}}})
    accept_control("mitdb", "centre", {"auc": {1: 0.6}, "pointing_game": {1: 0.6}})
    for looks in (cards([analysed()["mitdb"]])[0], dataset_cards(analysed()["mitdb"])[0]):
        assert not looks.named
        assert looks.none == "4 methods cannot be told apart"


def test_nothing_is_recommended_where_a_control_is_best_and_the_warning_says_so(scored):
    looks, warning = cards([scored(control=0.95)])
    assert [one.method for one in looks.named] in ([], ["lime"])
    assert "`centre` (what centre does) gets, in auc&nbsp;↑, 0.950 on mitdb (best method 0.900)." in warning.sentences


def test_rows_stand_in_the_order_of_the_place_and_count_controls(scored):
    view = view_of_all(scored())
    assert [row.method for row in view.rows] == ["lime", "lrp"]
    assert [row.looks.beaten.everywhere for row in view.rows] == [True, False]
    assert [row.rests for row in view.rows] == [None, None]
    assert view.rows[0].seconds == pytest.approx(0.002)


def test_view_of_a_class_has_the_means_of_its_windows(scored):
    analysis = scored()
    of_second = of_class(analysis, 2)
    column = next(column for column in of_second.board.columns if column.name == "auc")
    expected = np.mean(analysis.windows.values["lime", "raw", "auc", 1][1:])
    assert of_second.summary(("lime", "raw"), column).mean == pytest.approx(expected, abs=1e-12)
    assert of_second.board.places.loc[("lime", "raw"), LOCALISATION] == analysis.board.places.loc[("lime", "raw"), LOCALISATION]


def test_classes_of_few_patients_have_no_view(scored):
    analysis = scored()
    assert [view.class_name for view in views(analysis, class_views(analysis))] == [""]


@pytest.mark.parametrize(
    ("estimate", "ends", "drawn"),
    [
        ((0.5, 0.25, 0.75), (0, 1), "····━━━━●━━━····"),
        ((0.0, math.nan, math.nan), (1, 0), "···············●"),
        ((9.0, 8.0, 9.0), (0, 1), "···············●"),
    ],
    ids=["interval", "turned round", "beyond the end"],
)
def test_interval_as_characters(estimate, ends, drawn):
    assert bar(*estimate, ends, beaten=True) == drawn
    assert bar(*estimate, ends, beaten=False) == drawn.replace("●", "○")


def test_times_have_two_digits():
    assert [duration(seconds) for seconds in (0.0042, 0.0634, 0.63, 0.999, 12.3, math.nan)] == [
        "4.2&nbsp;ms",
        "63&nbsp;ms",
        "630&nbsp;ms",
        "1&nbsp;s",
        "12&nbsp;s",
        "-",
    ]
