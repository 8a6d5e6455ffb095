"""A run on the processor after one on a card, which is faked: it takes none of the card's values for its own, and says so."""

import re

import pytest
import torch

from ecgbench.errors import OtherDeviceWarning
from ecgbench.pipeline import TrainedModel
from tests.pipeline.runs import cell, digests, small_run, store_with_windows

SCORED = [cell("pointing_game"), cell("false_mass")]
DATA = ("windows", "donors", "regions", "twins", "source")
"""Stages that no model has a part in."""


def computed(store):
    """What a store holds that a model has a part in, by stage and key."""
    return {place: digest for place, digest in digests(store).items() if place[0] not in DATA}


def scores(store):
    run = small_run(store, samples=1, wanted=SCORED)
    return [run.scores(one) for one in SCORED]


def said_device(store, place):
    """The devices that an artifact, or any of its entries, names."""
    return re.findall(r"cuda \(a card\)", str(store.get(*place).info))


def test_nothing_that_a_card_computed_is_taken_by_a_processor(tmp_path, monkeypatch):
    store = store_with_windows(tmp_path)
    with monkeypatch.context() as faked:
        faked.setattr(TrainedModel, "device", property(lambda model: torch.device("cuda", 0)))
        faked.setattr(TrainedModel, "computed_on", property(lambda model: {"device": "cuda (a card)"}))
        scores(store)
    on_card = computed(store)
    assert {stage for stage, _ in on_card} == {"logits", "attributions", "shared", "scores"}
    assert all(said_device(store, place) for place in on_card)

    with pytest.warns(OtherDeviceWarning, match=r"stored that were computed on cuda; on cpu they are computed anew"):
        found = scores(store)
    assert not any(one.cached for one in found)
    both = computed(store)
    assert {place: both[place] for place in on_card} == on_card, "what the card computed is left as it is"
    own = both.keys() - on_card.keys()
    assert small_run(store).model(SCORED[0].of_model).identity.keys() == {"model", "precision"}, "keys of before there were cards"
    assert sorted(stage for stage, _ in own) == sorted(stage for stage, _ in on_card)
    assert not any(said_device(store, place) for place in own)

    assert all(one.cached for one in scores(store)), "the second run has its own values, and says nothing"
