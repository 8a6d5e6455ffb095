"""What is written is what a reader takes: results that contradict themselves or their scores are refused, and what was there stays."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgbench.errors import ResultsError
from ecgbench.results import read_pair, results_path, update_file, write_file
from tests.results.cases import CELLS, RESULTS, SCORES


def with_first_cell(**changed):
    return replace(RESULTS, cells=(replace(CELLS[0], **changed), *CELLS[1:]))


def without(name):
    return {key: array for key, array in SCORES.items() if key != name}


OTHER = np.array([0.5, 0.5, 0.5], dtype=np.float32)

WRONG = {
    "value": (with_first_cell(value=0.6), SCORES, "value 0.59.* of raw/auc/1, whose per-window scores give 0.5"),
    "count": (with_first_cell(n=3), SCORES, r"<f4 of shape \(3,\) instead of <f4 of shape \(4\) under raw/auc/1"),
    "interval": (with_first_cell(low=0.0), SCORES, "low 0 of raw/auc/1, whose per-window scores give"),
    "digest": (with_first_cell(digest="0" * 64), SCORES, "scores under raw/auc/1 whose digest is not the accepted one"),
    "other scores": (RESULTS, SCORES | {"raw/auc/1": OTHER}, "scores under raw/auc/1 whose digest is not the accepted one"),
    "no scores": (RESULTS, without("raw/auc/1"), "no per-window scores under raw/auc/1"),
    "unknown scores": (RESULTS, SCORES | {"raw/auc/9": OTHER}, 'an array "raw/auc/9.npy", which the results do not know'),
    "doubles": (
        RESULTS,
        SCORES | {"raw/auc/1": SCORES["raw/auc/1"].astype(np.float64)},
        "152 bytes under raw/auc/1 instead of at most 140",
    ),
    "no patients": (RESULTS, without("samples/patient/2"), "no patient of each window of seed 2"),
    "no cell": (replace(RESULTS, cells=()), {}, "no cell instead of one per variant, metric and seed"),
    "a cell twice": (replace(RESULTS, cells=(*CELLS, CELLS[0])), SCORES, "one cell twice instead of one per variant, metric and seed"),
    "no model": (replace(RESULTS, models={"1": RESULTS.models["1"]}), SCORES, "of seed 2 without its model"),
    "health": (replace(RESULTS, health={"1": {"zeros": 1.5}}), SCORES, "zeros 1.5 in the health of seed 1 instead of 0 to 1"),
    "infinity": (replace(RESULTS, health={"1": {"zeros": np.inf}}), SCORES, "Out of range float values"),
    "a control character": (replace(RESULTS, notes=("\x1b[2J",)), SCORES, r"\$.notes\[0\]: expected `str` matching regex"),
    "no such variant": (with_first_cell(variant="squared"), SCORES, r"\$.cells\[0\].variant: expected `str` matching regex"),
}


@pytest.fixture
def path():
    return results_path(Path(), RESULTS.identity, RESULTS.source)


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("old", [True, False])
def test_what_no_reader_takes_is_not_written(tmp_path, path, case, old):
    results, scores, message = WRONG[case]
    if old:
        write_file(RESULTS, SCORES, tmp_path)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.[jn]*")}
    for write in (lambda: write_file(results, scores, tmp_path), lambda: update_file(tmp_path / path, lambda _: (results, scores))):
        with pytest.raises(ResultsError, match=f"^expected results to write to .* got .*{message}.*; nothing was written: look at"):
            write()
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.[jn]*")} == before
    assert len(before) == 2 * old


def test_scores_out_of_their_metrics_bounds_are_not_written(tmp_path, path):
    with pytest.raises(ResultsError, match=r"0\.75 in raw/auc/1, whose metric goes from 0 to 0.5; nothing was written"):
        update_file(tmp_path / path, lambda _: (RESULTS, SCORES), lambda _: (0.0, 0.5))
    assert not (tmp_path / path).exists()


def test_results_of_another_source_are_not_written_in_its_place(tmp_path, path):
    with pytest.raises(ResultsError, match="got those of mitdb@samples-3, resnet18_7, lrp; nothing was written"):
        update_file(tmp_path / path, lambda _: (replace(RESULTS, source="lrp"), SCORES))


def test_what_is_written_is_read(tmp_path, path):
    update_file(tmp_path / path, lambda _: (RESULTS, SCORES))
    assert read_pair(tmp_path / path)[0] == RESULTS
