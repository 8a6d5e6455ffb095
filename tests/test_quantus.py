"""Our localisation metrics beside Quantus 0.6.0: equal where nothing ties or degenerates, each known difference shown by a test.

Quantus is called as one has to: one window a call, maps (1, 1, leads, time), nothing normalised.
"""

import numpy as np
import pytest

from ecgbench.errors import InputError
from ecgbench.metrics import METRICS, _quantus

pytestmark = [
    # Quantus compares the mask's size with that of the windows from the third on: with one or two windows it divides by 0.
    pytest.mark.filterwarnings("ignore:divide by zero encountered in divide:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:Ratio is smaller than max size:UserWarning"),
]


def noisy(test):
    """Let pass what Quantus and scikit-learn say about zero maps and trivial masks; the test looks at the scores."""
    for said in (
        "ignore:invalid value encountered in divide:RuntimeWarning",
        "ignore:Return np.nan as result as the segmentation map is empty:UserWarning",
        "ignore:No (positive|negative) samples in y_true:sklearn.exceptions.UndefinedMetricWarning",
    ):
        test = pytest.mark.filterwarnings(said)(test)
    return test


CLASSES = {
    "attribution_localization": "AttributionLocalisation",
    "auc": "AUC",
    "pointing_game": "PointingGame",
    "relevance_mass_accuracy": "RelevanceMassAccuracy",
    "relevance_rank_accuracy": "RelevanceRankAccuracy",
    "top_k_intersection": "TopKIntersection",
}
"""Quantus's class of each of our metrics."""

AS_DECLARED = {"attribution_localization": {"positive_attributions": True, "abs": False}}
"""Options with which an oracle calls the class."""


def localisation(key, maps, inside, **options):
    """Quantus's scores; the study clips the maps of one of its metrics."""
    maps = np.maximum(maps, 0) if key == "relevance_mass_accuracy" else maps
    return _quantus.localisation(CLASSES[key], maps, inside, **{**AS_DECLARED.get(key, {}), **options})


@pytest.fixture(autouse=True, scope="module")
def _quantus_is_here():
    pytest.importorskip("quantus", reason="pip install -e '.[dev]'")


