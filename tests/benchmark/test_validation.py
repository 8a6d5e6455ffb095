"""The simulation behind docs/statistics.md: its truths are true, and a small version of it still says what the page says."""

import importlib
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def simulation():
    """The script, imported as if it were run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmark" / "validation")
        yield importlib.import_module("simulated_scores")


def scene(simulation, patients, **changed):
    return simulation.Scene(patients, **changed)


@pytest.mark.parametrize("shape", ["normal", "skewed", "bounded"])
def test_true_mean_is_that_of_very_many_scores(simulation, shape):
    drawn = simulation.SHAPES[shape].score(np.random.default_rng(0).standard_normal(400_000))
    assert drawn.mean() == pytest.approx(simulation.SHAPES[shape].mean, abs=0.01)


@pytest.mark.parametrize("within", [0.8])
def test_windows_of_one_patient_correlate_as_announced(simulation, within):
    samples = scene(simulation, 4000, shape="normal", within=within, undefined=0).draw(np.random.default_rng(0), metrics=("auc",))
    values, patient = samples.values["m0", "raw", "auc", 0], samples.patient[0]
    neighbours = patient[1:] == patient[:-1]
    assert np.corrcoef(values[1:][neighbours], values[:-1][neighbours])[0, 1] == pytest.approx(within, abs=0.05)
    assert values.std() == pytest.approx(1, abs=0.05)


def test_share_of_undefined_scores_is_as_announced(simulation):
    samples = scene(simulation, 400, undefined=0.3).draw(np.random.default_rng(0), metrics=("auc",))
    assert np.isnan(samples.values["m0", "raw", "auc", 0]).mean() == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize("patients", [5])
def test_expanded_interval_holds_the_mean_more_often_than_the_plain_one(simulation, patients):
    found = simulation.repeated(simulation.mean_coverage, scene(simulation, patients, shape="normal"), repetitions=200, seed=0)
    assert found["percentile"] < 0.9
    assert 0.88 <= found["expanded"] <= 0.98


def test_true_ranks_of_methods_far_apart_lie_in_their_intervals(simulation):
    found = simulation.repeated(simulation.rank_coverage, scene(simulation, 15, gains=simulation.APART), repetitions=20, seed=0)
    assert found["rank"] >= 0.95
    assert found["place"] >= 0.95
    assert found["ranks"] <= 1.3


@pytest.mark.parametrize("gains", ["HALF_ALIKE"])
def test_methods_that_are_alike_are_seldom_told_apart(simulation, gains):
    found = simulation.repeated(simulation.told_apart, scene(simulation, 15, gains=getattr(simulation, gains)), repetitions=100, seed=0)
    assert found["wrong"] <= 0.1


@pytest.mark.parametrize(("patients", "gain", "low", "high"), [(5, 2.0, 0, 0), (15, 0.5, 0.02, 0.4), (15, 2.0, 0.9, 1)])
def test_better_method_is_told_apart_where_patients_and_difference_suffice(simulation, patients, gain, low, high):
    gains = (*simulation.ALIKE[1:], gain)
    found = simulation.repeated(simulation.told_apart, scene(simulation, patients, gains=gains, shape="normal"), repetitions=25, seed=0)
    assert low <= found["right"] <= high


def test_report_has_every_table_and_is_the_same_again(simulation):
    text = simulation.report(repetitions=1, seed=3, patients=(5,))
    assert all(f"### {title}" in text for title in simulation.TABLES)
    assert text == simulation.report(repetitions=1, seed=3, patients=(5,))


def test_page_shows_every_table_with_every_number_of_patients(simulation):
    page = (ROOT / "docs" / "statistics.md").read_text()
    for title, shown in simulation.TABLES.items():
        lines = page.partition(f"### {title}\n\n")[2].splitlines()
        assert [cell.strip() for cell in lines[0].split("|")[2:-1]] == [heading for heading, *_ in shown]
        assert tuple(int(line.split("|")[1]) for line in lines[2:7]) == simulation.PATIENTS


def test_only_what_stands_between_the_markers_is_renewed(simulation):
    page = "before\n<!-- validation:begin -->\nold\n<!-- validation:end -->\nafter\n"
    renewed = simulation.refreshed(page, "new")
    assert renewed == "before\n<!-- validation:begin -->\n\nnew\n\n<!-- validation:end -->\nafter\n"
    assert simulation.refreshed(renewed, "new") == renewed


def test_page_without_markers_is_refused(simulation):
    with pytest.raises(SystemExit, match="validation:begin"):
        simulation.refreshed("no markers", "new")


def test_absent_page_is_refused_before_anything_is_computed(simulation, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["simulated_scores.py", "--out", str(tmp_path / "absent.md")])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(simulation.__file__, run_name="__main__")
    assert ended.value.code == 2
    assert "expected a page with the markers" in capsys.readouterr().err
