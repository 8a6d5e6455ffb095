"""Bringing units up to samples, and the places of a ResNet's last stage."""

import numpy as np
import pytest
import torch

import ecgbench
from ecgbench.errors import InputError
from ecgbench.methods.cam.places import Places
from ecgbench.methods.cam.units import units_of
from ecgbench.methods.cam.upsampling import upsample
from ecgbench.models import load_model, untrained

LENGTHS = [(2880, 90), (2049, 65), (5000, 157), (1024, 32), (2056, 65), (1280, 40)]
STRIDE = 32


def stretched(cam, time, upsampling="linear"):
    cam = torch.tensor(np.asarray(cam, dtype=np.float64)).reshape(1, 1, -1)
    return upsample(cam, torch.zeros(1, 1, time), upsampling, every(STRIDE if cam.shape[2] < time else 1, cam.shape[2]))[0, 0].numpy()


def every(stride, units):
    return Places(stride * np.arange(float(units)))


@pytest.mark.parametrize(("time", "units", "leads"), [(2049, 65, 1), (1280, 40, 2), (320, 10, 1)])
def test_the_resnets_last_stage_has_units_at_32_j_exactly(time, units, leads):
    model, x = untrained("resnet18_7_narrow", 3).eval(), torch.randn(1, leads, time, generator=torch.Generator().manual_seed(0))
    found = units_of(model, x, model.gradcam_layer)
    assert found.places.centres.tolist() == [STRIDE * j for j in range(units)]
    assert (found.layout.axes, found.places.half) == (("channels", "leads", "time"), 0)


@pytest.mark.parametrize(("time", "units"), LENGTHS)
def test_unit_j_stands_at_32_j_with_lines_between_and_a_constant_beyond(time, units):
    cam = np.random.default_rng(time).normal(size=units)
    wanted = np.interp(np.arange(time), STRIDE * np.arange(units), cam)
    np.testing.assert_allclose(stretched(cam, time), wanted, atol=1e-12)


@pytest.mark.parametrize(("time", "units"), LENGTHS)
def test_a_maps_peak_stands_where_its_unit_looks(time, units):
    for unit in (1, units // 2, units - 2):
        peak = stretched(np.eye(units)[unit], time)
        assert np.flatnonzero(peak == 1) == [STRIDE * unit]
        assert peak @ np.arange(time) / peak.sum() == pytest.approx(STRIDE * unit)


def sensitivity(model, x, unit):
    """How much each sample moves a unit of the last stage."""
    units = []
    model.get_submodule(model.gradcam_layer).register_forward_hook(lambda module, inputs, output: units.append(output))
    x = torch.tensor(x, requires_grad=True)
    model(x)
    (gradient,) = torch.autograd.grad(units[0][..., unit].sum(), x)
    return gradient.abs().sum(dim=(0, 1)).numpy()


@pytest.mark.parametrize("unit", [25, 45, 60])
def test_unit_j_of_the_trained_network_sees_as_far_to_the_left_as_to_the_right_of_32_j(reference, unit):
    x = np.load(reference / "mitdb_attributions.npz")["x"][:6].reshape(6, 1, -1)
    seen = np.flatnonzero(sensitivity(load_model(reference / "mitdb_resnet18_7.safetensors"), x, unit))
    assert (seen[0], seen[-1]) == (STRIDE * unit - 641, STRIDE * unit + 641)


@pytest.mark.parametrize("unit", [25, 45, 60])
def test_an_impulse_moves_most_the_unit_whose_place_it_is_where_weights_favour_no_side(unit):
    model = untrained("resnet18_7_narrow", 3).eval().requires_grad_(False)
    for module in model.modules():
        if isinstance(module, torch.nn.Conv2d):
            module.weight.fill_(0.1)
    x = np.abs(np.random.default_rng(0).normal(size=(4, 1, 2880))).astype(np.float32)
    moved = sensitivity(model, x, unit)
    assert moved @ np.arange(2880) / moved.sum() == pytest.approx(STRIDE * unit, abs=1)


def test_the_studys_plateaus_lie_half_a_stride_later():
    plateau = stretched(np.eye(90)[10], 2880, "nearest")
    assert np.flatnonzero(plateau).tolist() == list(range(320, 352))


@pytest.mark.parametrize(("time", "units"), LENGTHS)
def test_nearest_repeats_the_unit_at_the_same_share_of_the_length(time, units):
    cam = np.random.default_rng(time).normal(size=units)
    np.testing.assert_array_equal(stretched(cam, time, "nearest"), cam[np.arange(time) * units // time])


@pytest.mark.parametrize("upsampling", ["linear", "nearest"])
def test_as_many_units_as_samples_stay_as_they_are(upsampling):
    cam = np.random.default_rng(0).normal(size=50)
    np.testing.assert_array_equal(stretched(cam, 50, upsampling), cam)


def test_a_single_unit_is_a_constant():
    assert set(stretched([3], 40)) == {3}


def test_one_row_serves_all_leads_and_more_serve_one_each():
    cam = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    assert upsample(cam, torch.zeros(1, 2, 4), "nearest", every(2, 2)).tolist() == [[[1, 1, 2, 2], [3, 3, 4, 4]]]
    assert upsample(cam[:, :1], torch.zeros(1, 3, 2), "linear", every(1, 2)).tolist() == [[[1, 2], [1, 2], [1, 2]]]


def test_rows_that_are_neither_one_nor_the_leads_are_refused():
    with pytest.raises(InputError, match=r"expected a layer of 1 row or 3 \(the leads\), got 2"):
        upsample(torch.zeros(1, 2, 4), torch.zeros(1, 3, 16), "linear", every(4, 4))


@pytest.mark.parametrize("method", ["gradcam", "guided_gradcam"])
def test_gradcam_of_a_resnet_is_the_class_activation_map_at_32_j(method):
    model, x = untrained("resnet18_7_narrow", 3).double(), np.random.default_rng(0).normal(size=(2, 2, 320))
    held = []
    model.layer4.register_forward_hook(lambda module, inputs, output: held.append(output.detach().numpy()))
    maps = ecgbench.explain(model, x, [2, 0], method)
    cam = np.einsum("nclt,nc->nlt", held[-1], model.fc.weight[[2, 0]].detach().numpy() / held[-1][0, 0].size)
    if method == "gradcam":
        np.testing.assert_allclose(maps[:, :, ::STRIDE], cam, rtol=1e-9, atol=1e-12)
    else:
        assert ((maps[:, :, ::STRIDE] == 0) >= (cam <= 0)).all()
        assert maps.any()
