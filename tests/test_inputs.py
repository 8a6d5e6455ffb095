"""Windows and targets as people have them: whole numbers, tensors, batches, names."""

import re

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import ecgbench
from ecgbench.errors import InputError
from ecgbench.inputs import as_targets, as_windows

X = np.round(50 * np.random.default_rng(0).standard_normal((5, 2, 64))).astype(np.float32)
TENSOR = torch.from_numpy(X)

SAME = {
    "whole numbers": X.astype(np.int16),
    "tensor with gradient": TENSOR.clone().requires_grad_(True),
    "tensor of whole numbers": TENSOR.long(),
    "bfloat16": TENSOR.bfloat16(),
    "list of windows": list(X),
    "lists": X.tolist(),
    "list of batches": [X[:3], X[3:]],
    "tensors": [TENSOR[:3], TENSOR[3:]],
    "loader": DataLoader(TensorDataset(TENSOR, torch.zeros(5)), batch_size=2),
    "loader of windows alone": DataLoader(TENSOR, batch_size=2),
    "generator": (X[i : i + 2] for i in range(0, 5, 2)),
}


@pytest.mark.parametrize("case", SAME)
def test_windows_are_the_same_in_whichever_form_they_come(case):
    found = as_windows("x", SAME[case])
    np.testing.assert_array_equal(found, X)
    assert found.dtype.kind == "f"


REFUSED = {
    "numbers that no float32 is": (np.full((1, 1, 8), 2**24 + 1), "expected x of floats (n, leads, time), got int64 (1, 1, 8)"),
    "truth values": (X > 0, "expected x of floats (n, leads, time), got bool"),
    "complex": (X * 1j, "expected x of floats (n, leads, time), got complex64"),
    "one window": (X[0], "got float32 (2, 64); reshape it, one window is x[None]"),
    "nothing": ([], "expected x of floats (n, leads, time), got float64 (0,)"),
    "batches of other lengths": ([X, X[..., :9]], "expected x of windows of one shape, got others beside (5, 2, 64)"),
    "infinity": (np.where(X > 100, np.inf, X), "expected finite x, got nan or infinity in windows ["),
    "text": ("mitdb", "expected x of floats (n, leads, time), got <U5 ()"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_windows_are_refused_with(case):
    values, message = REFUSED[case]
    with pytest.raises(InputError, match=re.escape(message)):
        as_windows("x", values)


def test_targets_are_named_by_the_classes_names():
    classes = ("N", "SVEB", "VEB")
    assert as_targets("VEB", 3, classes).tolist() == [2, 2, 2]
    assert as_targets(["N", "VEB", "SVEB"], 3, classes).tolist() == [0, 2, 1]
    assert as_targets(np.array(["N", "VEB"], dtype=object), 2, list(classes)).tolist() == [0, 2]
    assert as_targets(1, 2, classes).tolist() == [1, 1]
    with pytest.raises(InputError, match='expected target among N, SVEB, VEB, got "PVC"; name one of the classes'):
        as_targets("PVC", 3, classes)
    with pytest.raises(
        InputError, match=r"expected target as an int or \(3,\) ints, got <U3 \(\); give the names of all outputs as classes"
    ):
        as_targets("VEB", 3)
    with pytest.raises(InputError, match=r"expected target as an int or \(3,\) ints, got int64 \(2,\); name a class for each window"):
        as_targets(["N", "VEB"], 3, classes)


def network(outputs):
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv1d(2, 4, 9, padding=4), nn.ReLU(), nn.Flatten(), nn.Linear(256, outputs)).eval()


def test_maps_and_scores_are_those_of_the_array():
    model, classes = network(3), ("N", "SVEB", "VEB")
    loader = DataLoader(TENSOR, batch_size=2)
    maps = ecgbench.explain(model, X, 2, "saliency")
    np.testing.assert_array_equal(ecgbench.explain(model, loader, "VEB", "saliency", classes=classes), maps)
    of_array = ecgbench.score("region_perturbation_morf", maps, x=X, model=model, target=2)
    np.testing.assert_array_equal(
        ecgbench.score("region_perturbation_morf", maps, x=loader, model=model, target="VEB", classes=classes), of_array
    )


def test_without_a_target_what_the_model_predicts_is_explained():
    for outputs in (3, 1):
        model = network(outputs)
        predicted = model(TENSOR).argmax(dim=1).numpy()
        assert len(set(predicted.tolist())) > 1 or outputs == 1
        found = ecgbench.explain(model, X, method="input_gradient", batch_size=2)
        np.testing.assert_array_equal(found, ecgbench.explain(model, X, predicted, "input_gradient", batch_size=2))
