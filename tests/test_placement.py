"""Where things are computed: batches by device, memory that runs out, recurrent layers on a card."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

import ecgbench
from ecgbench.errors import DeviceMemoryError
from ecgbench.nn import frozen
from ecgbench.placement import BATCH, kept_at_once, moved, usual_batch, within_memory
from ecgbench.recurrent import differentiable

CPU, CARD = torch.device("cpu"), torch.device("cuda", 0)


def test_a_card_takes_more_rows_at_once_the_shorter_they_are_and_a_processor_always_as_many():
    assert {usual_batch(CPU, leads, time) for leads in (1, 12) for time in (1, 720, 5000)} == {BATCH} == {32}
    assert [usual_batch(CARD, 1, 720), usual_batch(CARD, 12, 1000), usual_batch(CARD, 12, 5000)] == [512, 43, 8]


def test_a_card_keeps_a_share_of_its_memory_and_more_rows_than_a_processors_caches_hold(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=80 << 30))
    assert kept_at_once(CPU) == (1 << 28, 128)
    assert kept_at_once(CARD) == (10 << 30, 8192)


def takes(most, error):
    """What needs memory for each row, and how many rows it was asked for."""
    asked = []

    def compute(batch):
        asked.append(batch)
        if batch > most:
            raise error
        return f"with {batch}"

    return compute, asked


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory."), RuntimeError("not enough memory: you tried")])
def test_batches_are_halved_on_a_card_until_they_fit(error):
    compute, asked = takes(40, error)
    assert within_memory(compute, 256, CARD) == "with 32"
    assert asked == [256, 128, 64, 32]


@pytest.mark.parametrize(("there", "tried"), [(CPU, [4]), (CARD, [4, 2, 1])])
def test_memory_that_is_too_small_is_one_line_with_a_remedy_and_no_batch_changes_on_a_processor(there, tried):
    compute, asked = takes(0, RuntimeError("DefaultCPUAllocator: can't allocate memory\nmore"))
    with pytest.raises(
        DeviceMemoryError, match=rf"^expected memory for {tried[-1]} rows at once on {there.type}, got .*; [^\n]*name another"
    ):
        within_memory(compute, 4, there)
    assert asked == tried


def test_a_card_without_memory_for_one_window_is_one_line_wherever_it_ends():
    class Large(nn.Module):
        def forward(self, x):
            raise torch.OutOfMemoryError("CUDA out of memory.\nmore")

    with pytest.raises(DeviceMemoryError, match=r"^expected memory for a window alone on cpu, got too little[^\n]*name another device\.$"):
        ecgbench.explain(Large(), np.ones((1, 1, 8), dtype=np.float32), [0], "saliency")


def test_other_errors_are_left_as_they_are():
    compute, asked = takes(0, RuntimeError("shapes"))
    with pytest.raises(RuntimeError, match=r"^shapes$"):
        within_memory(compute, 4, CARD)
    assert asked == [4]


def test_recurrent_layers_on_a_card_are_in_training_without_dropout_and_put_back(monkeypatch):
    model = nn.ModuleList([nn.LSTM(2, 3, num_layers=2, dropout=0.5), nn.Dropout(), type("Own", (nn.GRU,), {})(2, 3)]).eval()
    monkeypatch.setattr(nn.LSTM, "parameters", lambda self: iter([SimpleNamespace(is_cuda=True)]))

    def fail():
        with differentiable(model):
            assert [layer.training for layer in model] == [True, False, False]
            assert model[0].dropout == 0
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert not any(module.training for module in model.modules())
    assert model[0].dropout == 0.5


def test_recurrent_layers_on_a_processor_stay_in_evaluation_mode():
    model = nn.LSTM(2, 3).train()
    with frozen(model):
        assert not model.training
    assert model.training


class Counting(nn.Module):
    """A network that counts its passes in a buffer."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2))
        self.register_buffer("count", torch.zeros(()))


def test_a_model_is_moved_and_comes_back_with_its_buffers_even_where_its_device_fails(monkeypatch):
    model, seen = Counting(), []
    buffer, weight = model.count, model.weight
    monkeypatch.setattr(Counting, "to", lambda self, device: seen.append(device.type))

    def fail():
        with moved(model, torch.device("meta")):
            model.count += 1
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert seen == ["meta", "cpu"]
    assert model.count is buffer
    assert model.weight is weight
    assert buffer == 0
