"""What changed between two folders of accepted results."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgbench.errors import ResultsError
from ecgbench.leaderboard import changes, changes_page
from ecgbench.metrics import METRICS
from ecgbench.results import mean_interval
from tests.leaderboard.compare.sides import AUC, LERF, LIME, SALIENCY, write
from tests.leaderboard.conftest import OFFSETS, PATIENT, model

GOLDEN = Path(__file__).with_name("golden_changes.md")


@pytest.fixture
def sides(tmp_path):
    return tmp_path / "a", tmp_path / "b"


def of_one(sides, before=LIME, after=LIME, old=None, new=None, **given):
    """What changed on mitdb, which has lime alone."""
    write(sides[0], raw=before, **(old or {}))
    write(sides[1], raw=after, **(new or {}))
    (found,) = changes(*sides, **given)
    return found


def with_auc(value):
    return LIME | {AUC: {1: value, 2: 0.8}}


def test_identical_folders_are_alike(sides):
    found = of_one(sides)
    assert (found.name, found.alike, found.changed, found.any) == ("mitdb", 4, (), False)


def test_a_value_within_the_metrics_tolerance_is_alike(sides):
    assert of_one(sides, after=with_auc(0.7 + 0.9 * METRICS[AUC].atol)).changed == ()
    found = of_one(sides, after=with_auc(0.7 - 1.1 * METRICS[AUC].atol))
    assert (len(found.changed), found.alike) == (1, 3)


def test_paired_difference_is_the_mean_over_windows_with_its_interval_over_patients(sides):
    before, after = [0.1, 0.2, 0.3, 0.4], [0.2, 0.5, 0.3, 0.6]
    (change,) = of_one(sides, with_auc(before), with_auc(after)).changed
    differences = np.array(after, dtype=np.float32).astype(float) - np.array(before, dtype=np.float32).astype(float)
    assert change.name == ("lime", "raw", AUC, 1)
    assert change.paired
    assert change.beyond
    assert change.better
    assert change.difference == pytest.approx(differences.mean())
    assert (change.low, change.high) == pytest.approx(mean_interval(differences, PATIENT))


def test_windows_that_lost_their_score_are_left_out_of_the_difference_and_counted(sides):
    (change,) = of_one(sides, with_auc([0.1, 0.2, 0.3, 0.4]), with_auc([0.3, np.nan, 0.3, 0.4])).changed
    assert change.difference == pytest.approx(0.2 / 3)
    assert (change.before.undefined, change.after.undefined) == (0, 1)


def test_a_change_of_numbers_of_windows_alone_is_a_change_within_the_tolerance(sides):
    (change,) = of_one(sides, with_auc([0.5, 0.5, 0.5, 0.5]), with_auc([0.5, np.nan, 0.5, 0.5])).changed
    assert (change.difference, change.beyond, change.better) == (0, False, None)


def test_a_value_that_became_undefined_is_beyond_any_tolerance_and_comes_first(sides):
    first, second = of_one(sides, after=LIME | {AUC: {1: 0.9, 2: None}}).changed
    assert (first.name, second.name) == (("lime", "raw", AUC, 2), ("lime", "raw", AUC, 1))
    assert np.isnan(first.difference)
    assert (first.beyond, first.better) == (True, None)


@pytest.mark.parametrize(("old", "new"), [({}, {"start": (0, 10, 20, 40)}), ({"start": None}, {})])
def test_other_or_unknown_windows_are_not_paired(sides, old, new):
    (change,) = of_one(sides, after=with_auc(0.8), old=old, new=new).changed
    assert not change.paired
    assert change.difference == pytest.approx(0.1)
    assert np.isnan(change.low)
    assert not change.clear


def test_better_is_what_the_metric_says(sides):
    found = of_one(sides, after=LIME | {AUC: {1: 0.1, 2: 0.8}, LERF: {1: 0.1, 2: 0.2}}).changed
    assert {change.name[2]: change.better for change in found} == {AUC: False, LERF: True}


def test_difference_is_clear_where_its_interval_excludes_zero(sides):
    cases = (0.75 + OFFSETS, [0.7, 0.7, 0.9, 0.6])
    assert [of_one(sides, after=with_auc(list(after))).changed[0].clear for after in cases] == [True, False]


def test_largest_changes_in_widths_of_the_older_interval_come_first(sides):
    found = of_one(sides, LIME, {AUC: {1: 0.71, 2: 0.84}, LERF: {1: 0.18, 2: 0.2}})
    assert [change.name[2:] for change in found.changed] == [(AUC, 2), (LERF, 1), (AUC, 1)]


def test_metric_that_is_gone_has_no_tolerance_and_no_direction(sides, metrics):
    (change,) = of_one(sides, after=with_auc(0.7000001), metrics=metrics).changed
    assert (change.beyond, change.better) == (True, None)


def test_cells_that_one_side_lacks_are_named(sides):
    write(sides[0], "saliency", SALIENCY)
    write(sides[1], "deep_lift", {AUC: {1: 0.5}}, dataset="svdb")
    mitdb, svdb = changes(write(sides[0]).parents[2], write(sides[1]).parents[2])
    assert set(mitdb.only_before) == {("saliency", "raw", metric, seed) for metric in (AUC, LERF) for seed in (1, 2)}
    assert (mitdb.only_after, svdb.only_before) == ((), ())
    assert svdb.only_after == (("deep_lift", "raw", AUC, 1),)
    assert (svdb.identity, svdb.places) == ({}, {})
    assert mitdb.any
    assert svdb.any


def test_identity_and_models_are_changes_and_versions_and_notes_are_not(sides, identity):
    found = of_one(sides, new={"identity": replace(identity, windows="d" * 64)})
    assert found.identity == {"windows": (identity.windows, "d" * 64)}
    assert found.any
    other = {"models": {"1": model(1), "2": model(2) | {"digest": "e" * 64, "accuracy": 143 / 165, "precision": "bf16"}}}
    found = of_one(sides, new=other)
    assert found.models == {
        "2": (f"`{model(2)['digest'][:12]}` trained float32 accuracy 0.8667", "`eeeeeeeeeeee` trained bf16 accuracy 0.8667")
    }
    assert found.any
    found = of_one(sides, new={"notes": ("Another.",), "provenance": {"packages": {"numpy": "2.5.0", "torch": "2.13.0"}}})
    assert found.packages == {"numpy": ("2.4.6", "2.5.0")}
    assert found.notes == {"Another.": ("", "said"), "Lead 0 is MLII in all records but 114 (V5).": ("said", "")}
    assert not found.any


def test_places_that_moved_are_those_of_methods(sides):
    for side, raw in zip(sides, (SALIENCY, with_auc(0.95) | {LERF: SALIENCY[LERF]}), strict=True):
        write(side)
        write(side, "saliency", raw)
        write(side, "spikes", raw, provenance={"control": "spikes"})
    (found,) = changes(*sides)
    moved = {name: place for name, place in found.places.items() if name[0] == "localisation"}
    assert moved == {("localisation", "lime", "raw"): (0, 1), ("localisation", "saliency", "raw"): (1, 0)}
    assert {change.name[0] for change in found.changed} == {"saliency", "spikes"}


def test_two_folders_of_one_dataset_each_are_compared_whatever_their_names(sides):
    before, after = write(sides[0]).parent, write(sides[0], dataset="mitdb@samples-9", raw=with_auc(0.9)).parent
    (found,) = changes(before, after)
    assert (found.name, len(found.changed)) == ("mitdb → mitdb@samples-9", 1)


@pytest.mark.parametrize("suffix", [None, ".json", ".npz"])
def test_absent_and_damaged_files_are_refused(sides, suffix):
    write(sides[0])
    if suffix is None:
        sides[1].mkdir()
    else:
        write(sides[1]).with_suffix(suffix).write_bytes(b"{")
    with pytest.raises(
        ResultsError, match=r"expected (accepted results in .*b, got none|accepted results of schema 3|per-window scores in)"
    ):
        changes(*sides)


# The page


@pytest.fixture
def found(sides, identity):
    """A little of everything."""
    a, b = sides
    write(a, raw=with_auc([0.1, 0.2, 0.3, 0.4]))
    write(b, raw=LIME | {AUC: {1: [0.2, np.nan, 0.3, 0.6], 2: 0.85}, LERF: {1: 0.2, 2: 0.25}}, notes=("Another.",))
    write(a, "saliency", SALIENCY)
    write(b, "saliency", SALIENCY | {AUC: {1: None, 2: 0.7}}, start=(0, 10, 20, 40))
    write(a, "gradcam", SALIENCY)
    write(b, "deep_lift", SALIENCY)
    write(a, dataset="svdb")
    write(b, dataset="svdb")
    write(a, dataset="incartdb")
    write(b, dataset="incartdb", identity=replace(identity, split="patient"), models={"1": model(3), "2": model(2)})
    return changes(a, b)


def test_page_is_the_golden_one(found):
    """The golden page was written by `changes_page` and read through by hand: its differences are those of the scores above."""
    assert changes_page(found, "main", "HEAD") == GOLDEN.read_text()


@pytest.mark.parametrize(("limit", "rows", "said"), [(2, 2, "3 more changed cells; `--all` shows them."), (5, 5, None)])
def test_long_tables_are_cut_and_say_so(found, limit, rows, said):
    page = changes_page(found, "a", "b", limit)
    assert (
        sum(
            line.startswith(("| `lime`", "| `saliency`")) and ("better" in line or "worse" in line or "undefined" in line)
            for line in page.splitlines()
        )
        == rows
    )
    assert ("more changed cells" in page) == (said is not None)
    assert said is None or said in page


def test_page_of_what_is_alike_is_the_headline_alone(sides):
    page = changes_page([of_one(sides)], "a", "b")
    assert page == "### Accepted results: A = `a`, B = `b`\n\n**Cells: 4 alike, 0 changed, 0 only in A, 0 only in B**.\n"
