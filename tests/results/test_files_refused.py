"""Files of accepted results that are damaged, edited or not of the schema are refused by name."""

import hashlib
import io
import json
from dataclasses import replace

import numpy as np
import pytest

from ecgbench.errors import ResultsError
from ecgbench.results import read_file, read_files, read_pair, write_file
from tests.results.cases import RESULTS, SCORES


@pytest.fixture
def path(tmp_path):
    """A file of accepted results."""
    return write_file(RESULTS, SCORES, tmp_path)


def changed(path, change):
    """Edit the JSON by hand."""
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def recorded(path, content):
    """Put another archive beside the results, and its digest into them."""
    path.with_suffix(".npz").write_bytes(content)
    changed(path, lambda data: data.update(archive=hashlib.sha256(content).hexdigest()))


def archive_with(**arrays):
    content = io.BytesIO()
    np.savez(content, **(SCORES | arrays))
    return content.getvalue()


# Not of the schema


def cell_with(**values):
    return lambda data: data["cells"][1].update(values)


VIOLATIONS = [
    (lambda data: data.pop("cells"), r"\$: object missing required field `cells`"),
    (lambda data: data.update(extra=1), r"\$: a field `extra` that the schema does not have"),
    (lambda data: data.update(schema=4), r"\$\.schema: invalid enum value 4"),
    (lambda data: data.update(notes=[1]), r"\$\.notes\[0\]: expected `str`, got `int`"),
    (lambda data: data["health"].update({"1": 0.5}), r"\$\.health\[\.\.\.\]: expected `object`, got `float`"),
    (lambda data: data["models"]["1"].update(origin="found"), r"\$\.models\[\.\.\.\]\.origin: invalid enum value 'found'"),
    (lambda data: data["models"]["1"].update(accurracy=1), r"\$\.models\.1: a field `accurracy`"),
    (lambda data: data["identity"].update(samples="some"), r"\$\.identity\.samples: invalid enum value 'some'"),
    (cell_with(extra=1), r"\$\.cells\[1\]: a field `extra`"),
    (cell_with(value="0.5"), r"\$\.cells\[1\]\.value: expected `float \| null`, got `str`"),
    (cell_with(n=-1), r"\$\.cells\[1\]\.n: expected `int` >= 0"),
    (cell_with(digest="A" * 64), r"\$\.cells\[1\]\.digest: expected `str` matching"),
]


@pytest.mark.parametrize(("change", "where"), VIOLATIONS, ids=[where.replace("\\", "") for _, where in VIOLATIONS])
def test_violation_of_the_schema_is_refused_with_file_place_and_remedy(path, change, where):
    changed(path, change)
    with pytest.raises(ResultsError, match=rf"expected accepted results of schema 3 in .*lime\.json, got {where}.*--update-scores"):
        read_file(path)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"value": 0.5', '"value": NaN', "NaN, which is not finite"),
        ('"value": 0.5', '"value": 1e999', "1e999, which is not finite"),
        ('"n": 2,', '"n": 2, "n": 3,', 'the key "n" twice'),
        ('"models": {', '"models": {}, "models": {', 'the key "models" twice'),
    ],
)
def test_numbers_that_are_not_finite_and_keys_that_stand_twice_are_refused(path, old, new, said):
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ResultsError, match=rf"lime\.json, got {said}"):
        read_file(path)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[" * 100_000, b"[]"], ids=["no text", "deep", "no object"])
def test_what_is_no_json_of_an_object_is_refused(path, content):
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=r"expected accepted results of schema 3 in .*lime\.json"):
        read_file(path)


@pytest.mark.parametrize("place", ["mitdb@samples-3/resnet18_7/lrp", "mitdb@samples-3/cnn/lime", "mitdb/resnet18_7/lime"])
def test_results_under_another_name_are_refused(path, tmp_path, place):
    other = tmp_path / f"{place}.json"
    other.parent.mkdir(exist_ok=True, parents=True)
    for suffix in (".json", ".npz"):
        other.with_suffix(suffix).write_bytes(path.with_suffix(suffix).read_bytes())
    with pytest.raises(ResultsError, match=r"expected results of .* in .*, got those of mitdb@samples-3, resnet18_7, lime"):
        read_file(other)


def test_cells_of_a_seed_without_its_model_are_refused(path):
    """Else they would have no baseline and pass whatever comes."""
    changed(path, lambda data: data["models"].pop("2"))
    with pytest.raises(ResultsError, match="got health of seed 2 without its model"):
        read_file(path)


