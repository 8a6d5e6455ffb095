"""Results that are only checked: everything comes from the store, and what it lacks is named."""

import shutil

import numpy as np
import pytest

from ecgbench.artifacts import ArtifactStore
from ecgbench.pipeline import score_and_judge
from tests.pipeline.runs import cell, count_evaluations, small_run, stages, store_with_logits

METRICS = ("auc", "region_perturbation_morf", "faithfulness_correlation")
WANTED = [cell(metric, method) for metric in METRICS for method in ("saliency", "gradcam")]
BEHIND = ("windows", "logits", "attributions", "scores", "shared")


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A store that holds all of the wanted cells."""
    store = store_with_logits(tmp_path_factory.mktemp("full"))
    assert list(small_run(store, wanted=WANTED).perform())
    return store.root


@pytest.fixture
def folder(full, tmp_path):
    """A copy of it that may be spoiled."""
    return shutil.copytree(full, tmp_path / "copy")


def checked(root, tmp_path):
    """Verdicts on the wanted cells, with nothing accepted, by cell."""
    run = small_run(ArtifactStore(root, computing=False), wanted=WANTED)
    return {one: score_and_judge(run, one, tmp_path / "scores") for one in WANTED}


def test_scores_are_the_stored_ones_and_nothing_is_evaluated(full, tmp_path, monkeypatch):
    counted = count_evaluations(monkeypatch)
    run = small_run(ArtifactStore(full))
    for one, (scores, verdict) in checked(full, tmp_path).items():
        np.testing.assert_array_equal(scores.values, run.scores(one).values)
        assert verdict.status == "no_baseline"
    assert counted.rows == counted.stepped == []


def test_empty_store_fails_every_cell_and_stays_empty(tmp_path):
    found = checked(tmp_path / "empty", tmp_path)
    assert {(scores, verdict.status) for scores, verdict in found.values()} == {(None, "not_computed")}
    assert not (tmp_path / "empty").exists()


@pytest.mark.parametrize("stage", BEHIND)
def test_whatever_stage_is_gone_the_cells_behind_it_fail_and_nothing_is_computed(folder, tmp_path, stage):
    shutil.rmtree(folder / stage)
    left = stages(ArtifactStore(folder))
    found = checked(folder, tmp_path)
    failed = [one for one, (_, verdict) in found.items() if verdict.fails()]
    assert failed == [one for one in WANTED if stage != "shared" or one.metric == "faithfulness_correlation"]
    message = found[failed[0]][1].message
    assert message.startswith(f"expected the stored scores of {failed[0].id}, got none ")
    assert f"in {folder} ({stage} " in message
    assert message.endswith(
        f"compute them first: `pytest benchmark --dataset synthetic --method saliency --metric {failed[0].metric} --seeds 1 --samples 4`"
    )
    assert stages(ArtifactStore(folder)) == left


def test_one_metric_that_was_not_computed_fails_alone(tmp_path):
    store = store_with_logits(tmp_path / "partly")
    held = [one for one in WANTED if one.metric != "region_perturbation_morf"]
    assert list(small_run(store, wanted=held).perform())
    found = checked(store.root, tmp_path)
    assert [one for one, (_, verdict) in found.items() if not verdict.fails()] == held
