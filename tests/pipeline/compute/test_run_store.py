"""What a run takes from the store and leaves there, to the last bit."""

import numpy as np
import pytest

from ecgbench.artifacts import DamagedArtifactWarning
from ecgbench.pipeline import metric_names
from tests.pipeline.runs import (
    Counting,
    batches_of,
    cell,
    count_evaluations,
    maps_of,
    model_at,
    small_run,
    stages,
    store_with_logits,
    store_with_windows,
)

ALL_METRICS = metric_names("synthetic")


@pytest.fixture
def store(tmp_path):
    return store_with_logits(tmp_path / "artifacts")


def test_all_metrics_and_variants_lie_in_one_artifact_and_a_second_run_takes_them_to_the_last_bit(store):
    wanted = [cell(metric, variant=variant) for metric in ALL_METRICS for variant in ("raw", "abs")]
    run = small_run(store, 2, wanted)
    run.scores(cell("auc"))
    held = list(store)
    assert stages(store).count("scores") == 1, "all metrics of a source's batch lie in one artifact"
    first = [run.scores(one) for one in wanted]
    assert list(store) == held
    second = small_run(store, 2, wanted)
    again = [second.scores(one) for one in wanted]
    assert not any(scores.cached for scores in first)
    assert all(scores.cached for scores in again)
    assert [scores.seconds for scores in again] == [scores.seconds for scores in first]
    assert all(scores.seconds > 0 for scores in first)
    np.testing.assert_array_equal([scores.values for scores in again], [scores.values for scores in first])


def test_another_metric_joins_the_scores_that_are_there_and_changes_none(store):
    before = small_run(store).scores(cell("auc"))
    small_run(store).scores(cell("pointing_game"))
    again = small_run(store).scores(cell("auc"))
    assert stages(store).count("scores") == 1
    assert again.cached
    assert again.seconds == before.seconds
    np.testing.assert_array_equal(again.values, before.values)


def test_what_methods_share_is_computed_once(store, monkeypatch):
    counted, metric = count_evaluations(monkeypatch), "faithfulness_correlation"
    small_run(store, samples=2).scores(cell(metric, "saliency"))
    before = sum(counted.rows)
    assert before > 2
    small_run(store, samples=2).scores(cell(metric, "random_baseline"))
    assert sum(counted.rows) == before
    assert stages(store).count("shared") == 1


def test_controls_of_a_batch_lie_in_one_artifact_whatever_is_asked_for_first(store):
    run = small_run(store)
    maps = {control: run.maps(maps_of(control)).values for control in ("slope", "constant", "amplitude")}
    assert stages(store).count("controls") == 1
    again = small_run(store)
    assert again.maps(maps_of("constant")).cached
    np.testing.assert_array_equal(again.maps(maps_of("slope")).values, maps["slope"])


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


def test_nothing_is_written_for_what_was_only_selected(tmp_path):
    store = store_with_windows(tmp_path / "artifacts")
    small_run(store, wanted=[cell()]).explained(model_at())
    assert set(stages(store)) == {"windows", "logits"}


def test_killed_run_goes_on_with_the_batches_of_windows_that_are_missing(store, monkeypatch):
    batches_of(1, monkeypatch)
    wanted = [cell("auc"), cell("region_perturbation_morf")]

    def killed_at_the_third(self, x, steps):
        if len(self.stepped) == 2:
            raise KeyboardInterrupt
        self.stepped.append(len(steps))
        return self.evaluate.stepwise(x, steps)

    with monkeypatch.context() as patch:
        count_evaluations(patch)
        patch.setattr(Counting, "stepwise", killed_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            small_run(store, 3, wanted).scores(wanted[1])
    assert stages(store).count("scores") == 2
    counted = count_evaluations(monkeypatch)
    small_run(store, 3, wanted).scores(wanted[1])
    assert counted.stepped == [2]
    assert stages(store).count("scores") == 3
