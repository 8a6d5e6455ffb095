"""From records to scores: what a run computes, against the public calls put together by hand, and what it takes from the store."""

import numpy as np
import pytest

import ecgbench
from ecgbench.artifacts import DamagedArtifactWarning
from ecgbench.datasets import DATASETS
from ecgbench.errors import UnknownKeyError
from ecgbench.metrics import METRICS
from ecgbench.pipeline import Cell, metric_names, split_metric
from tests.pipeline.runs import batches_of, cell, count_evaluations, small_run, stages, store_with_windows

VARIANTS = ("raw", "abs")
SHARED = [entry.key for entry in METRICS if entry.shared is not None]


@pytest.fixture
def store(tmp_path):
    return store_with_windows(tmp_path / "artifacts")


@pytest.fixture(scope="module", params=["ours", "study"])
def run(request, tmp_path_factory):
    """A run of three windows in either protocol, shared by the tests that only read its scores."""
    return small_run(store_with_windows(tmp_path_factory.mktemp("artifacts")), samples=3, protocol=request.param)


def by_hand(run, wanted):
    """The cell's scores from the public calls."""
    entry, kind = split_metric(wanted.metric)
    explained, model, protocol = run.explained(wanted.dataset, wanted.seed), run.model(wanted.dataset, wanted.seed), run.options.protocol
    windows, target = explained.windows, explained.target
    maps = ecgbench.explain(
        model.module, windows.x, target, wanted.method, absolute=wanted.variant == "abs", seed=wanted.seed, protocol=protocol
    )
    given = {"x": windows.x, "model": model.module, "target": target}
    if "mask" in entry.needs:
        given = {"mask": np.stack([windows.mask(i, int(class_), kind) for i, class_ in enumerate(target)])}
    return ecgbench.score(entry.key, maps, seed=wanted.seed, protocol=protocol, **given)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("metric", metric_names("synthetic"))
def test_scores_are_those_of_the_public_calls(run, metric, variant):
    wanted = cell(metric, variant=variant)
    found = run.scores(wanted)
    np.testing.assert_allclose(found.values, by_hand(run, wanted), rtol=0, atol=1e-9)
    assert found.values.dtype == np.float64
    assert not np.isnan(found.values).all()


@pytest.mark.parametrize("metric", ["auc", "auc_causal", "region_perturbation_morf", *SHARED])
def test_scores_of_random_maps_are_those_of_the_seed(store, metric):
    run = small_run(store, samples=2)
    found = {seed: run.scores(cell(metric, "random_baseline", seed=seed)).values for seed in (1, 2)}
    for seed, values in found.items():
        np.testing.assert_allclose(values, by_hand(run, cell(metric, "random_baseline", seed=seed)), rtol=0, atol=1e-9)
    assert not np.array_equal(found[1], found[2])


def test_protocols_differ_where_the_metric_says_so(store, tmp_path):
    ours, study = (small_run(store, samples=2, protocol=protocol) for protocol in ("ours", "study"))
    metric = cell("region_perturbation_morf")
    assert not np.allclose(ours.scores(metric).values, study.scores(metric).values)
    assert ours.maps("synthetic", 1, "saliency").keys == study.maps("synthetic", 1, "saliency").keys


def test_dataset_is_explained_in_its_own_precision(run):
    assert run.model("synthetic", 1).precision == DATASETS["synthetic"].protocol.precision == "float64"
    assert run.maps("synthetic", 1, "saliency").values.dtype == np.float64


def test_seeds_have_models_and_windows_of_their_own(store):
    run = small_run(store)
    assert run.model("synthetic", 1).digest != run.model("synthetic", 2).digest
    starts = [list(zip(windows.record, windows.start, strict=True)) for windows in (run.explained("synthetic", s).windows for s in (1, 2))]
    assert starts[0] != starts[1]


def test_what_cells_share_is_held(store):
    run = small_run(store)
    assert run.dataset("synthetic") is run.dataset("synthetic")
    assert run.model("synthetic", 1) is run.model("synthetic", 1)
    assert run.maps("synthetic", 1, "saliency") is run.maps("synthetic", 1, "saliency")


