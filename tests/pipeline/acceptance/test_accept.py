"""What accepting a run's cells writes, keeps and drops, and how cells are judged by it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ecgbench.errors import ResultsError
from ecgbench.models import save_model
from ecgbench.pipeline import Run, accept, identity, import_model, judge, lost_cells
from ecgbench.results import map_correlation, mean_interval, read_file, read_pair, write_file
from ecgbench.types import Scores
from tests.pipeline.runs import FOLDER, MODEL, cell, maps_of, model_at, small_run, store_with_windows
from tests.results.cases import with_scores

SLICE = [cell(metric, "random_baseline", variant) for metric in ("auc", "pointing_game") for variant in ("raw", "abs")]


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory):
    """A store that the tests share, since none of them is about it."""
    return store_with_windows(tmp_path_factory.mktemp("artifacts"))


@pytest.fixture
def run(artifacts):
    return small_run(artifacts)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "scores"


@pytest.fixture
def other_run(tmp_path):
    """Of the same windows with another model, as if it had been trained elsewhere."""
    store = store_with_windows(tmp_path / "other")
    dataset = small_run(store).dataset("synthetic")
    second = small_run(store).model(model_at(2)).module.float()
    save_model(second, {}, tmp_path / "second.safetensors")
    import_model(dataset, 1, tmp_path / "second.safetensors", store)
    return small_run(store)


def scores_in(path):
    return read_pair(path)[1]


def names(path):
    return [(found.variant, found.metric, found.seed) for found in read_file(path).cells]


def edit(path, change):
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def besides_gallery(path):
    return {name for name in scores_in(path) if not name.startswith("gallery/")}


def verdict(run, root, wanted=SLICE[0], **given):
    return judge(Run(run.options), wanted, run.scores(wanted), root, **given)


# What is written


def test_accepted_cells_are_the_runs_scores(run, root):
    (path,) = accept(run, SLICE, root)
    assert path == root / FOLDER / "random_baseline.json"
    assert names(path) == sorted((c.variant, c.metric, c.seed) for c in SLICE)
    for found in read_file(path).cells:
        scores = run.scores(cell(found.metric, "random_baseline", found.variant))
        defined = scores.values[~np.isnan(scores.values)]
        assert found.value == pytest.approx(defined.sum() / len(defined), abs=1e-12)
        assert (found.n, found.undefined) == (len(defined), 4 - len(defined))
        assert (found.low, found.high) == mean_interval(scores.values, run.explained(model_at()).windows.patient)
        np.testing.assert_array_equal(scores_in(path)[f"{found.variant}/{found.metric}/1"], scores.values.astype(np.float32))


def test_explained_windows_are_kept_with_the_scores(run, root):
    (path,) = accept(run, SLICE, root)
    explained, held = run.explained(model_at()), scores_in(path)
    for name in ("record", "patient", "start"):
        np.testing.assert_array_equal(held[f"samples/{name}/1"], getattr(explained.windows, name))
    np.testing.assert_array_equal(held["samples/target/1"], explained.target)
    assert len(besides_gallery(path)) == 5 + len(SLICE)


def test_sketch_of_the_maps_is_kept_with_the_scores(run, root):
    found = {path.stem: scores_in(path)["samples/sketch/1"] for path in accept(run, [cell(source="saliency"), cell(source="lrp")], root)}
    assert {values.shape for values in found.values()} == {(4, 16)}
    first, second = (run.maps(maps_of(method)).values for method in ("saliency", "lrp"))
    estimate = 1 - ((found["saliency"] - found["lrp"]) ** 2).sum(axis=1).mean() / 2
    assert estimate == pytest.approx(map_correlation(first, second).mean(), abs=0.5)


def test_model_is_recorded(run, root):
    (path,) = accept(run, SLICE, root)
    model, info = read_file(path).models["1"], run.model(model_at()).info
    assert (model["digest"], model["origin"], model["precision"]) == (run.model(model_at()).digest, "shipped", "float32")
    assert all(model[name] == info["test"][name] for name in ("accuracy", "macro_f1", "confusion"))
    assert model["neutral_logits"] == list(run.explained(model_at()).neutral)
    assert model["explainable"] == run.explained(model_at()).available > 4


def test_facts_of_metrics_about_the_model_are_recorded_and_stay_beside_those_of_other_cells(run, root):
    (path,) = accept(run, [cell("twin_agreement")], root)
    facts = read_file(path).models["1"]["facts"]["twin_agreement"]
    assert sum(value for name, value in facts.items() if name != "split_half") == 4
    assert facts["qualifies"] >= 1
    assert 0.5 < facts["split_half"] <= 1
    accept(run, [cell("auc")], root)
    assert read_file(path).models["1"]["facts"] == {"twin_agreement": facts}


def test_health_artifacts_notes_and_identity_are_recorded(run, root):
    (path,) = accept(run, SLICE, root)
    found, maps, dataset = read_file(path), run.maps(maps_of("random_baseline")), run.dataset("synthetic")
    assert found.health["1"] == run.health(maps_of("random_baseline"))
    assert maps.health.items() <= found.health["1"].items()
    assert {"seed_agreement", "class_agreement", "seconds_a_window"} <= found.health["1"].keys()
    assert found.artifacts == {"1": maps.keys}
    assert found.notes == dataset.notes
    assert found.identity.windows == dataset.key
    own = found.identity
    assert (own.model, own.samples, own.protocol, own.simulated) == ("resnet18_7_narrow", 4, "ours", False)


def test_provenance_names_packages_machine_date_and_chance(run, root):
    (path,) = accept(run, SLICE, root)
    found = read_file(path).provenance
    assert {"torch", "numpy"} <= found["packages"].keys()
    assert (found["device"], len(found["date"])) == ("cpu", 10)
    explained = run.explained(model_at())
    masks = np.stack([explained.windows.mask(i, int(target)) for i, target in enumerate(explained.target)])
    assert found["chance"]["auc"] == 0.5
    assert found["chance"]["pointing_game"] == pytest.approx(masks.mean())
    assert found["chance"]["pointing_game_causal"] == pytest.approx(explained.windows.causal.mean())


def test_accepting_a_seed_asks_for_no_other_seeds_model(run, root, monkeypatch):
    """It would be trained for the chance level alone."""
    asked, model = set(), run.model
    monkeypatch.setattr(run, "model", lambda of: (asked.add(of.seed), model(of))[1])
    accept(run, [cell(seed=2)], root)
    assert asked == {2}


def test_every_method_has_a_file_of_its_own_that_says_whether_it_is_ranked(run, root):
    written = accept(run, [*SLICE, cell(), cell(source="lrp_epsilon")], root)
    assert [path.name for path in written] == ["random_baseline.json", "saliency.json", "lrp_epsilon.json"]
    assert [read_file(path).provenance.get("ranked", True) for path in written] == [True, True, False]
    assert accept(run, [], root) == []


def test_undefined_everywhere_is_accepted_without_a_value(run, root, monkeypatch):
    monkeypatch.setattr(run, "scores", lambda wanted: Scores(np.full(4, np.nan), 0.0, False))
    (path,) = accept(run, SLICE[:1], root)
    (found,) = read_file(path).cells
    assert (found.value, found.low, found.high, found.n, found.undefined) == (None, None, None, 0, 4)


# A second slice


def test_second_slice_keeps_the_first(run, root):
    (path,) = accept(run, SLICE[:2], root)
    first = dict(zip(names(path), read_file(path).cells, strict=True))
    accept(run, [SLICE[2], cell("auc", "random_baseline", seed=2)], root)
    found = dict(zip(names(path), read_file(path).cells, strict=True))
    assert found.keys() == {*first, ("raw", "pointing_game", 1), ("raw", "auc", 2)}
    assert all(found[name] == first[name] for name in first)
    assert set(read_file(path).models) == set(read_file(path).health) == set(read_file(path).artifacts) == {"1", "2"}
    assert {f"samples/record/{seed}" for seed in (1, 2)} <= scores_in(path).keys()


def test_accepting_again_replaces_equal_cells_and_changes_no_byte(run, root):
    (path,) = accept(run, SLICE, root)
    before = path.read_bytes(), path.with_suffix(".npz").read_bytes()
    with_scores(path, lambda values: values / 2)
    accept(run, reversed(SLICE), root)
    assert (path.read_bytes(), path.with_suffix(".npz").read_bytes()) == before


@pytest.mark.parametrize(("field", "value"), [("windows", "others"), ("edition", "2.0")])
def test_changed_identity_starts_anew(run, root, field, value):
    (path,) = accept(run, SLICE, root)
    edit(path, lambda data: data["identity"].update({field: value}))
    accept(run, SLICE[:1], root)
    assert names(path) == [("raw", "auc", 1)]
    assert read_file(path).identity == identity(run, "synthetic", MODEL)
    assert len(besides_gallery(path)) == 5 + 1


def spoil_results(path):
    path.write_text("{")


def spoil_archive(path):
    path.with_suffix(".npz").write_bytes(b"PK")


def remove_results(path):
    path.unlink()


def remove_archive(path):
    path.with_suffix(".npz").unlink()


@pytest.mark.parametrize("spoil", [spoil_results, spoil_archive, remove_results, remove_archive])
def test_accepted_results_that_cannot_be_read_are_refused_with_the_remedy_and_stay(run, root, spoil):
    (path,) = accept(run, SLICE, root)
    spoil(path)
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    with pytest.raises(ResultsError, match=f"expected .* in {path.with_suffix('')}.*, got .*; take its .json and .npz back .*remove both"):
        accept(run, SLICE[:1], root)
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == before
    for file in before:
        file.unlink()
    accept(run, SLICE[:1], root)
    assert names(path) == [("raw", "auc", 1)]


def test_another_model_drops_its_seeds_old_cells_and_no_others(run, other_run, root):
    accept(run, [*SLICE, cell("auc", "random_baseline", seed=2)], root)
    (path,) = accept(other_run, SLICE[:1], root)
    assert names(path) == [("raw", "auc", 1), ("raw", "auc", 2)]
    assert read_file(path).models["1"]["origin"] == "imported"
    assert read_file(path).models["2"]["origin"] == "shipped"
    assert {name for name in besides_gallery(path) if not name.startswith("samples")} == {"raw/auc/1", "raw/auc/2"}


# Judging


def test_accepted_cells_stand(run, root):
    accept(run, SLICE, root)
    assert [verdict(run, root, wanted).status for wanted in SLICE] == ["accepted"] * len(SLICE)


@pytest.mark.parametrize(("difference", "wanted"), [(2e-6, "changed"), (-2e-6, "changed"), (5e-7, "accepted")])
def test_tolerance_is_that_of_the_metric(run, root, difference, wanted):
    (path,) = accept(run, SLICE[:1], root)
    with_scores(path, lambda values: values + difference)
    assert verdict(run, root).status == wanted


def test_another_model_is_compared_within_the_spread(run, other_run, root):
    accept(run, SLICE, root)
    path = root / FOLDER / "random_baseline.json"
    with_scores(path, lambda values: values + 0.01)
    assert verdict(run, root).status == "changed"
    assert verdict(other_run, root).status == "accepted"
    with_scores(path, np.ones_like)
    found = verdict(other_run, root)
    assert found.status == "changed"
    assert "another model: its interval must meet the accepted one" in found.message


def test_other_samples_have_nothing_to_be_compared_with(run, artifacts, root):
    assert verdict(run, root).status == "no_baseline"
    accept(run, SLICE, root)
    assert verdict(small_run(artifacts, samples=3), root).status == "no_baseline"


def test_cell_about_to_be_accepted_is_compared_with_nothing_but_readable_results(run, root):
    (path,) = accept(run, SLICE, root)
    with_scores(path, lambda values: values / 2)
    assert verdict(run, root, update=True).status == "updated"
    path.write_text("{")
    with pytest.raises(ResultsError, match="expected accepted results"):
        verdict(run, root, update=True)


@pytest.mark.parametrize("update", [False, True])
def test_unhealthy_maps_fail_before_anything_is_compared(run, root, monkeypatch, update):
    accept(run, SLICE, root)
    maps = replace(run.maps(maps_of("random_baseline")), health={"zeros": 0.0, "flat": 0.75, "nonfinite": 0.0})
    monkeypatch.setattr(run, "maps", lambda *_: maps)
    found = judge(run, SLICE[0], run.scores(SLICE[0]), root, update)
    assert found.status == "unhealthy"
    assert found.fails()
    assert found.message.startswith(f"{SLICE[0].id}: expected at most 50% constant maps, got 75%")


# Lost cells


def test_cells_of_a_metric_or_method_that_is_gone_are_lost(run, root):
    (path,) = accept(run, [*SLICE, cell("auc", "random_baseline", seed=2)], root)
    assert lost_cells(Run(run.options), model_at(), root) == []
    results, arrays = read_pair(path)
    lost = next(found for found in results.cells if (found.variant, found.metric, found.seed) == ("raw", "auc", 1))
    cells = (*results.cells, replace(lost, metric="auk"))
    write_file(replace(results, cells=cells), {**arrays, "raw/auk/1": arrays["raw/auc/1"]}, root)
    assert lost_cells(run, model_at(1), root) == [cell("auk", "random_baseline").id]
    assert lost_cells(run, model_at(2), root) == []
    gone = path.with_name("gone.json")
    gone.write_text(path.read_text().replace('"random_baseline"', '"gone"'))
    gone.with_suffix(".npz").write_bytes(path.with_suffix(".npz").read_bytes())
    assert lost_cells(run, model_at(2), root) == [cell("auc", "gone", seed=2).id]


# The study's protocol


def test_study_protocol_is_accepted_apart(artifacts, root):
    run = small_run(artifacts, samples=2, protocol="study")
    (path,) = accept(run, [cell("pointing_game"), cell("region_perturbation_lerf")], root)
    assert path == root / "synthetic@study+samples-2" / MODEL / "saliency.json"
    assert read_file(path).identity.protocol == "study"
    assert verdict(run, root, cell("region_perturbation_lerf")).status == "accepted"
