"""One estimator, one order: tables, letters, the list of who is ahead and the figures all stand in the order of the place."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgbench.leaderboard.pages import page_figures
from ecgbench.leaderboard.pages.sections.family_section import ahead as ahead_sentence
from ecgbench.leaderboard.pages.tables import family_table
from ecgbench.leaderboard.statistics.analysis import analyse
from ecgbench.leaderboard.statistics.board import read_board
from ecgbench.leaderboard.statistics.patients.groups import LEVEL, comparison
from ecgbench.leaderboard.statistics.ranking import columns
from ecgbench.leaderboard.statistics.scores.window_scores import WindowScores
from ecgbench.metrics import METRICS

from ..scored import places

SCORES = Path(__file__).parents[3] / "leaderboards" / "scores"
FAMILIES = ("localisation", "faithfulness")


@pytest.fixture(scope="module")
def svdb():
    """The accepted results of svdb, all metrics counting that may, so that two families have an order."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(METRICS, "_entries", {entry.key: replace(entry, ranked=not entry.aside) for entry in METRICS})
        return analyse(read_board(SCORES, "svdb"))


def table_rows(analysis, family):
    """Variants and their letters as the family's table has them, top to bottom, without controls."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in family_table(analysis, family).split("\n")[2:]]
    found = [(re.match(r"\[`(\w+)`\]\([^)]*\)( \(abs\))?", cells[1]), cells[2]) for cells in lines]
    return [((match[1], "abs" if match[2] else "raw"), letters) for match, letters in found if match]


@pytest.mark.parametrize("family", FAMILIES)
def test_table_letters_list_and_heat_map_of_accepted_results_have_one_order(svdb, family):
    rows, compared = table_rows(svdb, family), svdb.comparisons[family]
    assert list(compared.order) == [variant for variant, letters in rows if letters]
    assert compared.order[0] == rows[0][0]
    assert list(compared.places) == [svdb.place(family, variant) for variant in compared.order]
    letters = [shown for _, shown in rows if shown]
    assert letters[0].startswith("A")
    assert letters == sorted(letters)
    ahead = re.findall(r"\[`(\w+)`\]", ahead_sentence(svdb, family))
    assert ahead == [method for method, _ in compared.order][: len(ahead)]
    ranked = [variant for variant, _ in rows if not np.isnan(svdb.place(family, variant))]
    assert page_figures.score_rows(svdb, family)[: len(ranked)] == ranked


@pytest.mark.parametrize("family", FAMILIES)
def test_a_pair_that_is_told_apart_against_the_order_is_named(svdb, family):
    """Where most patients say otherwise of a pair than the place, which a few with many windows decide, the page says so."""
    compared = svdb.comparisons[family]
    names = [method for method, _ in compared.order]
    against = [
        (better, worse)
        for i, better in enumerate(names)
        for worse in names[i + 1 :]
        if compared.adjusted.loc[better, worse] <= LEVEL and compared.within[better] > compared.within[worse]
    ]
    assert list(compared.against_order) == against


def test_patient_with_many_windows_decides_the_order_and_all_patients_the_groups(metrics):
    """`a` is far better in one patient's 40 windows, `b` a little better in each of 19 others', so that pooled means put `a` first."""
    patient = np.array(["p00"] * 40 + [f"p{i:02}" for i in range(1, 20)])
    many = patient == "p00"
    values = {("a", "raw", "hit", 1): np.where(many, 0.9, 0.5), ("b", "raw", "hit", 1): np.where(many, 0.1, 0.6)}
    scored, shown = WindowScores("made up", values, {1: patient}, {1: np.ones(len(patient), dtype=np.int64)}), columns(["hit"], metrics)
    found = comparison(scored, shown, places(scored, shown), "localisation", flips=2000)
    assert found.order == (("a", "raw"), ("b", "raw"))
    assert found.places.tolist() == [0, 1]
    assert found.within.tolist() == [0.95, 0.05]
    assert found.groups == (("a",), ("b",))


def test_absolute_maps_do_not_leave_signed_ones_a_metric_to_themselves(metrics):
    """Of `a` the absolute maps are compared; its signed maps stay among those that the signed metric ranks within a patient."""
    patient = np.array([f"p{i:02}" for i in range(15)])
    rows = {
        ("a", "abs"): {"drop": 0.1},
        ("a", "raw"): {"drop": 0.9, "corr": 0.9},
        ("b", "raw"): {"drop": 0.3, "corr": 0.5},
        ("c", "raw"): {"drop": 0.5, "corr": 0.1},
    }
    values = {(*variant, metric, 1): np.full(15, value) for variant, row in rows.items() for metric, value in row.items()}
    scored, shown = WindowScores("made up", values, {1: patient}, {1: np.ones(15, dtype=np.int64)}), columns(["drop", "corr"], metrics)
    table = places(scored, shown)
    found = comparison(scored, shown, table, "faithfulness")
    assert found.order == (("a", "abs"), ("b", "raw"), ("c", "raw"))
    assert found.within.tolist() == pytest.approx([table.loc[variant, "faithfulness"] for variant in found.order])
