"""From records to scores: what a run computes, against the public calls put together by hand."""

import threading

import numpy as np
import pytest

import ecgbench
from ecgbench.errors import UnknownKeyError
from ecgbench.metrics import METRICS
from ecgbench.pipeline import Address, ModelAddress, metric_names, split_metric
from ecgbench.pipeline.compute import models as models_module
from ecgbench.pipeline.compute import run as run_module
from ecgbench.types import standardised_as
from tests.pipeline.runs import (
    MODEL,
    batches_of,
    cell,
    maps_of,
    model_at,
    small_run,
    stages,
    store_with_logits,
)

ALL_METRICS = [
    name
    for name in metric_names("synthetic")
    # Further maps, and what other models' seeds draw, are put together by hand in tests of their own.
    if split_metric(name)[0].situation is None and "other_shared" not in split_metric(name)[0].asks
]
OF_EACH_KIND = ("auc", "region_perturbation_morf", "faithfulness_correlation")
"""A metric of masks, one that perturbs and one that shares evaluations."""


@pytest.fixture
def store(tmp_path):
    return store_with_logits(tmp_path / "artifacts")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of three windows by all metrics, shared by the tests that only read its scores."""
    wanted = [cell(metric, source) for metric in ALL_METRICS for source in ("saliency", "random_baseline")]
    return small_run(store_with_logits(tmp_path_factory.mktemp("artifacts")), samples=3, wanted=wanted)


def by_hand(run, wanted):
    """The cell's scores from the public calls."""
    entry, kind = split_metric(wanted.metric)
    model, protocol, explained = run.model(wanted.of_model).module, run.options.protocol, run.explained(wanted.of_model)
    windows, target = explained.windows, explained.target

    def explain(network, seed):
        options = {"absolute": wanted.variant == "abs", "seed": seed, "protocol": protocol}
        return ecgbench.explain(network, windows.x, target, wanted.source, **options)

    known = {"x": lambda: windows.x, "model": lambda: model, "target": lambda: target, "fs": lambda: run.dataset(wanted.dataset).fs}
    known |= {"twin": lambda: standardised_as(windows.twin, windows.signal), "regions": lambda: run.subject(wanted.of_model).regions}
    known["donor"] = lambda: standardised_as(run.subject(wanted.of_model).donors.donor, windows.signal)
    known["mask"] = lambda: np.stack([windows.mask(i, int(class_), kind) for i, class_ in enumerate(target)])
    others = {other.seed: run.model(other).module for other in run.panel(wanted.of_model) if other != wanted.of_model}
    known["other_maps"] = lambda: np.stack([explain(network, seed) for seed, network in others.items()], axis=1)
    asked = {"model" if name == "evaluate" else name for name in entry.asks} | ({"x", "model", "target"} if entry.perturb else set())
    given = {name: known[name]() for name in asked if name in known}
    return ecgbench.score(entry.key, explain(model, wanted.seed), seed=wanted.seed, protocol=protocol, **given)


def test_model_at_hand_is_the_model_and_read_once(store, monkeypatch):
    read, real = [], models_module.shipped_model
    monkeypatch.setattr(models_module, "shipped_model", lambda name, record: read.append(name) or real(name, record))
    run = small_run(store)
    found = run.model_at_hand(model_at())
    assert run.model(model_at()) is found
    assert run.model_at_hand(model_at()) is found
    assert len(read) == 1


def test_model_that_would_have_to_be_trained_is_not_at_hand(store):
    assert small_run(store).model_at_hand(ModelAddress("synthetic", "resnet50", 1)) is None
    assert small_run(store, retrain_since=0.0).model_at_hand(model_at()) is None
    assert "model" not in stages(store)


@pytest.mark.parametrize("metric", ALL_METRICS)
def test_scores_are_those_of_the_public_calls(run, metric):
    for variant in ("raw", "abs"):
        found = run.scores(cell(metric, variant=variant))
        np.testing.assert_allclose(found.values, by_hand(run, cell(metric, variant=variant)), rtol=0, atol=1e-9)
        assert found.values.dtype == np.float64
        assert not np.isnan(found.values).all()


