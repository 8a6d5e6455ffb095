"""The order in which raters see cases and maps."""

from dataclasses import replace

import pytest

from ecgbench.errors import InputError
from ecgbench.rating.schedule import CATCH, MAP, REGION, schedule
from tests.rating.made_up import DESIGN


def seen(trials, repeat=False):
    return [(trial.case, trial.map) for trial in trials if trial.kind == MAP and trial.repeat == repeat]


def test_order_is_the_same_for_a_seed_and_differs_by_seed_rater_and_case():
    first = schedule(DESIGN, 8)
    assert schedule(DESIGN, 8) == first
    assert schedule(replace(DESIGN, seed=4), 8) != first
    assert [trial.case for trial in first[0]] != [trial.case for trial in first[1]]
    orders = {tuple(name for of, name in seen(first[0]) if of == case and name not in CATCH) for case in range(8)}
    assert len(orders) > 1


def test_every_rater_rates_every_map_once_with_the_same_catch_trials_and_marks_first():
    for trials in schedule(DESIGN, 8):
        rated = seen(trials)
        assert len(set(rated)) == len(rated)
        assert sorted(pair for pair in rated if pair[1] not in CATCH) == sorted((case, name) for case in range(8) for name in DESIGN.maps)
        assert {pair for pair in rated if pair[1] in CATCH} == {pair for pair in seen(schedule(DESIGN, 8)[0]) if pair[1] in CATCH}
        assert {source: sum(name == source for _, name in rated) for source in CATCH} == dict.fromkeys(CATCH, 2)
        for case in range(8):
            assert next(trial.kind for trial in trials if trial.case == case) == REGION


def test_repeated_cases_come_last_and_were_among_the_first():
    for trials in schedule(DESIGN, 10):
        again = seen(trials, repeat=True)
        assert [trial.repeat for trial in trials] == sorted(trial.repeat for trial in trials)
        cases = list(dict.fromkeys(trial.case for trial in trials))
        assert {case for case, _ in again} == set(cases[:2])
        assert set(again) <= set(seen(trials))


def test_catch_trials_that_are_rated_as_methods_are_shown_once():
    design = replace(DESIGN, maps=("saliency", *CATCH))
    assert sorted(seen(schedule(design, 1)[0])) == [(0, name) for name in sorted(design.maps)]


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"raters": ("Ada", "Ada")}, "different names"), ({"raters": ("a" * 41,)}, "at most 40 letters"), ({"raters": ("a\nb",)}, "are seen")],
)
def test_raters_that_cannot_be_told_apart_are_refused(changed, said):
    with pytest.raises(InputError, match=said):
        replace(DESIGN, **changed)
