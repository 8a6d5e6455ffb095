"""The trace of a cell: its windows, and the numbers that the pages show of it."""

import csv
import io
import re

import numpy as np
import pytest

from ecgbench.errors import InputError, ResultsError, UnknownKeyError
from ecgbench.leaderboard.pages.dataset_page import dataset_page
from ecgbench.leaderboard.pages.metric_page import metric_page
from ecgbench.leaderboard.statistics.analysis import analyse
from ecgbench.leaderboard.statistics.board import read_board
from ecgbench.leaderboard.statistics.orders.agreement import metric_agreement
from ecgbench.leaderboard.trace import trace
from ecgbench.metrics import METRICS
from ecgbench.results import read_file, read_scores, seeds_interval, write_file
from tests.leaderboard.conftest import MODEL

CONTROL = {"packages": {"numpy": "2.4.6"}, "processor": "a processor", "device": "cpu", "date": "2026-01-02", "control": "nothing at all"}
CELLS = [
    ("saliency", "abs", "auc"),
    ("lime", "abs", "pointing_game"),
    ("saliency", "raw", "region_perturbation_lerf"),
    ("lime", "abs", "faithfulness_correlation"),
]
"""One that is beaten, one with undefined windows, one in which lower is better, one that does not apply."""

OF_THESE, OF_RECIPE = "95 % interval for these two models", "95 % interval for models of this recipe"
COLUMNS = ["seed", "record", "patient", "start", "class", "score"]
a_number = re.compile(r"-?\d+\.\d+")


@pytest.fixture
def traced(scores, accept_small):
    """Trace of a cell of mitdb."""
    accept_small("mitdb")
    return lambda method="lime", metric="auc", variant="raw", seed=None: trace(scores, "mitdb", method, metric, variant, seed)


@pytest.fixture
def shown(scores):
    """Texts in a variant's row on the page of mitdb or of a metric, by the head of their column."""

    def find(section, method, variant, metric=None):
        analysis = analyse(read_board(scores, "mitdb"))
        agreements = {"mitdb": metric_agreement(analysis)}
        text = dataset_page(analysis) if metric is None else metric_page(METRICS[metric], [analysis], agreements)
        lines = [line for line in text.split(f"{section}\n", 1)[1].split("\n## ")[0].split("\n") if line.startswith("|")]
        rows = [[cell.strip().replace("&nbsp;", " ") for cell in line.strip("|").split("|")] for line in lines]
        name = re.compile(rf"\[`{method}`\]\(\S+\)" + (r" \(abs\)" if variant == "abs" else ""))
        row = next(row for row in rows if len(row) > 1 and name.fullmatch(row[1]))
        return dict(zip(rows[0], row, strict=True))

    return find


def family(metric):
    return "Localisation" if metric in ("auc", "pointing_game", "relevance_mass_accuracy") else "Faithfulness"


def column(row, metric):
    """The heading of a metric's column, and what stands below it in the row."""
    return next(pair for pair in row.items() if re.sub(r"\[([^]]+)\].*", r"\1", pair[0]).startswith(metric.replace("_", " ")))


# Numbers


@pytest.mark.parametrize(("method", "variant", "metric"), CELLS)
def test_numbers_are_those_of_the_datasets_page(traced, shown, method, variant, metric):
    numbers, where = traced(method, metric, variant).numbers, family(metric).lower()
    row = shown(f"## {family(metric)}", method, variant)
    head, text = column(row, metric)
    expected = [numbers["mean"], numbers["spread over seeds"], *numbers[OF_THESE].split(".."), numbers["balanced mean"]]
    assert a_number.findall(text.replace("..", " ")) == expected
    windows, undefined = re.fullmatch(r"(\d+) of 2 seeds, (\d+) undefined", numbers["windows"]).groups()
    assert (f"{undefined} of {windows}" in head + text) == (undefined != "0")
    assert row["place"] == numbers[f"place in {where}"]
    assert row["#"] == numbers[f"rank in {where}"]
    assert (row["group"] or "-") == numbers[f"group in {where}"]


