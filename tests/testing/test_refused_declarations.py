"""What an entry may not declare, whatever it computes: one broken entry for each trial that all axes share."""

import dataclasses
from types import SimpleNamespace

import pytest

from ecgbench.errors import EntryError, InputError
from ecgbench.metrics import FAMILIES, METRICS, Family
from ecgbench.testing import check_entry

from .broken import registered

pytestmark = pytest.mark.usefixtures("registries_restored")


def metric(function, **declared):
    return registered(METRICS, function, **declared)


def scored(attributions, mask):
    """Share of the highest values that lies in the mask."""
    return METRICS["relevance_rank_accuracy"].function(attributions, mask)


def test_the_entry_that_is_broken_below_is_healthy_before():
    check_entry(metric(lambda attributions, mask: scored(attributions, mask)))


def test_what_is_no_entry_is_refused():
    with pytest.raises(InputError, match="expected an entry of a registry, got SimpleNamespace; pass one such as ecgbench"):
        check_entry(SimpleNamespace(key="saliency"))


def test_entry_that_is_not_the_registered_one_is_refused():
    entry = dataclasses.replace(METRICS["auc"], version=9)
    with pytest.raises(EntryError, match="expected of auc: an entry that metrics holds under its key, got another or none; register it"):
        check_entry(entry)


def other_name(attributions, mask):
    """The key of the entry is not this function's name."""
    return scored(attributions, mask)


def added(key):
    METRICS.add(dataclasses.replace(METRICS["auc"], key=key, function=other_name), __name__)
    return METRICS[key]


@pytest.mark.parametrize("key", ["Mine", "9th", "mine_abs", "mine_causal", "my-metric", "größe"])
def test_key_that_cannot_stand_in_a_cells_name_is_refused(key):
    with pytest.raises(EntryError, match=f"expected of {key}: a key of small letters"):
        check_entry(added(key))


def test_key_that_is_not_the_functions_name_is_refused():
    with pytest.raises(EntryError, match="expected of mine: a function of its key's name, got other_name; rename the function"):
        check_entry(added("mine"))


def documented(text):
    def function(attributions, mask):
        return scored(attributions, mask)

    function.__doc__ = text
    return function


def untyped(attributions, mask, places=3):
    """Share of the highest values that lies in the mask.

    Parameters
    ----------
    places : how many
    """


def required(attributions, mask, places: int):
    """Share of the highest values that lies in the mask.

    Parameters
    ----------
    places : how many
    """


def undocumented(attributions, mask, places: int = 3):
    """Share of the highest values that lies in the mask."""


def optional(attributions, mask, places: int = 3):
    """Share of the highest values that lies in the mask.

    Parameters
    ----------
    places : how many
    """


def collecting(attributions, mask, **options: int):
    """Share of the highest values that lies in the mask."""


REFUSED = {
    "version 0": (other_name, {"version": 0}, "a version as a whole number from 1 on, got 0"),
    "version True": (other_name, {"version": True}, "a version as a whole number from 1 on, got True"),
    "no reference": (other_name, {"reference": " "}, "a reference, got"),
    "short docstring": (documented("Share."), {}, "a docstring whose first line says what it is, got 'Share.'; write one"),
    "needs in another order": (lambda mask, attributions: 0, {}, "parameters that begin with attributions, mask, got mask, attributions"),
    "undeclared need": (lambda attributions, mask, x: 0, {}, "needs that are all declared, got x undeclared; declare them in needs"),
    "undeclared part": (lambda attributions, mask, curves: 0, {}, "needs that are all declared, got curves undeclared"),
    "untyped option": (untyped, {}, "options that are named, typed and have a default, got places=3; give places what it lacks"),
    "option without a default": (required, {}, "options that are named, typed and have a default, got places: 'int'|places: int"),
    "any options": (collecting, {}, r"options that are named, typed and have a default, got \*\*options"),
    "undocumented option": (undocumented, {}, 'a line "places : ..." in its docstring, got none; say what the option does'),
    "unknown study option": (optional, {"study": {"place": 5}}, "study options among places, got place; leave it out of study"),
    "study as by default": (optional, {"study": {"places": 3}}, "a study value of places that differs from the default, got 3"),
}


@pytest.mark.parametrize(("function", "declared", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_declaration_is_refused(monkeypatch, function, declared, message):
    monkeypatch.setattr(function, "__name__", "broken")
    monkeypatch.setattr(function, "__doc__", function.__doc__)
    with pytest.raises(EntryError, match=f"expected of broken: {message}"):
        check_entry(metric(function, **declared))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"title": " "}, "a title, got"),
        ({"question": "Why?"}, "a question in a sentence or two, got 'Why[?]'"),
        ({"order": True}, "an order as a whole number, got True"),
    ],
    ids=["title", "question", "order"],
)
def test_family_that_pages_cannot_show_is_refused(changed, message):
    given = {"key": "mine", "title": "Mine", "question": "Does the map please whoever asks?", "order": 50}
    FAMILIES.add(Family(**{**given, **changed}), __name__)
    with pytest.raises(EntryError, match=f"expected of mine: {message}"):
        check_entry(FAMILIES["mine"])
