"""The benchmark as pytest runs it, on small slices."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from ecgbench.results import read_file
from tests.benchmark.bench import ROOT, SLICE, stamps
from tests.pipeline.runs import cell, store_with_windows
from tests.results.cases import with_scores, without_first_cell

pytestmark = pytest.mark.slow


def test_run_ends_with_tables_of_scores_and_health_and_says_what_differs_from_oracles(done):
    said, _ = done
    assert "ecgbench: 4 cells and the health of 1 methods' maps" in said
    assert "9 passed" in said  # 4 cells, 2 metrics beside their oracles, 2 of the model, 1 of the maps
    assert "ecgbench: 4 cells, 0 cached, 4 accepted now" in said
    assert "\nhealth " in said
    assert len(re.findall(r"^random_baseline(?:_abs)? ", said, re.MULTILINE)) == 5  # scores and places of two variants, one health
    assert said.index("slowest 10 durations") < said.index("beside its oracle") < said.index("\nverdict\n")
    assert said.rstrip().splitlines()[-2].startswith("ecgbench: 4 cells, ")
    assert [line.split()[4] for line in said.splitlines() if line.startswith("beside its oracle: ")] == ["auc:", "pointing_game:"]


def test_accepted_results_stand_and_all_comes_from_the_store(bench):
    before = stamps(bench.store)
    said = bench(*SLICE, "--check-only")
    assert "9 passed" in said
    assert "4 cells, 4 cached, 0 with no accepted result" in said
    assert stamps(bench.store) == before


def test_number_that_changed_in_either_direction_fails_with_the_command_that_accepts(bench):
    held = read_file(bench.accepted).cells
    shifts = iter((0.01, 0.0, -0.01, 0.0))
    with_scores(bench.accepted, lambda values: values + next(shifts))
    changed = read_file(bench.accepted).cells
    said = bench(*SLICE, code=1)
    assert "2 failed" in said
    for new, accepted in zip(held[::2], changed[::2], strict=True):
        one = cell(new.metric, "random_baseline", new.variant)
        assert f"{one.id}: expected {accepted.value:.9g}" in said
        assert f"got {new.value:.9g}" in said
        wanted = "pytest benchmark " + " ".join(f"--{name} {value}" for name, value in one.flags.items()) + " --samples 4 --update-scores"
        assert wanted in said
        bench(*wanted.split()[2:])
    assert "9 passed" in bench(*SLICE, "--check-only")


def test_accepted_cells_of_another_identity_are_told_when_they_are_replaced(bench):
    data = json.loads(bench.accepted.read_text())
    data["identity"]["windows"] = "of other records"
    bench.accepted.write_text(json.dumps(data))
    said = bench(*SLICE, "--update-scores")
    told = "4 accepted cells of another identity, submission or model replaced, 0 of them without a new value: "
    assert f"{told}synthetic@samples-4/resnet18_7_narrow/random_baseline 4." in said
    assert told not in bench(*SLICE, "--update-scores")


def test_removed_cell_and_cells_of_a_method_that_is_gone_fail(bench):
    data = json.loads(bench.accepted.read_text()) | {"source": "gone"}
    bench.accepted.with_name("gone.json").write_text(json.dumps(data))
    shutil.copy(bench.accepted.with_suffix(".npz"), bench.accepted.with_name("gone.npz"))
    without_first_cell(bench.accepted)
    said = bench(*SLICE, "--check-only", code=1)
    assert "2 failed, 7 passed" in said
    assert "expected an accepted value, as its method has for other cells of seed 1, got none" in said
    assert cell("auc", "gone").id in said


def test_results_that_cannot_be_read_or_without_their_scores_fail(bench):
    archive = bench.accepted.with_suffix(".npz")
    archive.rename(archive.with_suffix(".away"))
    assert "expected per-window scores in" in bench(*SLICE, "--check-only", code=1)
    archive.with_suffix(".away").rename(archive)
    bench.accepted.write_text("{")
    assert "ResultsError" in bench(*SLICE, "--check-only", code=1)


def test_where_nothing_is_accepted_a_run_is_refused_unless_new_cells_are_allowed(bench):
    root = bench.folder / "scores"
    shutil.rmtree(root)
    for options in ((), ("--check-only",)):
        assert f"expected a folder of accepted results at {root}, got no such folder; name" in bench(*SLICE, *options, code=4)
        said = bench(*SLICE, "--allow-new", *options)
        assert "4 with no accepted result" in said
        assert f"4 cells were compared with nothing: no value is accepted below {root}; --update-scores accepts the new ones." in said
    assert not root.exists()
    assert "expected a folder of accepted results at /proc, got " in bench(*SLICE, "--update-scores", "--scores", "/proc", code=4)


def test_new_cells_beside_accepted_ones_fail_only_when_asked_to(bench):
    others = ["3" if text == "4" else text for text in SLICE]
    assert "9 passed" in bench(*others)
    assert "4 failed, 5 passed" in bench(*others, "--check-only", code=1)
    assert "9 passed" in bench(*others, "--check-only", "--allow-new")


def test_accepting_beside_results_that_cannot_be_read_fails_and_leaves_them(bench):
    bench.accepted.write_text("{")
    said = bench(*SLICE, "--update-scores", code=1)
    assert "5 failed, 4 passed" in said  # 4 cells, and the model's accepted ones
    assert "take its .json and .npz back from version control" in said
    assert bench.accepted.read_text() == "{"


def test_what_cannot_be_written_is_said_in_a_line_in_the_end(bench, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    before = bench.accepted.read_bytes()
    monkeypatch.setattr(os, "replace", full)
    said = bench(*SLICE, "--update-scores", code=4)
    assert f"ecgbench: expected to write {bench.accepted.with_name('.random_baseline.npz.new')}, got No space left on device; free" in said
    assert "4 cells, 4 cached, not all accepted" in said
    assert bench.accepted.read_bytes() == before


def test_only_checking_with_an_empty_store_fails_everywhere_and_leaves_it_empty(empty):
    shutil.rmtree(empty.store)
    said = empty(*SLICE, "--check-only", "--allow-new", code=1)
    assert "of which nothing is computed" in said
    assert f"expected the stored scores of {cell('auc', 'random_baseline').id}, got none in {empty.store} (windows " in said
    assert "`pytest benchmark --dataset synthetic --method random_baseline --seeds 1 --samples 4`" in said
    assert " passed" not in said
    assert "Traceback" not in said
    assert not empty.store.exists()


def test_absent_artifacts_fail_their_tests_alone_and_a_damaged_one_is_named_and_left(bench):
    for stage in ("crosscheck", "agreement"):
        min((bench.store / stage).iterdir()).unlink()
    said = bench(*SLICE, "--check-only", code=1)
    assert "3 failed, 6 passed" in said, "both cross-checks lie in one collection"
    assert said.count("got none ") >= 2
    (file,) = (bench.store / "scores").glob("*.safetensors")
    file.write_bytes(b"damaged")
    before = stamps(bench.store)
    said = bench(*SLICE, "--check-only", code=1)
    assert f"got a damaged one in {file}" in said
    assert "7 failed, 2 passed" in said
    assert stamps(bench.store) == before


def test_other_samples_are_never_compared(bench):
    assert "4 with no accepted result" in bench(*["5" if text == "4" else text for text in SLICE])


def test_two_workers_give_the_same_results_and_one_table_of_the_health_of_all(bench):
    alone = json.loads(bench.accepted.read_text())["cells"]
    store_with_windows(bench.folder / "other")
    chosen = (*SLICE, "--method", "input_gradient")
    said = bench.apart(*chosen, "--update-scores", "-n", "2", ECGBENCH_CACHE=str(bench.folder / "other"))
    assert "14 passed" in said
    table = said.partition("\nhealth ")[2].partition("\n=")[0]
    first = re.findall(r"^(input_gradient|random_baseline) ", table, re.MULTILINE)[:2]  # those of scores follow
    assert first == ["input_gradient", "random_baseline"]
    together = json.loads(bench.accepted.read_text())["cells"]
    assert [found | {"seconds": 0} for found in together] == [found | {"seconds": 0} for found in alone]


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
"""


