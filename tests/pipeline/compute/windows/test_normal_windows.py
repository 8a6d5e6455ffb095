"""Normal windows of the training side: which they are, and that methods get them."""

from dataclasses import replace

import numpy as np
import pytest

import ecgbench
from ecgbench.datasets import DATASETS, load_dataset
from ecgbench.pipeline.compute.sources.map_sources import source_named
from ecgbench.pipeline.compute.windows.normal_windows import NORMAL_WINDOWS, normal_windows
from ecgbench.types import standardise
from tests.pipeline.runs import maps_of, model_at, small_run, store_with_logits
from tests.simulated import simulated


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return small_run(store_with_logits(tmp_path_factory.mktemp("store")), samples=2)


@pytest.fixture(scope="module")
def dataset():
    return load_dataset("synthetic", store=simulated("synthetic"))


SPEC = DATASETS["synthetic"].protocol


def places(dataset, found):
    """Which training windows the found ones are."""
    of = {window.tobytes(): i for i, window in enumerate(standardise(dataset.train.signal))}
    return np.array([of[window.tobytes()] for window in found])


def test_they_are_training_windows_of_the_first_class_of_all_patients_in_turn(dataset):
    index = places(dataset, normal_windows(dataset, SPEC))
    assert len(set(index.tolist())) == NORMAL_WINDOWS
    assert (dataset.train.y[index] == 0).all()
    patients, counts = np.unique(dataset.train.patient[index], return_counts=True)
    assert len(patients) == len(np.unique(dataset.train.patient[dataset.train.y == 0]))
    assert np.ptp(counts) <= 1


def test_all_are_taken_where_there_are_few_and_none_where_there_are_none(dataset):
    few = dataset.train.take(np.flatnonzero(dataset.train.y == 0)[:7])
    assert len(normal_windows(replace(dataset, train=few), SPEC)) == 7
    none = dataset.train.take(np.flatnonzero(dataset.train.y == 1)[:7])
    assert normal_windows(replace(dataset, train=none), SPEC) is None


@pytest.mark.parametrize(("normal", "wanted"), [("NSR", [1, 4]), ("", [3])])
def test_of_several_labels_a_window_is_normal_that_has_the_normal_one_alone(dataset, normal, wanted):
    labels = np.array([[1, 1, 0], [0, 1, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0]], dtype=np.uint8)
    train = replace(dataset.train.take(np.arange(5)), y=labels)
    several = replace(dataset, train=train, classes=("AF", "NSR", "SB"))
    assert sorted(places(several, normal_windows(several, replace(SPEC, normal=normal)))) == wanted


def test_a_method_that_asks_for_them_gets_them(run):
    subject = run.subject(model_at())
    batch = subject.batch(0)
    found = source_named("expected_gradients").maps(maps_of("expected_gradients"), subject, 0).artifact.arrays["maps"]
    normal = normal_windows(subject.dataset, subject.spec)
    wanted = ecgbench.explain(subject.network, batch.x, batch.target, "expected_gradients", seed=1, normal_windows=normal)
    np.testing.assert_array_equal(found, wanted)


def test_maps_of_methods_that_ask_for_them_are_kept_under_what_they_are(run):
    subject = run.subject(model_at())
    batch = subject.batch(0)
    assert "normal_windows" in source_named("expected_gradients").identity(batch)
    assert "normal_windows" not in source_named("integrated_gradients").identity(batch)
