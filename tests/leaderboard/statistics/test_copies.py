"""A submission that is what stands on the board already is shown with the reason and not ranked; one that is not is ranked."""

import numpy as np
import pytest

from ecgbench.leaderboard.statistics.board import read_board
from tests.leaderboard.conftest import PATIENT

MAPS = np.random.default_rng(0).standard_normal((len(PATIENT), 1, 50))
OTHER = np.random.default_rng(1).standard_normal(MAPS.shape)
LEVELS = {"auc": {1: 0.5}, "pointing_game": {1: 0.6}, "region_perturbation_morf": {1: 0.7}}
ELSE = {"auc": {1: 0.52}, "pointing_game": {1: 0.61}, "region_perturbation_morf": {1: 0.72}}
OWN = {name: {1: 0.8} for name in LEVELS}
PROVENANCE = {
    "packages": {},
    "processor": "p",
    "device": "cpu",
    "submitted": {"file": "ab" * 32, "reference": "doi:10.1000/1", "authors": "", "description": ""},
}


def handed_in(date="2026-02-02"):
    return {**PROVENANCE, "date": date}


@pytest.fixture
def board(accept, accept_control, scores):
    """The board of a method, a control that knows the mask, another method, and what a test accepts beside them."""

    def read(**submissions):
        accept("mitdb", "saliency", {"raw": LEVELS, "abs": ELSE}, maps=MAPS)
        accept("mitdb", "lrp", {"raw": {name: {1: 0.3} for name in LEVELS}}, maps=OTHER)
        accept_control("mitdb", "beat_mask", {name: {1: 0.95} for name in LEVELS})
        for name, (variants, said) in submissions.items():
            accept("mitdb", name, variants, provenance=said[0], maps=said[1])
        return read_board(scores, "mitdb")

    return read


@pytest.mark.parametrize(
    ("variants", "maps", "original"),
    [
        ({"raw": OWN}, 3 * MAPS + 1, "saliency"),
        ({"raw": OWN}, MAPS + 0.001 * OTHER, "saliency"),
        ({"raw": ELSE}, np.abs(MAPS), "saliency"),
        ({"raw": {name: {1: 0.95} for name in LEVELS}}, OTHER[::-1], "beat_mask"),
    ],
    ids=["scaled", "a little noise", "absolute values", "the mask"],
)
def test_copy_is_shown_and_not_ranked(board, variants, maps, original):
    found = board(copied=(variants, (handed_in(), maps)))
    assert found.copies == {"copied": original}
    assert found.unranked == found.submitted == ("copied",)
    assert found.places.loc[("copied", "raw")].isna().all()
    assert found.places.loc[("saliency", "raw")].notna().any()


def test_what_is_no_copy_is_ranked(board):
    found = board(own=({"raw": OWN}, (handed_in(), OTHER[::-1])))
    assert (found.copies, found.unranked, found.submitted) == ({}, (), ("own",))
    assert found.places.loc[("own", "raw")].notna().any()


def test_of_two_submissions_the_later_one_is_the_copy(board):
    later, earlier = ((handed_in(date), OTHER[::-1]) for date in ("2026-03-03", "2026-03-01"))
    found = board(a=({"raw": OWN}, later), b=({"raw": OWN}, earlier))
    assert found.copies == {"a": "b"}


def test_methods_of_the_benchmark_are_ranked_however_alike_they_are(accept, scores):
    for name in ("saliency", "input_gradient"):
        accept("mitdb", name, {"raw": LEVELS}, maps=MAPS)
    assert read_board(scores, "mitdb").copies == {}
