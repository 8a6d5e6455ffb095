"""Regions of explained windows: told when a metric asks for them, once, and stored."""

from dataclasses import replace

import numpy as np
import pytest

from ecgbench.datasets import DATASETS
from ecgbench.metrics.core_share import core_share
from ecgbench.types import CORE
from tests.pipeline.runs import cell, model_at, small_run, stages, store_with_logits


@pytest.fixture
def run(tmp_path):
    return small_run(store_with_logits(tmp_path))


def test_scores_are_those_of_the_metric_with_the_windows_regions(run):
    scores = run.scores(cell("core_share", "amplitude"))
    subject = run.subject(model_at())
    maps = run.maps(cell("core_share", "amplitude").of_maps).values
    assert subject.regions.shape == maps.shape
    assert (subject.regions == CORE).any()
    np.testing.assert_allclose(scores.values, core_share(maps, subject.regions), rtol=1e-12)


def test_they_are_told_only_if_a_metric_asks_for_them(run):
    run.scores(cell("auc", "amplitude"))
    assert "regions" not in stages(run.options.store)
    run.scores(cell("core_share", "amplitude"))
    run.scores(cell("rhythm_share", "centre"))
    assert stages(run.options.store).count("regions") == 1


def test_other_regions_give_other_scores(run, tmp_path, monkeypatch):
    before = run.scores(cell("core_share", "amplitude")).values
    entry = DATASETS["synthetic"]
    moved = replace(entry, version=entry.version + 1, regions=lambda *given: np.roll(entry.regions(*given), 100, axis=2))
    monkeypatch.setitem(DATASETS._entries, "synthetic", moved)
    after = small_run(run.options.store).scores(cell("core_share", "amplitude")).values
    assert (before != after).any()
