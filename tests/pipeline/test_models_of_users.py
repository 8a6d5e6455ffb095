"""Explaining and scoring a user's model: what the caller has set changes nothing, and what cannot be used is refused alike."""

import copy
import threading
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.errors import InputError

METHODS = ("saliency", "integrated_gradients", "guided_backprop", "lrp", "deep_lift", "kernel_shap")
METRIC = "region_perturbation_morf"


def network(outputs=2, norm=None):
    """A small network whose weights are the same each time."""
    torch.manual_seed(0)
    layers = [nn.Conv1d(1, 4, 9, padding=4), *([] if norm is None else [norm]), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, outputs)).eval()


@pytest.fixture
def x():
    return np.random.default_rng(0).standard_normal((3, 1, 256)).astype(np.float32)


def explained(model, x, method="saliency", **options):
    return ecgbench.explain(model, x, 0, method, **options)


def scored(model, x, metric=METRIC, **options):
    return ecgbench.score(metric, x, x=x, model=model, target=0, **options)


BOTH = {"explain": explained, "score": scored}
both = pytest.mark.parametrize("call", BOTH.values(), ids=BOTH)


# What the caller has set


@contextmanager
def double_by_default():
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(usual)


SETTINGS = {
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "inference mode": torch.inference_mode,
    "no gradients": torch.no_grad,
    "double by default": double_by_default,
}
settings = pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)


def set_now():
    return torch.is_autocast_enabled("cpu"), torch.is_inference_mode_enabled(), torch.is_grad_enabled(), torch.get_default_dtype()


@settings
@pytest.mark.parametrize("method", METHODS)
def test_maps_do_not_depend_on_what_the_caller_has_set(setting, method, x):
    options = {"samples": 20} if method == "kernel_shap" else {}
    model = network()
    wanted = explained(model, x, method, **options)
    with setting():
        before = set_now()
        found = explained(model, x, method, **options)
        assert set_now() == before
    np.testing.assert_array_equal(found, wanted)
    assert found.dtype == np.float32


@settings
@pytest.mark.parametrize("metric", [METRIC, "faithfulness_correlation"])
def test_scores_do_not_depend_on_what_the_caller_has_set(setting, metric, x):
    model = network()
    wanted = scored(model, x, metric)
    with setting():
        before = set_now()
        np.testing.assert_array_equal(scored(model, x, metric), wanted)
        assert set_now() == before


@settings
def test_weights_are_read_whatever_the_caller_has_set(setting, tmp_path, x):
    from ecgbench.models import save_model, untrained

    save_model(untrained("resnet18_7_narrow", 2, seed=1), {}, tmp_path / "m.safetensors")
    wanted = explained(ecgbench.load_model(tmp_path / "m.safetensors"), x)
    with setting():
        model = ecgbench.load_model(tmp_path / "m.safetensors")
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    np.testing.assert_array_equal(explained(model, x), wanted)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("method", ["guided_backprop", "guided_gradcam", "lrp"])
@pytest.mark.parametrize("in_place", [True, False])
def test_compiled_model_has_the_maps_of_the_model(method, in_place, x):
    model = network()
    compiled = copy.deepcopy(model)
    if in_place:
        compiled.compile(backend="eager")
    else:
        compiled = torch.compile(compiled, backend="eager")
    layer = {} if method != "guided_gradcam" else {"layer": "1"}
    np.testing.assert_allclose(explained(compiled, x, method, **layer), explained(model, x, method, **layer), rtol=1e-5, atol=1e-9)
    if layer and not in_place:
        prefixed = explained(compiled, x, method, layer="_orig_mod.1")
        np.testing.assert_array_equal(prefixed, explained(compiled, x, method, **layer))
    np.testing.assert_allclose(scored(compiled, x), scored(model, x), rtol=1e-5)


# What is left behind


class Table(nn.Module):
    """A model that keeps a table from its first call, as rotary embeddings do."""

    def __init__(self):
        super().__init__()
        self.convolution, self.out, self.table = nn.Conv1d(1, 8, 9, 10, 4), nn.Linear(8, 2), None

    def forward(self, x):
        units = self.convolution(x)
        if self.table is None:
            self.table = torch.cos(torch.arange(units.shape[-1], dtype=units.dtype))
        return self.out((units * self.table).mean(-1))


