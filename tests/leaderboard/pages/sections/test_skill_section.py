"""Skill on the pages: what the table and the metric's column say, and where there is none."""

import pytest


@pytest.fixture
def shown(accept, accept_control, pages):
    """Pages of a method and a control with one seed; the control that says nothing has 0.5 in every window."""
    accept("mitdb", "lime", {"raw": {"auc": {1: [0.75, 0.5, 1.0, 0.75]}, "region_perturbation_lerf": {1: 0.3}}})
    accept_control("mitdb", "constant", {"auc": {1: [0.5, 0.5, 0.5, 0.5]}, "region_perturbation_lerf": {1: 0.4}})
    accept_control("mitdb", "centre", {"auc": {1: [0.5, 0.25, 0.5, 0.25]}})
    return pages()


def test_dataset_page_has_the_mean_of_the_windows_skill(shown):
    _, _, part = shown["mitdb.md"].partition("**Skill over chance.**")
    rows = {line.split("|")[1].strip(): line.split("|")[2].strip() for line in part.split("## Faithfulness")[0].splitlines() if "|" in line}
    assert rows["[`lime`](methods/lime.md)"].startswith("0.500 (")
    assert rows["*constant: what constant does*"] == "0.000 (0.000..0.000)"
    assert rows["*centre: what centre does*"].startswith("-0.250 (")
    assert rows["variant"] == "[auc](metrics/auc.md)&nbsp;↑"


def test_family_without_a_control_for_chance_has_no_skill(shown):
    assert shown["mitdb.md"].count("**Skill over chance.**") == 1
    assert "| skill |" not in shown["metrics/region_perturbation_lerf.md"].replace("  ", "")


def test_metric_page_has_a_column_of_it(shown):
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in shown["metrics/auc.md"].splitlines() if line.startswith("|")]
    header = lines[0]
    (row,) = [line for line in lines if line[1:2] == ["[`lime`](../methods/lime.md)"]]
    assert row[header.index("skill")].startswith("0.500 (")
    assert {len(line) for line in lines} == {len(header)}
