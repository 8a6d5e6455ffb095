"""The verb `scores`."""

import csv
from pathlib import Path

import pytest

from ecgbench.pipeline import accept
from ecgbench.results import read_file
from tests.pipeline.runs import cell, small_run, store_with_windows

FOLDER = "synthetic@samples-4"
CELLS = [cell("auc", "random_baseline", variant, seed) for variant in ("raw", "abs") for seed in (1, 2)]


@pytest.fixture(scope="module")
def accepted(tmp_path_factory):
    """Folder of accepted results."""
    folder = tmp_path_factory.mktemp("accepted")
    accept(small_run(store_with_windows(folder / "store")), CELLS, folder / "scores")
    return folder / "scores"


@pytest.fixture
def asked(accepted):
    """A question that has an answer."""
    return ("scores", FOLDER, "--method", "random_baseline", "--metric", "auc", "--scores", str(accepted))


def test_mean_is_the_accepted_one_and_every_window_is_listed(ecg, asked, accepted):
    lines = [line.split() for line in ecg(*asked).splitlines()]
    values = [
        found.value for found in read_file(accepted / FOLDER / "resnet18_7_narrow" / "random_baseline.json").cells if found.variant == "raw"
    ]
    assert ["mean", f"{sum(values) / 2:.3f}"] in lines
    assert [line[0] for line in lines if len(line) == 6 and line[0].isdecimal()] == ["1"] * 4 + ["2"] * 4


def test_seed_and_variant_are_chosen(ecg, asked):
    said = ecg(*asked, "--variant", "abs", "--seed", "2")
    assert "random_baseline, abs maps, auc" in said
    assert [line.split()[0] for line in said.splitlines() if len(line.split()) == 6 and "S0" in line] == ["2"] * 4


def test_windows_are_written_as_csv(ecg, asked):
    said = ecg(*asked, "--csv", "windows.csv")
    assert said.endswith("8 windows written to windows.csv\n")
    rows = list(csv.DictReader(Path("windows.csv").read_text().splitlines()))
    assert list(rows[0]) == ["seed", "record", "patient", "start", "class", "score"]
    assert len(rows) == 8


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--csv", "windows.txt"), 'expected --csv as a .csv file, got "windows.txt"'),
        (("--seed", "3"), "expected a seed of random_baseline among 1, 2, got 3"),
        (("--metric", "auk"), "did you mean auc?"),
        (("--scores", "elsewhere"), "expected accepted results below elsewhere, got none"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_questions_are_refused_in_one_line(refused, asked, arguments, said):
    assert said in refused(*asked, *arguments)
    assert not list(Path().glob("**/windows*"))


def test_unknown_dataset_is_refused_with_the_nearest(refused, accepted):
    said = refused("scores", "sinthetic@samples-4", "--method", "lime", "--metric", "auc", "--scores", str(accepted))
    assert said.endswith(f"did you mean {FOLDER}?")
