"""Which layer is chosen, where the units of lopsided networks stand, and what is said of a layer that the logit passes by in part."""

import re

import numpy as np
import pytest
import torch

import ecgbench
from ecgbench.errors import InputError, MapWarning
from ecgbench.methods.cam.layers import chosen_units
from ecgbench.nn import frozen
from tests.networks.table import built, windows


def units(network):
    with frozen(built(network)) as model:
        return chosen_units(model, windows(), None)


def test_units_of_a_causal_network_with_shortcuts_stand_where_they_respond():
    """They see 29 samples, all of the past; the middle of these is 14 samples before what the shortcuts hand on."""
    np.testing.assert_allclose(units("TCN, causal, weight norm").places.centres, np.arange(240), atol=2)


def test_units_that_look_ahead_stand_ahead():
    """Without shortcuts units respond to the middle of the 16 samples that they see ahead."""
    centres = units("Lopsided: the future alone").places.centres
    np.testing.assert_allclose(centres, 2 * np.arange(120) + 16.5, atol=1)


PASSED_BY_ALL = {
    "Random kernels (ROCKET), proportion of positives": "0",
    "Softmax over classes in time": "1",
    "RNN with attention": "stem",
    "In place": "first",
}


@pytest.mark.parametrize(("network", "layer"), PASSED_BY_ALL.items(), ids=PASSED_BY_ALL)
def test_layer_is_the_last_that_the_whole_logit_passes(network, layer):
    assert units(network).layer == layer


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("network", ["Ensemble of copies", "LSTM-FCN, leads as steps", "Multiplied branches"])
def test_layer_of_one_branch_is_said_to_be_one(network):
    with pytest.warns(MapWarning, match="which a part of it passes by"):
        ecgbench.explain(built(network), windows(), 0, "gradcam")


def test_parts_in_torchscript_are_passed_over_and_cannot_be_named():
    model = built("TorchScript inside")
    assert ecgbench.explain(model, windows(), 0, "gradcam").any()
    with pytest.raises(InputError, match=re.escape('got "1"; name one of 0')):
        ecgbench.explain(model, windows(), 0, "gradcam", layer="1")


def test_refusal_is_found_once(monkeypatch):
    model = built("Flattened and wide")
    with pytest.raises(InputError) as first:
        ecgbench.explain(model, windows(), 0, "gradcam")
    monkeypatch.setattr("ecgbench.methods.cam.layers._candidates", lambda *_: pytest.fail("looked for again"))
    with pytest.raises(InputError, match="with a layer that is called once") as again:
        ecgbench.explain(model, windows(), 0, "hirescam")
    assert str(again.value) == str(first.value)


def test_map_does_not_depend_on_which_window_came_first():
    x = windows(3)
    for network in ("GroupNorm", "z-scores its input", "Convolutions and a transformer"):
        together = ecgbench.explain(built(network), x, 0, "gradcam")
        alone = ecgbench.explain(built(network), 5 * torch.flip(x, dims=[0]) / 5, 0, "gradcam")
        np.testing.assert_allclose(together[::-1], alone, rtol=1e-6, atol=1e-9)


def test_a_last_convolution_as_wide_as_the_window_is_passed_over():
    """As in EEGNet: its one unit are the logits, whose map would be the same at all samples."""
    wide = [torch.nn.Conv1d(1, 4, 9, padding=4), torch.nn.ReLU(), torch.nn.AvgPool1d(8), torch.nn.Conv1d(4, 2, 30)]
    model = torch.nn.Sequential(*wide, torch.nn.Flatten()).eval()
    x = torch.randn(2, 1, 240, generator=torch.Generator().manual_seed(0))
    for method in ("gradcam", "hirescam"):
        maps = ecgbench.explain(model, x, 0, method)
        assert np.array_equal(maps, ecgbench.explain(model, x, 0, method, layer="2"))
        assert np.ptp(maps, axis=2).min() > 0
    with pytest.raises(InputError, match='got "3", whose only one makes maps that are constant; name an earlier layer'):
        ecgbench.explain(model, x, 0, "gradcam", layer="3")
