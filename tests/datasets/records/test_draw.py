"""The draw of windows against a plain loop, and what it must not depend on."""

from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ecgbench.datasets.records.drawn_windows import draw

Candidate = tuple[str, int, int]
"""Record, number of the window in it, class."""

candidates = st.dictionaries(
    st.tuples(st.sampled_from(["p00001_s00", "p00001_s01", "p00002_s09"]), st.integers(0, 30)), st.integers(0, 3)
).map(lambda found: [(record, number, label) for (record, number), label in found.items()])
counts = st.integers(0, 40)
SEED = 11


def drawn(some: list[Candidate], count: int, seed: int = SEED) -> list[Candidate]:
    record = np.array([record for record, _, _ in some], dtype=str)
    number, label = (np.array([candidate[i] for candidate in some], dtype=np.int64) for i in (1, 2))
    return [some[i] for i in draw(record, number, label, count, seed)]


def plainly_drawn(some: list[Candidate], count: int) -> list[Candidate]:
    """Classes in turn, each giving its next window in the order of its hash, until there are enough or none."""
    queues: dict[int, list[Candidate]] = {}
    for record, number, label in sorted(some, key=lambda c: hashlib.sha256(f"{SEED}/{c[0]}/{c[1]}".encode()).hexdigest()):
        queues.setdefault(label, []).append((record, number, label))
    chosen: list[Candidate] = []
    while any(queues.values()) and len(chosen) < count:
        for label in sorted(queues):
            if queues[label] and len(chosen) < count:
                chosen.append(queues[label].pop(0))
    return chosen


@given(candidates, counts)
def test_draw_equals_the_plain_loop(some: list[Candidate], count: int) -> None:
    assert sorted(drawn(some, count)) == sorted(plainly_drawn(some, count))


@given(candidates, counts)
def test_windows_keep_their_order(some: list[Candidate], count: int) -> None:
    chosen = drawn(some, count)
    assert chosen == [candidate for candidate in some if candidate in chosen]


@given(candidates, counts)
def test_shares_are_equal_as_far_as_they_go(some: list[Candidate], count: int) -> None:
    labels = [label for _, _, label in drawn(some, count)]
    assert len(labels) == min(count, len(some))
    available = [label for _, _, label in some]
    for one in set(available):
        if labels.count(one) < available.count(one):
            assert labels.count(one) >= max(map(labels.count, range(4))) - 1


@given(candidates, counts, st.randoms(use_true_random=False))
def test_draw_does_not_depend_on_the_order_of_the_candidates(some: list[Candidate], count: int, random: object) -> None:
    shuffled = some.copy()
    random.shuffle(shuffled)
    assert sorted(drawn(shuffled, count)) == sorted(drawn(some, count))


@given(candidates, counts)
def test_smaller_draw_is_part_of_a_larger_one(some: list[Candidate], count: int) -> None:
    assert set(drawn(some, count)) <= set(drawn(some, count + 1))


@given(candidates, counts)
def test_windows_that_are_not_drawn_may_go_without_moving_the_others(some: list[Candidate], count: int) -> None:
    chosen = drawn(some, count)
    assert drawn(chosen, count) == chosen


def test_seeds_draw_other_windows() -> None:
    some = [("p00001_s00", number, number % 2) for number in range(100)]
    draws = {tuple(drawn(some, 20, seed)) for seed in range(5)}
    assert len(draws) == 5


def shares(available: tuple[int, ...], count: int) -> list[int]:
    """How many windows of each class are drawn, of so many."""
    labels = [label for label, many in enumerate(available) for _ in range(many)]
    chosen = drawn([("p00001_s00", number, label) for number, label in enumerate(labels)], count)
    return [sum(label == one for _, _, label in chosen) for one in range(3)]


def test_shares_of_hand_worked_draws() -> None:
    assert shares((9, 9, 9), 6) == [2, 2, 2]
    assert shares((9, 9, 9), 7) == [3, 2, 2]
    assert shares((9, 1, 9), 9) == [4, 1, 4]
    assert shares((9, 1, 3), 9) == [5, 1, 3]
    assert shares((2, 0, 3), 9) == [2, 0, 3]
