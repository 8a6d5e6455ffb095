"""A family of which no metric counts is shown without an order, with the reason and the figures."""

import pytest

from ecgbench.leaderboard.pages.oracles import why_shown
from ecgbench.leaderboard.pages.readme_excerpt import refresh_excerpt
from ecgbench.leaderboard.render import figures_of

MORF = "region_perturbation_morf"


@pytest.fixture
def every_metric_counts():
    """Here metrics count as they are declared."""


@pytest.fixture
def board(accept, accept_control, analysed):
    """Two methods on a real and on the simulated dataset, there beside the cause and a control that does better than it."""
    for dataset in ("mitdb", "synthetic"):
        for method, mean in (("lime", 0.8), ("saliency", 0.6)):
            accept(dataset, method, {"raw": {"auc": {1: mean}, MORF: {1: mean}}})
    accept_control("synthetic", "causal_mask", {MORF: {1: 0.4}}, bound=True)
    accept_control("synthetic", "slope", {MORF: {1: 0.7}})
    return analysed()


def test_section_says_that_nothing_is_ranked_and_why(board, pages):
    section = pages()["mitdb.md"].split("## Faithfulness\n")[1].split("\n## ")[0]
    assert "**Nothing is ranked here**" in section
    assert "on synthetic, `causal_mask`, which is the answer itself, gets 0.400" in section
    assert "and `slope`, which knows neither the model nor the answer, 0.700" in section
    assert "(gain -0.300, -0.300..-0.300)" in section
    assert "Which differ" not in section
    assert "**" not in section.split("| [`lime`]")[1]
    assert "<sub>[0.800" in section


def test_at_a_glance_and_overview_give_no_order(board, pages):
    found = pages()
    assert "- **Faithfulness**: no order, since no metric of it counts ([why](oracles.md))." in found["mitdb.md"]
    overview = found["README.md"].split("## Faithfulness\n")[1].split("\n## ")[0]
    assert "**No order.**" in overview
    assert "causal_mask" in overview
    assert "[`lime`]" not in overview


def test_page_of_checks_has_every_figure(board, pages):
    row = next(line for line in pages()["oracles.md"].split("\n") if "region perturbation morf" in line)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1:] == [
        "synthetic",
        "`causal_mask` 0.400",
        "`slope` 0.700",
        "-0.300 (-0.300..-0.300)",
        "`lime` 0.800",
        "`saliency` 0.600",
        "**no**: the oracle control does not win",
    ]
    assert cells[0] in pages()["metrics/region_perturbation_morf.md"].replace(
        "[region perturbation morf](", "[region perturbation morf](metrics/"
    )


def test_intervals_are_drawn_and_no_heat_map(board):
    drawn = {path for path, _ in figures_of([board["mitdb"]]) if "faithfulness" in path}
    assert drawn == {"figures/mitdb/intervals-faithfulness.svg"}


def test_excerpt_leaves_the_family_out_and_says_so(board):
    text = refresh_excerpt("<!-- leaderboard:begin mitdb -->\n<!-- leaderboard:end -->\n", list(board.values()), "leaderboards")
    assert "faithfulness: place" not in text
    assert "No order is given of faithfulness" in text
    assert "(leaderboards/oracles.md)" in text


def test_metric_without_any_check_says_that_nothing_shows_its_worth(board):
    column = next(column for column in board["mitdb"].board.columns if column.name == MORF)
    assert why_shown(column, ()).startswith("no accepted results of a simulated dataset")
    assert why_shown(next(column for column in board["mitdb"].board.columns if column.name == "auc"), ()) == ""
