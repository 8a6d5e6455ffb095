"""What accepting replaces is told, and what no reader would take is not written."""

from pathlib import Path

import numpy as np
import pytest

from ecgbench.errors import ResultsError
from ecgbench.pipeline import Accepted, accept, replaced_cells
from ecgbench.pipeline.acceptance.accept import MAX_LISTED
from ecgbench.types import Scores
from tests.pipeline.runs import FOLDER, accepted_files, cell

from .accepted import SLICE, edit


def test_cells_of_another_identity_are_told(run, root):
    (path,) = accepted_files(run, SLICE, root)
    edit(path, lambda data: data["identity"].update(windows="others"))
    written = accept(run, SLICE[:1], root)
    (file,) = written
    assert file.replaced == tuple(sorted((c.variant, c.metric, c.seed) for c in SLICE))
    assert file.anew == (("raw", "auc", 1),)
    assert replaced_cells(written) == [
        f"4 accepted cells of another identity, submission or model replaced, 3 of them without a new value: {FOLDER}/random_baseline 4."
    ]


def test_cells_of_all_seeds_are_told_where_a_model_of_their_common_windows_is_another(run, other_run, root):
    accept(run, [*SLICE, cell("auc", "random_baseline", seed=2), cell("auc", "lrp")], root)
    written = accept(other_run, [SLICE[0], cell("auc", "lrp")], root)
    assert [len(file.replaced) for file in written] == [5, 1]
    (line,) = replaced_cells(written)
    assert line.startswith("6 accepted cells of another identity, submission or model replaced, 4 of them without a new value: ")
    assert line.endswith(f": {FOLDER}/random_baseline 5, {FOLDER}/lrp 1.")


def test_nothing_is_told_where_all_accepted_cells_hold(run, root):
    for wanted in (SLICE[:2], SLICE[1:], [cell("auc", "random_baseline", seed=2)], SLICE):
        assert replaced_cells(accept(run, wanted, root)) == []


def test_line_of_many_files_is_cut():
    written = [Accepted(Path("mitdb") / "resnet18_7" / f"m{i}.json", (("raw", "auc", 1),), ()) for i in range(MAX_LISTED + 2)]
    (line,) = replaced_cells(written)
    assert line.startswith("7 accepted cells of another identity, submission or model replaced, 7 of them without a new value: mitdb/resn")
    assert line.endswith("mitdb/resnet18_7/m4 1, and 2 files more.")
    assert replaced_cells(written[:1])[0].startswith("1 accepted cell of another identity")


def test_inconsistent_scores_are_not_accepted_and_the_old_ones_stay(run, root, monkeypatch):
    (path,) = accepted_files(run, SLICE, root)
    before = {file: file.read_bytes() for file in path.parent.iterdir()}
    monkeypatch.setattr(run, "scores", lambda wanted: Scores(np.full(4, 1.5), 0.0, False))
    with pytest.raises(
        ResultsError, match=r"got 1\.5 in raw/auc/1, whose metric goes from 0 to 1; nothing was written: look at the scores"
    ):
        accept(run, SLICE[:1], root)
    assert {file: file.read_bytes() for file in path.parent.iterdir()} == before
