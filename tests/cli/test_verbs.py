"""What each verb does."""

import errno
import json
import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import ecgbench
from ecgbench import cli
from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import fetch_command
from ecgbench.metrics import FAMILIES
from ecgbench.models import model_digest, save_model, shipped_record, untrained
from ecgbench.protocol import MITDB
from tests.cli.cases import SLICE
from tests.pipeline.runs import cell, maps_of, model_at, small_run
from tests.results.cases import with_scores

VERBS = (
    *("datasets", "models", "recipes", "methods", "controls", "metrics", "download", "verify", "simulate", "train", "explain", "run"),
    *("report", "rate", "windows", "submit", "evaluate", "leaderboard", "compare", "scores", "results", "cache", "completion"),
)


# Help


def test_help_names_every_verb_and_every_verb_explains_itself(ecg):
    assert re.findall(r"^    (\w+)", ecg("--help").partition("verbs:")[2], re.MULTILINE) == list(VERBS)
    assert ecg() == ecg("--help")
    for verb in VERBS:
        assert ecg(verb, "--help").startswith(f"usage: ecgbench {verb}")


# models, methods, controls, metrics


def test_every_entry_is_listed_with_what_it_is_and_its_source(ecg):
    for axis in ("models", "methods", "controls", "metrics"):
        entries, lines = getattr(ecgbench, axis)(), ecg(axis).splitlines()[2:]
        assert {line.split()[0] for line in lines} == set(entries)
        assert all(line.rstrip().endswith(entries[line.split()[0]].reference) for line in lines)
    families = [line.split()[1] for line in ecg("metrics").splitlines()[2:]]
    counts = {"localisation": 8, "causal": 5, "donor": 3, "faithfulness": 3, "waves": 3, "consistency": 2, "sanity": 6, "complexity": 2}
    assert Counter(families) == counts
    order = [FAMILIES[family].order for family in families]
    assert order == sorted(order)


# datasets


def test_every_edition_is_listed_with_licence_and_where_its_records_are(ecg):
    lines = ecg("datasets").splitlines()[2:]
    editions = [(entry, edition) for entry in ecgbench.datasets().values() for edition in entry.edition_names]
    for line, (entry, edition) in zip(lines, editions, strict=True):
        assert line.startswith(f"{entry.key} ")
        assert edition in line
        assert entry.title in line
        assert entry.licence in line
        assert line.rstrip().endswith("embedded" if entry.embedded else fetch_command(entry.numbers(edition)))
        assert entry.embedded or " absent " in line


def test_records_are_listed_as_here_when_all_files_are_and_as_partial_before(ecg, tmp_path):
    folder = tmp_path / "data" / "mitdb" / "1.0.0"
    folder.mkdir(parents=True)
    paths = [folder / f"{name}{suffix}" for name in (*MITDB.train, *MITDB.test) for suffix in (".hea", ".dat", ".atr")]
    for path in paths[1:]:
        path.touch()
    (line,) = [line for line in ecg("datasets").splitlines() if line.startswith("mitdb")]
    assert " 131 of 132 " in line
    assert line.endswith("ecgbench download mitdb")
    paths[0].touch()
    (folder / "SIMULATED").touch()
    (line,) = [line for line in ecg("datasets").splitlines() if line.startswith("mitdb")]
    assert " here, simulated " in line
    assert line.endswith(str(folder))


# train


def test_shipped_model_is_shown_with_its_accuracy_and_written_of_the_first_seed_where_none_is_named(ecg, tmp_path):
    said = ecg("train", "synthetic", "--seed", "2", "--out", "model.safetensors")
    recorded = shipped_record("synthetic-resnet18_7_narrow-seed2")
    assert said.startswith(
        f"synthetic resnet18_7_narrow seed 2: shipped, precision {recorded['precision']}, weights {recorded['digest'][:12]}"
    )
    assert f"test accuracy: {recorded['test']['accuracy']}" in said
    assert model_digest(ecgbench.load_model(tmp_path / "model.safetensors")) == recorded["digest"]
    assert json.loads((tmp_path / "model.json").read_text())["origin"] == "shipped"
    assert ecg("train", "synthetic").startswith("synthetic resnet18_7_narrow seed 1: shipped")


def test_given_weights_become_the_datasets_model(ecg, own_store, tmp_path):
    save_model(untrained("resnet18_7_narrow", 3, seed=5), {}, tmp_path / "own.safetensors")
    digest = model_digest(untrained("resnet18_7_narrow", 3, seed=5))
    wanted = f"synthetic resnet18_7_narrow seed 1: imported, precision unknown, weights {digest[:12]}"
    assert ecg("train", "synthetic", "--from", "own.safetensors").startswith(wanted)
    assert ecg("train", "synthetic").startswith(wanted)
    assert ecg("train", "synthetic", "--seed", "2").startswith("synthetic resnet18_7_narrow seed 2: shipped")