def test_scores_under_the_studys_protocol_are_its_own_and_its_maps_the_same_where_its_options_are(run):
    study = small_run(run.options.store, samples=3, protocol="study")
    for metric in ("pointing_game", "region_perturbation_morf", "faithfulness_correlation"):
        np.testing.assert_allclose(study.scores(cell(metric)).values, by_hand(study, cell(metric)), rtol=0, atol=1e-9)
    one = cell("region_perturbation_morf")
    assert not np.allclose(run.scores(one).values, study.scores(one).values)
    assert run.maps(maps_of()).keys == study.maps(maps_of()).keys


def test_seeds_have_models_and_random_numbers_of_their_own(run):
    first, second = (run.scores(cell("faithfulness_correlation", "random_baseline", seed=seed)).values for seed in (1, 2))
    np.testing.assert_allclose(second, by_hand(run, cell("faithfulness_correlation", "random_baseline", seed=2)), rtol=0, atol=1e-9)
    assert not np.array_equal(first, second)
    assert run.model(model_at(1)).digest != run.model(model_at(2)).digest


def test_all_seeds_explain_the_same_windows_which_each_model_recognises(run):
    first, *others = (run.explained(model_at(seed)) for seed in (1, 2, 3))
    for other in others:
        np.testing.assert_array_equal(other.windows.x, first.windows.x)
        np.testing.assert_array_equal(other.target, first.target)
        assert other.common == first.common <= min(first.available, other.available)
        assert (other.probability > run.spec("synthetic").threshold).all()
        assert not np.array_equal(other.logit, first.logit)


def test_each_model_explains_its_own_windows_where_that_is_asked_for_and_asks_for_no_other_model(run):
    own = small_run(run.options.store, samples="all", explained="own")
    found = own.explained(model_at(2))
    assert len(found.target) == found.available == found.common > run.explained(model_at(2)).common
    assert ("model", model_at(1)) not in own._held


def test_the_windows_are_chosen_once_for_all_seeds(run, monkeypatch):
    chosen, real = [], run_module.choose
    monkeypatch.setattr(run_module, "choose", lambda *given: chosen.append(1) or real(*given))
    fresh = small_run(run.options.store)
    for seed in (1, 2, 3):
        fresh.explained(model_at(seed))
    assert len(chosen) == 1


def test_dataset_is_explained_in_its_own_precision(run):
    assert run.model(model_at()).precision == run.spec("synthetic").precision == "float64"
    assert run.maps(maps_of()).values.dtype == np.float64


def test_what_cells_share_is_held(run):
    assert run.model(model_at()) is run.model(model_at())
    assert run.maps(maps_of()) is run.maps(maps_of())


@pytest.mark.parametrize("name", ["dataset", "model", "source", "metric"])
def test_unknown_keys_are_refused_with_the_nearest(run, name):
    right = cell().as_dict()
    with pytest.raises(UnknownKeyError, match=f"did you mean .*{right[name]}"):
        run.scores(Address(**right | {name: right[name][:-1]}))


# Batches


@pytest.mark.parametrize("metric", OF_EACH_KIND)
def test_scores_do_not_depend_on_the_batch_of_windows(run, tmp_path, monkeypatch, metric):
    one = cell(metric, "random_baseline")
    wanted = run.scores(one).values
    batches_of(1, monkeypatch)
    small = small_run(store_with_logits(tmp_path), samples=3)
    np.testing.assert_allclose(small.scores(one).values, wanted, rtol=0, atol=1e-9)
    assert len(small.maps(one.of_maps).keys) == 3


def test_fewer_samples_are_the_head_of_more_and_share_no_maps(run):
    fewer = small_run(run.options.store, samples=2)
    np.testing.assert_allclose(fewer.scores(cell()).values, run.scores(cell()).values[:2], rtol=0, atol=1e-9)
    assert set(fewer.maps(maps_of()).keys).isdisjoint(run.maps(maps_of()).keys)


