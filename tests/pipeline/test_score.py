"""Every metric through the public call."""

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.errors import EcgbenchError, InputError
from ecgbench.metrics import METRICS

KEYS = METRICS.keys()
LOCALISATION = [entry.key for entry in METRICS if "mask" in entry.needs]
FAITHFULNESS = [key for key in KEYS if key not in LOCALISATION]
STUDY = [entry.key for entry in METRICS if entry.study]
ARGUMENT_OF = {"evaluate": "model", "other_shared": "other_models"}

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
TWIN = X + 10 * (WEIGHT[np.where(TARGET == 0, 1, 0)] - WEIGHT[TARGET])
REGIONS = MASK.astype(np.uint8)
REGIONS[..., -100:] = 2
FURTHER = np.stack([MAPS + MAPS.std() * RNG.normal(size=MAPS.shape) for _ in range(4)], axis=1)
for array in (X, TARGET, MASK, MAPS, TWIN, REGIONS, FURTHER):
    array.flags.writeable = False


def given(**changes):
    known = {"mask": MASK, "x": X, "target": TARGET, "model": Linear(WEIGHT, BIAS), "twin": TWIN, "donor": TWIN, "fs": 128}
    others = {"other_maps": MAPS[:, None], "other_models": [Linear(WEIGHT, BIAS)]}
    return {**known, "regions": REGIONS, "further": FURTHER, **others, **changes}


def needed(key):
    """The public call's arguments that a metric cannot do without."""
    names = METRICS[key].given_needs
    given = ("mask", "x", "target", "evaluate", "twin", "donor", "fs", "regions", "further", "other_maps", "other_shared")
    return [ARGUMENT_OF.get(name, name) for name in names if name in given]


@every_metric
def test_scores_are_one_float64_a_window_from_no_more_than_the_metric_needs_of_arrays_or_tensors(key):
    wanted = ecgbench.score(key, MAPS, **given())
    assert wanted.shape == (N,)
    assert wanted.dtype == np.float64
    only = {name: value for name, value in given().items() if name in needed(key)}
    np.testing.assert_array_equal(ecgbench.score(key, MAPS, **only), wanted)
    tensors = {name: torch.tensor(value) if isinstance(value, np.ndarray) else value for name, value in given().items()}
    np.testing.assert_array_equal(ecgbench.score(key, torch.tensor(MAPS, requires_grad=True), **tensors), wanted)


def test_what_is_missing_is_named_all_at_once():
    for key in filter(needed, KEYS):
        for name in needed(key):
            with pytest.raises(InputError, match=f"expected {name} for {key}, got none; pass it by name"):
                ecgbench.score(key, MAPS, **given(**{name: None}))
        with pytest.raises(InputError, match=rf"expected {', '.join(needed(key))} for {key}, got none; pass (it|them) by name"):
            ecgbench.score(key, MAPS)


def test_one_target_stands_for_all_windows_and_the_model_is_left_as_it_was_found():
    for key in FAITHFULNESS:
        model = Linear(WEIGHT, BIAS).train()
        wanted = ecgbench.score(key, MAPS, **given(target=np.ones(N, dtype=np.int64), model=model))
        np.testing.assert_array_equal(ecgbench.score(key, MAPS, **given(target=1)), wanted)
        assert model.training
        assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())


