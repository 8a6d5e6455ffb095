"""The table of networks and methods: a method applies to a network or refuses it, and no map is silently wrong."""

import pytest

from ecgbench.methods import METHODS

from .table import built, tried_networks, windows
from .verdicts import REFUSED, verdict

ASKING = [entry.key for entry in METHODS if entry.passes]
"""Methods that ask the model."""

EVERYWHERE = {"saliency", "input_gradient", "smoothgrad", "vargrad", "occlusion", "rise", "lime", "kernel_shap", "shapley_patches"}
"""Methods that need no more than a network that can be differentiated, or called."""

NOT_ITS_OWN = {"Dropout that never rests", "Batch taken for a sequence"}
"""Networks that give a window others' logits, or others at every call: every method refuses them."""


@pytest.mark.parametrize("network", tried_networks())
def test_methods_apply_or_refuse_and_no_map_is_silently_wrong(network):
    model, x = built(network), windows()
    found = {key: verdict(model, x, key) for key in ASKING}
    assert {key: one.wrong for key, one in found.items() if one.wrong} == {}
    refused = {key: one.reason for key, one in found.items() if one.says == REFUSED}
    assert (set(refused) == set(ASKING)) if network in NOT_ITS_OWN else EVERYWHERE.isdisjoint(refused)
    assert all(reason.startswith("expected ") and "; " in reason for reason in refused.values())
