"""What `explain` refuses, and what it says then."""

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.errors import EcgbenchError, InputError, UnknownKeyError

from .cases import MODEL_BOUND, Linear, drawn, explain, quick, small, windows

MULTIPLYING = ["deep_lift", "deep_shap", "gradcam", "guided_gradcam", "input_gradient", "integrated_gradients"]
MULTIPLYING += ["kernel_shap", "lime", "lrp", "lrp_epsilon"]
"""Methods whose map of a window that is not finite is not finite; of a gradient alone ReLUs may keep it away."""


def test_unknown_method_is_refused_with_the_nearest_known_one():
    with pytest.raises(UnknownKeyError, match='expected a key of methods, got "grad_cam"; did you mean gradcam'):
        ecgbench.explain(small(), windows(), 0, "grad_cam")


def test_without_a_name_the_method_is_lrp():
    x, model = windows(), small()
    np.testing.assert_array_equal(ecgbench.explain(model, x, 1), ecgbench.explain(model, x, 1, "lrp"))


def test_unknown_option_is_refused_with_the_nearest_known_one():
    with pytest.raises(UnknownKeyError, match='expected a key of options of integrated_gradients, got "step"; did you mean steps'):
        ecgbench.explain(small(), windows(), 0, "integrated_gradients", step=3)


@pytest.mark.parametrize("name", ["generators", "generator", "x_", "n_steps"])
def test_what_is_no_option_of_the_method_is_refused(name):
    with pytest.raises(UnknownKeyError, match=f'expected a key of options of lrp, got "{name}"'):
        ecgbench.explain(small(), windows(), 0, "lrp", **{name: 1})


def test_unknown_protocol_is_refused():
    with pytest.raises(InputError, match='expected protocol ours or study, got "theirs"'):
        ecgbench.explain(small(), windows(), 0, "lrp", protocol="theirs")


@pytest.mark.parametrize(
    "x",
    [np.zeros((2, 8)), np.zeros((1, 2, 2, 8)), np.zeros((0, 2, 8)), np.full((2, 2, 8), 2**24 + 1), np.float64(1), torch.zeros(2, 8)],
    ids=["two axes", "four axes", "no windows", "integers that no float32 is", "number", "tensor"],
)
def test_windows_of_another_form_are_refused(x):
    with pytest.raises(InputError, match=r"expected x of floats \(n, leads, time\), got"):
        ecgbench.explain(small(), x, 0, "lrp")


@pytest.mark.parametrize("target", [[0, 1], [[0], [1], [2]], 1.0, [0.0, 1.0, 2.0], True, "VEB"])
def test_targets_of_another_form_are_refused(target):
    with pytest.raises(InputError, match=r"expected target as an int or \(3,\) ints, got"):
        ecgbench.explain(small(), windows(), target, "lrp")


@pytest.mark.parametrize(("key", "target"), [*((key, 3) for key in MODEL_BOUND), ("lrp", [0, -1, 2])])
def test_targets_out_of_range_are_refused(key, target):
    with pytest.raises(InputError, match=r"expected targets within 0\.\.2, got"):
        explain(small(), windows(), target, key)


@pytest.mark.parametrize("batch_size", [0, -1])
def test_batches_of_less_than_one_row_are_refused(batch_size):
    with pytest.raises(InputError, match=f"expected batch_size as a whole number from 1 on, got {batch_size}"):
        ecgbench.explain(small(), windows(), 0, "lrp", batch_size=batch_size)


class Shaped(nn.Module):
    """A network whose output somebody changed."""

    gradcam_layer = "network.features"

    def __init__(self, change):
        super().__init__()
        self.network, self.change = small(), change

    def forward(self, x):
        return self.change(self.network(x))


OUTPUTS = {
    "one axis": (lambda logits: logits[:, 0], r"\(\d+,\)"),
    "three axes": (lambda logits: logits[:, :, None], r"\(\d+, 3, 1\)"),
    "fewer rows": (lambda logits: logits[:2], r"\(2, 3\)"),
    "dict": (lambda logits: {"logits": logits}, "dict"),
}


