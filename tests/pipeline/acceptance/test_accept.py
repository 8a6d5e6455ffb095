"""What accepting a run's cells writes, keeps and drops."""

from dataclasses import replace

import numpy as np
import pytest

from ecgbench.errors import ResultsError
from ecgbench.pipeline import Run, accept, identity
from ecgbench.results import map_correlation, mean_interval, read_file, read_pair
from ecgbench.types import Scores
from tests.pipeline.runs import FOLDER, MODEL, accepted_files, cell, maps_of, model_at, small_run
from tests.results.cases import with_scores

from .accepted import SLICE, edit


def scores_in(path):
    return read_pair(path)[1]


def names(path):
    return [(found.variant, found.metric, found.seed) for found in read_file(path).cells]


def besides_gallery(path):
    return {name for name in scores_in(path) if not name.startswith("shown/")}


# What is written


def test_accepted_cells_are_the_runs_scores(run, root):
    (path,) = accepted_files(run, SLICE, root)
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
    (path,) = accepted_files(run, SLICE, root)
    explained, held = run.explained(model_at()), scores_in(path)
    for name in ("record", "patient", "start"):
        np.testing.assert_array_equal(held[f"samples/{name}/1"], getattr(explained.windows, name))
    np.testing.assert_array_equal(held["samples/target/1"], explained.target)
    assert len(besides_gallery(path)) == 5 + len(SLICE)


def test_sketch_of_the_maps_is_kept_with_the_scores(run, root):
    written = accepted_files(run, [cell(source="saliency"), cell(source="lrp")], root)
    found = {path.stem: scores_in(path)["samples/sketch/1"] for path in written}
    assert {values.shape for values in found.values()} == {(4, 16)}
    first, second = (run.maps(maps_of(method)).values for method in ("saliency", "lrp"))
    estimate = 1 - ((found["saliency"] - found["lrp"]) ** 2).sum(axis=1).mean() / 2
    assert estimate == pytest.approx(map_correlation(first, second).mean(), abs=0.5)


def test_model_is_recorded(run, root):
    (path,) = accepted_files(run, SLICE, root)
    model, info = read_file(path).models["1"], run.model(model_at()).info
    assert (model["digest"], model["origin"], model["precision"]) == (run.model(model_at()).digest, "shipped", "float32")
    assert all(model[name] == info["test"][name] for name in ("accuracy", "macro_f1", "confusion"))
    assert model["neutral_logits"] == list(run.explained(model_at()).neutral)
    explained = run.explained(model_at())
    assert model["explainable"] == explained.available > model["explainable_by_all"] == explained.common > 4
    assert read_file(path).panel == {str(seed): run.model(model_at(seed)).digest for seed in (1, 2, 3)}


def test_further_model_explains_the_windows_of_the_others_which_it_does_not_change(run, root):
    asked = [cell("auc", "slope", seed=seed) for seed in (1, 5)]
    (path,) = accepted_files(run, asked[:1], root)
    before, scores = read_pair(path)
    accept(run, asked[1:], root)
    found, together = read_pair(path)
    assert found.panel == before.panel == {str(seed): run.model(model_at(seed)).digest for seed in (1, 2, 3)}
    assert found.cells[0] == before.cells[0]
    assert [model.get("further", False) for model in found.models.values()] == [False, True]
    for name in ("record", "start", "target"):
        np.testing.assert_array_equal(together[f"samples/{name}/5"], scores[f"samples/{name}/1"])


def test_facts_of_metrics_about_the_model_are_recorded_and_stay_beside_those_of_other_cells(run, root):
    (path,) = accepted_files(run, [cell("twin_agreement")], root)
    facts = read_file(path).models["1"]["facts"]["twin_agreement"]
    assert sum(value for name, value in facts.items() if name != "split_half") == 4
    assert facts["qualifies"] >= 1
    assert 0.5 < facts["split_half"] <= 1
    accept(run, [cell("auc")], root)
    assert read_file(path).models["1"]["facts"] == {"twin_agreement": facts}


