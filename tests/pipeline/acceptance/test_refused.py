"""A method that cannot explain a model: its cells say why, in the run, in what is accepted and on the page."""

from dataclasses import replace

import pytest

from ecgbench.errors import InputError, RefusedError, ResultsError
from ecgbench.leaderboard.pages.dataset_page import dataset_page
from ecgbench.leaderboard.statistics.analysis import analyse
from ecgbench.leaderboard.statistics.board import read_boards
from ecgbench.methods import METHODS, Explanation
from ecgbench.pipeline import accept, score_and_judge
from tests.pipeline.runs import FOLDER, accepted_files, cell, maps_of, small_run, store_with_logits

REASON = "expected a network that has a rule, got an LSTM; choose another method."
CELLS = [cell(variant=variant, source="input_gradient") for variant in ("raw", "abs")]


@pytest.fixture
def store(tmp_path):
    return store_with_logits(tmp_path / "store")


@pytest.fixture
def refusing(monkeypatch):
    """Lets a method refuse; counts how often it was asked."""
    asked = []

    def refuse(model, x, target):
        asked.append(len(x))
        raise InputError(REASON)

    monkeypatch.setitem(METHODS._entries, "input_gradient", replace(METHODS["input_gradient"], function=refuse))
    return asked


def verdicts(run, root, update=False):
    return {score_and_judge(run, one, root, update)[1] for one in CELLS}


def test_refused_cells_say_why_and_the_method_is_asked_once_a_run(store, refusing, tmp_path):
    run = small_run(store, wanted=CELLS)
    assert [task for task, _ in run.perform()]
    assert {(verdict.status, verdict.message.partition(": ")[2]) for verdict in verdicts(run, tmp_path)} == {
        ("no_baseline", f"not applicable, {REASON}")
    }
    assert len(refusing) == 1
    with pytest.raises(RefusedError, match="an LSTM"):
        run.maps(maps_of("input_gradient"))


def test_refusal_is_accepted_stands_where_nothing_is_computed_and_is_dropped_once_the_method_explains(
    store, refusing, tmp_path, monkeypatch
):
    run, root = small_run(store, wanted=CELLS), tmp_path / "scores"
    assert {verdict.status for verdict in verdicts(run, root, update=True)} == {"updated"}
    assert accept(run, CELLS, root) == []
    path = root / FOLDER / "refused" / "input_gradient.json"
    assert path.is_file()
    assert {verdict.status for verdict in verdicts(small_run(replace(store, computing=False)), root)} == {"accepted"}
    monkeypatch.undo()
    assert accepted_files(small_run(store, wanted=CELLS), CELLS, root) == [root / FOLDER / "input_gradient.json"]
    assert not path.parent.exists()


def test_refusal_never_stands_for_an_accepted_value(store, tmp_path, monkeypatch):
    root = tmp_path / "scores"
    accept(small_run(store, wanted=CELLS), CELLS, root)
    monkeypatch.setattr("ecgbench.pipeline.compute.run.Run.scores", lambda self, cell: (_ for _ in ()).throw(RefusedError(REASON)))
    for update in (False, True):
        assert {verdict.status for verdict in verdicts(small_run(store), root, update)} == {"changed"}


@pytest.mark.parametrize("sums_to", [1.0, 1.5])
def test_maps_that_miss_their_sum_fail_until_it_is_accepted_that_the_method_does_not_apply(sums_to, store, tmp_path, monkeypatch):
    def summing(model, x, target):
        maps = x / x.sum((1, 2), keepdim=True)
        return Explanation(maps, maps.sum((1, 2)) * sums_to)

    entry = replace(METHODS["input_gradient"], function=summing, sum_within=0.1)
    monkeypatch.setitem(METHODS._entries, "input_gradient", entry)
    run, root = small_run(store, wanted=CELLS), tmp_path / "scores"
    misses = sums_to > 1
    assert {verdict.status for verdict in verdicts(run, root)} == {"unhealthy" if misses else "no_baseline"}
    accept(run, CELLS, root)
    assert {verdict.status for verdict in verdicts(small_run(store), root)} == {"accepted"}
    path = root / FOLDER / "refused" / "input_gradient.json"
    assert path.is_file() == misses
    assert not misses or "within 0.1, got an error of 0.333" in path.read_text()


def test_page_says_which_methods_do_not_apply_and_why(store, refusing, tmp_path):
    root = tmp_path / "scores"
    accept(small_run(store), [*CELLS, cell(source="saliency")], root)
    (board,) = read_boards(root)
    told = dataset_page(analyse(board)).partition("## Methods that do not apply")[2].partition("## ")[0]
    assert [line for line in told.splitlines() if "`input_gradient`" in line and "got an LSTM" in line]
    path = root / FOLDER / "refused" / "input_gradient.json"
    path.write_text(path.read_text().replace("synthetic@samples-4", "").replace('"source": "input_gradient"', '"source": "saliency"'))
    with pytest.raises(ResultsError, match=r"accepted refusals in .+, got those of"):
        read_boards(root)