@both
def test_model_that_keeps_a_table_can_still_be_trained(call, x):
    model = Table()
    call(model, x)
    model.train()(torch.from_numpy(x)).sum().backward()
    assert model.convolution.weight.grad is not None


def test_scoring_in_a_thread_leaves_the_settings_of_others(x):
    model, seen = network(), []
    with torch.autocast("cpu", dtype=torch.bfloat16):
        thread = threading.Thread(target=lambda: seen.append(scored(model, x)))
        thread.start()
        np.testing.assert_array_equal(scored(model, x), scored(network(), x))
        thread.join()
        assert torch.is_autocast_enabled("cpu")
    assert len(seen) == 1


# What is refused, or taken


class Returning(nn.Module):
    def __init__(self, change):
        super().__init__()
        self.model, self.change = network(), change

    def forward(self, x):
        return self.change(self.model(x))


NO_LOGITS = {
    "tuple": (lambda logits: (logits, logits), "got tuple"),
    "dict": (lambda logits: {"logits": logits}, "got dict"),
    "one axis": (lambda logits: logits[:, 0], r"got \(\d+,\)"),
    "three axes": (lambda logits: logits[..., None], r"got \(\d+, 2, 1\)"),
}


@both
@pytest.mark.parametrize("case", NO_LOGITS)
def test_model_that_returns_no_logits_is_refused(call, case, x):
    change, got = NO_LOGITS[case]
    with pytest.raises(InputError, match=rf"expected a model that returns logits \(\d+, outputs\), {got}; wrap it in one that does"):
        call(Returning(change), x)


@both
def test_what_is_no_module_is_refused(call, x):
    with pytest.raises(InputError, match="expected a model that is a torch module, got function; wrap it in one"):
        call(lambda windows: windows[:, 0, :2], x)


@both
def test_model_without_parameters_is_taken(call, x):
    assert np.isfinite(call(nn.Sequential(nn.AvgPool1d(128), nn.Flatten()), x)).all()


@both
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_window_that_is_not_finite_is_refused(call, value, x):
    x[1, 0, 100] = value
    with pytest.raises(InputError, match=r"expected finite x, got nan or infinity in windows \[1\]; leave these out"):
        call(network(), x)


@pytest.mark.parametrize("method", METHODS)
def test_model_whose_weights_are_nan_is_refused(method, x):
    model = network()
    with torch.no_grad():
        model[-1].weight[:] = torch.nan
    with pytest.raises(InputError, match=f"expected finite maps from {method}, got non-finite values in windows|expected finite"):
        explained(model, x, method)


@both
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_model_of_half_precision_is_refused(call, dtype, x):
    with pytest.raises(InputError, match=r"expected a model in float32 or float64, got torch\.b?float16; call model\.float\(\)"):
        call(network().to(dtype), x)


@both
def test_batch_norm_without_running_statistics_is_refused(call, x):
    with pytest.raises(InputError, match='expected batch norm with running statistics, got none in "1"; build it with track_running_stats'):
        call(network(norm=nn.BatchNorm1d(4, track_running_stats=False)), x)
    call(network(norm=nn.BatchNorm1d(4)), x)


@pytest.mark.parametrize("metric", ["region_perturbation_morf", "region_perturbation_lerf"])
def test_probability_of_one_output_is_its_sigmoid(metric, x):
    model, more = network(outputs=1), {"x": x, "target": 0}
    found = ecgbench.score(metric, x, model=model, **more)
    np.testing.assert_array_equal(found, ecgbench.score(metric, x, model=model, multilabel=True, **more))
    assert (found != 0).any()


@both
def test_weights_made_in_inference_mode_are_refused(call, x):
    with torch.inference_mode():
        model = network()
    with pytest.raises(InputError, match=r"expected a model made outside of torch\.inference_mode, got weights made in it"):
        call(model, x)
    assert np.isfinite(call(copy.deepcopy(model), x)).all()
