"""Which windows are explained, against a plain second implementation of protocol.md, section 2 ("Explained samples")."""

import hashlib
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn

from ecgbench.artifacts import ArtifactStore
from ecgbench.datasets import request_for
from ecgbench.datasets.synthetic12 import make_twins, simulate_windows
from ecgbench.errors import DataError, OtherDeviceWarning
from ecgbench.pipeline import TrainedModel
from ecgbench.pipeline.compute.windows.explained_windows import Outputs, choose, explained_windows, outputs_on_test
from ecgbench.pipeline.compute.windows.twins import with_twins
from ecgbench.protocol import SYNTHETIC12
from ecgbench.types import Dataset, Windows

CLASSES = ("N", "SVEB", "VEB", "F")
THRESHOLD = 0.75  # mitdb's


def world(count, seed, labels=None, patients=5):
    """Made-up test windows of a few patients with one or two records each, and a model's logits on them."""
    rng = np.random.default_rng(seed)
    patient = rng.choice(patients, count, p=np.arange(1, patients + 1) / sum(range(1, patients + 1)))
    y = rng.choice(4, count, p=[0.3, 0.1, 0.5, 0.1]) if labels is None else (rng.random((count, labels)) < 0.4).astype(np.uint8)
    windows = Windows(
        signal=rng.normal(size=(count, 1, 4)).astype(np.float32),
        y=y,
        record=np.array([f"{p}{'ab'[i]}" for p, i in zip(patient, rng.integers(0, 2, count), strict=True)]),
        patient=patient.astype(str),
        start=rng.permutation(count).astype(np.int64) * 4,
        spans=tuple(np.zeros((0, 3), dtype=np.int64) for _ in range(count)),
    )
    logits = rng.normal(scale=2.0, size=(count, labels or 4))
    if labels is None:
        logits[np.arange(count), y] += 3
    return windows, logits


def dataset(windows, classes=CLASSES):
    return Dataset("mitdb", windows.take(np.array([0])), windows, classes, 360, ("lead 0",), "aami", "standard", "", "made up")


def explain(windows, logits, samples=None, classes=CLASSES, others=()):
    """The explained windows of a model, with the logits of the `others` of its panel."""
    panel = [Outputs(one, np.linspace(-1, 1, one.shape[1])) for one in (logits, *others)]
    data = dataset(windows, classes)
    return explained_windows(data, choose(data, panel, samples), panel[0])


def digest(windows, i):
    return hashlib.sha256(f"{windows.record[i]}/{windows.start[i]}".encode()).hexdigest()


def recognised(windows, logits):
    """Pairs (window, class) that may be explained, one at a time."""
    pairs = []
    for i, z in enumerate(logits):
        for class_ in range(len(z)):
            if windows.y.ndim == 2:
                true, probability = windows.y[i][class_] == 1, 1 / (1 + np.exp(-z[class_]))
            else:
                true, probability = windows.y[i] == class_ != 0, np.exp(z[class_]) / np.exp(z).sum()
            if true and probability > THRESHOLD:
                pairs.append((i, class_, probability))
    return pairs


def in_order(windows, pairs):
    """The pairs as they are taken: a round over the classes, for each class the next patient, of that patient the lowest hash."""
    waiting = {}
    for i, class_, probability in pairs:
        waiting.setdefault(class_, {}).setdefault(windows.patient[i], []).append((digest(windows, i), i, probability))
    lines = {}
    for class_, of_patient in waiting.items():
        turns = sorted(sorted(held) for held in of_patient.values())
        lines[class_] = []
        while turns:
            lines[class_] += [held.pop(0) for held in turns]
            turns = [held for held in turns if held]
    taken = []
    while any(lines.values()):
        for class_ in sorted(lines):
            if lines[class_]:
                _, i, probability = lines[class_].pop(0)
                taken.append((i, class_, probability))
    return taken


def identities(windows, target):
    return list(zip(windows.record.tolist(), windows.start.tolist(), target.tolist(), strict=True))