def test_results_of_the_schema_of_before_are_refused_with_the_command_that_migrates_them(path):
    changed(path, lambda data: data.update(schema=2))
    with pytest.raises(ResultsError, match=r"expected .* of schema 3 in .*, got results of schema 2; .*`ecgbench results migrate"):
        read_file(path)


def test_results_where_schema_1_had_them_are_refused(path, tmp_path):
    old = path.rename(tmp_path / "mitdb@samples-3" / "lime.json")
    with pytest.raises(ResultsError, match=rf"got {old.relative_to(tmp_path)}, .*schema 1 .*accept new values"):
        read_files(tmp_path)


def test_chance_levels_of_a_seed_without_its_model_are_refused(path):
    changed(path, lambda data: data["chance"].update({"3": {"auc": 0.5}}))
    with pytest.raises(ResultsError, match="got chance of seed 3 without its model"):
        read_file(path)


def as_common(data):
    data["identity"]["explained"] = "common"
    data["panel"] = {seed: model["digest"] for seed, model in data["models"].items()}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data.update(panel={"1": "of 1"}), "a panel of 1 models for windows that are own"),
        (lambda data: [as_common(data), data.update(panel={})], "a panel of 0 models for windows that are common"),
        (lambda data: [as_common(data), data["panel"].update({"2": "of another"})], "a model of seed 2 that is not the one of the panel"),
        (lambda data: [as_common(data), data["panel"].pop("2")], "a model of seed 2 that is not the one of the panel"),
        (
            lambda data: [as_common(data), data["models"]["2"].update(further=True)],
            "a model of seed 2 that is a further one and one of the p",
        ),
        (lambda data: data["models"]["2"].update(further=True), "a model of seed 2 that is a further one and one of the panel, or of w"),
        (lambda data: data["models"]["1"].update(explainable=3, explainable_by_all=4), "more windows that all models recognise"),
    ],
)
def test_common_windows_and_the_models_that_recognise_them_must_agree(path, change, said):
    changed(path, change)
    with pytest.raises(ResultsError, match=f"got {said}"):
        read_file(path)


def test_further_model_explains_the_windows_of_a_panel_that_it_is_not_of(path):
    changed(path, lambda data: [as_common(data), data["panel"].pop("2"), data["models"]["2"].update(further=True)])
    assert read_file(path).models["2"]["further"] is True


def test_common_windows_that_are_others_for_some_seed_are_refused(path):
    changed(path, as_common)
    results, scores = read_pair(path)
    with pytest.raises(ResultsError, match="got another target per window of some seed"):
        read_file(write_file(results, scores | {"samples/target/2": scores["samples/target/2"][::-1] % 2 + 1}, path.parents[2]))


def as_predictions(path, **changed):
    """The same results of explained predictions, with the arrays that these need, some of them changed."""
    results, scores = read_pair(path)
    windows = {"right": np.array([True, False, True]), "probability": np.array([0.5, 0.75, 1.0], dtype=np.float32), **changed}
    added = {f"samples/{what}/{seed}": array for what, array in windows.items() if array is not None for seed in (1, 2)}
    return replace(results, identity=replace(results.identity, explained="predicted")), scores | added


def test_predictions_are_read_as_they_were_written(path):
    results, scores = as_predictions(path)
    found, held = read_pair(write_file(results, scores, path.parents[2]))
    assert found.identity.explained == "predicted"
    np.testing.assert_array_equal(held["samples/right/2"], [True, False, True])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"right": None}, "no right of each window of seed 1"),
        ({"probability": None}, "no probability of each window of seed 1"),
        ({"probability": np.array([0.5, 0.5, 1.5], dtype=np.float32)}, "probabilities of predicted classes of seed 1 outside 0 to 1"),
        ({"probability": np.array([0.5, 0.5, np.nan], dtype=np.float32)}, "probabilities of predicted classes of seed 1 outside 0 to 1"),
        ({"right": np.array([1, 0, 1])}, "152 bytes under samples/right/1"),
    ],
)
def test_predictions_without_what_is_known_of_them_are_refused(path, changed, said):
    results, scores = as_predictions(path, **changed)
    with pytest.raises(ResultsError, match=f"got {said}"):
        read_file(write_file(results, scores, path.parents[2]))


def test_other_windows_have_no_prediction_that_is_right_or_wrong(path):
    results, scores = read_pair(path)
    with pytest.raises(ResultsError, match=r'got an array "samples/right/1.npy", which the results do not know'):
        read_file(write_file(results, scores | {"samples/right/1": np.ones(3, dtype=bool)}, path.parents[2]))