@pytest.mark.parametrize(
    ("key", "change", "got"),
    [*(("lrp", *case) for case in OUTPUTS.values()), *((key, lambda logits: (logits, None), "tuple") for key in MODEL_BOUND)],
)
def test_models_that_do_not_return_logits_are_refused(key, change, got):
    with pytest.raises(InputError, match=rf"expected a model that returns logits \(\d+, outputs\), got {got}; "):
        explain(Shaped(change), windows(), 0, key)


@pytest.mark.parametrize("key", MULTIPLYING)
def test_maps_that_are_not_finite_are_refused_by_window(key):
    x = windows(n=4).copy()
    x[1, 0, 3] = x[3, 1, 0] = np.nan
    with pytest.raises(InputError, match=r"expected finite x, got nan or infinity in windows \[1, 3\]; leave these out"):
        ecgbench.explain(small(), x, 0, key, **quick(key))


class Twice(nn.Module):
    """A network that calls one of its layers twice, one never, and has one that keeps no time."""

    def __init__(self):
        super().__init__()
        self.twice, self.never, self.out = nn.Conv1d(2, 2, 5, padding=2), nn.Conv1d(2, 2, 5), nn.Linear(2, 3)
        self.recurrent = nn.GRU(2, 2, batch_first=True)

    def forward(self, x):
        x = torch.relu(self.twice(torch.relu(self.twice(x))))
        return self.out(self.recurrent(x.transpose(1, 2))[0][:, -1])


both_cams = pytest.mark.parametrize("key", ["gradcam", "guided_gradcam", "hirescam", "layercam"])


@both_cams
@pytest.mark.parametrize("layer", ["twice", "never", "out", "recurrent"])
def test_layers_without_one_output_over_time_are_refused(key, layer):
    with pytest.raises(InputError, match="expected a layer that is called once and returns a tensor with an axis of time"):
        ecgbench.explain(drawn(Twice()), windows(), 0, key, layer=layer)


@both_cams
def test_a_model_without_a_layer_that_stands_in_time_is_refused(key):
    with pytest.raises(InputError, match=r"expected a model with a layer that is called once .*, got none; choose another method"):
        ecgbench.explain(drawn(Twice()), windows(), 0, key)


@both_cams
@pytest.mark.parametrize("layer", ["layer4", ""])
def test_a_layer_that_the_model_does_not_have_is_refused_with_its_layers(key, layer):
    with pytest.raises(InputError, match=f'expected a layer of the model, got "{layer}"; name one of twice, never, out, recurrent'):
        ecgbench.explain(drawn(Twice()), windows(), 0, key, layer=layer)


@both_cams
def test_the_layer_that_is_named_goes_before_the_model_s_own(key):
    x, model = windows(), small()
    first = ecgbench.explain(model, x, 0, key, layer="features.0")
    assert not np.allclose(first, ecgbench.explain(model, x, 0, key))
    np.testing.assert_array_equal(ecgbench.explain(model, x, 0, key, layer="features.3"), ecgbench.explain(model, x, 0, key))


def test_options_go_before_the_study_s():
    x, model = windows(), small()
    wanted = ecgbench.explain(model, x, 0, "gradcam")
    np.testing.assert_array_equal(ecgbench.explain(model, x, 0, "gradcam", protocol="study", upsampling="linear"), wanted)
    assert not np.allclose(ecgbench.explain(model, x, 0, "gradcam", protocol="study"), wanted)


def test_a_model_without_parameters_is_explained_in_float32():
    class Sum(nn.Module):
        def forward(self, x):
            return x.sum(dim=2)

    maps = ecgbench.explain(Sum(), windows(), 1, "saliency")
    assert maps.dtype == np.float32
    assert maps.sum(axis=2).tolist() == [[0, 64]] * 3


def test_hooks_are_gone_when_a_layer_s_model_fails():
    model = Linear(np.ones((1, 2, 8)), [0.0])
    model.add_module("layer", nn.Identity())
    with pytest.raises(EcgbenchError):
        ecgbench.explain(model, windows(time=8), 5, "gradcam", layer="layer")
    assert not model.layer._forward_hooks