@pytest.mark.parametrize(("samples", "drawn"), [(None, 1), (1, 2), (7, 1), (10_000, 2)])
@pytest.mark.parametrize("labels", [None, 5], ids=["classes", "labels"])
def test_the_explained_windows_are_those_of_the_protocol(samples, drawn, labels):
    windows, logits = world(200, drawn, labels)
    found = explain(windows, logits, samples, CLASSES if labels is None else tuple("abcde"))
    pairs = recognised(windows, logits)
    wanted = in_order(windows, pairs)[:samples]
    index, target = [i for i, _, _ in wanted], np.array([class_ for _, class_, _ in wanted])
    assert identities(found.windows, found.target) == identities(windows.take(np.array(index)), target)
    np.testing.assert_allclose(found.probability, [probability for _, _, probability in wanted], rtol=1e-12)
    assert found.available == found.common == len(pairs)
    np.testing.assert_array_equal(found.windows.signal, windows.signal[index])


def test_a_label_that_says_normal_is_not_explained_and_the_others_get_the_twin_of_their_own(tmp_path):
    windows = simulate_windows(["T201", "T202"], 10, "few")
    outputs = Outputs(np.full(windows.y.shape, 5.0), np.zeros(22))
    data, store = replace(dataset(windows, SYNTHETIC12.classes), name="synthetic12"), ArtifactStore(tmp_path)
    bare = explained_windows(data, choose(data, [outputs], None), outputs)
    normal = SYNTHETIC12.classes.index("NSR")
    assert normal not in bare.target
    assert len(bare.target) == windows.y.sum() - windows.y[:, normal].sum()
    found = with_twins(bare, data, request_for("synthetic12", store=store)).windows
    wanted = make_twins(request_for("synthetic12"), bare.windows, bare.target).twin
    np.testing.assert_array_equal(found.twin, wanted)
    np.testing.assert_array_equal(found.masks(bare.target, "causal"), wanted != found.signal)
    assert np.isfinite(wanted).all()


def shares(names):
    return {name: names.count(name) for name in set(names)}


def filled(wanted, room):
    """Equal shares as far as they go: everyone's share is at most one above any other that still had room."""
    return all(wanted[a] <= wanted.get(b, 0) + 1 or wanted.get(b, 0) == room[b] for a in wanted for b in room)


@pytest.mark.parametrize("samples", [3, 40])
def test_classes_and_within_them_patients_have_equal_shares_as_far_as_they_go(samples):
    windows, logits = world(200, 3)
    everything = explain(windows, logits)
    found = explain(windows, logits, samples)
    assert len(found.target) == samples
    assert filled(shares(found.target.tolist()), shares(everything.target.tolist()))
    for class_ in set(found.target):
        patients, room = (e.windows.patient[e.target == class_].tolist() for e in (found, everything))
        assert filled(shares(patients), shares(room))


def test_fewer_samples_are_the_head_of_more():
    windows, logits = world(150, 4)
    everything = explain(windows, logits)
    for samples in range(1, everything.available):
        found = explain(windows, logits, samples)
        assert identities(found.windows, found.target) == identities(everything.windows, everything.target)[:samples]


def test_the_order_of_the_records_does_not_matter():
    windows, logits = world(150, 5)
    order = np.random.default_rng(0).permutation(150)
    first = explain(windows, logits, 20)
    second = explain(windows.take(order), logits[order], 20)
    assert identities(first.windows, first.target) == identities(second.windows, second.target)


def perturbed(logits, drawn):
    """Another model's logits on the same windows."""
    return logits + np.random.default_rng(drawn).normal(scale=1.5, size=logits.shape)


@pytest.mark.parametrize("labels", [None, 5], ids=["classes", "labels"])
@pytest.mark.parametrize("samples", [None, 7])
def test_the_models_of_a_panel_explain_the_same_windows_those_that_each_of_them_recognises(labels, samples):
    windows, logits = world(200, 11, labels)
    panel = [logits, perturbed(logits, 1), perturbed(logits, 2)]
    alone = [{(i, class_) for i, class_, _ in recognised(windows, one)} for one in panel]
    common = set.intersection(*alone)
    assert 7 < len(common) < min(map(len, alone))
    wanted = in_order(windows, [(i, class_, 0) for i, class_ in common])[:samples]
    index, target = [i for i, _, _ in wanted], np.array([class_ for _, class_, _ in wanted])
    for number, one in enumerate(panel):
        others = [*panel[:number], *panel[number + 1 :]]
        found = explain(windows, one, samples, CLASSES if labels is None else tuple("abcde"), others)
        assert identities(found.windows, found.target) == identities(windows.take(np.array(index)), target)
        assert (found.available, found.common) == (len(alone[number]), len(common))
        np.testing.assert_array_equal(found.logit, one[index, target])