def test_health_artifacts_notes_and_identity_are_recorded(run, root):
    (path,) = accepted_files(run, SLICE, root)
    found, maps, dataset = read_file(path), run.maps(maps_of("random_baseline")), run.dataset("synthetic")
    assert found.health["1"] == run.health(maps_of("random_baseline"))
    assert maps.health.items() <= found.health["1"].items()
    assert {"seed_agreement", "class_agreement", "seconds_a_window"} <= found.health["1"].keys()
    assert found.artifacts == {"1": maps.keys}
    assert found.notes == dataset.notes
    assert found.identity.windows == dataset.key
    own = found.identity
    assert (own.model, own.samples, own.protocol, own.simulated) == ("resnet18_7_narrow", 4, "ours", False)


def test_provenance_names_packages_machine_and_date(run, root):
    (path,) = accepted_files(run, SLICE, root)
    found = read_file(path).provenance
    assert {"torch", "numpy"} <= found["packages"].keys()
    assert (found["device"], len(found["date"])) == ("cpu", 10)


def test_chance_is_kept_of_each_seeds_windows(run, root):
    accept(run, SLICE, root)
    (path,) = accepted_files(run, [cell("auc", "random_baseline", seed=2)], root)
    found = read_file(path).chance
    assert set(found) == {"1", "2"}
    for seed in (1, 2):
        explained, levels = run.explained(model_at(seed)), found[str(seed)]
        masks = np.stack([explained.windows.mask(i, int(target)) for i, target in enumerate(explained.target)])
        assert levels["auc"] == 0.5
        assert levels["pointing_game"] == pytest.approx(masks.mean())
        assert levels["pointing_game_causal"] == pytest.approx(explained.windows.causal.mean())


def test_accepting_a_seed_whose_own_windows_are_explained_asks_for_no_other_seeds_model(artifacts, root, monkeypatch):
    run = small_run(artifacts, explained="own")
    asked, model = set(), run.model
    monkeypatch.setattr(run, "model", lambda of: (asked.add(of.seed), model(of))[1])
    (path,) = accepted_files(run, [cell(seed=2)], root)
    assert asked == {2}
    found = read_file(path)
    assert path.parts[-3] == "synthetic@samples-4+explained-own"
    assert (found.identity.explained, found.panel, "explainable_by_all" in found.models["2"]) == ("own", {}, False)


def test_accepted_predictions_say_how_sure_each_is_and_whether_it_is_right(artifacts, root):
    run = small_run(artifacts, samples="all", explained="predicted")
    (path,) = accepted_files(run, [cell(seed=2)], root)
    found, held, explained = read_file(path), scores_in(path), run.explained(model_at(2))
    assert path.parts[-3] == "synthetic@samples-all+explained-predicted"
    assert (found.identity.explained, found.panel, found.models["2"]["explainable"]) == ("predicted", {}, len(explained.target))
    right = held["samples/right/2"]
    assert 0 < (~right).sum() < 10
    np.testing.assert_array_equal(right, explained.windows.y == explained.target)
    np.testing.assert_array_equal(held["samples/probability/2"], explained.probability.astype(np.float32))
    assert np.isnan(held["raw/auc/2"][~right]).all()


def test_facts_of_a_metric_are_recorded_of_wrong_predictions_alone_too(artifacts, root):
    run = small_run(artifacts, explained="predicted")
    (path,) = accepted_files(run, [cell("twin_agreement")], root)
    facts = read_file(path).models["1"]["facts"]
    assert set(facts) == {"twin_agreement", "twin_agreement where wrong"}
    half = run.facts(model_at(), "twin_agreement", np.array([True, False, False, True]))
    assert [sum(n for name, n in said.items() if name != "split_half") for said in (facts["twin_agreement"], half)] == [4, 2]


def test_every_method_has_a_file_of_its_own_that_says_whether_it_is_ranked(run, root):
    written = accepted_files(run, [*SLICE, cell(), cell(source="lrp_epsilon")], root)
    assert [path.name for path in written] == ["random_baseline.json", "saliency.json", "lrp_epsilon.json"]
    assert [read_file(path).provenance.get("ranked", True) for path in written] == [True, True, False]
    assert accept(run, [], root) == []


