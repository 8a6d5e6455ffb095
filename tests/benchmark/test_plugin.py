"""The benchmark as pytest: every test here runs `pytest benchmark` on a small slice in a process of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ecgbench.datasets import DATASETS

ROOT = Path(__file__).parents[2]
SLICE = ("--seeds", "1", "--samples", "4", "--method", "random_baseline", "--metric", "auc", "--metric", "pointing_game")
LOCALISATION = "benchmark/test_localisation.py"

pytestmark = pytest.mark.slow


@pytest.fixture
def bench(tmp_path):
    """Run `pytest` with a store and accepted results of the test's own."""

    def run(*arguments, where=LOCALISATION, code=0, **environment):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", where, "--scores", str(tmp_path / "scores"), *arguments]
        places = {"ECGBENCH_CACHE": str(tmp_path / "artifacts"), "ECGBENCH_DATA": str(tmp_path / "data")}
        done = subprocess.run(command, cwd=ROOT, env=os.environ | places | environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


BROKEN = """
import torch
import ecgbench
from ecgbench.methods import Explanation

@ecgbench.register("methods", version=1, reference="", passes=1)
def flat(model, x, target):
    return torch.ones_like(x)

@ecgbench.register("methods", version=1, reference="", passes=1)
def holey(model, x, target):
    return torch.full_like(x, torch.nan)

@ecgbench.register("methods", version=1, reference="", passes=1, sum_within=0.1)
def incomplete(model, x, target):
    return Explanation(x, x.sum(dim=(1, 2)) + 5)

@ecgbench.register("methods", version=1, reference="", passes=1, ranked=False)
def twin(model, x, target):
    return 2 * x + 1

@ecgbench.register("methods", version=1, reference="", passes=1, sum_within=0.1)
def whole(model, x, target):
    return Explanation(x, x.sum(dim=(1, 2)))
"""


@pytest.fixture
def broken(tmp_path):
    """Environment and options of a run with methods of a plugin's: three broken ones, and two whose maps are alike."""
    (tmp_path / "broken_methods.py").write_text(BROKEN)
    chosen = [part for method in ("flat", "holey", "incomplete", "twin", "whole") for part in ("--method", method)]
    path = {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    return ("-p", "broken_methods", "--seeds", "1", "--samples", "4", *chosen), path


@pytest.fixture
def accepted(bench, tmp_path):
    """The slice's accepted results."""
    bench(*SLICE, "--update-scores")
    return tmp_path / "scores" / "synthetic@samples-4" / "resnet18_7_narrow" / "random_baseline.json"


def values(path):
    return {(cell["variant"], cell["metric"]): cell["value"] for cell in json.loads(path.read_text())["cells"]}


def stamps(folder):
    """When each file of a folder was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def edit(path, change):
    data = json.loads(path.read_text())
    change(data["cells"])
    path.write_text(json.dumps(data))


def test_accepted_results_stand_and_come_from_the_store(bench, accepted):
    said = bench(*SLICE, "--check-only")
    assert "4 passed" in said
    assert "4 cells, 4 cached" in said


def test_changed_number_fails_with_cell_values_tolerance_and_command(bench, accepted):
    edit(accepted, lambda cells: cells[0].update(value=cells[0]["value"] + 0.01))
    cell = json.loads(accepted.read_text())["cells"][0]
    said = bench(*SLICE, code=1)
    name = "random_baseline_abs" if cell["variant"] == "abs" else "random_baseline"
    assert f"synthetic-{name}-{cell['metric']}-seed1: expected {cell['value']:.9g}" in said
    assert f"got {cell['value'] - 0.01:.9g}" in said
    assert "tolerance 1e-06" in said
    assert "the number in the results file was edited" in said
    wanted = f"pytest benchmark --dataset synthetic --method {name} --metric {cell['metric']} --seeds 1 --samples 4 --update-scores"
    assert wanted in said
    bench(*wanted.split()[2:])
    assert "4 passed" in bench(*SLICE, "--check-only")


def test_better_value_fails_as_well(bench, accepted):
    edit(accepted, lambda cells: cells[0].update(value=cells[0]["value"] - 0.01))
    assert "1 failed" in bench(*SLICE, code=1)


def test_removed_accepted_cell_fails(bench, accepted):
    edit(accepted, lambda cells: cells.pop(0))
    said = bench(*SLICE, code=1)
    assert "expected an accepted value, as its method has for other cells of seed 1, got none" in said


@pytest.mark.parametrize("content", ["{", "[]", '{"cells": []}'])
def test_unreadable_results_fail(bench, accepted, content):
    accepted.write_text(content)
    assert "ResultsError" in bench(*SLICE, code=1)


def test_scores_that_are_not_the_accepted_ones_fail(bench, accepted):
    accepted.with_suffix(".npz").unlink()
    assert "expected per-window scores in" in bench(*SLICE, code=1)


def test_accepted_cell_of_a_method_that_is_gone_fails(bench, accepted):
    data = json.loads(accepted.read_text()) | {"source": "gone"}
    accepted.with_name("gone.json").write_text(json.dumps(data))
    accepted.with_name("gone.npz").write_bytes(accepted.with_suffix(".npz").read_bytes())
    said = bench(*SLICE, where="benchmark/test_models.py", code=1)
    assert "synthetic-gone-auc-seed1" in said


def test_nothing_accepted_passes_and_fails_only_when_asked_to(bench):
    assert "4 with no accepted result" in bench(*SLICE)
    assert "no accepted result" in bench(*SLICE, "--check-only", code=1)


def test_only_checking_with_an_empty_store_fails_everywhere_and_leaves_it_empty(bench, tmp_path):
    said = bench(*SLICE, "--check-only", where="benchmark", code=1)
    assert "of which nothing is computed" in said
    assert f"expected the stored scores of synthetic-random_baseline-auc-seed1, got none in {tmp_path / 'artifacts'} (windows " in said
    assert "`pytest benchmark --dataset synthetic --method random_baseline --seeds 1 --samples 4`" in said
    assert " passed" not in said
    assert "Traceback" not in said
    assert not (tmp_path / "artifacts").exists()


def test_only_checking_takes_crosschecks_models_and_maps_from_the_store(bench, tmp_path):
    bench(*SLICE, "--update-scores", where="benchmark")
    before = stamps(tmp_path / "artifacts")
    assert "9 passed" in bench(*SLICE, "--check-only", where="benchmark")
    assert stamps(tmp_path / "artifacts") == before


@pytest.mark.parametrize("stage", ["scores", "crosscheck", "agreement"])
def test_one_removed_artifact_fails_its_test_alone(bench, tmp_path, stage):
    bench(*SLICE, "--update-scores", where="benchmark")
    min((tmp_path / "artifacts" / stage).iterdir()).unlink()
    said = bench(*SLICE, "--check-only", where="benchmark", code=1)
    tests = 2 if stage == "scores" else 1  # the scores of raw and absolute maps are one artifact
    assert f"{tests} failed, {9 - tests} passed" in said
    assert said.count("got none in") >= tests


def test_damaged_artifact_is_named_and_left_where_it_is(bench, accepted, tmp_path):
    file = min((tmp_path / "artifacts" / "scores").iterdir())
    file.write_bytes(b"damaged")
    before = stamps(tmp_path / "artifacts")
    said = bench(*SLICE, "--check-only", code=1)
    assert f"got a damaged one in {file}" in said
    assert "2 failed, 2 passed" in said
    assert stamps(tmp_path / "artifacts") == before


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two workers"])
def test_metrics_of_one_family_can_be_selected(bench, workers):
    selected = ("--method", "saliency", "--metric", "region*", "--samples", "2", "--seeds", "1")
    assert "ecgbench: 4 cells" in bench(*selected, *workers, where="benchmark")


def test_other_samples_are_never_compared(bench, accepted):
    others = ["5" if text == "4" else text for text in SLICE]
    assert "4 with no accepted result" in bench(*others)


def test_two_workers_give_the_same_results(bench, accepted, tmp_path):
    alone = accepted.read_text()
    said = bench(*SLICE, "--update-scores", "-n", "2", ECGBENCH_CACHE=str(tmp_path / "other"))
    assert "4 passed" in said
    together = json.loads(accepted.read_text())["cells"]
    assert [cell | {"seconds": 0} for cell in together] == [cell | {"seconds": 0} for cell in json.loads(alone)["cells"]]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two workers"])
def test_broken_methods_are_red_and_one_table_shows_the_health_of_all(bench, broken, workers):
    options, path = broken
    said = bench(*options, *workers, "-k", "test_maps_are_healthy", where="benchmark", code=1, **path)
    assert "3 failed, 2 passed" in said
    assert "expected at most 50% constant maps, got 100%" in said
    assert "non-finite values in" in said
    assert "expected maps that sum to their total within 0.1, got an error of" in said
    assert "no cell was computed" not in said
    table = said.partition("\nhealth ")[2].partition("\n=")[0].splitlines()[2:]
    rows = {
        line.split()[0]: re.split("  +", line.strip())[1:] for line in table if line.startswith(("flat", "incomplete", "twin", "whole"))
    }
    assert {method: row[-2] for method, row in rows.items()} == {
        "flat": "-",
        "incomplete": "twin, whole",
        "twin": "incomplete, whole",
        "whole": "incomplete, twin",
    }
    assert [rows[method][0] for method in ("flat", "twin", "whole")] == ["-", "-", "0.000"]
    assert [rows[method][2] for method in ("flat", "twin", "whole")] == ["1.000", "0.000", "0.000"]


def test_healthy_methods_alone_are_a_run(bench):
    said = bench(*SLICE, "-k", "test_maps_are_healthy", where="benchmark")
    assert "0 cells and the health of 1 methods' maps" in said
    assert "1 passed" in said
    assert "no cell was computed" not in said


def test_killed_run_goes_on_where_it_was(bench, tmp_path):
    """SIGKILL once some artifacts are there: none is computed again, and the results are those of a run in one go."""
    chosen = ("--seeds", "1", "--samples", "40", "--method", "saliency", "--metric", "auc", "--metric", "region*")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "benchmark", *chosen, "--scores", str(tmp_path / "scores")]
    places = {"ECGBENCH_CACHE": str(tmp_path / "artifacts")}
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | places, stdout=subprocess.DEVNULL, start_new_session=True)
    while not list((tmp_path / "artifacts").glob("scores/*.safetensors")):
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    # A cross-check computes our scores anew in every run.
    stored = [path for path in (tmp_path / "artifacts").glob("*/*.safetensors") if path.parts[-2] != "crosscheck"]
    before = {path: path.stat().st_mtime_ns for path in stored}
    bench(*chosen, "--update-scores", where="benchmark")
    assert before
    assert {path: path.stat().st_mtime_ns for path in before} == before
    resumed = values(tmp_path / "scores" / "synthetic@samples-40" / "resnet18_7_narrow" / "saliency.json")
    bench(*chosen, "--update-scores", where="benchmark", ECGBENCH_CACHE=str(tmp_path / "fresh"))
    assert values(tmp_path / "scores" / "synthetic@samples-40" / "resnet18_7_narrow" / "saliency.json") == resumed


def test_absent_records_are_skipped_with_the_command_that_fetches_them(bench):
    said = bench("-k", "mitdb", "--metric", "auc", code=5)
    assert re.search(r"no cell was computed: .*100\.hea|no cell was computed: .*101\.hea", said)
    assert "ecgbench download mitdb" in said


def test_keyword_that_names_a_dataset_selects_it(bench):
    said = bench("-k", "mitdb and saliency and auc", "--collect-only", "-q")
    assert "test_cell[mitdb-saliency-auc-seed1]" in said
    assert "synthetic" not in said.partition("[")[2].partition("\n")[0]


def test_method_key_means_both_variants_and_not_those_that_contain_it(bench):
    said = bench("--method", "gradcam", "--metric", "auc", "--seeds", "1", "--collect-only", "-q")
    assert re.findall(r"test_cell\[(.*)\]", said) == ["synthetic-gradcam-auc-seed1", "synthetic-gradcam_abs-auc-seed1"]


def test_nothing_selected_says_what_else_is_there(bench):
    others = ", ".join(key for key in DATASETS.keys() if key != "synthetic")  # noqa: SIM118
    assert f"ecgbench: synthetic; also there: {others} (--dataset KEY or -k KEY)" in bench("--collect-only")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--method", "salience"), "did you mean saliency"),
        (("--dataset", "mitbd"), "did you mean mitdb"),
        (("--metric", "auk"), "did you mean auc"),
        (("--samples", "0"), "expected --samples as a positive number"),
        (("--seeds", "one"), "expected --seeds as numbers and ranges"),
        (("--update-scores", "--check-only"), "expected one of --update-scores and --check-only"),
    ],
)
def test_wrong_use_is_refused_with_the_remedy(bench, arguments, said):
    assert said in bench(*arguments, code=4)


def test_selection_without_a_cell_ends_non_zero_and_says_why(bench):
    assert "no cell was computed" in bench("--seeds", "9", code=5)
