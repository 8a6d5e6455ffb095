"""The simulation of models and patients behind docs/statistics.md: its scores are as announced, and one cell says what the page says."""

import importlib
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def simulation():
    """The script, imported as if it were run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmark" / "validation")
        yield importlib.import_module("models_and_patients")


def contrasts(simulation, **changed):
    """Cell means of differences of two methods: (repetitions, models, patients), nan where a method has no window."""
    scores = simulation.Scene(6, 15, **changed).draw(np.random.default_rng(0), 3000)
    means = np.divide(scores.sums, scores.counts, out=np.full_like(scores.sums, np.nan), where=scores.counts > 0)
    return means[0::2] - means[1::2]


@pytest.mark.parametrize("skewed", [False, True])
def test_effects_are_as_large_as_announced(simulation, skewed):
    found = contrasts(simulation, of_models=0.1, skewed=skewed)
    shared_model = np.nanmean(found[:, :, :-1] * found[:, :, 1:])
    shared_patient = np.nanmean(found[:, :-1] * found[:, 1:])
    assert np.nanmean(found) == pytest.approx(0, abs=0.01)
    assert shared_model == pytest.approx(2 * 0.1**2, rel=0.1)
    assert shared_patient == pytest.approx(2 * simulation.OF_PATIENTS**2, rel=0.1)


def test_windows_are_the_same_for_all_models_or_not(simulation):
    for same in (True, False):
        windows = simulation.Scene(3, 10, same_windows=same)._windows(np.random.default_rng(0), 5)
        assert (windows == windows[:, :1]).all() == same


def test_five_models_and_ten_patients_hold_the_truth_as_the_page_says(simulation):
    found = simulation.coverage(simulation.Scene(5, 10), repetitions=300, seed=1)
    assert found["ours"][0] >= 0.93
    assert found["plain"][0] < 0.93
    assert found["ours"][1] < found["expanded"][1]


def test_two_models_need_more_than_the_bootstrap(simulation):
    found = simulation.coverage(simulation.Scene(2, 10, of_models=0.1), repetitions=300, seed=1)
    assert found["ours"][0] >= 0.93
    assert found["expanded"][0] < 0.9


def test_best_of_six_alike_is_seldom_called_worse(simulation):
    found = simulation.best_found(simulation.Scene(5, 10, of_models=0.03, methods=6), repetitions=60, seed=0)
    assert found["wrong"] <= 0.1
    assert found["0.05"] < found["0.1"] < found["0.2"]


def test_report_has_every_row_and_is_the_same_again(simulation):
    text = simulation.report(2, 3, models=(2,), patients=(5,))
    assert text == simulation.report(2, 3, models=(2,), patients=(5,))
    assert text.count("###") == 4


def test_page_shows_every_number_of_models_and_patients(simulation):
    page = (ROOT / "docs" / "statistics.md").read_text().partition("<!-- models:begin -->")[2].partition("<!-- models:end -->")[0]
    shown = [
        tuple(int(cell) for cell in line.split("|")[1:3]) for line in page.splitlines() if line.startswith("|  ") and "models" not in line
    ]
    assert shown == [(models, patients) for models in simulation.MODELS for patients in simulation.PATIENTS] * 4