@pytest.mark.parametrize(("method", "variant", "metric"), CELLS[:2])
def test_numbers_are_those_of_the_metrics_page(traced, shown, method, variant, metric):
    numbers = traced(method, metric, variant).numbers
    row = shown("## [mitdb](../mitdb.md)", method, variant, metric)
    assert row["#"] == numbers["rank in the metric"]
    assert row["balanced"] == numbers["balanced mean"]
    for name in ("SVEB", "VEB"):
        mean, defined = re.fullmatch(r"(\S+) of (\d+), \d+ undefined", numbers[f"mean of class {name}"]).groups()
        assert row[f"{name}†"] == f"<sub>[{mean}<br><sub>of {defined}</sub>]</sub>"
    assert row["undefined"] == "{1} of {0}".format(*re.findall(r"(\d+) of 2 seeds, (\d+)", numbers["windows"])[0])


def test_numbers_follow_from_the_listed_windows(traced):
    found = traced("lime", "pointing_game", "abs")
    of_seed = [part for _, part in found.windows.groupby("seed")]
    means = [part["score"].mean() for part in of_seed]
    balanced = [np.mean([part.loc[part["class"] == name, "score"].mean() for name in ("SVEB", "VEB")]) for part in of_seed]
    low, high = seeds_interval([part["score"].to_numpy() for part in of_seed], [part["patient"].to_numpy() for part in of_seed])
    assert found.numbers["mean"] == f"{np.mean(means):.3f}"
    assert found.numbers["spread over seeds"] == f"{abs(means[0] - means[1]) / 2**0.5:.3f}"
    assert found.numbers["balanced mean"] == f"{np.mean(balanced):.3f}"
    assert found.numbers[OF_THESE] == f"{low:.3f}..{high:.3f}"


def test_mean_of_nothing_is_undefined(traced, scores, accept):
    traced()
    accept("mitdb", "lrp", {"raw": {"auc": {1: None, 2: None}}})
    numbers = trace(scores, "mitdb", "lrp", "auc").numbers
    assert (numbers["mean"], numbers[OF_THESE], numbers["windows"]) == ("undefined", "-", "8 of 2 seeds, 8 undefined")


def test_control_has_numbers_and_no_place_and_is_named_where_it_is_best(scores, accept):
    method = {name: value for name, value in CONTROL.items() if name != "control"}
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.7}}}, provenance=method, chance={"1": {"auc": 0.5}})
    accept("mitdb", "nothing", {"raw": {"auc": {1: 0.55}}}, provenance=CONTROL, health={})
    numbers = trace(scores, "mitdb", "lime", "auc").numbers
    assert (numbers["chance"], numbers["best blind control"]) == ("0.500", "0.550 (nothing)")
    numbers = trace(scores, "mitdb", "nothing", "auc").numbers
    assert (numbers["mean"], numbers["place in localisation"], numbers["rank in the metric"]) == ("0.550", "-", "-")
    with pytest.raises(InputError, match="expected a variant of nothing among raw, got abs"):
        trace(scores, "mitdb", "nothing", "auc", "abs")


def of_models(method, variant, metric, scores):
    """The interval over models and patients that the dataset's page shows below the one over patients."""
    text = dataset_page(analyse(read_board(scores, "mitdb"))).split(f"Intervals over models and patients ({family(metric).lower()})")[1]
    head, _, *rows = [line for line in text.split("</details>")[0].split("\n") if line.startswith("|")]
    name = f"`{method}`" + (" (abs)" if variant == "abs" else "")
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in (head, *rows)]
    row = next(row for row in cells if row[0] == name)
    return column(dict(zip(cells[0], row, strict=True)), metric)[1].partition("<br>")[2]


@pytest.mark.parametrize(("method", "variant", "metric"), CELLS[:3])
def test_interval_over_models_is_that_of_the_datasets_page_and_says_how_little_two_tell(traced, scores, method, variant, metric):
    found = traced(method, metric, variant).numbers[OF_RECIPE]
    shown = of_models(method, variant, metric, scores)
    assert found == f"{shown or '-'} (Two models tell little of others.)"
    assert a_number.search(shown)


def test_one_model_has_no_interval_over_models_and_the_trace_says_why(scores, accept):
    accept("mitdb", "lime", {"raw": {"auc": {1: 0.7}}})
    numbers = trace(scores, "mitdb", "lime", "auc").numbers
    assert numbers[OF_RECIPE] == "- (There is one model, so nothing can be said of others.)"
    assert re.fullmatch(r"\d\.\d+\.\.\d\.\d+", numbers["95 % interval for this one model"])


