"""A submission whose author says that it saw the answers is shown with the reason and not ranked; one that saw none is ranked."""

import pytest

from ecgbench.leaderboard.statistics.board import read_board

SUBMISSION = {"file": "ab" * 32, "reference": "doi:10.1000/1", "authors": "", "description": ""}
LABELS, TEST_SET = "knowledge of the labels or of the beat annotations", "tuned on the test set"


@pytest.fixture
def hand_in(accept):
    """Accept a submission beside a method, with what its author says."""

    def accepted(**said):
        accept("mitdb", "saliency", {"raw": {"auc": {1: 0.5}}})
        accept("mitdb", "theirs", {"raw": {"auc": {1: 0.9}}}, provenance={"submitted": SUBMISSION | said})

    return accepted


@pytest.mark.parametrize(
    ("labels", "test_set", "seen"),
    [(True, False, "the labels"), (False, True, "the test set"), (True, True, "the labels and the test set")],
)
def test_who_saw_the_answers_is_shown_with_the_reason_and_not_ranked(hand_in, scores, pages, labels, test_set, seen):
    hand_in(saw_labels=labels, saw_test_set=test_set)
    board = read_board(scores, "mitdb")
    assert board.unranked == ("theirs",)
    assert board.places.loc[("theirs", "raw")].isna().all()
    assert f"- `theirs` is shown and not ranked: by its author's word it saw {seen}." in pages()["mitdb.md"]


def test_who_saw_nothing_is_ranked(hand_in, scores):
    hand_in(saw_labels=False, saw_test_set=False)
    board = read_board(scores, "mitdb")
    assert board.unranked == ()
    assert board.places.loc[("theirs", "raw")].notna().any()


@pytest.mark.parametrize("labels", [True, False])
@pytest.mark.parametrize("test_set", [True, False])
def test_page_of_a_submission_says_what_its_author_declares(hand_in, pages, labels, test_set):
    hand_in(saw_labels=labels, saw_test_set=test_set)
    said = f"made {'with' if labels else 'without'} {LABELS}, and that the method was {'' if test_set else 'not '}{TEST_SET}."
    page = pages()["methods/theirs.md"]
    assert f"Its author says that the maps were {said}" in page
    assert ("It is shown and not ranked." in page) == (labels or test_set)
