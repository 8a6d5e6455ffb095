"""Twins that a dataset makes for its explained windows alone."""

from dataclasses import replace

import numpy as np
import pytest

from ecgbench.datasets import DATASETS, request_for
from ecgbench.pipeline.compute.windows.twins import with_twins
from ecgbench.types import Twins
from tests.pipeline.runs import cell, model_at, small_run, stages, store_with_logits


@pytest.fixture
def run(tmp_path):
    return small_run(store_with_logits(tmp_path))


@pytest.fixture
def made(monkeypatch):
    """Lets `synthetic` make twins for its explained windows, flat after the first second; the targets that it was asked for."""
    asked, entry = [], DATASETS["synthetic"]

    def make(request, windows, target):
        asked.append(target.tolist())
        twin = np.where(np.arange(windows.signal.shape[2]) < 128, windows.signal, np.float32(0))
        told = np.array(["no donor"] + [""] * (len(target) - 1))
        return Twins(twin.astype(np.float32), windows.signal + np.float32(1), told)

    monkeypatch.setitem(DATASETS._entries, "synthetic", replace(entry, twins=make))
    return asked


def test_windows_that_have_twins_keep_them(run, made):
    explained = run.explained(model_at())
    assert explained.windows.sham is None
    assert not made


def test_twins_are_made_for_the_explained_windows_once_and_stored(run, made):
    explained, dataset, store = run.explained(model_at()), run.dataset("synthetic"), run.options.store
    bare = replace(explained, windows=replace(explained.windows, twin=None))
    request = request_for("synthetic", store=store)
    for _ in range(2):
        twinned = with_twins(bare, dataset, request)
        assert twinned.twinless == {f"{dataset.classes[explained.target[0]]}: no donor": 1}
        found = twinned.windows
        np.testing.assert_array_equal(found.twin[..., :128], explained.windows.signal[..., :128])
        assert not found.twin[..., 128:].any()
        np.testing.assert_array_equal(found.sham, explained.windows.signal + 1)
    assert made == [explained.target.tolist()]
    assert stages(store).count("twins") == 1


def test_twins_of_other_windows_are_others(run, made):
    explained, dataset = run.explained(model_at()), run.dataset("synthetic")
    bare = replace(explained, windows=replace(explained.windows, twin=None))
    request = request_for("synthetic", store=run.options.store)
    with_twins(bare, dataset, request)
    one = {name: getattr(bare, name)[[1]] for name in ("target", "logit", "probability")}
    fewer = replace(bare, windows=bare.windows.take(np.array([1])), **one)
    assert len(with_twins(fewer, dataset, request).windows.twin) == 1
    assert len(made) == 2


def test_batches_hold_twins_and_shams_standardised_as_their_windows(run):
    batch = run.subject(model_at()).batch(0)
    signal, twin = batch.windows.signal, batch.windows.twin
    assert batch.sham is None
    np.testing.assert_array_equal(batch.twin == batch.x, twin == signal)
    np.testing.assert_allclose(batch.twin, (twin - signal.mean(axis=2, keepdims=True)) / signal.std(axis=2, keepdims=True), atol=1e-4)


@pytest.mark.slow
def test_family_orders_cause_and_blind_controls_rightly(tmp_path):
    """What is known to be the cause scores better than every blind control, by every metric of the family that ranks."""
    metrics, blind = (
        ("twin_agreement", "twin_morf", "twin_lerf", "flip_duration", "false_mass"),
        ("amplitude", "slope", "r_peaks", "centre"),
    )
    wanted = [cell(metric, source) for metric in metrics for source in (*blind, "causal_mask", "ig_twin")]
    run = small_run(store_with_logits(tmp_path), 12, wanted)
    for metric in metrics:
        means = {source: run.scores(cell(metric, source)).mean for source in (*blind, "causal_mask", "ig_twin")}
        sign = -1 if metric in ("twin_lerf", "flip_duration", "false_mass") else 1
        for source in ("causal_mask", "ig_twin"):
            assert all(sign * means[source] > sign * means[control] for control in blind), (metric, means)


def test_twin_of_a_wrong_prediction_takes_away_what_makes_the_windows_own_class(run, made):
    explained, dataset = run.explained(model_at()), run.dataset("synthetic")
    wrong = replace(explained, windows=replace(explained.windows, twin=None), target=3 - explained.target)
    with_twins(wrong, dataset, request_for("synthetic", store=run.options.store))
    assert made == [explained.windows.y.tolist()] != [wrong.target.tolist()]