# Sources and metrics of a third party


@pytest.mark.usefixtures("registries_restored")
@pytest.mark.parametrize(("factor", "error"), [("many", TypeError), (float("nan"), ecgbench.errors.InputError)])
def test_broken_maps_of_another_method_spoil_nothing(store, factor, error):
    @ecgbench.register("methods", version=1, reference="", passes=0)
    def breaking(model, x, target):
        return x * factor

    wanted = [cell(), cell(source="breaking")]
    run = small_run(store, wanted=wanted)
    with pytest.raises(error):
        run.scores(wanted[1])
    assert np.isfinite(run.scores(wanted[0]).values).all()


@pytest.mark.usefixtures("registries_restored")
def test_metric_that_asks_the_source_again_gets_maps_of_the_variant_that_is_scored(store):
    seen = []
    declared = {"higher_is_better": True, "bounds": (0, 1), "needs": ("x", "target", "explain"), "atol": 0}

    @ecgbench.register("metrics", family="faithfulness", version=1, reference="", **declared)
    def stable(attributions, x, target, explain):
        seen.append((attributions, explain(x, target), explain(x, target, 7), x, target))
        return np.zeros(len(attributions))

    run = small_run(store, samples=2)
    run.scores(cell("stable", "random_baseline"))
    model = run.model(model_at()).module
    for maps, again, other, x, target in seen:
        absolute = bool((maps >= 0).all())
        np.testing.assert_array_equal(again, maps)
        np.testing.assert_array_equal(other, ecgbench.explain(model, x, target, "random_baseline", seed=7, absolute=absolute))
    assert [bool((maps >= 0).all()) for maps, *_ in seen] == [False, True]
    with pytest.raises(ecgbench.errors.InputError, match="expected explain for stable, got none"):
        run.scores(cell("stable", "amplitude"))


@pytest.mark.usefixtures("registries_restored")
def test_metric_that_perturbs_gets_whatever_else_it_asks_for_a_row_for_each_map(store):
    perturb = METRICS["region_perturbation_morf"].perturb
    declared = {"higher_is_better": True, "bounds": (0, 1), "needs": ("curves", "x", "mask", "target"), "atol": 0, "perturb": perturb}

    @ecgbench.register("metrics", family="faithfulness", version=1, reference="", **declared)
    def masked_fall(curves, x, mask, target):
        assert len({len(array) for array in (curves, x, mask, target)}) == 1
        return mask.mean(axis=(1, 2))

    run = small_run(store, samples=3)
    found = [run.scores(cell("masked_fall", variant=variant)).values for variant in ("raw", "abs")]
    windows = run.explained(model_at())
    np.testing.assert_allclose(found, [windows.windows.masks(windows.target).mean(axis=(1, 2))] * 2)


# Threads


def test_threads_on_one_run_get_what_one_gets(run, tmp_path):
    wanted = [cell(metric, source) for source in ("saliency", "gradcam", "amplitude") for metric in OF_EACH_KIND]
    alone = small_run(run.options.store, 3, wanted)
    shared, found = small_run(store_with_logits(tmp_path), 3, wanted), {}
    start = threading.Barrier(3)

    def ask(own):
        start.wait()
        found.update({one: shared.scores(one).values for one in own})

    threads = [threading.Thread(target=ask, args=(wanted[i:] + wanted[:i],)) for i in (0, 3, 6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == set(wanted)
    for one in wanted:
        np.testing.assert_array_equal(found[one], alone.scores(one).values)


def test_absent_accepted_results_are_none(run, tmp_path):
    assert run.accepted(tmp_path / MODEL / "lime.json") is None


def test_there_are_metrics_of_each_kind():
    entries = [METRICS[key] for key in OF_EACH_KIND]
    assert ["mask" in entries[0].needs, entries[1].perturb is not None, entries[2].shared is not None] == [True] * 3
