"""Files of accepted results: what is written is read again, and a write that fails leaves what was there."""

import dataclasses
import errno
import json
import os
from dataclasses import replace

import numpy as np
import pytest

import ecgbench
from ecgbench.errors import ArtifactError, InputError, ResultsError
from ecgbench.results import Cell, check_folder, leftovers, page_name, read_file, read_files, read_scores, score_digest, write_file
from tests.results.cases import CELLS, IDENTITY, RESULTS, SCORES


@pytest.fixture
def path(tmp_path):
    """A file of accepted results."""
    return write_file(RESULTS, SCORES, tmp_path)


# Round trip


def test_what_is_written_is_read_again(path):
    assert read_file(path) == RESULTS
    found = read_scores(path)
    assert found.keys() == SCORES.keys()
    for name, array in SCORES.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_place_is_dataset_model_and_source(path, tmp_path):
    assert path == tmp_path / "mitdb@samples-3" / "resnet18_7" / "lime.json"
    assert sorted(file.name for file in path.parent.iterdir()) == ["lime.json", "lime.npz"]
    assert replace(IDENTITY, differs="").folder == "mitdb"


def test_page_is_named_after_the_folder_and_another_model_than_the_datasets_own():
    assert page_name("mitdb@study", "resnet18_7", "resnet18_7") == "mitdb@study"
    assert page_name("mitdb@study", "cnn", "resnet18_7") == "mitdb@study-cnn"


def test_undefined_cell_is_null_in_the_file(path):
    written = json.loads(path.read_text())["cells"][1]
    assert (written["value"], written["low"], written["high"]) == (None, None, None)


def test_same_results_are_the_same_bytes(path, tmp_path):
    again = write_file(RESULTS, dict(reversed(SCORES.items())), tmp_path / "again")
    assert bytes_of(again) == bytes_of(path)


def test_writing_replaces(path, tmp_path):
    fewer = replace(RESULTS, cells=CELLS[:1])
    kept = {name: array for name, array in SCORES.items() if name in ("raw/auc/1", "samples/patient/1", "samples/target/1")}
    write_file(fewer, kept, tmp_path)
    assert read_file(path) == fewer
    assert list(read_scores(path)) == sorted(kept)


def test_digest_is_that_of_the_values_in_single_precision():
    values = np.array([0.1, np.nan, 1 / 3])
    assert score_digest(values) == score_digest(values.astype(np.float32)) == score_digest(values.astype(">f8"))
    assert len({score_digest(values), score_digest(values[::-1]), score_digest(values + 1e-6)}) == 3


# As a frame


def test_frame_has_a_row_for_every_cell_by_dataset_model_and_source(path, tmp_path, monkeypatch):
    place = tmp_path / "leaderboards" / "scores"
    for identity, source in ((IDENTITY, "lime"), (replace(IDENTITY, dataset="svdb"), "lime"), (replace(IDENTITY, model="cnn"), "lime")):
        write_file(replace(RESULTS, identity=identity, source=source), SCORES, place)
    monkeypatch.chdir(tmp_path)
    frame = ecgbench.read_results()
    assert list(frame.columns) == ["dataset", "model", "source", *(field.name for field in dataclasses.fields(Cell))]
    names = ["dataset", "model", "source", "variant", "metric", "seed"]
    of = [(cell.variant, cell.metric, cell.seed) for cell in CELLS]
    files = [("mitdb@samples-3", "cnn", "lime"), ("mitdb@samples-3", "resnet18_7", "lime"), ("svdb@samples-3", "resnet18_7", "lime")]
    assert list(frame[names].itertuples(index=False, name=None)) == [(*file, *cell) for file in files for cell in of]
    np.testing.assert_array_equal(frame.value, [cell.value if cell.value is not None else np.nan for cell in CELLS] * 3)
    assert frame.value.dtype == frame.low.dtype == np.float64
    assert [results.identity.model for results in read_files()] == ["cnn", "resnet18_7", "resnet18_7"]
    alone = ecgbench.read_results(dataset="mitdb@samples-3")
    assert alone.equals(frame[frame.dataset == "mitdb@samples-3"])
    with pytest.raises(ResultsError, match=r"expected accepted results of mitdb in .*, got those of mitdb@samples-3, svdb@samples-3; name"):
        ecgbench.read_results(dataset="mitdb")


