"""Files of accepted results that are damaged, edited or not of the schema are refused by name."""

import json

import numpy as np
import pytest

from ecgbench.errors import ResultsError
from ecgbench.results import read_file, read_scores, write_file
from tests.results.cases import RESULTS, SCORES, VALUES


@pytest.fixture
def path(tmp_path):
    """A file of accepted results."""
    return write_file(RESULTS, SCORES, tmp_path)


def changed(path, change):
    """Edit the JSON by hand."""
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def replaced(path, **arrays):
    """Write the archive with other arrays by hand."""
    np.savez(path.with_suffix(".npz"), **(SCORES | arrays))


# Not of the schema


def cell_with(**values):
    return lambda data: data["cells"][1].update(values)


VIOLATIONS = [
    (lambda data: data.pop("cells"), r"\$: 'cells' is a required property"),
    (lambda data: data.update(extra=1), r"\$: Additional properties"),
    (lambda data: data.update(cells={}), r"\$\.cells: "),
    (lambda data: data.update(dataset=1), r"\$\.dataset: "),
    (lambda data: data.update(method=None), r"\$\.method: "),
    (lambda data: data.update(notes="one"), r"\$\.notes: "),
    (lambda data: data.update(notes=[1]), r"\$\.notes\[0\]: "),
    (lambda data: data.update(provenance=[]), r"\$\.provenance: "),
    (lambda data: data["health"].update({"1": 0.5}), r"\$\.health\[?\.?'?1"),
    (lambda data: data["artifacts"].update({"1": "a"}), r"\$\.artifacts"),
    (lambda data: data["models"]["1"].pop("digest"), r"\$\.models.*: 'digest' is a required property"),
    (lambda data: data["models"]["1"].update(origin="found"), r"\$\.models.*\.origin: "),
    (lambda data: data["identity"].pop("windows"), r"\$\.identity: 'windows' is a required property"),
    (lambda data: data["identity"].update(samples=None), r"\$\.identity\.samples: "),
    (lambda data: data["identity"].update(simulated=0), r"\$\.identity\.simulated: "),
    (lambda data: data["cells"][1].pop("undefined"), r"\$\.cells\[1\]: 'undefined' is a required property"),
    (cell_with(extra=1), r"\$\.cells\[1\]: Additional properties"),
    (cell_with(variant="absolute"), r"\$\.cells\[1\]\.variant: "),
    (cell_with(value="0.5"), r"\$\.cells\[1\]\.value: "),
    (cell_with(low=True), r"\$\.cells\[1\]\.low: "),
    (cell_with(n=-1), r"\$\.cells\[1\]\.n: "),
    (cell_with(undefined=0.5), r"\$\.cells\[1\]\.undefined: "),
    (cell_with(seed="1"), r"\$\.cells\[1\]\.seed: "),
    (cell_with(seconds=-0.1), r"\$\.cells\[1\]\.seconds: "),
    (cell_with(digest="abc"), r"\$\.cells\[1\]\.digest: "),
    (cell_with(digest="A" * 64), r"\$\.cells\[1\]\.digest: "),
]


@pytest.mark.parametrize(("change", "where"), VIOLATIONS, ids=[where.replace("\\", "") for _, where in VIOLATIONS])
def test_violation_of_the_schema_is_refused_with_file_place_and_remedy(path, change, where):
    changed(path, change)
    with pytest.raises(ResultsError, match=rf"expected accepted results of the schema in .*lime\.json, got {where}.*--update-scores"):
        read_file(path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"not json"], ids=["empty", "torn", "no text", "no JSON"])
def test_what_is_no_json_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=r"expected readable accepted results in .*lime\.json"):
        read_file(path)


def test_every_cut_of_the_file_is_refused(path):
    content = path.read_bytes().rstrip()
    for length in range(0, len(content), 97):
        path.write_bytes(content[:length])
        with pytest.raises(ResultsError):
            read_file(path)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_number_that_is_not_finite_is_refused_on_reading(path, text):
    path.write_text(path.read_text().replace('"value": 0.5', f'"value": {text}'))
    with pytest.raises(ResultsError, match="which is not finite"):
        read_file(path)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(ResultsError, match=r"expected readable accepted results in .*lime\.json, got .*No such file"):
        read_file(tmp_path / "lime.json")


@pytest.mark.parametrize("place", ["mitdb@samples-3/lrp.json", "mitdb/lime.json"], ids=["method", "dataset"])
def test_results_under_another_name_are_refused(path, tmp_path, place):
    other = tmp_path / place
    other.parent.mkdir(exist_ok=True)
    other.write_bytes(path.read_bytes())
    other.with_suffix(".npz").write_bytes(path.with_suffix(".npz").read_bytes())
    with pytest.raises(
        ResultsError, match=rf"expected results of {other.parent.name} and {other.stem} in .*, got mitdb@samples-3 and lime"
    ):
        read_file(other)


def test_cells_of_a_seed_without_its_model_are_refused(path):
    """Else they would have "nothing to be compared with" and pass whatever comes."""
    changed(path, lambda data: data["models"].pop("2"))
    with pytest.raises(ResultsError, match="expected the model of seed 2 in"):
        read_file(path)


# Per-window scores


@pytest.mark.parametrize(
    "values",
    [np.array([0.25, 0.75, 0.5]), np.array([0.25, 0.75]), np.array([0.75, 0.25, np.nan]), np.array(["0.25", "0.75", "nan"])],
    ids=["a value", "fewer", "order", "texts"],
)
def test_edited_scores_are_refused_by_the_cells_name(path, values):
    replaced(path, **{"raw/auc/1": values})
    with pytest.raises(ResultsError, match=r"expected scores with the accepted digest under raw/auc/1 in .*lime\.npz, got others"):
        read_file(path)


def test_edited_digest_is_refused(path):
    changed(path, cell_with(digest="0" * 64))
    with pytest.raises(ResultsError, match="under abs/auc/1 in"):
        read_file(path)


def test_scores_of_a_cell_that_are_not_there_are_refused(path):
    np.savez(path.with_suffix(".npz"), **{name: array for name, array in SCORES.items() if name != "raw/auc_causal/2"})
    with pytest.raises(ResultsError, match="under raw/auc_causal/2 in"):
        read_file(path)


def test_missing_archive_is_refused(path):
    path.with_suffix(".npz").unlink()
    with pytest.raises(ResultsError, match=r"expected per-window scores in .*lime\.npz, got .*No such file"):
        read_file(path)


def test_every_cut_of_the_archive_is_refused(path):
    archive = path.with_suffix(".npz")
    content = archive.read_bytes()
    for length in range(0, len(content), 23):
        archive.write_bytes(content[:length])
        with pytest.raises(ResultsError):
            read_file(path)


def test_flipped_byte_of_the_archive_is_refused_or_changes_nothing(path):
    archive = path.with_suffix(".npz")
    content, refused = archive.read_bytes(), 0
    for place in range(0, len(content), 7):
        archive.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        try:
            assert read_file(path) == RESULTS
        except ResultsError:
            refused += 1
    assert refused > len(content) / 28


def test_single_array_is_no_archive(path):
    with open(path.with_suffix(".npz"), "wb") as file:
        np.save(file, VALUES["raw", "auc", 1])
    with pytest.raises(ResultsError, match="expected per-window scores in"):
        read_scores(path)


def test_objects_are_never_unpickled(path):
    replaced(path, **{"raw/auc/1": np.array([0.25, {}], dtype=object)})
    with pytest.raises(ResultsError, match="allow_pickle"):
        read_scores(path)
