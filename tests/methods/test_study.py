"""The study's way of the methods that it took from Captum: Captum's own maps, one window at a time, with their faults."""

import numpy as np
import pytest
import torch
from captum import attr
from torch import nn

import ecgbench
from ecgbench.errors import InputError
from ecgbench.methods import METHODS
from ecgbench.models import untrained
from ecgbench.randomness import seed_generator, window_generator

from .cases import assert_close_to_maximum, quick, small, windows

STUDY = [entry.key for entry in METHODS if "implementation" in entry.study]
TARGET = [2, 0, 1]
DRAWN = [key for key in STUDY if METHODS[key].stochastic]

pytestmark = pytest.mark.filterwarnings("ignore:Setting (forward, backward hooks|backward hooks):UserWarning")

each_from_captum = pytest.mark.parametrize("key", STUDY)


def resnet():
    return untrained("resnet18_7_narrow", 3).double().eval()


def x():
    return windows(time=100)


def study(model, key, **options):
    return ecgbench.explain(model, x(), TARGET, key, protocol="study", **quick(key, **options))


def as_the_study_wrote_it(model):
    """The same network with sums and reshaping as plain arithmetic, of which Captum's LRP sees nothing, and its average as a layer."""
    for module in list(model.modules()):
        if hasattr(module, "add"):
            del module.add
            module.add = torch.add
        if isinstance(getattr(module, "downsample", None), nn.Identity):
            del module.downsample
            module.downsample = torch.clone
    del model.rows, model.average
    model.pool = nn.AdaptiveAvgPool2d(1)
    model.rows, model.average = (lambda windows: windows[:, None]), (lambda units: model.pool(units).flatten(1))
    return model


def lrp(model, window, label):
    return attr.LRP(as_the_study_wrote_it(model)).attribute(window.requires_grad_(True), target=label)


def deep_lift(model, window, label):
    return attr.DeepLift(model).attribute(window.requires_grad_(True), target=label)


def deep_shap(model, window, label):
    baselines = seed_generator(0, "deep_shap").standard_normal((5, 2, 100))
    return attr.DeepLiftShap(model).attribute(window.requires_grad_(True), torch.from_numpy(baselines), target=label)


def kernel_shap(model, window, label):
    # 13 patches of 8 samples a lead, the last of them of 4.
    patches = torch.arange(100) // 8
    generator = window_generator(0, window[0].numpy(), "kernel_shap")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(generator.integers(2**31)))
        return attr.KernelShap(model).attribute(
            window, target=label, feature_mask=torch.stack([patches, patches + 13])[None], n_samples=quick("kernel_shap")["samples"]
        )


DIRECT = {"deep_lift": deep_lift, "deep_shap": deep_shap, "kernel_shap": kernel_shap, "lrp": lrp}


@pytest.mark.parametrize("batch_size", [2, 32])
@each_from_captum
def test_the_studys_map_is_captums_of_one_window_at_a_time(key, batch_size):
    calls = [DIRECT[key](resnet(), torch.tensor(window[None]), label) for window, label in zip(x(), TARGET, strict=True)]
    wanted = torch.cat(calls).detach().numpy()
    assert_close_to_maximum(study(resnet(), key, batch_size=batch_size), wanted, 1e-9)


def left_behind(model):
    """Hooks and attributes of all modules, and weights."""
    modules = [
        (sorted(vars(module)), {name: len(value) for name, value in vars(module).items() if name.endswith("_hooks")})
        for module in model.modules()
    ]
    return modules, {name: weight.tolist() for name, weight in model.state_dict().items()}


@each_from_captum
def test_captum_leaves_nothing_behind(key):
    model, untouched = resnet(), left_behind(resnet())
    study(model, key)
    assert left_behind(model) == untouched


@each_from_captum
def test_captum_leaves_nothing_behind_where_it_refuses(key):
    model, untouched = resnet(), left_behind(resnet())
    with pytest.raises(InputError):
        ecgbench.explain(model, x(), 3, key, protocol="study", **quick(key))
    assert left_behind(model) == untouched


@each_from_captum
def test_the_global_generator_is_neither_read_nor_moved(key):
    maps = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        maps.append(study(resnet(), key))
        assert torch.equal(torch.get_rng_state(), before)
    np.testing.assert_array_equal(*maps)


@pytest.mark.parametrize("key", DRAWN)
def test_other_seeds_draw_other_maps(key):
    assert not np.allclose(study(resnet(), key), study(resnet(), key, seed=1), rtol=0.01)


@pytest.mark.parametrize("key", [key for key in STUDY if key != "deep_lift"])
def test_ours_is_another_map(key):
    ours = ecgbench.explain(resnet(), x(), TARGET, key, **quick(key))
    theirs = study(resnet(), key)
    assert (np.abs(ours - theirs).max(axis=(1, 2)) > 1e-2 * np.abs(ours).max(axis=(1, 2))).any()


def test_deep_lift_of_the_study_is_ours_while_activations_of_the_flat_line_are_constant():
    assert_close_to_maximum(study(resnet(), "deep_lift"), ecgbench.explain(resnet(), x(), TARGET, "deep_lift"), 1e-9)


def test_lrp_of_the_study_makes_relevance_where_ours_keeps_it():
    model = resnet()
    with torch.no_grad():
        logit = model(torch.tensor(x())).numpy()[[0, 1, 2], TARGET]
    found = ecgbench.methods.explanation(model, x(), TARGET, "lrp")
    np.testing.assert_allclose(found.maps.sum(axis=(1, 2)), found.total, rtol=1e-6)
    assert (np.abs(found.total) < 2 * np.abs(logit)).all()
    assert (np.abs(study(model, "lrp").sum(axis=(1, 2))) > 100 * np.abs(logit)).all()


@pytest.mark.parametrize("key", ["deep_lift", "deep_shap"])
def test_the_study_gives_all_but_the_sum_of_the_change(key):
    found = ecgbench.methods.explanation(resnet(), x(), TARGET, key, protocol="study", **quick(key))
    assert found.total is None


def test_a_network_for_which_captum_has_no_rules_is_refused_with_the_remedy():
    with pytest.raises(InputError, match=r"expected a model that Captum can explain, got its error \(.*Conv1d.*\); use implementation"):
        ecgbench.explain(small(), windows(), 0, "lrp", protocol="study")
