"""Every metric through the public call."""

import inspect

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.errors import InputError, UnknownKeyError
from ecgbench.metrics import METRICS

KEYS = METRICS.keys()
LOCALISATION = [entry.key for entry in METRICS if "mask" in entry.needs]
FAITHFULNESS = [key for key in KEYS if key not in LOCALISATION]
STUDY = [entry.key for entry in METRICS if entry.study]
ARGUMENT_OF = {"evaluate": "model"}
PERTURBING = ("x", "target", "evaluate")

every_metric = pytest.mark.parametrize("key", KEYS)


class Linear(nn.Module):
    """Logits w . x + b in float64."""

    def __init__(self, weight, bias):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.tensor(weight)), nn.Parameter(torch.tensor(bias))

    def forward(self, x):
        return torch.einsum("olt,nlt->no", self.weight, x) + self.bias


N, LEADS, TIME, OUTPUTS = 4, 2, 1600, 3
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, LEADS, TIME)).astype(np.float32)
WEIGHT, BIAS = RNG.normal(size=(OUTPUTS, LEADS, TIME)) / 30, RNG.normal(size=OUTPUTS)
TARGET = np.array([2, 0, 1, 2])
ONSET = 150 * np.arange(N)[:, None, None]
MASK = np.repeat((np.arange(TIME) >= ONSET) & (np.arange(TIME) < ONSET + 500), LEADS, axis=1)
MAPS = WEIGHT[TARGET] * X
for array in (X, TARGET, MASK, MAPS):
    array.flags.writeable = False


def given(**changes):
    return {"mask": MASK, "x": X, "target": TARGET, "model": Linear(WEIGHT, BIAS), **changes}


def needed(key):
    """The public call's arguments that a metric cannot do without."""
    entry = METRICS[key]
    names = inspect.signature(entry.shared).parameters if entry.shared else PERTURBING if entry.perturb else entry.needs
    return [ARGUMENT_OF.get(name, name) for name in names if name in ("mask", "x", "target", "evaluate")]


@every_metric
def test_scores_are_float64_of_one_value_a_window(key):
    scores = ecgbench.score(key, MAPS, **given())
    assert scores.shape == (N,)
    assert scores.dtype == np.float64


@every_metric
def test_a_metric_asks_for_no_more_than_it_needs(key):
    only = {name: value for name, value in given().items() if name in needed(key)}
    np.testing.assert_array_equal(ecgbench.score(key, MAPS, **only), ecgbench.score(key, MAPS, **given()))


@pytest.mark.parametrize(("key", "name"), [(key, name) for key in KEYS for name in needed(key)])
def test_what_is_missing_is_named(key, name):
    with pytest.raises(InputError, match=f"expected {name} for {key}, got none; pass it by name"):
        ecgbench.score(key, MAPS, **given(**{name: None}))


@pytest.mark.parametrize("key", FAITHFULNESS)
def test_all_that_is_missing_is_named_at_once(key):
    with pytest.raises(InputError, match=rf"expected {', '.join(needed(key))} for {key}, got none; pass them by name"):
        ecgbench.score(key, MAPS)


@every_metric
def test_tensors_and_arrays_score_the_same(key):
    tensors = {name: torch.tensor(value) if isinstance(value, np.ndarray) else value for name, value in given().items()}
    wanted = ecgbench.score(key, MAPS, **given())
    np.testing.assert_array_equal(ecgbench.score(key, torch.tensor(MAPS, requires_grad=True), **tensors), wanted)


@pytest.mark.parametrize("key", FAITHFULNESS)
def test_one_target_stands_for_all_windows(key):
    wanted = ecgbench.score(key, MAPS, **given(target=np.ones(N, dtype=np.int64)))
    np.testing.assert_array_equal(ecgbench.score(key, MAPS, **given(target=1)), wanted)


@every_metric
def test_model_is_left_as_it_was_found(key):
    model = Linear(WEIGHT, BIAS).train()
    ecgbench.score(key, MAPS, **given(model=model))
    assert model.training
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())


def test_unknown_metric_is_refused_with_the_nearest_known_one():
    with pytest.raises(UnknownKeyError, match='expected a key of metrics, got "roc_auc"'):
        ecgbench.score("roc_auc", MAPS)


@every_metric
@pytest.mark.parametrize("option", ["nonsense", "shared"])
def test_unknown_option_is_refused(key, option):
    with pytest.raises(UnknownKeyError, match=f'expected a key of options of {key}, got "{option}"'):
        ecgbench.score(key, MAPS, **given(), **{option: 1})


def test_misspelt_option_is_refused_with_the_nearest_known_one():
    with pytest.raises(UnknownKeyError, match='options of region_perturbation_morf, got "pach"; did you mean patch'):
        ecgbench.score("region_perturbation_morf", MAPS, **given(), pach=8)


@every_metric
def test_unknown_protocol_is_refused(key):
    with pytest.raises(InputError, match='expected protocol ours or study, got "theirs"'):
        ecgbench.score(key, MAPS, **given(), protocol="theirs")


