"""Windows in which a model predicts something abnormal, explained with the predicted class: chosen whether it is right or wrong."""

import numpy as np
import pytest

from ecgbench.errors import DataError
from ecgbench.metrics import METRICS
from ecgbench.pipeline.compute.windows.explained_windows import Outputs, choose, explained_windows
from ecgbench.protocol import PREDICTED
from ecgbench.types import Windows
from tests.pipeline.compute.windows.test_explained import CLASSES, dataset, identities, in_order, world

LABELS = tuple("abcde")


def explain(windows, logits, samples=None, classes=CLASSES):
    outputs, data = Outputs(logits, np.zeros(logits.shape[1])), dataset(windows, classes)
    return explained_windows(data, choose(data, [outputs], samples, PREDICTED), outputs, PREDICTED)


def predicted(windows, logits):
    """Pairs of window and predicted class, one at a time: the likeliest class unless it is normal, or every label above one half."""
    pairs = []
    for i, z in enumerate(logits):
        if windows.y.ndim == 2:
            pairs += [(i, class_, 1 / (1 + np.exp(-z[class_]))) for class_ in range(len(z)) if z[class_] > 0]
        elif max(z) > z[0]:
            class_ = list(z).index(max(z))
            pairs.append((i, class_, np.exp(z[class_]) / np.exp(z).sum()))
    return pairs


@pytest.mark.parametrize(("samples", "drawn"), [(None, 1), (7, 2), (10_000, 3)])
@pytest.mark.parametrize("labels", [None, 5], ids=["classes", "labels"])
def test_predictions_are_explained_whether_they_are_right_or_wrong(samples, drawn, labels):
    windows, logits = world(200, drawn, labels)
    found = explain(windows, logits, samples, CLASSES if labels is None else LABELS)
    pairs = predicted(windows, logits)
    wanted = in_order(windows, pairs)[:samples]
    index, target = np.array([i for i, _, _ in wanted]), np.array([class_ for _, class_, _ in wanted])
    assert identities(found.windows, found.target) == identities(windows.take(index), target)
    np.testing.assert_allclose(found.probability, [probability for _, _, probability in wanted], rtol=1e-12)
    has = windows.y[index] == target if labels is None else windows.y[index, target] == 1
    assert found.right.tolist() == has.tolist()
    assert samples == 7 or 0 < has.sum() < len(has)
    assert found.available == len(pairs)


def test_what_the_model_is_right_about_does_not_change_what_is_drawn():
    windows, logits = world(200, 4)
    others = Windows(**{**vars(windows), "y": np.random.default_rng(0).permutation(windows.y)})
    first, second = explain(windows, logits, 20), explain(others, logits, 20)
    assert identities(first.windows, first.target) == identities(second.windows, second.target)
    assert first.right.tolist() != second.right.tolist()


def test_a_model_that_calls_everything_normal_has_no_prediction_to_explain():
    windows, logits = world(50, 5)
    with pytest.raises(DataError, match=r"expected a model of mitdb that predicts something abnormal in some test window, got none; train"):
        explain(windows, np.where(np.arange(4) == 0, 100.0, logits))


@pytest.mark.parametrize("kind", ["spans", "causal"])
def test_a_wrong_prediction_has_no_mask(kind):
    spans = (np.array([[0, 2, 1], [2, 4, 2]]),) * 2
    causal = np.ones((2, 1, 4), dtype=bool)
    signal, name = np.zeros((2, 1, 4), dtype=np.float32), np.array(["r", "r"])
    windows = Windows(signal, np.array([1, 2]), name, name, np.array([0, 4]), spans, causal=causal)
    target = np.array([1, 1])
    assert windows.masks(target, kind).any(axis=(1, 2)).tolist() == [True, True]
    assert windows.true_masks(target, kind).any(axis=(1, 2)).tolist() == [True, False]


@pytest.mark.parametrize("entry", [entry for entry in METRICS if entry.needs == ("mask",)], ids=lambda entry: entry.key)
def test_every_metric_of_a_mask_alone_is_undefined_where_the_prediction_is_wrong(entry):
    maps = np.random.default_rng(0).normal(size=(2, 1, 40)).astype(np.float32)
    mask = np.zeros((2, 1, 40), dtype=bool)
    mask[0, :, 5:9] = True
    assert np.isnan(entry.function(maps, mask)).tolist() == [False, True]
