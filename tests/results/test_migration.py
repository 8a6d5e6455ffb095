"""Results of schema 1 become those of this one, and no value changes."""

from dataclasses import replace

import pytest

from ecgbench.errors import ResultsError
from ecgbench.results import migrate, read_file, read_pair, write_file
from ecgbench.results import migration as module
from tests.results.cases import RESULTS, SCORES
from tests.results.schema1 import write_schema_1

MODELS = {"mitdb": "resnet18_7", "svdb": "cnn"}.get


@pytest.fixture
def old(tmp_path):
    """A file of schema 1."""
    return write_schema_1(tmp_path)


def test_results_move_to_their_place_with_every_value_and_byte_of_their_archive(old, tmp_path):
    archive = old.with_suffix(".npz").read_bytes()
    write_schema_1(tmp_path, replace(RESULTS, identity=replace(RESULTS.identity, dataset="svdb", differs="", model="cnn")))
    first, second = migrate(tmp_path, MODELS)
    assert (first, second) == (tmp_path / "mitdb@samples-3/resnet18_7/lime.json", tmp_path / "svdb/cnn/lime.json")
    assert read_file(first) == RESULTS
    assert first.with_suffix(".npz").read_bytes() == archive
    assert read_file(second).identity.folder == "svdb"
    assert not list(tmp_path.glob("*/*.*"))
    assert migrate(tmp_path, MODELS) == []


def test_migration_that_was_cut_off_goes_on(old, tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    kept, archive = old.read_bytes(), old.with_suffix(".npz").read_bytes()
    monkeypatch.setattr(module, "write_pair", killed)
    with pytest.raises(KeyboardInterrupt):
        migrate(tmp_path, MODELS)
    assert (old.read_bytes(), old.with_suffix(".npz").read_bytes()) == (kept, archive)
    monkeypatch.undo()
    write_file(RESULTS, SCORES, tmp_path)
    (path,) = migrate(tmp_path, MODELS)
    assert read_file(path) == RESULTS


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('"value": 0.5', '"value": "0.5"'), r"\$\.cells\[0\]\.value: expected"),
        (lambda text: text.replace('"method": "lime"', '"method": "lrp"'), r"those of mitdb@samples-3 and lrp"),
        (lambda text: text.replace('"digest": "', '"digest": "0', 3), r"\$\.cells"),
        (lambda text: "[]", "none of it"),
    ],
    ids=["schema", "name", "digest", "other"],
)
def test_damaged_results_are_refused_and_left(old, tmp_path, change, said):
    old.write_text(change(old.read_text()))
    with pytest.raises(ResultsError, match=rf"expected accepted results of schema 1 in .*lime\.json and lime\.npz, got {said}"):
        migrate(tmp_path, MODELS)
    assert old.exists()
    assert not list(tmp_path.glob("*/*/*"))


def test_other_results_at_the_new_place_are_not_overwritten(old, tmp_path):
    path = write_file(replace(RESULTS, notes=("Another.",)), SCORES, tmp_path)
    before = read_pair(path)[0]
    with pytest.raises(ResultsError, match=r"expected no other results in .*resnet18_7/lime\.json than in .*; remove those"):
        migrate(tmp_path, MODELS)
    assert read_pair(path)[0] == before
    assert old.exists()