def test_unknown_keys_are_refused(store):
    run = small_run(store)
    with pytest.raises(UnknownKeyError, match="did you mean synthetic"):
        run.scores(Cell("synthetik", "saliency", "raw", "auc", 1))
    with pytest.raises(UnknownKeyError, match="did you mean saliency"):
        run.scores(cell(method="salience"))
    with pytest.raises(UnknownKeyError, match="did you mean auc"):
        run.scores(cell("auk"))


# Batches


@pytest.mark.parametrize("metric", ["auc_causal", "region_perturbation_morf", *SHARED])
@pytest.mark.parametrize("method", ["saliency", "random_baseline"])
def test_scores_do_not_depend_on_the_batch_of_windows(tmp_path, monkeypatch, metric, method):
    found = []
    for size in (32, 1):
        batches_of(size, monkeypatch)
        run = small_run(store_with_windows(tmp_path / str(size)), samples=3)
        found.append(run.scores(cell(metric, method)).values)
        assert len(run.maps("synthetic", 1, method).keys) == -(-3 // size)
    np.testing.assert_allclose(found[1], found[0], rtol=0, atol=1e-9)


def test_fewer_samples_are_the_head_of_more(store):
    more, fewer = small_run(store, samples=4), small_run(store, samples=2)
    for metric in ("auc", "region_perturbation_lerf"):
        np.testing.assert_allclose(fewer.scores(cell(metric)).values, more.scores(cell(metric)).values[:2], rtol=0, atol=1e-9)


# The store


@pytest.mark.parametrize("metric", ["pointing_game", "region_perturbation_lerf", *SHARED])
def test_second_run_takes_everything_from_the_store(store, metric):
    first = small_run(store).scores(cell(metric))
    held = list(store)
    again = small_run(store).scores(cell(metric))
    assert (first.cached, again.cached) == (False, True)
    assert list(store) == held
    assert again.seconds == first.seconds > 0
    np.testing.assert_array_equal(again.values, first.values)


def test_raw_and_absolute_maps_are_scored_together(store):
    run = small_run(store)
    run.scores(cell("auc"))
    held = list(store)
    assert run.scores(cell("auc", variant="abs")).cached
    assert list(store) == held


@pytest.mark.parametrize("metric", SHARED)
def test_what_methods_share_is_computed_once(store, monkeypatch, metric):
    evaluated = count_evaluations(monkeypatch).rows
    first = small_run(store, samples=2)
    first.scores(cell(metric, "saliency"))
    before = sum(evaluated)
    assert before > 2
    for run in (first, small_run(store, samples=2)):
        scores = run.scores(cell(metric, "random_baseline"))
        assert scores.seconds > 0
    assert sum(evaluated) == before
    assert stages(store).count("shared") == 1
    assert stages(store).count("scores") == 2


def test_each_kind_of_mask_has_scores_of_its_own(store):
    run = small_run(store)
    spans, causal = run.scores(cell("auc")), run.scores(cell("auc_causal"))
    assert not np.array_equal(spans.values, causal.values)
    assert stages(store).count("scores") == 2


def test_damaged_scores_are_computed_again_with_a_warning(store):
    before = small_run(store).scores(cell("auc"))
    ((stage, key),) = [found for found in store if found[0] == "scores"]
    file = store.root / stage / f"{key}.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    with pytest.warns(DamagedArtifactWarning, match="computed anew"):
        again = small_run(store).scores(cell("auc"))
    assert not again.cached
    np.testing.assert_array_equal(again.values, before.values)
    assert small_run(store).scores(cell("auc")).cached


def test_other_samples_share_no_maps(store):
    keys = {key for samples in (2, 3) for key in small_run(store, samples=samples).maps("synthetic", 1, "saliency").keys}
    assert len(keys) == 2


def test_nothing_is_written_for_what_was_only_selected(store):
    small_run(store).explained("synthetic", 1)
    assert set(stages(store)) == {"windows", "logits"}


# Accepted results


def test_absent_results_are_none(store, tmp_path):
    assert small_run(store).accepted(tmp_path / "lime.json") is None
