"""Wrong use, bad input and interruptions: exit codes, and errors of one line with the remedy."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ecgbench import cli
from ecgbench.models import save_model, untrained
from ecgbench.pipeline import Run
from tests.cli.cases import SLICE


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--",), "; see `ecgbench --help`."),
        (("Datasets",), 'expected a key of verbs, got "Datasets"; did you mean datasets?'),
        (("run", "--nonsense"), "unrecognized arguments: --nonsense; see `ecgbench run --help`."),
        (("run", "--metod", "lrp"), "unrecognized arguments: --metod lrp, did you mean --method?; see `ecgbench run --help`."),
        (("run", "--method", "LRP"), 'expected a key of methods, got "LRP"; did you mean lrp?'),
        (("methods", "Integrated Gradients"), "did you mean integrated_gradients?"),
        (("methods", "ig"), "did you mean integrated_gradients?"),
        (("methods", "lrp", "--model", "package:build"), "expected a method's key or --model, got"),
        (("train", "synthetic", "--seed", "-1"), 'expected a seed as a whole number from 0 to 999999999, got "-1"'),
        (("train", "synthetic", "--from", "f", "--retrain"), "not allowed with argument --from"),
        (("train", "synthetik"), 'expected a key of datasets, got "synthetik"; did you mean synthetic or synthetic12?'),
        (("train", "synthetic", "--labels", "study"), 'expected labels of synthetic among aami, got "study"; choose one of these.'),
        (("run", "--dataset", "mitbd"), "did you mean mitdb?"),
        (("run", "--model", "resnet19"), "did you mean resnet18"),
        (("windows", "synthetic", "--model", "resnet19", "--out", "f.npz"), "did you mean resnet18"),
        (("run", "--samples", "0"), 'expected --samples as a positive number up to 2147483648 or "all", got "0"'),
        (("run", "--seeds", "3-1"), 'expected --seeds as numbers and ranges such as 1-3,5, got "3-1"'),
        (
            ("run", "--seeds", "9"),
            "expected seeds of synthetic among 1, 2, 3, 4, 5, 6, 7, 8, got 9; choose among these.",
        ),
        ((*SLICE, "--allow-new", "--device", "nonsense"), 'expected a torch device that can be used here, got "nonsense"'),
        (("windows", "synthetic", "--seed", "9", "--out", "f.npz"), "expected seeds of synthetic among 1, 2, 3, 4, 5, 6, 7, 8, got 9"),
        (("evaluate",), "the following arguments are required: file"),
        (("evaluate", "f", "--device", "nonsense"), 'expected a torch device that can be used here, got "nonsense"'),
        (("leaderboard",), "expected accepted results below leaderboards/scores, got none"),
        (("leaderboard", "--check", "--open"), "expected --check or a site, got both; ask for one after the other."),
        (("leaderboard", "--explorer", "svdb"), "expected --explorer with --site or --open, got neither; name the site's folder."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_use_is_refused_in_one_line_with_the_remedy(refused, arguments, said):
    assert said in refused(*arguments)


def test_cuda_without_cuda_is_refused(refused, monkeypatch):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    for command in (("train", "synthetic"), (*SLICE, "--allow-new")):
        assert 'expected a torch device that can be used here, got "cuda"' in refused(*command, "--device", "cuda")


@pytest.mark.parametrize(
    "command",
    [
        ("train", "mitdb"),
        ("run", "--dataset", "mitdb", "--allow-new"),
        ("windows", "mitdb", "--out", "f.npz"),
    ],
)
def test_missing_records_are_refused_with_the_command_that_fetches_them(refused, command):
    said = refused(*command)
    assert said.endswith("got no such file; fetch it: ecgbench download mitdb")


def test_store_that_cannot_be_written_is_refused(refused, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ECGBENCH_CACHE", str(tmp_path / "file" / "artifacts"))
    said = refused("train", "synthetic")
    assert "expected to write" in said
    assert "point ECGBENCH_CACHE at a folder that can be written." in said


@pytest.mark.parametrize(
    ("command", "suffix"), [(("train", "synthetic"), "safetensors"), (("explain", "synthetic", "--method", "saliency"), "npz")]
)
def test_out_that_cannot_be_written_is_refused_before_anything_is_computed(refused, monkeypatch, command, suffix):
    def forbidden(*_, **__):
        raise AssertionError("computed")

    monkeypatch.setattr("ecgbench.datasets.load_dataset", forbidden)
    monkeypatch.setattr(Run, "dataset", forbidden)
    said = refused(*command, "--out", f"nowhere/file.{suffix}")
    assert f'expected --out in a folder that is there, got "nowhere/file.{suffix}"' in said
    assert f'expected --out as a .{suffix} file, got "file.json"; name it so.' in refused(*command, "--out", "file.json")


def test_scores_that_cannot_be_written_are_refused(refused, tmp_path):
    (tmp_path / "file").write_text("")
    for place, got in (("file", "a file"), ("file/scores", f"a place below the file {tmp_path / 'file'}")):
        assert got in refused(*SLICE, "--scores", place, "--update-scores")


def test_interrupted_run_ends_with_130_and_says_that_it_can_go_on(ecg, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "scores", interrupted)
    assert "ecgbench: interrupted; what was computed is kept, the same command goes on.\n" in ecg(*SLICE, "--allow-new", code=130)


def test_errors_of_ours_that_nobody_expected_are_not_hidden(monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(Run, "scores", broken)
    with pytest.raises(ZeroDivisionError):
        cli.main((*SLICE, "--allow-new"))


def test_command_runs_in_a_process_of_its_own_and_ends_with_its_code():
    command = [sys.executable, "-m", "ecgbench.cli"]
    done = subprocess.run(
        [*command, "train", "mitbd"], capture_output=True, text=True, check=False, env={"PYTHONPATH": str(Path(cli.__file__).parents[2])}
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == 'ecgbench train: expected a key of datasets, got "mitbd"; did you mean mitdb?\n'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"nonsense", "expected a safetensors file at own.safetensors"),
        (None, "expected a safetensors file at own.safetensors, got a file of 1099511627776 bytes instead of at most 4294967296"),
        (4, "expected a model with 3 outputs for synthetic, got 4 in own.safetensors"),
    ],
    ids=["corrupt", "terabyte", "classes"],
)
def test_weights_that_do_not_fit_are_refused_and_leave_the_model(refused, ecg, own_store, tmp_path, content, said):
    if isinstance(content, int):
        save_model(untrained("resnet18_7_narrow", content), {}, tmp_path / "own.safetensors")
    else:
        (tmp_path / "own.safetensors").write_bytes(content or b"")
    if content is None:
        os.truncate(tmp_path / "own.safetensors", 1 << 40)
    assert said in refused("train", "synthetic", "--from", "own.safetensors")
    assert ecg("train", "synthetic").startswith("synthetic resnet18_7_narrow seed 1: shipped")
