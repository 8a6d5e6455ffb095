"""Files of accepted results: what is written is read again, and a write that fails leaves what was there."""

import dataclasses
import json
from dataclasses import replace

import numpy as np
import pytest

import ecgbench
from ecgbench.errors import ArtifactError, ResultsError
from ecgbench.results import Cell, read_file, read_files, read_scores, score_digest, write_file
from ecgbench.results import files as files_module
from tests.results.cases import CELLS, RESULTS, SCORES


@pytest.fixture
def path(tmp_path):
    """A file of accepted results."""
    return write_file(RESULTS, SCORES, tmp_path)


# Round trip


def test_what_is_written_is_read_again(path):
    assert read_file(path) == RESULTS


def test_place_is_dataset_and_method(path, tmp_path):
    assert path == tmp_path / "mitdb@samples-3" / "lime.json"
    assert sorted(file.name for file in path.parent.iterdir()) == ["lime.json", "lime.npz"]


def test_scores_and_samples_are_read_again_as_they_were(path):
    found = read_scores(path)
    assert found.keys() == SCORES.keys()
    for name, array in SCORES.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_undefined_cell_is_none_and_not_nan(path):
    cell = read_file(path).cells[1]
    assert (cell.value, cell.low, cell.high, cell.n, cell.undefined) == (None, None, None, 0, 3)
    assert json.loads(path.read_text())["cells"][1]["value"] is None


def test_same_results_are_the_same_bytes(path, tmp_path):
    backwards = dict(reversed(SCORES.items()))
    again = write_file(RESULTS, backwards, tmp_path / "again")
    assert again.read_bytes() == path.read_bytes()
    assert again.with_suffix(".npz").read_bytes() == path.with_suffix(".npz").read_bytes()


def test_writing_replaces(path, tmp_path):
    fewer = replace(RESULTS, cells=CELLS[:1])
    write_file(fewer, {name: SCORES[name] for name in ("raw/auc/1",)}, tmp_path)
    assert read_file(path) == fewer
    assert list(read_scores(path)) == ["raw/auc/1"]


def test_files_are_read_by_dataset_and_method(path, tmp_path):
    for dataset, method in (("svdb", "lime"), ("mitdb@samples-3", "deep_lift")):
        write_file(replace(RESULTS, dataset=dataset, method=method), SCORES, tmp_path)
    found = [(results.dataset, results.method) for results in read_files(tmp_path)]
    assert found == [("mitdb@samples-3", "deep_lift"), ("mitdb@samples-3", "lime"), ("svdb", "lime")]


def test_results_lie_below_the_working_directory_unless_named(path, tmp_path, monkeypatch):
    place = tmp_path / "leaderboards" / "scores"
    write_file(RESULTS, SCORES, place)
    monkeypatch.chdir(tmp_path)
    assert read_files() == [RESULTS]
    assert len(ecgbench.read_results()) == len(CELLS)


def test_digest_is_that_of_the_values_in_single_precision():
    values = np.array([0.1, np.nan, 1 / 3])
    assert score_digest(values) == score_digest(values.astype(np.float32)) == score_digest(values.astype(">f8"))
    assert score_digest(values) != score_digest(values[::-1])
    assert score_digest(values) != score_digest(values + 1e-6)


# As a frame


def test_frame_has_a_row_for_every_cell(path, tmp_path):
    write_file(replace(RESULTS, method="deep_lift", cells=CELLS[:1]), SCORES, tmp_path)
    frame = ecgbench.read_results(tmp_path)
    assert list(frame.columns) == ["dataset", "method", *(field.name for field in dataclasses.fields(Cell))]
    rows = list(zip(frame.dataset, frame.method, frame.variant, frame.metric, frame.seed, strict=True))
    of = [(cell.variant, cell.metric, cell.seed) for cell in CELLS]
    assert rows == [("mitdb@samples-3", "deep_lift", *of[0]), *(("mitdb@samples-3", "lime", *name) for name in of)]


def test_frame_holds_numbers_and_nan_where_there_is_none(path, tmp_path):
    frame = ecgbench.read_results(str(tmp_path))
    assert frame.value.dtype == frame.low.dtype == np.float64
    np.testing.assert_array_equal(frame.value, [0.5, np.nan, 0.2])
    assert list(frame.n) == [2, 0, 3]


def test_frame_of_no_results_has_the_columns_all_the_same(tmp_path):
    frame = ecgbench.read_results(tmp_path)
    assert len(frame) == 0
    assert "value" in frame.columns


def test_frame_of_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ResultsError, match=r"expected a folder of accepted results at .*nowhere, got none"):
        ecgbench.read_results(tmp_path / "nowhere")


# Failing to write


def bytes_of(path):
    return path.read_bytes(), path.with_suffix(".npz").read_bytes()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_number_that_is_not_finite_is_refused_on_writing_and_touches_nothing(path, tmp_path, value):
    before = bytes_of(path)
    with pytest.raises(ResultsError, match=r"expected finite numbers for .*lime\.json"):
        write_file(replace(RESULTS, health={"1": {"zeros": value}}), {}, tmp_path)
    assert bytes_of(path) == before


def test_failing_write_leaves_the_accepted_results(path, tmp_path, monkeypatch):
    before = bytes_of(path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ecgbench.artifacts._files.os.replace", full)
    with pytest.raises(ArtifactError, match="No space left on device"):
        write_file(replace(RESULTS, cells=()), {}, tmp_path)
    assert bytes_of(path) == before
    assert len(list(path.parent.iterdir())) == 2


def test_new_scores_beside_old_numbers_are_refused_rather_than_believed(path, tmp_path, monkeypatch):
    """Killed between the two files."""
    new = {"raw/auc/1": np.array([0.5, 0.5, 0.5], dtype=np.float32)}
    write = files_module.write_atomically

    def killed(place, data):
        if place.suffix == ".json":
            raise KeyboardInterrupt
        write(place, data)

    monkeypatch.setattr(files_module, "write_atomically", killed)
    with pytest.raises(KeyboardInterrupt):
        write_file(replace(RESULTS, cells=(replace(CELLS[0], digest=score_digest(new["raw/auc/1"])),)), new, tmp_path)
    with pytest.raises(ResultsError, match="expected scores with the accepted digest"):
        read_file(path)


def test_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match=r"expected to make the folder .*, got Not a directory; name another folder"):
        write_file(RESULTS, SCORES, tmp_path / "file")