# Windows


def test_windows_of_several_seeds_stand_one_after_another_and_one_alone_changes_no_number(traced):
    windows = traced(metric="pointing_game").windows
    assert list(windows.columns) == COLUMNS
    assert windows["seed"].tolist() == [1, 1, 1, 1, 2, 2, 2, 2]
    assert windows["patient"].tolist() == ["100", "100", "103", "105"] * 2
    assert windows["class"].tolist() == ["SVEB", "VEB", "VEB", "VEB"] * 2
    np.testing.assert_array_equal(windows["score"], [0, 1, np.nan, 1, 1, 1, np.nan, 1])
    alone = traced(metric="pointing_game", seed=2)
    assert alone.windows.equals(windows[windows["seed"] == 2].reset_index(drop=True))
    assert alone.numbers == traced(metric="pointing_game").numbers


def test_record_and_start_are_listed_where_they_were_kept(traced, scores):
    assert traced().windows["record"].tolist()[:4] == ["100", "101", "103", "105"]
    assert traced().windows["start"].tolist()[:4] == [0, 2880, 0, 5760]
    for method in ("lime", "saliency"):
        path = scores / "mitdb" / MODEL / f"{method}.json"
        kept = {name: array for name, array in read_scores(path).items() if not name.startswith(("samples/record", "samples/start"))}
        write_file(read_file(path), kept, scores)
    assert set(traced_again(scores)["record"]) == {"-"}


def traced_again(scores):
    return trace(scores, "mitdb", "lime", "auc", seed=1).windows


def test_class_of_an_unregistered_dataset_is_a_number(scores, accept_small):
    accept_small("elsewhere")
    found = trace(scores, "elsewhere", "lime", "auc")
    assert set(found.windows["class"]) == {"class 1", "class 2"}
    assert "mean of class 1" in found.numbers


def test_text_has_a_line_for_every_window_and_number(traced):
    found = traced(metric="pointing_game")
    lines = [line.split() for line in found.text.splitlines()]
    assert found.text.startswith("MIT-BIH Arrhythmia Database: lime, raw maps, pointing_game (localisation, higher is better)\n")
    assert COLUMNS in lines
    assert lines.count(["1", "103", "103", "0", "VEB", "undefined"]) == 1
    assert lines.count(["2", "100", "100", "0", "SVEB", "1"]) == 1
    assert all([*name.split(), *value.split()] in lines for name, value in found.numbers.items())


def test_csv_holds_every_digit_and_leaves_undefined_scores_empty(traced, scores):
    found = traced(metric="pointing_game")
    rows = list(csv.DictReader(io.StringIO(found.csv.decode())))
    assert list(rows[0]) == COLUMNS
    assert [row["score"] for row in rows if row["patient"] == "103"] == ["", ""]
    rows = list(csv.DictReader(io.StringIO(traced().csv.decode())))
    kept = read_scores(scores / "mitdb" / MODEL / "lime.json")
    assert [float(row["score"]) for row in rows] == [float(value) for seed in (1, 2) for value in kept[f"raw/auc/{seed}"]]


# What is refused


@pytest.mark.parametrize(
    ("dataset", "method", "metric", "said"),
    [
        ("../scores/mitdb", "lime", "auc", "expected a key of accepted results"),
        ("mitdb", "lim", "auc", "did you mean lime"),
        ("mitdb", "lime", "auc_causal", "expected a key of metrics"),
    ],
)
def test_unknown_name_is_refused_with_the_nearest(scores, accept_small, dataset, method, metric, said):
    accept_small("mitdb")
    with pytest.raises(UnknownKeyError, match=said):
        trace(scores, dataset, method, metric)


def test_seed_without_cells_is_refused(traced):
    with pytest.raises(InputError, match="expected a seed of lime among 1, 2, got 3"):
        traced(seed=3)


def test_damaged_neighbour_is_not_read(traced, scores, accept_small):
    accept_small("svdb")
    (scores / "svdb" / MODEL / "lime.json").write_text("{")
    assert traced().numbers["mean"] == "0.750"
    with pytest.raises(ResultsError):
        trace(scores, "svdb", "lime", "auc")