UNKNOWN = {
    "metric": (("roc_auc",), {}, 'expected a key of metrics, got "roc_auc"'),
    "option": (("auc",), {"nonsense": 1}, 'expected a key of options of auc, got "nonsense"'),
    "need as option": (("region_perturbation_morf",), {"curves": 1}, 'options of region_perturbation_morf, got "curves"'),
    "misspelt option": (("region_perturbation_morf",), {"pach": 8}, 'options of region_perturbation_morf, got "pach"; did you mean patch'),
    "protocol": (("auc",), {"protocol": "theirs"}, 'expected protocol ours or study, got "theirs"'),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_nobody_knows_is_refused(case):
    (key,), options, message = UNKNOWN[case]
    with pytest.raises(EcgbenchError, match=message):
        ecgbench.score(key, MAPS, **given(), **options)


REFUSED = {
    "maps of two axes": ("auc", {"attributions": MAPS[0]}, r"expected attributions of floats \(n, leads, time\), got"),
    "maps of integers": ("auc", {"attributions": MAPS.astype(np.int64)}, "expected attributions of floats"),
    "further maps of three axes": ("stability", {"further": MAPS}, r"expected further of floats \(4, any number, 2, 1600\), got"),
    "further maps of other windows": ("contrast", {"further": FURTHER[:2]}, "expected further of floats"),
    "further maps of too few later windows": ("shift", {"further": FURTHER[:, :3]}, "expected further maps of 4 later windows"),
    "further maps with gaps": ("stability", {"further": np.where(FURTHER > 0, FURTHER, np.nan)}, "finite, or nan throughout"),
    "fewer masks": ("auc", {"mask": MASK[:2]}, "expected mask of bool"),
    "masks of fewer leads": ("auc", {"mask": MASK[:, :1]}, "expected mask of bool"),
    "masks of integers": ("auc", {"mask": MASK.astype(np.uint8)}, "expected mask of bool"),
    "fewer windows": ("region_perturbation_morf", {"x": X[:2]}, "expected x of floats"),
    "windows of large integers": ("faithfulness_correlation", {"x": X.astype(np.int64) + 2**24 + 1}, "expected x of floats"),
    "fewer targets": ("region_perturbation_morf", {"target": [0, 1]}, r"expected target as an int or \(4,\) ints, got"),
    "real targets": ("faithfulness_correlation", {"target": [0.0, 1.0, 2.0, 2.0]}, "expected target as an int"),
    "target as bool": ("region_perturbation_morf", {"target": True}, "expected target as an int"),
    "target as name": ("region_perturbation_morf", {"target": "VEB"}, "expected target as an int"),
    "target below": ("faithfulness_correlation", {"target": -1}, "expected targets from 0 to 2, got"),
    "twins of fewer leads": ("twin_agreement", {"twin": TWIN[:, :1]}, "expected twin of floats"),
    "twins partly nan": (
        "twin_agreement",
        {"twin": np.where(X > 1, np.nan, TWIN)},
        "expected finite twin, got nan or infinity in windows .0, 1, 2, 3.",
    ),
    "shams partly nan": (
        "twin_agreement",
        {"sham": np.where(X > 1, np.nan, TWIN)},
        "expected finite sham, got nan or infinity in windows .0, 1, 2, 3.",
    ),
    "no rate": ("twin_agreement", {"fs": 0}, "expected fs as a sampling rate in Hz above 0, got 0"),
    "target beyond": ("region_perturbation_morf", {"target": OUTPUTS}, "expected targets from 0 to 2, got"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(case):
    key, changed, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        ecgbench.score(key, **{"attributions": MAPS, **given(), **changed})


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


def test_a_map_that_is_higher_in_the_mask_than_anywhere_else_scores_best():
    maps = np.where(MASK, 2 + np.abs(MAPS), -np.abs(MAPS))
    assert {key: ecgbench.score(key, maps, MASK, fs=128).tolist() for key in LOCALISATION} == {
        key: [METRICS[key].bounds[1]] * N for key in LOCALISATION
    }


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


@pytest.mark.parametrize(("direction", "multilabel"), [("morf", False), ("lerf", True)])
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


@pytest.mark.usefixtures("registries_restored")
def test_metric_that_asks_the_method_again_is_given_a_function():
    declared = {"higher_is_better": False, "bounds": (0, 2), "needs": ("x", "target", "explain"), "atol": 0, "family": "faithfulness"}

    @ecgbench.register("metrics", version=1, reference="", **declared)
    def sensitivity(attributions, x, target, explain, scale=2.0):
        return np.abs(explain(scale * x, target) - attributions).max(axis=(1, 2))

    def explain(x, target, seed=None):
        return WEIGHT[target] * x

    scores = ecgbench.score("sensitivity", MAPS, **given(), explain=explain)
    np.testing.assert_allclose(scores, np.abs(MAPS).max(axis=(1, 2)), rtol=1e-6)
    with pytest.raises(InputError, match="expected explain for sensitivity, got none"):
        ecgbench.score("sensitivity", MAPS, **given())
