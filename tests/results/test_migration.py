"""Results of schema 2 become those of this one: no number changes, and each seed has the chance levels that can be shown to be its own."""

from dataclasses import replace

import numpy as np
import pytest

from ecgbench.errors import ResultsError
from ecgbench.results import migrate, read_file, read_files, read_pair, score_name
from ecgbench.results import migration as module
from tests.results.cases import CELLS, RESULTS, SCORES, cell_of
from tests.results.schema2 import write_schema_2

LEVELS = {1: 0.5, 2: 0.25}
"""What the control with constant maps scores of each seed."""


@pytest.fixture
def constant(tmp_path):
    """The control with constant maps, by a metric of both seeds, in a file of schema 2."""
    return write_constant(tmp_path)


def write_constant(root, models=RESULTS.models):
    scores = {("raw", "auc", seed): np.full(3, level, dtype=np.float32) for seed, level in LEVELS.items()}
    cells = tuple(cell_of(*name, values) for name, values in scores.items())
    control = replace(RESULTS, source="constant", cells=cells, models=models, provenance={"control": "constant"}, health={})
    windows = {name: array for name, array in SCORES.items() if name.startswith("samples/")}
    return write_schema_2(root, control, windows | {score_name(*name): values for name, values in scores.items()})


def test_results_are_renewed_in_their_place_with_every_value_and_byte_of_their_archive(tmp_path):
    path = write_schema_2(tmp_path)
    archive = path.with_suffix(".npz").read_bytes()
    assert migrate(tmp_path) == [path]
    assert read_file(path) == replace(RESULTS, identity=replace(RESULTS.identity, explained="seeded"))
    assert path.with_suffix(".npz").read_bytes() == archive
    assert migrate(tmp_path) == []


def test_level_of_a_single_seed_is_that_seeds(tmp_path):
    cells = tuple(cell for cell in CELLS if cell.seed == 1)
    alone = replace(RESULTS, cells=cells, models={"1": RESULTS.models["1"]}, health={}, artifacts={})
    scores = {name: array for name, array in SCORES.items() if name.endswith("/1")}
    path = write_schema_2(tmp_path, alone, scores, chance={"auc": 0.5, "pointing_game": 0.2})
    migrate(tmp_path)
    assert read_file(path).chance == {"1": {"auc": 0.5, "pointing_game": 0.2}}


@pytest.mark.parametrize("of_seed", LEVELS)
def test_levels_of_each_of_several_seeds_are_the_constant_maps_scores(constant, tmp_path, of_seed):
    path = write_schema_2(tmp_path, chance={"auc": LEVELS[of_seed], "auc_causal": 0.1})
    assert migrate(tmp_path) == [constant, path]
    assert read_file(path).chance == {"1": {"auc": 0.5}, "2": {"auc": 0.25}}


def test_level_that_is_no_seeds_score_of_constant_maps_is_dropped(constant, tmp_path):
    path = write_schema_2(tmp_path, chance={"auc": 0.4})
    migrate(tmp_path)
    assert read_file(path).chance == {"1": {}, "2": {}}


def test_level_of_a_seed_at_which_the_control_explains_another_model_is_not_known(tmp_path):
    write_constant(tmp_path, RESULTS.models | {"2": RESULTS.models["2"] | {"digest": "of another"}})
    path = write_schema_2(tmp_path, chance={"auc": 0.5})
    migrate(tmp_path)
    assert read_file(path).chance == {"1": {"auc": 0.5}}


def test_without_the_control_no_level_of_several_seeds_is_known(tmp_path):
    path = write_schema_2(tmp_path, chance={"auc": 0.5})
    migrate(tmp_path)
    assert read_file(path).chance == {}


def test_migration_that_was_cut_off_goes_on(constant, tmp_path, monkeypatch):
    path = write_schema_2(tmp_path, chance={"auc": 0.5})
    kept, replaced = path.read_bytes(), module.replace_pair

    def killed(at, *content):
        if at == path:
            raise KeyboardInterrupt
        replaced(at, *content)

    monkeypatch.setattr(module, "replace_pair", killed)
    with pytest.raises(KeyboardInterrupt):
        migrate(tmp_path)
    assert path.read_bytes() == kept
    monkeypatch.undo()
    assert migrate(tmp_path) == [path]
    assert [found.chance.get("2", {}).get("auc") for found in read_files(tmp_path)] == [None, 0.25]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('"value": 0.5', '"value": "0.5"'), r"\$\.cells\[0\]\.value: expected"),
        (lambda text: text.replace('"auc": 0.5', '"auc": "0.5"'), r"\$\.chance.* expected"),
        (lambda text: text.replace('"value": 0.5', '"value": 0.6'), "expected accepted results that follow"),
        (lambda text: text.replace('"archive": "', '"archive": "0'), "an archive of another digest"),
        (lambda text: "[]", "expected an object"),
        (lambda text: text.replace('"lime"', '"lime'), "Invalid control character|Expecting"),
    ],
    ids=["schema", "chance", "number", "digest", "other", "text"],
)
def test_damaged_results_are_refused_and_left(tmp_path, change, said):
    path = write_schema_2(tmp_path, chance={"auc": 0.5})
    path.write_text(changed := change(path.read_text()))
    with pytest.raises(ResultsError, match=said):
        migrate(tmp_path)
    assert path.read_text() == changed


def test_renewed_results_are_read_with_their_scores(constant, tmp_path):
    migrate(tmp_path)
    results, scores = read_pair(constant)
    assert (results.chance, len(scores)) == ({"1": {}, "2": {}}, 6)
