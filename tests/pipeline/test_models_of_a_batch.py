"""Explaining and scoring a user's model whose logits of a window depend on the windows beside it."""

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.errors import InputError
from tests.methods.networks import Called
from tests.networks.table import Last

from .test_models_of_users import both


@pytest.fixture
def x():
    return np.random.default_rng(0).standard_normal((3, 1, 256)).astype(np.float32)


def flipped(x):
    return x.flip(0)


ENCODER = {"d_model": 16, "nhead": 2, "dim_feedforward": 16}
OF_THE_BATCH = {
    "LSTM": lambda: Last(nn.LSTM(16, 16)),
    "GRU from behind": lambda: nn.Sequential(Called(flipped), Last(nn.GRU(16, 16)), Called(flipped)),
    "transformer": lambda: nn.TransformerEncoderLayer(**ENCODER),
    "less the mean of the batch": lambda: Called(lambda x: x - x.mean(dim=0)),
    "by the largest of the batch": lambda: Called(lambda x: x / x.abs().max()),
    "norm of the batch": lambda: Called(lambda x: nn.functional.batch_norm(x, None, None, training=True)),
}
OF_A_WINDOW = {
    "LSTM": lambda: Last(nn.LSTM(16, 16, batch_first=True)),
    "transformer": lambda: nn.TransformerEncoderLayer(**ENCODER, batch_first=True),
}


def between(layer):
    """The layer between frames of 16 samples, (n, 16 frames, 16), and two logits of their mean."""
    torch.manual_seed(0)
    frames, mean = Called(lambda x: x.unflatten(2, (16, 16))[:, 0]), Called(lambda x: x.mean(dim=1))
    return nn.Sequential(frames, layer(), mean, nn.Linear(16, 2)).eval()


@both
@pytest.mark.parametrize("layer", OF_THE_BATCH)
def test_model_whose_logits_hang_on_the_windows_beside_a_window_is_refused(call, layer, x):
    with pytest.raises(
        InputError, match="expected a model whose logits of a window are the same whatever else is in its batch, got others"
    ):
        call(between(OF_THE_BATCH[layer]), x)


@both
@pytest.mark.parametrize("layer", OF_A_WINDOW)
def test_sequence_within_a_window_is_none_of_the_batch(call, layer, x):
    assert np.isfinite(call(between(OF_A_WINDOW[layer]), x)).all()


@both
def test_windows_that_pass_alone_hang_on_no_others(call, x):
    model = between(OF_THE_BATCH["LSTM"])
    with pytest.raises(InputError, match=r"or let each window pass alone by batch_size=1\."):
        call(model, x)
    alone = np.concatenate([call(model, x[i : i + 1], batch_size=1) for i in range(len(x))])
    np.testing.assert_array_equal(call(model, x, batch_size=1), alone)
    with pytest.raises(InputError, match="whatever else is in its batch"):
        call(model, x)


def test_no_method_applies_where_logits_hang_on_other_windows(x):
    with pytest.raises(InputError, match="expected a model whose logits of a window are the same whatever else is in its batch"):
        ecgbench.methods_for(between(OF_THE_BATCH["LSTM"]), x)