def windows(leads=1, time=320, n=1, seed=0):
    """Maps without ties, and masks of a quarter of the samples."""
    inside = np.zeros((n, leads, time), dtype=bool)
    inside[:, :, time // 3 : time // 3 + time // 4] = True
    return np.random.default_rng(seed).normal(size=inside.shape).astype(np.float32), inside


@pytest.mark.parametrize("leads", [1, 3])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("key", sorted(set(CLASSES) - {"top_k_intersection"}))
def test_localisation_agrees_where_nothing_ties(key, seed, leads):
    maps, inside = windows(leads, seed=seed)
    np.testing.assert_allclose(METRICS[key].function(maps, inside), localisation(key, maps, inside), rtol=1e-6)


@pytest.mark.parametrize("leads", [1, 3])
@pytest.mark.parametrize("k", [1, 16, 79])
def test_top_k_agrees_where_the_mask_has_k_values(leads, k):
    maps, inside = windows(leads)
    ours = METRICS["top_k_intersection"].function(maps, inside, k=k)
    np.testing.assert_allclose(ours, localisation("top_k_intersection", maps, inside, k=k), rtol=1e-12)


@noisy
@pytest.mark.parametrize("case", ["ordinary", "zero map", "empty mask", "full mask"])
@pytest.mark.parametrize("key", sorted(CLASSES))
def test_the_studys_localisation_is_quantuss(key, case):
    maps, inside = windows(time=1200, n=3)
    if case == "zero map":
        maps[1] = 0
    elif case != "ordinary":
        inside[1] = case == "full mask"
    ours = METRICS[key].function(maps, inside, **METRICS[key].study)
    np.testing.assert_allclose(ours, localisation(key, maps, inside), rtol=1e-6)


def test_the_studys_pointing_game_takes_a_plateau_that_touches_the_mask():
    maps, inside = windows()
    maps[0, 0, 100:120] = 10
    assert METRICS["pointing_game"].function(maps, inside, **METRICS["pointing_game"].study) == 1.0
    assert localisation("pointing_game", maps, inside) == 1.0


def two(maps, inside):
    """A zero map before an ordinary one: alone it would be refused."""
    return np.concatenate([np.zeros_like(maps), maps]), np.concatenate([inside, inside])


def test_zero_map_scores_zero_in_attribution_localization_where_ours_is_undefined():
    case = two(*windows())
    assert localisation("attribution_localization", *case)[0] == 0
    assert np.isnan(METRICS["attribution_localization"].function(*case)[0])


@noisy
def test_zero_map_is_undefined_in_relevance_mass_accuracy_as_in_ours():
    case = two(*windows())
    assert np.isnan(localisation("relevance_mass_accuracy", *case)[0])
    assert np.isnan(METRICS["relevance_mass_accuracy"].function(*case)[0])


def test_attribution_localization_and_mass_accuracy_are_one_number():
    maps, inside = windows(n=3)
    one, other = (localisation(key, maps, inside) for key in ("attribution_localization", "relevance_mass_accuracy"))
    np.testing.assert_allclose(one, other, rtol=1e-6)


def test_zero_map_hits_in_the_pointing_game_where_ours_scores_the_masks_share():
    case = two(*windows())
    assert localisation("pointing_game", *case)[0] == 1
    assert METRICS["pointing_game"].function(*case)[0] == 0.25


@pytest.mark.parametrize("seed", range(20))
def test_pointing_game_with_tolerance_is_quantuss_with_wider_masks(seed):
    fs, (maps, inside) = 100.0, windows(leads=2, seed=seed)
    wider = inside.copy()
    for shift in range(1, 6):
        wider[..., shift:] |= inside[..., :-shift]
        wider[..., :-shift] |= inside[..., shift:]
    found = METRICS["pointing_game_tolerance"].function(maps, inside, fs)
    np.testing.assert_array_equal(found, localisation("pointing_game", maps, wider))


def test_maximum_just_before_the_mask_misses_in_quantus_where_ours_has_a_tolerance():
    maps, inside = windows()
    maps[0, 0, np.flatnonzero(inside[0, 0])[0] - 5] = 10
    assert localisation("pointing_game", maps, inside) == 0
    assert METRICS["pointing_game_tolerance"].function(maps, inside, fs=100.0) == 1
    assert METRICS["pointing_game_tolerance"].function(maps, inside, fs=75.0) == 0


def test_plateau_that_touches_the_mask_hits_where_ours_scores_its_share():
    maps, inside = windows()
    maps[0, 0, 100:120] = 10
    assert localisation("pointing_game", maps, inside) == 1
    assert METRICS["pointing_game"].function(maps, inside) == 14 / 20


def test_empty_mask_scores_one_in_the_pointing_game_where_ours_is_undefined():
    maps, inside = windows()
    assert localisation("pointing_game", maps, np.zeros_like(inside)) == 1
    assert np.isnan(METRICS["pointing_game"].function(maps, np.zeros_like(inside)))


@pytest.mark.parametrize(("start", "theirs"), [(0, 1.0), (1000, 0.0)])
def test_zero_maps_rank_accuracy_hangs_on_the_masks_place_where_ours_is_its_share(start, theirs):
    maps, inside = windows(time=2880)
    inside[:] = False
    inside[0, 0, start : start + 288] = True
    case = two(maps, inside)
    assert localisation("relevance_rank_accuracy", *case)[0] == theirs
    assert METRICS["relevance_rank_accuracy"].function(*case)[0] == pytest.approx(0.1, rel=1e-12)


def test_full_mask_scores_one_in_rank_accuracy_where_ours_is_undefined():
    maps, inside = windows()
    assert localisation("relevance_rank_accuracy", maps, np.ones_like(inside)) == 1
    assert np.isnan(METRICS["relevance_rank_accuracy"].function(maps, np.ones_like(inside)))


@pytest.mark.parametrize(("start", "theirs"), [(0, 0.288), (1000, 0.0)])
def test_zero_maps_top_k_hangs_on_the_masks_place_where_ours_is_chance(start, theirs):
    maps, inside = windows(time=2880)
    inside[:] = False
    inside[0, 0, start : start + 288] = True
    case = two(maps, inside)
    assert localisation("top_k_intersection", *case)[0] == theirs
    assert METRICS["top_k_intersection"].function(*case)[0] == pytest.approx(144 * 288 / 2880 / 144, rel=1e-12)


def test_perfect_map_scores_0288_in_top_k_where_ours_scores_one():
    maps, inside = windows(time=2880)
    inside[:] = False
    inside[0, 0, 500:788] = True
    perfect = np.where(inside, np.abs(maps), -np.abs(maps))
    assert localisation("top_k_intersection", perfect, inside) == 0.288
    assert METRICS["top_k_intersection"].function(perfect, inside) == 1.0


def test_top_k_refuses_windows_of_a_thousand_samples_where_ours_scores_them():
    maps, inside = windows(time=1000)
    with pytest.raises(ValueError, match="'k' must be smaller than input size"):
        localisation("top_k_intersection", maps, inside)
    assert 0 <= METRICS["top_k_intersection"].function(maps, inside)[0] <= 1


def test_normalising_lets_one_map_change_another_ones_score_where_ours_does_not():
    maps, inside = windows(n=2)
    theirs = localisation("attribution_localization", maps[:1], inside[:1], normalise=True)[0]
    ours = METRICS["attribution_localization"].function(maps[:1], inside[:1])[0]
    maps[1] *= 1e12
    assert localisation("attribution_localization", maps, inside, normalise=True)[0] < 0.5 * theirs
    assert METRICS["attribution_localization"].function(maps, inside)[0] == ours


def test_one_nan_map_makes_all_scores_nan_where_ours_names_the_window():
    maps, inside = windows(n=3)
    maps[1, 0, 5] = np.nan
    assert np.isnan(localisation("attribution_localization", maps, inside, normalise=True)).all()
    with pytest.raises(InputError, match="windows 1; "):
        METRICS["attribution_localization"].function(maps, inside)


def test_one_nan_map_makes_auc_raise_from_within_where_ours_names_the_window():
    maps, inside = windows(n=3)
    maps[1, 0, 5] = np.nan
    with pytest.raises(ValueError, match="Input contains NaN"):
        localisation("auc", maps, inside, normalise=True)
    with pytest.raises(InputError, match="windows 1; "):
        METRICS["auc"].function(maps, inside)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.3, -1.0])
def test_batch_of_constant_maps_is_refused_where_ours_scores_one_half(value):
    maps, inside = windows(n=2)
    maps[:] = value
    with pytest.raises(AssertionError):
        localisation("auc", maps, inside)
    assert METRICS["auc"].function(maps, inside).tolist() == [0.5, 0.5]


def test_batch_of_negative_maps_is_refused_where_ours_scores_it():
    maps, inside = windows(n=2)
    with pytest.raises(AssertionError, match="should not all be less than zero"):
        localisation("auc", -np.abs(maps), inside)
    assert np.isfinite(METRICS["auc"].function(-np.abs(maps), inside)).all()


def test_weighted_attribution_localization_hangs_on_the_batch_size():
    maps, inside = windows(n=8)
    scores = [localisation("attribution_localization", maps[:n], inside[:n], weighted=True)[0] for n in (3, 4, 8)]
    np.testing.assert_allclose(scores, scores[0] / np.array([1, 2, 6]), rtol=1e-6)


def test_weighted_pointing_game_raises():
    maps, inside = windows(n=3)
    with pytest.raises(TypeError, match="boolean array indexing assignment"):
        localisation("pointing_game", np.where(inside, 1 + np.abs(maps), maps), inside, weighted=True)
