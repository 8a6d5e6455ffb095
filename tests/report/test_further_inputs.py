"""A network that takes an age with each window: every map and score of a report is of the window's own age."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

import ecgbench
from ecgbench.errors import InputError

from .conftest import Raised

N = 3
METRICS = ["auc", "region_perturbation_morf"]


class Aged(torch.nn.Module):
    """Looks at the first lead of the young (0) and at the second one of the old (1)."""

    def __init__(self):
        super().__init__()
        self.raised = Raised()

    def forward(self, x, age):
        return self.raised(3 * x * torch.stack([1 - age, age], dim=1)[:, :, None])


@dataclass
class Patients:
    ages: np.ndarray
    x: np.ndarray
    given: dict[str, Any]


@pytest.fixture
def patients(case):
    ages = np.array([0, 1, 1], dtype=np.float32)
    given = {name: value[:N] for name, value in case.more.items() if name in ("y", "masks", "patient")}
    chosen = {"fs": 100, "store": case.more["store"], "methods": ["saliency"], "metrics": METRICS}
    return Patients(ages, case.x[:N], {**given, **chosen})


def by_hand(network, patients, key, metric):
    """The mean of each window's score, with a model that has its age alone."""
    scores = []
    for i, age in enumerate(patients.ages):
        model, x = ecgbench.adapt(network, extra=[age]), patients.x[i : i + 1]
        maps = ecgbench.explain(model, x, 1, key)
        masks = patients.given["masks"][i : i + 1]
        scores.append(ecgbench.score(metric, maps, mask=masks, x=x, model=model, target=1)[0])
    return np.mean(scores)


def test_maps_and_scores_are_those_of_each_window_alone(patients):
    network = Aged()
    report = ecgbench.evaluate(network, patients.x, extra=patients.ages, **patients.given)
    table = report.table()
    assert report.refused == {}
    for metric in METRICS:
        assert table.loc["saliency", metric] == pytest.approx(by_hand(network, patients, "saliency", metric), abs=1e-6)
    shown = report.pictures[0]
    looked_at = [maps.any(axis=1).tolist() for name, maps in shown.maps.items() if name.startswith("saliency")]
    assert looked_at
    assert all(sorted(leads) == [False, True] for leads in looked_at)


def test_another_age_is_another_network(patients):
    """The store does not give maps of other ages back."""
    network, leads = Aged(), []
    for ages in (patients.ages, 1 - patients.ages):
        report = ecgbench.evaluate(
            ecgbench.adapt(network, extra=ages), patients.x, **{**patients.given, "methods": ["saliency"], "metrics": ["auc"]}
        )
        leads.append(next(maps for name, maps in report.pictures[0].maps.items() if name.startswith("saliency")).any(axis=1).tolist())
    assert leads[0] == leads[1][::-1]


def test_a_row_for_each_window_is_asked_for(patients):
    model = ecgbench.adapt(Aged(), extra=patients.ages[:2])
    with pytest.raises(InputError, match="expected extra inputs with one row, or 3 as there are windows, got 2; give a row for each"):
        ecgbench.evaluate(model, patients.x, **patients.given)
    with pytest.raises(InputError, match="expected further inputs once, got some in the adapted model and others as extra"):
        ecgbench.evaluate(model, patients.x, extra=patients.ages, **patients.given)
