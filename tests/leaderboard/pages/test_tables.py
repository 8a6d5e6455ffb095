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
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.7}}}, chance={"1": {"auc": 0.5}})
    accept("mitdb", "lrp", {"raw": {"auc": {1: 0.6}}})
    accept_control("mitdb", "centre", {"auc": {1: 0.65}})
    accept_control("mitdb", "a_mask", {"auc": {1: 0.95}}, bound=True)
    return analysed()["mitdb"]


def test_what_is_no_method_stands_below_has_no_rank_and_is_never_best(board):
    found, others = rows(board), ["*chance*", "*centre: what centre does*", "*a_mask: what a_mask does*"]
    assert list(found) == ["`lime`", "`lrp`", *others]
    for name in others:
        assert (found[name]["#"], found[name]["group"], found[name]["place"]) == ("-", "", "-")
        assert "**" not in found[name]["auc&nbsp;↑"]


def test_cell_says_mean_interval_gain_balanced_mean_and_whether_a_control_is_better(board):
    gain = "<br><sub>gain&nbsp;+0.050 (+0.050..+0.050) over&nbsp;centre</sub>"
    assert rows(board)["`lime`"]["auc&nbsp;↑"] == f"**0.700** (0.690..0.710){gain}<br><sub>balanced&nbsp;0.687</sub>"
    assert {name for name, row in rows(board).items() if "‡" in row["auc&nbsp;↑"]} == {"`lrp`"}


@pytest.mark.parametrize(
    ("chance", "shown"),
    [({"1": {"auc": 0.2}, "2": {"auc": 0.4}}, "0.300"), ({"1": {"auc": 0.2}}, None), ({"1": {"auc": 0.2}, "2": {}}, None)],
)
def test_chance_is_the_mean_over_the_seeds_shown_and_there_is_none_where_one_is_not_known(accept, analysed, chance, shown):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.7, 2: 0.8}}}, chance=chance)
    accept("mitdb", "lrp", {"raw": {"auc": {1: 0.6, 2: 0.6}}}, chance={})
    found = rows(analysed()["mitdb"])
    assert found.get("*chance*", {}).get("auc&nbsp;↑") == shown


def test_rank_is_a_number_or_a_range(accept, analysed):
    accept("mitdb", "lime", {"raw": {"auc": {1: [0.9, 0.9, 0.1, 0.9]}}})
    accept("mitdb", "lrp", {"raw": {"auc": {1: [0.5, 0.5, 0.5, 0.5]}}})
    accept("mitdb", "saliency", {"raw": {"auc": {1: [0.0, 0.0, 0.0, 0.0]}}})
    shown = {name: row["#"] for name, row in rows(analysed()["mitdb"]).items()}
    assert shown == {"`lime`": "1..2", "`lrp`": "1..2", "`saliency`": "3"}


def test_variant_without_a_place_has_no_rank(accept, analysed):
    accept("mitdb", "lime", {"raw": {"auc": {1: None}}})
    assert rank_range(analysed()["mitdb"], "localisation", ("lime", "raw")) == "-"


def test_numbers_have_three_digits_and_zero_no_sign():
    assert [number(value) for value in (-0.0001, 0.0625, float("nan"))] == ["0.000", "0.062", "-"]
    assert with_interval(0.5, float("nan"), float("nan")) == "0.500"


def test_cell_stays_one_cell():
    lines = table(["what"], [["a | b"], ["a\nb"], ["a\n\n| b |"]]).split("\n")
    assert len(lines) == 5
    assert [len(re.findall(r"(?<!\\)\|", line)) for line in lines[2:]] == [2, 2, 2]


def test_somebody_else_s_text_is_shown_as_it_is():
    shown = {
        "plain text, 1.5 (x86_64)": "plain text, 1.5 (x86_64)",
        "<script>&": "&lt;script&gt;&amp;",
        "a\n\n# b": "a # b",
        "a | b": "a &#124; b",
        "[x](y) *b* `c` _d_": "\\[x\\](y) \\*b\\* \\`c\\` \\_d\\_",
    }
    assert {text: escaped(text) for text in shown} == shown
