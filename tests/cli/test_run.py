"""What `ecgbench run` judges, accepts and refuses."""

import errno
import json
from pathlib import Path

import pytest

from tests.cli.cases import SLICE
from tests.pipeline.runs import cell, maps_of
from tests.results.cases import with_scores


def test_accepted_results_stand(ecg, accepted):
    assert len(json.loads(accepted.read_text())["cells"]) == 4
    said = ecg(*SLICE, "--check-only")
    assert "4 cells, 0 failed, 0 with no accepted result" in said
    assert "random_baseline_abs" in said
    assert "\nhealth " in said


def test_run_is_json_where_it_is_asked_for(ecg, accepted):
    found = json.loads(ecg(*SLICE, "--check-only", "--json"))
    assert {cell["status"] for cell in found["cells"]} == {"accepted"}
    (auc,) = [one for one in json.loads(accepted.read_text())["cells"] if (one["metric"], one["variant"]) == ("auc", "abs")]
    (mean,) = [row["mean"] for row in found["cells"] if row["id"] == cell("auc", "random_baseline", "abs").id]
    assert mean == pytest.approx(auc["value"], abs=1e-12)
    assert found["failed"] == []


def test_accepted_cells_of_another_identity_are_told_when_they_are_replaced(ecg, accepted):
    data = json.loads(accepted.read_text())
    data["identity"]["windows"] = "of other records"
    accepted.write_text(json.dumps(data))
    said = ecg(*SLICE[:-2], "--update-scores")
    told = "4 accepted cells of another identity, submission or model replaced, 2 of them without a new value: "
    assert f"{told}synthetic@samples-3/resnet18_7_narrow/random_baseline 4." in said.splitlines()


def test_edited_number_is_refused_by_name(ecg, accepted):
    data = json.loads(accepted.read_text())
    data["cells"][0]["value"] += 0.01
    accepted.write_text(json.dumps(data))
    said = ecg(*SLICE, code=2)
    assert f"random_baseline.json, got value {data['cells'][0]['value']:.17g} of abs/auc/1, whose per-window scores give" in said


def test_changed_number_fails_with_the_command_that_accepts(ecg, accepted):
    with_scores(accepted, lambda values: values / 2 + 0.1)
    found = json.loads(accepted.read_text())["cells"][0]
    said = ecg(*SLICE, code=1)
    one = cell(found["metric"], "random_baseline", found["variant"])
    assert f"{one.id}: expected {found['value']:.9g}" in said
    assert (
        f"pytest benchmark --dataset synthetic --method {one.flags['method']} --metric {one.metric} --seeds 1 --samples 3 --update-scores"
        in said
    )
    assert "4 cells, 4 failed, 0 with no accepted result" in said


def test_where_nothing_is_accepted_a_run_is_refused_unless_new_cells_are_allowed(ecg, refused):
    said = "expected a folder of accepted results at leaderboards/scores, got no such folder; name their folder"
    for options in ((), ("--check-only",)):
        found = refused(*SLICE, *options)
        assert said in found
        assert found.endswith("accept new values with --update-scores, or let cells pass without any by --allow-new.")
        assert "4 cells, 0 failed, 4 with no accepted result" in ecg(*SLICE, "--allow-new", *options)
    assert not Path("leaderboards").exists()


def test_cells_beside_accepted_ones_pass_and_are_said_to_be_compared_with_nothing(ecg, accepted):
    others = ["2" if text == "3" else text for text in SLICE]
    said = ecg(*others)
    assert said.endswith(
        "4 cells, 0 failed, 4 with no accepted result\n4 cells were compared with nothing: no value is accepted below leaderboards/scores; "
        "--update-scores accepts the new ones.\n"
    )
    assert ecg(*others, "--check-only", code=1).count("no accepted result\n") == 4 + 1
    assert "4 cells, 0 failed, 4 with no accepted result" in ecg(*others, "--check-only", "--allow-new")
    assert "compared with nothing" not in ecg(*SLICE)


PLACES = {
    "no such folder": "elsewhere",
    "a file": "README.md",
    "an empty one": "empty",
    "one of other files": "foreign",
    "": "/proc",
    "Permission denied": "locked",
}


@pytest.mark.parametrize("got", PLACES)
@pytest.mark.parametrize("options", [(), ("--check-only",), ("--allow-new",), ("--update-scores",)])
def test_wrong_place_of_accepted_results_is_refused(ecg, refused, accepted, monkeypatch, got, options):
    Path("README.md").touch()
    Path("empty").mkdir()
    Path("foreign/package/data").mkdir(parents=True)
    Path("foreign/package/data/package.json").write_text('{"name": "foreign"}')
    listed = Path.iterdir

    def listing(path):
        if path.name == "locked":
            raise PermissionError(errno.EACCES, "Permission denied")
        return listed(path)

    Path("locked").mkdir()
    monkeypatch.setattr(Path, "iterdir", listing)
    command = (*SLICE, "--scores", PLACES[got], *options)
    if got in ("no such folder", "an empty one") and {"--allow-new", "--update-scores"} & set(options):
        ecg(*command)
    else:
        said = refused(*command)
        assert got in said
        assert PLACES[got] in said


def test_only_checking_computes_nothing_and_names_each_cell_with_the_command_that_does(ecg, own_store):
    before = sorted(own_store.root.rglob("*"))
    said = ecg(*SLICE, "--check-only", "--allow-new", code=1)
    assert "4 cells, of which nothing is computed" in said
    assert f"expected the stored scores of {cell('auc', 'random_baseline', 'abs').id}, got none in {own_store.root} (logits " in said
    assert "`pytest benchmark --dataset synthetic --method random_baseline_abs --metric auc --seeds 1 --samples 3`" in said
    assert "4 cells, 4 failed, 0 with no accepted result" in said
    assert sorted(own_store.root.rglob("*")) == before


def test_only_checking_names_maps_whose_measures_are_not_stored(ecg, own_store, accepted):
    ecg(*SLICE)
    own_store.prune("agreement")
    said = ecg(*SLICE, "--check-only", code=1)
    assert f"expected the stored measures of the maps of {maps_of('random_baseline').id}, got none " in said
    assert "4 cells, 0 failed, 0 with no accepted result" in said


def test_unreadable_results_are_refused(refused, accepted):
    accepted.write_text("{")
    assert "expected accepted results of schema 3 in" in refused(*SLICE)
