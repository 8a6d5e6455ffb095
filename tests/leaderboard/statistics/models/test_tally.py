"""Sums and numbers by model and patient against plain loops."""

import numpy as np
import pytest

from ecgbench.errors import InputError
from ecgbench.leaderboard.statistics.models import complete_names, tally

from .made import uneven


def test_means_are_those_of_plain_loops():
    windows = uneven()
    names = complete_names(windows)
    expected = [np.mean([np.nanmean(windows.values[*name, model]) for model in windows.seeds]) for name in names]
    assert tally(windows, names).means == pytest.approx(expected, rel=1e-12)


def test_number_of_patients_is_that_of_the_model_with_the_fewest():
    windows = uneven(patients=12, undefined=0.5)
    name = ("a", "raw", "auc")
    defined = [windows.patient[model][~np.isnan(windows.values[*name, model])] for model in windows.seeds]
    assert tally(windows, [name]).patients.tolist() == [min(len(set(names)) for names in defined)]


def test_rows_without_the_scores_of_every_seed_are_no_names_and_are_refused():
    windows = uneven()
    lost = {name: scores for name, scores in windows.values.items() if name != ("b", "abs", "hit", 1)}
    windows = type(windows)(windows.dataset, lost, windows.patient, windows.target)
    assert ("b", "abs", "hit") not in complete_names(windows)
    with pytest.raises(InputError, match=r"expected names with scores of seeds \(0, 1, 2\), got .*'b', 'abs', 'hit', 1"):
        tally(windows, [("b", "abs", "hit")])


def test_no_names_are_refused():
    with pytest.raises(InputError, match="got no names"):
        tally(uneven(), [])
