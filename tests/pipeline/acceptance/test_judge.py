"""How cells are judged by accepted results, and which accepted cells are lost."""

from dataclasses import replace

import numpy as np
import pytest

from ecgbench.errors import ResultsError
from ecgbench.pipeline import Run, accept, judge, lost_cells
from ecgbench.results import read_file, read_pair, write_file
from tests.pipeline.runs import FOLDER, MODEL, accepted_files, cell, maps_of, model_at, small_run
from tests.results.cases import with_scores

from .accepted import SLICE


def verdict(run, root, wanted=SLICE[0], **given):
    return judge(Run(run.options), wanted, run.scores(wanted), root, **given)


def test_accepted_cells_stand(run, root):
    accept(run, SLICE, root)
    assert [verdict(run, root, wanted).status for wanted in SLICE] == ["accepted"] * len(SLICE)


@pytest.mark.parametrize(("difference", "wanted"), [(2e-6, "changed"), (-2e-6, "changed"), (5e-7, "accepted")])
def test_tolerance_is_that_of_the_metric(run, root, difference, wanted):
    (path,) = accepted_files(run, SLICE[:1], root)
    with_scores(path, lambda values: values + difference)
    assert verdict(run, root).status == wanted


def test_another_model_is_compared_within_the_spread(run, other_run, root):
    accept(run, SLICE, root)
    path = root / FOLDER / "random_baseline.json"
    with_scores(path, lambda values: np.minimum(values + 0.01, 1))
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
    (path,) = accepted_files(run, SLICE, root)
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
    (path,) = accepted_files(run, [*SLICE, cell("auc", "random_baseline", seed=2)], root)
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
    (path,) = accepted_files(run, [cell("pointing_game"), cell("region_perturbation_lerf")], root)
    assert path == root / "synthetic@study+samples-2" / MODEL / "saliency.json"
    assert read_file(path).identity.protocol == "study"
    assert verdict(run, root, cell("region_perturbation_lerf")).status == "accepted"
