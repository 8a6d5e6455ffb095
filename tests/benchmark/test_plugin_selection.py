"""`pytest benchmark`: which tests options and keywords select, and which wrong use is refused."""

import json
import re

import pytest

from ecgbench.datasets import DATASETS
from ecgbench.metrics import METRICS
from tests.benchmark.bench import SLICE, collected
from tests.pipeline.runs import maps_of

pytestmark = pytest.mark.slow


def test_absent_records_are_skipped_with_the_command_that_fetches_them(empty):
    said = empty("-k", "mitdb", "--metric", "auc", "--method", "saliency", "--allow-new", code=5)
    assert re.search(r"no cell was computed: .*10[01]\.hea.*ecgbench download mitdb", said)


def test_options_and_keywords_select_tests(empty):
    only = ("--collect-only", "-q")
    names = collected(empty("-k", "mitdb and saliency and auc", "--seeds", "1", *only))
    assert "test_cell[mitdb-resnet18_7-saliency-auc-seed1]" in names
    assert not any("synthetic" in name for name in names)
    names = collected(empty("--method", "gradcam", "--metric", "auc", "--seeds", "1", "--model", "resnet50", *only))
    assert {name for name in names if name.startswith(("test_cell", "test_maps"))} == {
        "test_cell[synthetic-resnet50-gradcam-auc-seed1]",
        "test_cell[synthetic-resnet50-gradcam_abs-auc-seed1]",
        "test_maps_are_healthy[synthetic-resnet50-gradcam-seed1]",
    }
    assert "test_agrees_with_its_oracle[synthetic-resnet50-auc]" in names
    said = empty(*SLICE, "-k", "test_maps_are_healthy", "--allow-new")
    assert "0 cells and the health of 1 methods' maps" in said
    assert "1 passed" in said
    assert "no cell was computed" not in said


def test_nothing_selected_says_what_else_is_there(empty):
    others = ", ".join(key for key in DATASETS.keys() if key != "synthetic")  # noqa: SIM118
    assert f"ecgbench: synthetic; also there: {others} (--dataset KEY or -k KEY)" in empty("--collect-only")
    assert "expected seeds of synthetic among 1, 2, 3, 4, 5, 6, 7, 8, got 9; choose among these." in empty("--seeds", "9", code=4)


def test_metrics_of_further_maps_are_left_out_unless_they_are_named(empty):
    left_out = ", ".join(entry.key for entry in METRICS if not entry.by_default)
    hint = f"left out, since methods are asked for further maps: {left_out} (--metric KEY, --metric all or -k KEY)"
    said = empty("--collect-only", "--method", "saliency")
    assert hint in said
    assert "stability-seed1" not in said
    assert hint not in empty("--collect-only", "--metric", "auc")
    named, few = {"test_cell[synthetic-resnet18_7_narrow-saliency_abs-stability-seed1]"}, ("--collect-only", "-q", "--method", "saliency")
    assert named <= set(collected(empty(*few, "-k", "stability and saliency")))
    assert named <= set(collected(empty(*few, "--metric", "all", "--seeds", "1")))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--method", "salience"), "did you mean saliency"),
        (("--model", "resnet19"), "did you mean resnet18"),
        (("--samples", "0"), "expected --samples as a positive number"),
        (("--update-scores", "--check-only"), "expected one of --update-scores and --check-only"),
        (("--dataset=--",), 'expected a value of --dataset, got "--"; name one.'),
        (("--dataset", "\x1b[31m"), 'expected a key of datasets, got "\\x1b[31m"'),
        (("--seeds", "1-999999999"), "expected ranges of at most 8 seeds"),
        (("--samples", "9" * 5000), "expected --samples as a positive number"),
        (("--device", "meta"), "expected a torch device that can be used here"),
        (("--scores", "/dev/full"), "which is a device"),
        (("--scores", "\0"), "expected a path"),
    ],
)
def test_wrong_use_is_refused_in_one_line_with_the_remedy(empty, arguments, said):
    found = empty(*arguments, code=4)
    assert said in found
    assert "Traceback" not in found
    assert "\x1b[31m" not in found


@pytest.mark.parametrize("place", ["environment", "settings"])
def test_option_without_its_value_is_refused_wherever_it_is_written(empty, monkeypatch, place):
    if place == "environment":
        monkeypatch.setenv("PYTEST_ADDOPTS", "--scores=--")
    found = empty(*(("-o", "addopts=--dataset=--") if place == "settings" else ()), code=4)
    assert f'expected a value of --{"scores" if place == "environment" else "dataset"}, got "--"; name one.' in found
    assert "Traceback" not in found


def test_controls_have_cells_that_stand_and_no_test_of_their_health(empty):
    chosen = [part for method in ("constant", "causal_mask") for part in ("--method", method)]
    said = empty(*chosen, "--metric", "auc", "--seeds", "1", "--samples", "4", "--update-scores")
    assert "2 cells and the health of 0 methods' maps" in said
    assert maps_of("constant").id not in said
    held = {path.stem: json.loads(path.read_text()) for path in empty.accepted.parent.glob("*.json")}
    assert {name: found["provenance"].get("bound", False) for name, found in held.items()} == {"constant": False, "causal_mask": True}
    assert [found["value"] for found in held["constant"]["cells"]] == [0.5]


def test_a_cluster_and_workers_of_xdist_are_refused_together(empty):
    said = empty.apart("--cluster", "local:2", "-n", "2", *SLICE, code=4)
    assert "expected one of --cluster and -n, got both; leave -n out" in said


@pytest.mark.slow
def test_a_cluster_fills_the_store_before_the_tests_read_it(empty):
    said = empty.apart("--cluster", "local:1", "--update-scores", *SLICE)
    assert "ecgbench: 1 worker of 1 host, 1 thread each, cpu; store shared: yes; scheduler tcp://127.0.0.1" in said
    assert "4 cells, 4 cached, 4 accepted now" in said