# explain


def test_maps_are_those_of_the_public_call(ecg, tmp_path):
    method = "random_baseline"
    said = ecg("explain", "synthetic", "--method", method, "--samples", "3", "--seed", "2", "--out", "maps.npz")
    assert said.startswith(f"3 maps of {method} written to maps.npz")
    with np.load(tmp_path / "maps.npz", allow_pickle=False) as held:
        found = dict(held)
    model = ecgbench.train("synthetic", seed=2).double()
    np.testing.assert_allclose(found["attributions"], ecgbench.explain(model, found["x"], found["target"], method, seed=2), atol=1e-12)
    explained = small_run(ArtifactStore(), samples=3).explained(model_at(2))
    np.testing.assert_array_equal(found["x"], explained.windows.x)
    np.testing.assert_array_equal(found["target"], explained.target)
    for name in ("record", "patient", "start"):
        np.testing.assert_array_equal(found[name], getattr(explained.windows, name))


# run


@pytest.fixture(scope="module")
def accepted_once(artifacts, tmp_path_factory):
    """Folder of the slice's accepted results."""
    folder = tmp_path_factory.mktemp("accepted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGBENCH_CACHE", str(artifacts))
        assert cli.main((*SLICE, "--update-scores", "--scores", str(folder))) == 0
    return folder


@pytest.fixture
def accepted(accepted_once, tmp_path):
    """The slice's accepted results, which the test may spoil."""
    scores = shutil.copytree(accepted_once, tmp_path / "leaderboards" / "scores")
    return scores / "synthetic@samples-3" / "resnet18_7_narrow" / "random_baseline.json"


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


# leaderboard


@pytest.fixture
def pages(ecg, accepted, tmp_path):
    """Pages of the slice's accepted results."""
    (tmp_path / "README.md").write_text("# Project\n\n<!-- leaderboard:begin synthetic@samples-3 -->\n<!-- leaderboard:end -->\n")
    said = ecg("leaderboard")
    page = Path("leaderboards") / "synthetic@samples-3.md"
    assert str(page) in said.splitlines()
    return page


def test_written_pages_pass_the_check(ecg, pages):
    assert ecg("leaderboard", "--check") == "the pages are what the accepted results say\n"


def test_page_edited_by_hand_fails_the_check_by_name_and_is_left(ecg, pages):
    edited = pages.read_text().replace("random_baseline", "my_method")
    pages.write_text(edited)
    said = ecg("leaderboard", "--check", code=1)
    assert said.startswith(f"{pages}: differs at line ")
    assert pages.read_text() == edited


def test_pages_into_a_file_are_refused(refused, pages, tmp_path):
    (tmp_path / "file").write_text("")
    assert 'expected a folder, got "file", which is a file; name another' in refused("leaderboard", "--out", "file")


@pytest.fixture
def opened(monkeypatch):
    """Addresses that the browser was asked for."""
    addresses = []
    monkeypatch.setattr("webbrowser.open", lambda address: addresses.append(address) or True)
    return addresses


def test_site_is_built_where_it_is_told_and_opened_where_asked_and_no_page_written(ecg, accepted, opened, tmp_path, monkeypatch):
    assert ecg("leaderboard", "--site", "there", "--explorer", "none") == f"{Path('there') / 'index.html'}\n"
    assert opened == []
    index = Path("build") / "site" / "index.html"
    assert ecg("leaderboard", "--open", "--explorer", "none") == f"{index}\n"
    assert opened == [(tmp_path / index).as_uri()]
    assert "random_baseline" in "".join(page.read_text() for page in index.parent.glob("synthetic@samples-3*.html"))
    assert [path.name for path in Path("leaderboards").iterdir()] == ["scores"]
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    assert ecg("leaderboard", "--open", "--explorer", "none").endswith("no browser was found; open the file in one\n")


def test_explorer_is_of_the_models_that_are_named_and_unknown_ones_are_refused(ecg, refused, accepted, monkeypatch):
    asked = []
    monkeypatch.setattr("ecgbench.report.explorer.shown_models", lambda wanted, options, orders: asked.append((wanted, orders)) or [])
    ecg("leaderboard", "--site", "there", "--explorer", "synthetic-*_narrow-seed8,svdb")
    (wanted, orders) = asked[0]
    assert [one.model.id for one in wanted][:2] == ["svdb-resnet18_7-seed1", "svdb-resnet18_7-seed2"]
    assert wanted[-1].model.seed == 8
    assert orders == {}
    assert 'expected a key of the explorer\'s models, got "svdbb"; did you mean svdb?' in refused(
        "leaderboard", "--site", "there", "--explorer", "svdbb"
    )


def test_site_in_a_folder_of_other_files_is_refused(refused, accepted):
    assert "expected an empty folder or an earlier site in leaderboards, got other files" in refused(
        "leaderboard", "--site", "leaderboards"
    )
