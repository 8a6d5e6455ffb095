"""The excerpt in the README: which variants, which numbers, where it points."""

import re
from dataclasses import replace

import pytest

from ecgbench.errors import ResultsError
from ecgbench.leaderboard.pages.readme_excerpt import excerpt, refresh_excerpt

README = "# Project\n\n<!-- leaderboard:begin{} -->\n<!-- leaderboard:end -->\n"


def rows(text):
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.split("\n") if line.startswith("|")]
    return {re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", cells[0]): dict(zip(lines[0], cells, strict=True)) for cells in lines[2:]}


def test_best_three_of_each_family_are_shown(accept, analysed):
    for rank, method in enumerate(("lime", "lrp", "saliency", "gradcam", "deep_lift")):
        accept("mitdb", method, {"raw": {"auc": {1: 0.9 - 0.1 * rank}, "region_perturbation_morf": {1: 0.1 + 0.1 * rank}}})
    assert list(rows(excerpt(analysed()["mitdb"], ""))) == ["`lime`", "`lrp`", "`saliency`", "`gradcam`", "`deep_lift`"]
    accept("mitdb", "random_baseline", {"raw": {"auc": {1: 0.55}, "region_perturbation_morf": {1: 0.25}}})
    assert "`random_baseline`" not in rows(excerpt(analysed()["mitdb"], ""))


def test_places_and_scores_are_those_of_the_page_and_links_lead_from_the_readme(accept_small, analysed):
    accept_small("mitdb")
    text = refresh_excerpt(README.format(" mitdb"), list(analysed().values()), "leaderboards")
    row = rows(text)["`lime`"]
    assert row["localisation: place"] == "0.000 (0.000..0.000) A"
    assert row["auc&nbsp;↑"] == "0.750±0.071 (0.740..0.760)<br><sub>balanced&nbsp;0.737</sub>"
    assert "](leaderboards/methods/lime.md)" in text
    assert "](leaderboards/mitdb.md)" in text


def test_answers_of_the_overview_are_shown_unless_a_dataset_is_named(accept, identity, analysed):
    accept("svdb", "lime", {"raw": {"auc": {1: 0.5}}})
    accept("svdb@patient", "lime", {"raw": {"auc": {1: 0.5}}}, identity=replace(identity, split="patient"))
    answers, named = (refresh_excerpt(README.format(name), list(analysed().values()), "leaderboards") for name in ("", " svdb@patient"))
    assert "I want to show a reader **where to look**" in answers
    assert "](leaderboards/README.md)" in answers
    assert "[All of it](leaderboards/svdb@patient.md)" in named


def test_results_that_nothing_is_compared_with_leave_the_excerpt_of_a_dataset(accept, identity, analysed):
    accept("svdb@patient", "lime", {"raw": {"auc": {1: 0.5}}}, identity=replace(identity, split="patient"))
    with pytest.raises(ResultsError, match="accepted results of a dataset"):
        refresh_excerpt(README.format(""), list(analysed().values()), "leaderboards")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("# Project\n", "leaderboard:begin"), (README.format(" nowhere"), "accepted results of nowhere")],
    ids=["no markers", "unknown dataset"],
)
def test_readme_without_a_place_for_the_excerpt_is_refused(accept, analysed, text, expected):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.5}}})
    with pytest.raises(ResultsError, match=expected):
        refresh_excerpt(text, list(analysed().values()), "leaderboards")