def test_broken_methods_of_a_plugin_are_red_and_one_table_shows_the_health_of_all(empty, registries_restored, monkeypatch):
    (empty.folder / "broken_methods.py").write_text(BROKEN)
    chosen = [part for method in ("flat", "holey", "incomplete", "twin") for part in ("--method", method)]
    monkeypatch.syspath_prepend(empty.folder)
    said = empty("-p", "broken_methods", "--seeds", "1", "--samples", "4", *chosen, "-k", "test_maps_are_healthy", "--allow-new", code=1)
    assert "3 failed, 1 passed" in said
    assert "expected at most 50% constant maps, got 100%" in said
    assert "non-finite values in" in said
    assert "expected maps that sum to their total within 0.1, got an error of" in said
    assert "no cell was computed" not in said
    table = said.partition("\nhealth ")[2].partition("\n=")[0].splitlines()[2:]
    rows = {line.split()[0]: re.split("  +", line.strip())[1:] for line in table if line.startswith(("flat", "incomplete", "twin"))}
    assert {method: row[-2] for method, row in rows.items()} == {"flat": "-", "incomplete": "twin", "twin": "incomplete"}
    assert [rows[method][2] for method in ("flat", "twin")] == ["1.000", "0.000"]


def test_killed_run_goes_on_where_it_was(empty):
    """SIGKILL once some artifacts are there: none is computed again, and the results are those of a run in one go."""
    chosen = ("--seeds", "1", "--samples", "40", "--method", "saliency", "--metric", "auc", "--metric", "region_perturbation_morf")
    command = [sys.executable, "-m", "pytest", *empty.arguments((*chosen, "--allow-new"), "benchmark")]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | empty.places, stdout=subprocess.DEVNULL, start_new_session=True)
    while not list(empty.store.glob("scores/*.safetensors")):
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    # A cross-check computes our scores anew in every run.
    before = {path: stamp for path, stamp in stamps(empty.store).items() if path.parent.name not in ("crosscheck", "locks")}
    empty(*chosen, "--update-scores")
    assert len(before) > 3
    assert {path: stamps(empty.store)[path] for path in before if path.suffix == ".safetensors"} == before
    results = empty.folder / "scores" / "synthetic@samples-40" / "resnet18_7_narrow" / "saliency.json"
    resumed = [found | {"seconds": 0} for found in json.loads(results.read_text())["cells"]]
    shutil.rmtree(empty.store)
    store_with_windows(empty.store)
    empty(*chosen, "--update-scores")
    assert [found | {"seconds": 0} for found in json.loads(results.read_text())["cells"]] == resumed