def test_frame_of_no_results_has_the_columns_all_the_same(tmp_path):
    frame = ecgbench.read_results(tmp_path)
    assert len(frame) == 0
    assert "value" in frame.columns
    with pytest.raises(ResultsError, match=r"expected a folder of accepted results at .*nowhere, got none"):
        ecgbench.read_results(tmp_path / "nowhere")


# Failing to write


def bytes_of(path):
    return path.read_bytes(), path.with_suffix(".npz").read_bytes()


@pytest.mark.parametrize("file", [".lime.npz.new", "lime.json"])
def test_failing_write_leaves_the_accepted_results(path, tmp_path, monkeypatch, file):
    before, replaced = bytes_of(path), os.replace

    def full(source, target):
        if target.name == file:
            raise OSError(28, "No space left on device")
        replaced(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(ArtifactError, match="No space left on device"):
        write_file(replace(RESULTS, notes=("Another.",)), SCORES, tmp_path)
    assert bytes_of(path) == before
    assert len(list(path.parent.iterdir())) == 2


def test_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultsError, match=r"expected to make the folder .*, got Not a directory; name another folder"):
        write_file(RESULTS, SCORES, tmp_path / "file")


@pytest.mark.parametrize("reason", [errno.EACCES, errno.EROFS, errno.ENOLCK])
def test_folder_that_cannot_be_locked_is_refused_in_a_line(path, tmp_path, monkeypatch, reason):
    before, opened = bytes_of(path), os.open

    def refusing(name, *arguments, **named):
        if str(name).endswith(".lock"):
            raise OSError(reason, os.strerror(reason), name)
        return opened(name, *arguments, **named)

    monkeypatch.setattr(os, "open", refusing)
    with pytest.raises(ResultsError) as raised:
        write_file(replace(RESULTS, notes=("Another.",)), SCORES, tmp_path)
    assert str(raised.value) == (
        f"expected a folder that can be locked and written for {path}, got {os.strerror(reason)}; name another folder."
    )
    assert read_file(path) == RESULTS
    assert bytes_of(path) == before


def test_leftovers_are_temporary_files_of_results_and_no_others(path, tmp_path):
    names = [".lime.lock", ".lime.npz.new", "..lime.npz.new.0123abcd.part", ".lime.json.0123abcd.part", ".lime.npz.4711.part"]
    for name in [*names, ".lime.json.swp", "lime.txt", ".gitkeep"]:
        path.with_name(name).write_text("")
    assert {file.name for file in leftovers(tmp_path)} == set(names)
    path.with_name(".lrp.npz.new").write_text("")
    write_file(RESULTS, SCORES, tmp_path)
    assert [file.name for file in leftovers(tmp_path)] == [".lrp.npz.new"]
    assert sorted(file.name for file in path.parent.iterdir()) == sorted(
        [".lrp.npz.new", ".lime.json.swp", "lime.txt", ".gitkeep", "lime.json", "lime.npz"]
    )


def test_folder_in_which_the_first_update_was_cut_off_or_goes_on_may_be_updated(tmp_path):
    path = tmp_path / "scores" / "mitdb" / "resnet18_7" / "lime.json"
    path.parent.mkdir(parents=True)
    for name in (None, ".lime.lock", ".lime.npz.new"):
        if name is not None:
            path.with_name(name).write_text("")
        check_folder(tmp_path / "scores", updating=True)
        with pytest.raises(InputError, match="got an empty one; name their folder"):
            check_folder(tmp_path / "scores")
    path.with_name("notes.txt").write_text("")
    with pytest.raises(InputError, match="got one of other files; name their folder"):
        check_folder(tmp_path / "scores", updating=True)