@every_metric
@pytest.mark.parametrize("maps", [MAPS[0], MAPS[None], MAPS.astype(np.int64)], ids=["two axes", "four axes", "integers"])
def test_maps_of_another_form_are_refused(key, maps):
    with pytest.raises(InputError, match=r"expected attributions of floats \(n, leads, time\), got"):
        ecgbench.score(key, maps, **given())


@pytest.mark.parametrize("key", LOCALISATION)
@pytest.mark.parametrize("mask", [MASK[:2], MASK[:, :1], MASK[0], MASK.astype(np.uint8), MASK.astype(np.float64)])
def test_masks_that_are_not_bool_or_not_of_the_maps_are_refused(key, mask):
    with pytest.raises(InputError, match="expected mask of bool"):
        ecgbench.score(key, MAPS, mask=mask)


@pytest.mark.parametrize("key", FAITHFULNESS)
@pytest.mark.parametrize("x", [X[:2], X[0], X.astype(np.int64)])
def test_windows_that_are_not_floats_or_not_of_the_maps_are_refused(key, x):
    with pytest.raises(InputError, match="expected x of floats"):
        ecgbench.score(key, MAPS, **given(x=x))


@pytest.mark.parametrize("key", FAITHFULNESS)
@pytest.mark.parametrize("target", [[0, 1], 1.0, [0.0, 1.0, 2.0, 2.0], True, "VEB"])
def test_targets_of_another_form_are_refused(key, target):
    with pytest.raises(InputError, match=r"expected target as an int or \(4,\) ints, got"):
        ecgbench.score(key, MAPS, **given(target=target))


@pytest.mark.parametrize("key", FAITHFULNESS)
@pytest.mark.parametrize("target", [-1, OUTPUTS])
def test_targets_out_of_range_are_refused(key, target):
    with pytest.raises(InputError, match="expected targets from 0 to 2, got"):
        ecgbench.score(key, MAPS, **given(target=target))


@pytest.mark.parametrize("key", STUDY)
def test_the_studys_protocol_is_the_studys_options(key):
    zero = np.where(np.arange(N)[:, None, None] < 2, MAPS, 0.0)
    ours, study = ecgbench.score(key, zero, **given()), ecgbench.score(key, zero, **given(), protocol="study")
    np.testing.assert_array_equal(study, ecgbench.score(key, zero, **given(), **METRICS[key].study))
    assert not np.array_equal(ours, study, equal_nan=True)


def test_options_go_before_the_studys():
    zero = np.zeros_like(MAPS)
    assert ecgbench.score("pointing_game", zero, MASK, protocol="study").tolist() == [1] * N
    assert ecgbench.score("pointing_game", zero, MASK, protocol="study", ties="share").tolist() == [500 / TIME] * N


@pytest.mark.parametrize("key", LOCALISATION)
def test_a_map_that_is_higher_in_the_mask_than_anywhere_else_scores_best(key):
    maps = np.where(MASK, 2 + np.abs(MAPS), -np.abs(MAPS))
    assert ecgbench.score(key, maps, MASK).tolist() == [METRICS[key].bounds[1]] * N


def test_exact_attributions_of_a_linear_model_are_perfectly_faithful():
    scores = ecgbench.score("faithfulness_correlation", MAPS, **given())
    np.testing.assert_allclose(scores, 1, rtol=1e-6)
    np.testing.assert_allclose(ecgbench.score("faithfulness_correlation", -MAPS, **given()), -1, rtol=1e-6)


def logit_without(zeroed):
    kept = np.where(zeroed, 0.0, X.astype(np.float64))
    return np.einsum("olt,nlt->no", WEIGHT, kept) + BIAS


def probability(logits, multilabel):
    shares = 1 / (1 + np.exp(-logits)) if multilabel else np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return shares[np.arange(N), TARGET]


@pytest.mark.parametrize("multilabel", [False, True])
@pytest.mark.parametrize("direction", ["morf", "lerf"])
def test_region_perturbation_of_a_linear_model_in_closed_form(direction, multilabel):
    # Two patches of half a window each: one is zeroed, and the curve 0, p(x) - p(x_1) has the mean height of half its end.
    halves = np.stack([MAPS[:, :, : TIME // 2].sum(axis=(1, 2)), MAPS[:, :, TIME // 2 :].sum(axis=(1, 2))], axis=1)
    first = halves.argmax(axis=1) if direction == "morf" else halves.argmin(axis=1)
    zeroed = np.broadcast_to((np.arange(TIME) >= TIME // 2) == first[:, None, None], X.shape)
    drop = probability(logit_without(np.zeros_like(MASK)), multilabel) - probability(logit_without(zeroed), multilabel)
    scores = ecgbench.score(f"region_perturbation_{direction}", MAPS, **given(), multilabel=multilabel, patch=TIME // 2)
    np.testing.assert_allclose(scores, drop / 2, rtol=1e-6, atol=1e-9)


def test_seed_decides_what_is_drawn():
    maps = np.random.default_rng(1).normal(size=MAPS.shape)
    first, again, other = (ecgbench.score("faithfulness_correlation", maps, **given(), seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