def test_undefined_everywhere_is_accepted_without_a_value(run, root, monkeypatch):
    monkeypatch.setattr(run, "scores", lambda wanted: Scores(np.full(4, np.nan), 0.0, False))
    (path,) = accepted_files(run, SLICE[:1], root)
    (found,) = read_file(path).cells
    assert (found.value, found.low, found.high, found.n, found.undefined) == (None, None, None, 0, 4)


# A second slice


def test_second_slice_keeps_the_first(run, root):
    (path,) = accepted_files(run, SLICE[:2], root)
    first = dict(zip(names(path), read_file(path).cells, strict=True))
    accept(run, [SLICE[2], cell("auc", "random_baseline", seed=2)], root)
    found = dict(zip(names(path), read_file(path).cells, strict=True))
    assert found.keys() == {*first, ("raw", "pointing_game", 1), ("raw", "auc", 2)}
    assert all(found[name] == first[name] for name in first)
    assert set(read_file(path).models) == set(read_file(path).health) == set(read_file(path).artifacts) == {"1", "2"}
    assert {f"samples/record/{seed}" for seed in (1, 2)} <= scores_in(path).keys()


def test_accepting_again_replaces_equal_cells_and_changes_no_byte(run, root):
    (path,) = accepted_files(run, SLICE, root)
    before = path.read_bytes(), path.with_suffix(".npz").read_bytes()
    with_scores(path, lambda values: values / 2)
    accept(run, reversed(SLICE), root)
    assert (path.read_bytes(), path.with_suffix(".npz").read_bytes()) == before


@pytest.mark.parametrize("variant", ["raw", "abs"])
def test_one_of_two_changed_cells_can_be_accepted_though_the_gallery_was_chosen_by_the_other(run, root, variant):
    (path,) = accepted_files(run, SLICE, root)
    gallery = {name for name in scores_in(path) if name.startswith("shown/")}
    with_scores(path, lambda values: values / 2)
    other = {"raw": "abs", "abs": "raw"}[variant]
    accept(run, [cell("auc", "random_baseline", variant)], root)
    read_file(path)
    accept(run, [cell("auc", "random_baseline", other)], root)
    assert gallery <= set(scores_in(path))


@pytest.mark.parametrize(("field", "value"), [("windows", "others"), ("edition", "2.0")])
def test_changed_identity_starts_anew(run, root, field, value):
    (path,) = accepted_files(run, SLICE, root)
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
    (path,) = accepted_files(run, SLICE, root)
    spoil(path)
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    with pytest.raises(ResultsError, match=f"expected .* in {path.with_suffix('')}.*, got .*; take its .json and .npz back .*remove both"):
        accept(run, SLICE[:1], root)
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == before
    for file in before:
        file.unlink()
    accept(run, SLICE[:1], root)
    assert names(path) == [("raw", "auc", 1)]


def test_another_model_drops_the_old_cells_of_all_seeds_whose_windows_it_must_recognise(run, other_run, root):
    accept(run, [*SLICE, cell("auc", "random_baseline", seed=2)], root)
    (path,) = accepted_files(other_run, SLICE[:1], root)
    assert names(path) == [("raw", "auc", 1)]
    assert read_file(path).panel["1"] == read_file(path).models["1"]["digest"]
    assert set(read_file(path).models) == set(read_file(path).chance) == {"1"}


def test_another_model_drops_its_seeds_old_cells_and_no_others_where_each_explains_its_own_windows(run, other_run, root):
    run, other_run = (Run(replace(one.options, explained="own")) for one in (run, other_run))
    accept(run, [*SLICE, cell("auc", "random_baseline", seed=2)], root)
    (path,) = accepted_files(other_run, SLICE[:1], root)
    assert names(path) == [("raw", "auc", 1), ("raw", "auc", 2)]
    assert read_file(path).models["1"]["origin"] == "imported"
    assert read_file(path).models["2"]["origin"] == "shipped"
    assert {name for name in besides_gallery(path) if not name.startswith("samples")} == {"raw/auc/1", "raw/auc/2"}
