"""Maps that were handed in: packed, read back, scored as any other maps, judged and accepted as a method's."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load

import ecgbench
from ecgbench.errors import EcgbenchError, InputError
from ecgbench.models import save_model
from ecgbench.pipeline import Options, check_place, import_model, judge, lost_cells, pack, submitted_run
from ecgbench.results import read_file
from tests.pipeline.runs import FOLDER, MODEL, accepted_files, cell, maps_of, model_at, small_run, store_with_logits
from tests.pipeline.submissions.submission_files import ABOUT, SAMPLES, packed, some_maps, split_file


@pytest.fixture(scope="module")
def content(author):
    return packed(author)


@pytest.fixture
def path(content, tmp_path):
    (tmp_path / "my_method.safetensors").write_bytes(content)
    return tmp_path / "my_method.safetensors"


@pytest.fixture
def submitted(evaluator_store, path):
    return submitted_run(path, Options(store=evaluator_store))


@pytest.fixture
def root(tmp_path):
    return tmp_path / "scores"


# What is packed, and what is read of it


def test_any_safetensors_reader_finds_the_maps(author, content):
    tensors = load(content)
    assert list(tensors) == ["maps/1"]
    np.testing.assert_array_equal(tensors["maps/1"], some_maps(author))
    assert packed(author) == content


def test_file_says_of_which_windows_and_models_its_maps_are(author, content):
    header, _ = split_file(packed(author, (1, 2)))
    said = json.loads(header["__metadata__"]["ecgbench"])
    assert said["dataset"] == "synthetic"
    assert said["identity"]["samples"] == SAMPLES
    assert {name: said[name] for name in vars(ABOUT)} == vars(ABOUT)
    for seed in (1, 2):
        explained = author.explained(model_at(seed))
        assert said["seeds"][str(seed)] == {
            "model": author.model(model_at(seed)).digest,
            "x": hashlib.sha256(explained.windows.x.tobytes()).hexdigest(),
            "target": hashlib.sha256(explained.target.tobytes()).hexdigest(),
        }


def test_maps_that_are_read_are_those_that_were_packed(evaluator_store, author, tmp_path):
    (tmp_path / "two").write_bytes(packed(author, (2, 1)))
    run, cells = submitted_run(tmp_path / "two", Options(store=evaluator_store))
    for seed in (1, 2):
        np.testing.assert_array_equal(run.maps(maps_of("my_method", seed)).values, some_maps(author, seed))
    assert {one.seed for one in cells} == {1, 2}


def test_every_cell_of_the_dataset_is_computed_of_both_variants(submitted):
    _, cells = submitted
    assert {(one.dataset, one.source) for one in cells} == {("synthetic", "my_method")}
    metrics = {"auc", "auc_causal", "region_perturbation_morf", "faithfulness_correlation"}
    assert metrics <= {one.metric for one in cells}
    assert {one.variant for one in cells if one.metric in metrics} == {"raw", "abs"}


def test_metrics_can_be_chosen_by_globs_and_unknown_ones_are_refused(evaluator_store, path):
    _, cells = submitted_run(path, Options(store=evaluator_store), ("region_*", "auc"))
    assert {one.metric for one in cells} == {"auc", "region_perturbation_lerf", "region_perturbation_morf"}
    with pytest.raises(EcgbenchError, match="did you mean auc"):
        submitted_run(path, Options(store=evaluator_store), ("auk",))


@pytest.mark.parametrize(("metric", "variant"), [("auc", "abs"), ("region_perturbation_morf", "raw"), ("faithfulness_correlation", "abs")])
def test_scores_are_those_of_the_public_call(submitted, metric, variant):
    run, _ = submitted
    explained = run.explained(model_at())
    maps = some_maps(run) if variant == "raw" else abs(some_maps(run))
    given = {"mask": explained.windows.masks(explained.target), "x": explained.windows.x, "target": explained.target}
    wanted = ecgbench.score(metric, maps, model=run.model(model_at()).module, seed=1, **given)
    scores = run.scores(cell(metric, "my_method", variant))
    np.testing.assert_allclose(scores.values, wanted, atol=1e-6)


def test_registered_methods_are_what_they_were_beside_given_maps(submitted, author):
    run, _ = submitted
    wanted = cell("auc", "saliency")
    np.testing.assert_array_equal(run.scores(wanted).values, author.scores(wanted).values)
    assert run.health(maps_of("my_method")) == {"zeros": 0.0, "flat": 0.0, "nonfinite": 0.0}  # no more than maps alone can tell
    assert run.health(maps_of("saliency")).keys() > run.health(maps_of("my_method")).keys()


def test_text_in_any_alphabet_is_kept(author, evaluator_store, tmp_path):
    about = replace(ABOUT, authors="Žofie Müller, 山田")
    (tmp_path / "file").write_bytes(packed(author, about=about))
    run, _ = submitted_run(tmp_path / "file", Options(store=evaluator_store))
    assert run.source("my_method").provenance()["submitted"]["authors"] == about.authors


# Unhealthy maps


def test_maps_that_are_not_finite_are_not_packed(author):
    maps = some_maps(author)
    maps[2, 0, 7] = -np.inf
    with pytest.raises(InputError, match=r"expected finite maps, got non-finite values in 25\.00% of them of seed 1"):
        pack(author, "synthetic", MODEL, {1: maps}, ABOUT)


def test_up_to_half_of_the_maps_may_be_constant(author):
    maps = some_maps(author)
    maps[:2] = 0
    assert pack(author, "synthetic", MODEL, {1: maps}, ABOUT)
    maps[2] = 1
    with pytest.raises(InputError, match="expected at most 50% constant maps, got 75% of seed 1"):
        pack(author, "synthetic", MODEL, {1: maps}, ABOUT)


# Accepting


def accepted(submitted, root, metrics=("auc", "pointing_game")):
    run, cells = submitted
    return accepted_files(run, [one for one in cells if one.metric in metrics], root)


def test_accepted_results_say_on_which_file_they_rest(submitted, path, root):
    (written,) = accepted(submitted, root)
    assert written == root / FOLDER / "my_method.json"
    assert read_file(written).provenance["submitted"] == {
        "file": hashlib.sha256(path.read_bytes()).hexdigest(),
        "reference": ABOUT.reference,
        "authors": ABOUT.authors,
        "description": ABOUT.description,
        "saw_labels": False,
        "saw_test_set": False,
    }


def test_scores_are_judged_by_what_was_accepted(submitted, author, path, root):
    accepted(submitted, root)
    run, cells = submitted
    check_place(run, cells, root)
    assert lost_cells(author, model_at(), root) == []
    wanted = cell("auc", "my_method")
    assert judge(run, wanted, run.scores(wanted), root).status == "accepted"
    scores = run.scores(wanted)
    changed = judge(run, wanted, replace(scores, values=scores.values + 0.1), root)
    assert changed.status == "changed"
    assert changed.message.endswith(f"To accept the new value: ecgbench evaluate {path} --update-scores")


def test_cells_of_the_same_file_are_kept_when_others_are_accepted(submitted, root):
    accepted(submitted, root, ("auc",))
    (written,) = accepted(submitted, root, ("pointing_game",))
    assert {one.metric for one in read_file(written).cells} == {"auc", "pointing_game"}


def test_cells_of_another_file_of_that_name_are_not_kept(submitted, author, evaluator_store, root, tmp_path):
    accepted(submitted, root, ("auc",))
    (tmp_path / "other").write_bytes(pack(author, "synthetic", MODEL, {1: some_maps(author) + 1}, ABOUT))
    (written,) = accepted(submitted_run(tmp_path / "other", Options(store=evaluator_store)), root, ("pointing_game",))
    assert {one.metric for one in read_file(written).cells} == {"pointing_game"}


def test_name_under_which_a_method_was_accepted_is_refused(submitted, author, root):
    run, cells = submitted
    (written,) = accepted_files(author, [cell("auc")], root)
    text = written.read_text().replace('"saliency"', '"my_method"')
    written.with_name("my_method.json").write_text(text)
    written.with_name("my_method.npz").write_bytes(written.with_suffix(".npz").read_bytes())
    with pytest.raises(InputError, match="give the submission another name"):
        check_place(run, cells, root)


# Other windows, other models


def test_maps_of_another_model_are_refused_with_the_way_to_take_it(submitted, path, tmp_path):
    store = store_with_logits(tmp_path / "other")
    dataset = small_run(store).dataset("synthetic")
    save_model(small_run(store).model(model_at(2)).module.float(), {}, tmp_path / "second.safetensors")
    import_model(dataset, 1, tmp_path / "second.safetensors", store)
    with pytest.raises(
        InputError, match=r"got another model's in the file; take its weights with `ecgbench train synthetic --seed 1 --from"
    ):
        submitted_run(path, Options(store=store))


def test_maps_of_predictions_are_evaluated_on_the_windows_of_predictions(evaluator_store, tmp_path, root):
    author, path = small_run(evaluator_store, samples=SAMPLES, explained="predicted"), tmp_path / "my_method.safetensors"
    path.write_bytes(packed(author))
    run, cells = submitted_run(path, Options(store=evaluator_store), ("auc",))
    assert run.options.explained == "predicted"
    (accepted,) = accepted_files(run, cells, root)
    assert accepted.parts[-3] == "synthetic@samples-4+explained-predicted"
    assert read_file(accepted).identity.explained == "predicted"
