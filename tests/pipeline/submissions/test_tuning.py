"""A submission that is better on the public windows than chance explains is marked; a method that is the same everywhere is not."""

import numpy as np
import pytest

from ecgbench.pipeline import Options, compare_sides, held_back_run, pack, tuning_report
from ecgbench.pipeline.submissions.tuning import SeedScores, difference_interval
from tests.pipeline.runs import MODEL, maps_of, model_at
from tests.pipeline.submissions.submission_files import ABOUT

SECRET = b"sixteen bytes or"
PUBLIC = 64
METRICS = ("auc", "pointing_game", "region_perturbation_morf")


@pytest.fixture
def compared(everything, tmp_path):
    """The rows of maps, by metric and variant."""

    def compare(maps, metrics=METRICS):
        (tmp_path / "file").write_bytes(pack(everything, "synthetic", MODEL, {1: maps.astype(np.float32)}, ABOUT))
        found = held_back_run(tmp_path / "file", Options(store=everything.options.store), SECRET, metrics)
        rows = compare_sides(found)
        return {(row.metric, row.variant): row for row in rows}, tuning_report("my_method", found.drawn, rows, ranked=False)

    return compare


def random_maps(everything):
    return np.random.default_rng(0).standard_normal(everything.explained(model_at()).windows.x.shape)


def test_mask_on_the_public_windows_and_noise_elsewhere_is_marked(everything, compared):
    explained, maps = everything.explained(model_at()), random_maps(everything)
    maps[:PUBLIC] = explained.windows.masks(explained.target)[:PUBLIC]
    rows, report = compared(maps)
    for name in (("auc", "raw"), ("auc", "abs"), ("pointing_game", "raw"), ("region_perturbation_morf", "abs")):
        assert rows[name].better_on_public, name
    assert rows["auc", "raw"].public == 1
    assert abs(rows["auc", "raw"].held_back - 0.5) < 0.05
    assert not rows["map_varies", "raw"].better_on_public
    assert "my_method looks tuned to the public windows" in report


LONG = [pytest.param(method, marks=pytest.mark.slow) for method in ("lrp", "random_baseline")]


@pytest.mark.parametrize("method", ["saliency", *LONG])
def test_method_is_not_marked(everything, compared, method):
    rows, report = compared(everything.maps(maps_of(method)).values)
    assert not any(row.better_on_public for row in rows.values())
    assert all(row.low < row.public - row.held_back < row.high for name, row in rows.items() if name[0] != "map_varies")
    assert "my_method does not look tuned to the public windows: in none of 7 rows" in report


def test_control_that_knows_the_answer_everywhere_is_not_marked(everything, compared):
    """It is no tuning: what an author says of the labels is for that."""
    explained = everything.explained(model_at())
    maps = explained.windows.masks(explained.target) + 0.01 * random_maps(everything)
    rows, _ = compared(maps)
    assert not any(row.better_on_public for row in rows.values())


def test_lower_is_better_where_the_metric_says_so(everything, compared):
    """The model's own drop when the mask is zeroed last is small on the public windows only."""
    maps = random_maps(everything)
    maps[:PUBLIC] = np.abs(everything.maps(maps_of("saliency")).values[:PUBLIC])
    rows, _ = compared(maps, ("region_perturbation_lerf",))
    assert rows["region_perturbation_lerf", "raw"].better_on_public
    assert rows["region_perturbation_lerf", "raw"].high < 0


def test_constant_maps_beyond_the_public_windows_are_marked(everything, compared):
    maps = random_maps(everything)
    maps[np.arange(len(maps)) % 5 < 2] = 0
    maps[:PUBLIC] = random_maps(everything)[:PUBLIC]
    rows, report = compared(maps, ("auc",))
    assert rows["map_varies", "raw"].better_on_public
    assert "maps that vary" in report


# The interval


def scores(rng, patients=12, windows=60, gain=0.0):
    """Scores with a patient effect, better on the public half by `gain`."""
    owner = rng.integers(patients, size=windows)
    values = rng.normal(0, 0.3, patients)[owner] + rng.normal(0, 0.2, windows)
    values[: windows // 2] += gain
    return SeedScores(values, np.array([f"p{i:02}" for i in owner]), windows // 2)


def test_interval_is_beside_no_difference_about_as_often_as_its_level_says():
    found = [difference_interval([scores(np.random.default_rng(number))], 0.9) for number in range(200)]
    missed = sum(not low < 0 < high for low, high in found)
    assert 6 <= missed <= 34


def test_interval_holds_the_difference_and_shrinks_with_the_level():
    one = scores(np.random.default_rng(1), gain=2)
    wide, narrow = (difference_interval([one, one], level) for level in (0.999, 0.9))
    assert wide[0] < narrow[0] < 2 < narrow[1] < wide[1]
    assert wide[0] > 1


def test_undefined_windows_count_as_none():
    one = scores(np.random.default_rng(2))
    gaps = np.where(np.arange(60) % 7 == 0, np.nan, one.values)
    kept = ~np.isnan(gaps)
    without = SeedScores(one.values[kept], one.patient[kept], int(kept[:30].sum()))
    np.testing.assert_allclose(
        difference_interval([SeedScores(gaps, one.patient, 30)], 0.95), difference_interval([without], 0.95), atol=1e-12
    )


def test_nothing_is_told_of_a_side_with_one_patient():
    one = scores(np.random.default_rng(3))
    held_back = np.arange(60) >= 30
    values = np.where(held_back & (one.patient != one.patient[-1]), np.nan, one.values)
    assert np.isnan(difference_interval([SeedScores(values, one.patient, 30)], 0.95)).all()
