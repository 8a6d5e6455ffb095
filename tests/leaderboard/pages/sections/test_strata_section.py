"""The section on wrong predictions: on pages of explained predictions, and on no other."""

from dataclasses import replace

import numpy as np
import pytest

from ecgbench.leaderboard.pages.dataset_page import dataset_page
from ecgbench.leaderboard.pages.sections import strata_section
from ecgbench.leaderboard.statistics.analysis import analyse
from ecgbench.leaderboard.statistics.board import read_board
from ecgbench.leaderboard.statistics.scores.strata import STRATA, ByStratum, Estimate, by_stratum
from ecgbench.leaderboard.trace import trace
from ecgbench.results import sample_name, write_file
from tests.leaderboard.conftest import results

BOARD = "mitdb@samples-4+explained-predicted"
RIGHT, PROBABILITY = np.array([True, True, False, False]), np.array([0.6, 0.99, 0.95, 0.7], dtype=np.float32)
NAN = np.nan
SCORES = {
    "lime": {"auc": {1: [0.5, 0.7, NAN, NAN]}, "faithfulness_correlation": {1: [0.5, 0.7, 0.2, 0.4]}},
    "saliency": {"auc": {1: [0.4, 0.4, NAN, NAN]}, "faithfulness_correlation": {1: [0.1, 0.1, 0.3, NAN]}},
}


@pytest.fixture
def accept_predictions(scores, identity):
    """Writes one seed of two methods and a control on windows that are right, right, sure and wrong, wrong."""

    def write(facts=None):
        predicted = replace(identity, explained="predicted")
        for method, means in {**SCORES, "centre": SCORES["saliency"]}.items():
            control = {"provenance": {"control": "what it does"}} if method == "centre" else {}
            found, arrays = results(BOARD, method, {"raw": means, "abs": means}, identity=predicted, **control)
            models = {"1": {**found.models["1"], **({} if facts is None else {"facts": facts})}}
            arrays |= {sample_name("right", 1): RIGHT, sample_name("probability", 1): PROBABILITY}
            write_file(replace(found, models=models), arrays, root=scores)
        return analyse(read_board(scores, BOARD))

    return write


def section(page):
    return page.split("## Where the model is wrong\n")[1].split("\n## ")[0]


def rows(text, head):
    block = next(block for block in text.split("\n\n") if block.startswith(f"| {head} "))
    return [[cell.strip().replace("&nbsp;", " ") for cell in line.strip("|").split("|")] for line in block.split("\n")[2:]]


def test_strata_are_counted_with_their_patients_and_shown_with_the_difference(accept_predictions):
    analysis = accept_predictions()
    found = section(dataset_page(analysis))
    assert rows(found, "seed") == [["1", "2 (1)", "2 (2)", "1 (1)"]]
    assert "Without a score of wrong predictions, or of right ones: auc&nbsp;↑." in found
    assert [row[1:] for row in rows(found, "metric")] == [["-", "-", "fewer than 5 patients"]]
    shown = {row[0]: row[1:] for row in rows(found, "variant")}
    assert list(shown) == ["`lime`", "`saliency`", "*centre*"]
    assert shown["`lime`"] == ["0.600<br><sub>of 2</sub>", "0.300<br><sub>of 2</sub>", "0.200<br><sub>of 1</sub>", "-0.300"]
    assert shown["`saliency`"] == ["0.100<br><sub>of 2</sub>", "0.300<br><sub>of 1</sub>", "0.300<br><sub>of 1</sub>", "+0.200"]
    column = next(column for column in analysis.board.columns if column.name == "faithfulness_correlation")
    assert by_stratum(analysis.windows, column, [("lime", "raw")])["lime", "raw"].kept.value == pytest.approx(-0.3)


def test_reasons_of_wrong_predictions_without_a_twin_are_said(accept_predictions):
    facts = {
        "twin_agreement": {"qualifies": 3.0, "no_twin": 1.0},
        "twin_agreement where wrong": {"qualifies": 1.0, "no_twin": 1.0, "small_fall": 0.0},
    }
    found = section(dataset_page(accept_predictions(facts)))
    assert "- twin agreement is defined of 1 of the 2 wrong predictions of seed 1; of the others: no twin 1." in found


def test_page_says_what_is_explained_and_stands_beside_no_other_dataset(accept_predictions):
    analysis = accept_predictions()
    page = dataset_page(analysis)
    assert "what is explained is the logit of the predicted class, for test windows in which the model predicts something abnormal" in page
    assert "drawn whether it is right or wrong" in page
    assert "--explained predicted" in page
    assert not analysis.board.compared


def test_pages_of_other_windows_have_no_such_section(accept_small, analysed):
    accept_small("mitdb")
    assert "Where the model is wrong" not in dataset_page(analysed()["mitdb"])


def test_trace_lists_the_stratum_of_each_window(accept_predictions, scores):
    accept_predictions()
    windows = trace(scores, BOARD, "lime", "faithfulness_correlation").windows
    assert windows["stratum"].tolist() == ["right", "right", "sure and wrong", "wrong"]


def test_methods_whose_difference_is_told_are_named_on_their_side(accept_predictions, monkeypatch):
    analysis = accept_predictions()
    made = {"lime": -1.0, "saliency": 1.0, "centre": -1.0}
    told = {
        (method, "raw"): ByStratum(
            dict.fromkeys(STRATA, Estimate(0.5, 0.4, 0.6)), dict.fromkeys(STRATA, 9), Estimate(way, way - 0.1, way + 0.1)
        )
        for method, way in made.items()
    }
    monkeypatch.setattr(strata_section, "by_stratum", lambda *_: told)
    found = rows(section(dataset_page(analysis)), "metric")
    assert {tuple(row[1:]) for row in found} == {("`saliency`", "`lime`, *centre*", "0 of 2")}
