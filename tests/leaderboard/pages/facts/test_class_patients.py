"""Pages say how many patients stand behind a class, and set apart the classes of fewer than five."""

from dataclasses import replace

import numpy as np
import pytest

from ecgbench.leaderboard.pages.facts.class_patients import class_heading, few_patients
from ecgbench.leaderboard.statistics.analysis import analyse
from ecgbench.leaderboard.statistics.board import read_boards

SVEB, VEB = 1, 2


@pytest.fixture
def spread(accept, scores):
    """An analysis of two seeds with so many patients a class."""
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.7, 2: 0.7}}})
    analysis = analyse(read_boards(scores)[0])

    def with_patients(*counts):
        patient = {seed: np.array([f"p{i}" for count in of_seed for i in range(count)]) for seed, of_seed in enumerate(counts, 1)}
        target = {seed: np.repeat([SVEB, VEB], of_seed) for seed, of_seed in enumerate(counts, 1)}
        return replace(analysis, windows=replace(analysis.windows, patient=patient, target=target))

    return with_patients


def test_class_needs_five_patients_with_every_seed(spread):
    assert few_patients(spread((5, 9), (5, 6))) == []
    (sentence,) = few_patients(spread((5, 9), (1, 6)))
    assert sentence.startswith(
        "SVEB is shown and not ranked: its explained windows are of fewer than 5 patients (5 with seed 1, 1 with seed 2)"
    )


def test_column_of_such_a_class_is_marked(spread):
    analysis = spread((5, 9), (4, 6))
    assert [class_heading(analysis, class_) for class_ in (SVEB, VEB)] == ["SVEB†", "VEB"]


def test_class_that_a_seed_lacks_has_no_patient_there(spread):
    assert spread((5, 9), (0, 6)).windows.class_patients(SVEB) == {1: 5, 2: 0}


def test_dataset_page_counts_windows_and_patients_of_each_class(accept, pages):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.7}}})
    page = pages()["mitdb.md"]
    assert "SVEB 1 (1), VEB 3 (3)" in page
    assert "- **SVEB is shown and not ranked: its explained windows are of fewer than 5 patients (1 with seed 1)" in page
    assert "<sub>[0.660<br><sub>of&nbsp;1</sub>]</sub>" in pages()["metrics/auc.md"]