def test_windows_that_no_panel_has_in_common_are_refused_with_what_each_model_recognises():
    windows, logits = world(200, 8)
    none = np.where(np.arange(4) == 0, 100.0, logits)
    with pytest.raises(DataError, match=r"that all 2 models recognise .* got none \(each model alone: \d+, 0\); .*`--explained own`"):
        explain(windows, logits, others=[none])


def test_probability_must_exceed_the_threshold():
    windows, _ = world(200, 7)
    i, j, k = np.flatnonzero(windows.y == 2)[:3]
    logits = np.zeros((200, 4))
    logits[i, 2], logits[j, 2], logits[k, 3] = np.log(9) + 1e-6, np.log(9) - 1e-6, 50  # e^z / (e^z + 3) = 3/4
    found = explain(windows, logits)
    assert identities(found.windows, found.target) == [(windows.record[i], windows.start[i], 2)]


def test_normal_windows_are_never_explained():
    windows, logits = world(200, 8)
    logits[:, 0] += 100
    with pytest.raises(DataError, match=r"expected a model of mitdb that recognises some abnormal test windows .* 0\.75, got none; train"):
        explain(windows, logits)


def test_a_window_of_several_labels_is_explained_once_for_each():
    windows, logits = world(50, 10, labels=3)
    windows.y[7], logits[7] = [1, 0, 1], [5, 5, 5]
    found = explain(windows, logits, classes=tuple("abc"))
    of_window = (found.windows.record == windows.record[7]) & (found.windows.start == windows.start[7])
    assert sorted(found.target[of_window]) == [0, 2]  # the first label is explained like any other


class Weighing(nn.Module):
    """Logits w . x + b, which counts the batches that it sees."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.arange(16.0).reshape(4, 4).roll(1, 0))
        self.calls = []

    def forward(self, x):
        self.calls.append(len(x))
        return x[:, 0] @ self.weight.T + torch.tensor([0.5, -1.0, 2.0, 4.0])


def test_probabilities_are_those_of_the_standardised_windows_and_a_flat_lines_logits_are_kept(tmp_path):
    windows, _ = world(100, 12)
    model = Weighing()
    data = dataset(windows)
    outputs = outputs_on_test(data, TrainedModel(model, "digest", {}), ArtifactStore(tmp_path))
    found = explained_windows(data, choose(data, [outputs], None), outputs)
    with torch.inference_mode():
        probability = model(torch.tensor(found.windows.x)).softmax(dim=1)[np.arange(len(found.target)), found.target]
    np.testing.assert_allclose(found.probability, probability, rtol=1e-5)
    assert found.neutral.tolist() == [0.5, -1, 2, 4]


def test_logits_are_computed_once_for_a_model_and_again_for_another(tmp_path):
    windows, _ = world(100, 13)
    model, store = Weighing(), ArtifactStore(tmp_path)
    outputs_on_test(dataset(windows), TrainedModel(model, "digest", {}), store)
    calls = len(model.calls)
    outputs_on_test(dataset(windows), TrainedModel(model, "digest", {}), store)
    assert len(model.calls) == calls
    outputs_on_test(dataset(windows), TrainedModel(model, "another", {}), store)
    assert len(model.calls) == 2 * calls


class OnACard(TrainedModel):
    """A model that says it computes on a card."""

    device = torch.device("cuda", 0)
    computed_on: ClassVar[dict[str, str]] = {"device": "cuda (a card)"}


@pytest.mark.parametrize(("first", "then"), [(OnACard, TrainedModel), (TrainedModel, OnACard)])
def test_no_device_takes_another_kinds_values_for_its_own_and_the_run_says_so(tmp_path, first, then):
    windows, _ = world(100, 13)
    model, store = Weighing(), ArtifactStore(tmp_path)
    outputs_on_test(dataset(windows), first(model, "digest", {}), store)
    calls = len(model.calls)
    on = {TrainedModel: "cpu", OnACard: "cuda"}
    with pytest.warns(OtherDeviceWarning, match=f"stored that were computed on {on[first]}; on {on[then]} they are computed anew"):
        outputs_on_test(dataset(windows), then(model, "digest", {}), store)
    assert len(model.calls) == 2 * calls
    for kind in (first, then):  # both are kept, and nothing is said again
        outputs_on_test(dataset(windows), kind(model, "digest", {}), store)
    assert len(model.calls) == 2 * calls
    said = sorted(store.get(*place).info.get("device", "") for place in store)
    assert said == ["", "cuda (a card)"]
