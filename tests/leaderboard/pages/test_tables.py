"""What the typography of a table says."""

import re

import pytest

from ecgbench.leaderboard.pages.tables import escaped, family_table, number, rank_range, table, with_interval


def rows(analysis, family="localisation"):
    """Rows of a family's table, by the variant's name without its link; in the table's order."""
    lines = family_table(analysis, family).split("\n")
    split = [[re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", cell.strip()) for cell in line.strip("|").split("|")] for line in lines]
    return {cells[1]: dict(zip(split[0], cells, strict=True)) for cells in split[2:]}


@pytest.fixture
def board(accept, accept_control, analysed):
    """Two methods, chance, a control and a bound."""
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.7}}}, provenance={"chance": {"auc": 0.5}})
    accept("mitdb", "lrp", {"raw": {"auc": {1: 0.6}}})
    accept_control("mitdb", "centre", {"auc": {1: 0.65}})
    accept_control("mitdb", "a_mask", {"auc": {1: 1.0}}, bound=True)
    return analysed()["mitdb"]


def test_chance_and_controls_stand_below_the_methods(board):
    assert list(rows(board)) == ["`lime`", "`lrp`", "*chance*", "*centre: what centre does*", "*a_mask: what a_mask does*"]


def test_what_is_no_method_has_no_rank_and_is_never_best(board):
    for name in ("*chance*", "*centre: what centre does*", "*a_mask: what a_mask does*"):
        assert (rows(board)[name]["#"], rows(board)[name]["group"], rows(board)[name]["place"]) == ("-", "", "-")
        assert "**" not in rows(board)[name]["auc&nbsp;↑"]


def test_score_that_does_not_beat_the_best_control_is_marked(board):
    marked = {name for name, row in rows(board).items() if "‡" in row["auc&nbsp;↑"]}
    assert marked == {"`lrp`"}


def test_cell_says_mean_interval_and_balanced_mean(board):
    assert rows(board)["`lime`"]["auc&nbsp;↑"] == "**0.700** (0.690..0.710)<br><sub>balanced&nbsp;0.687</sub>"


def test_rank_is_a_number_or_a_range(accept, analysed):
    accept("mitdb", "lime", {"raw": {"auc": {1: [0.9, 0.9, 0.1, 0.9]}}})
    accept("mitdb", "lrp", {"raw": {"auc": {1: [0.5, 0.5, 0.5, 0.5]}}})
    accept("mitdb", "saliency", {"raw": {"auc": {1: [0.0, 0.0, 0.0, 0.0]}}})
    shown = {name: row["#"] for name, row in rows(analysed()["mitdb"]).items()}
    assert shown == {"`lime`": "1..2", "`lrp`": "1..2", "`saliency`": "3"}


def test_variant_without_a_place_has_no_rank(accept, analysed):
    accept("mitdb", "lime", {"raw": {"auc": {1: None}}})
    assert rank_range(analysed()["mitdb"], "localisation", ("lime", "raw")) == "-"


@pytest.mark.parametrize(("value", "text"), [(-0.0001, "0.000"), (0.0625, "0.062"), (float("nan"), "-")])
def test_numbers_have_three_digits_and_zero_no_sign(value, text):
    assert number(value) == text


def test_value_without_an_interval_stands_alone():
    assert with_interval(0.5, float("nan"), float("nan")) == "0.500"


@pytest.mark.parametrize("text", ["a | b", "a\nb", "a\n\n| b |"])
def test_cell_stays_one_cell(text):
    lines = table(["what"], [[text]]).split("\n")
    assert len(lines) == 3
    assert len(re.findall(r"(?<!\\)\|", lines[2])) == 2


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, 1.5 (x86_64)", "plain text, 1.5 (x86_64)"),
        ("<script>&", "&lt;script&gt;&amp;"),
        ("a\n\n# b", "a # b"),
        ("a | b", "a &#124; b"),
        ("[x](y) *b* `c` _d_", "\\[x\\](y) \\*b\\* \\`c\\` \\_d\\_"),
    ],
)
def test_somebody_else_s_text_is_shown_as_it_is(text, shown):
    assert escaped(text) == shown
