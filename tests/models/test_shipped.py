"""Shipped weights: pruned, compressed, and refused where they are not those of their record."""

from __future__ import annotations

import lzma
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save

from ecgbench.errors import CheckpointError
from ecgbench.models import Form, compact, forward, model_digest, save_model, ship, shipped_model, shipped_record, weights_of
from ecgbench.models.fast.compact import pruned
from tests.models.architectures import KINDS
from tests.models.networks import assert_same_logits, network, noise


def zeros(model: torch.nn.Module) -> int:
    return sum(int((tensor == 0).sum()) for tensor in model.state_dict().values())


@pytest.mark.parametrize("architecture", KINDS)
def test_pruned_network_has_the_logits_of_the_full_one_and_more_zeros(architecture: str) -> None:
    model = network(architecture, 0.3, width=8)
    before = model_digest(model)
    smaller = pruned(model)
    assert_same_logits(model, smaller)
    assert zeros(smaller) > zeros(model)
    assert model_digest(model) == before


def test_pruned_network_becomes_the_compact_one_that_the_full_network_becomes() -> None:
    model = network("resnet50", 0.5, width=8)
    for ours, due in zip(weights_of(compact(pruned(model))).values(), weights_of(compact(model)).values(), strict=True):
        np.testing.assert_array_equal(ours, due)


def test_rounded_weights_take_less_room_and_their_record_says_so(tmp_path: Path) -> None:
    trained = network("resnet18_7_narrow", 0.5, width=6, dtype=torch.float32)
    info: dict[str, object] = {"form": asdict(Form("resnet18_7_narrow", 2, 101, 3)), "seed": 7}
    for bits, name in ((None, "whole"), (12, "rounded")):
        ship(trained, info, name, tmp_path, bits)
    record, x = shipped_record("rounded", tmp_path), noise(3, 2, 101, dtype=np.float32)
    assert record is not None
    assert record["significant_bits"] == 12
    given, due = (next(iter(weights_of(model).values())) for model in (shipped_model("rounded", record, tmp_path), pruned(trained)))
    np.testing.assert_array_less(np.abs(given - due), 2.0**-12 * np.abs(due) + 1e-30)
    assert (given != due).any()
    np.testing.assert_allclose(forward(shipped_model("rounded", record, tmp_path), x), forward(trained, x), atol=1e-2)
    small, large = ((tmp_path / f"{name}.safetensors.xz").stat().st_size for name in ("rounded", "whole"))
    assert small < 0.8 * large


def test_network_of_another_kind_is_left_as_it_is() -> None:
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(8, 2))
    assert pruned(model) is model


def shipped_narrow(folder: Path) -> tuple[torch.nn.Module, dict[str, object]]:
    """A network with dead channels, shipped in a folder, and its record."""
    form = Form("resnet18_7_narrow", 2, 101, 3)
    trained = network("resnet18_7_narrow", 0.5, width=6, dtype=torch.float32)
    ship(trained, {"form": asdict(form), "seed": 7}, "net", folder)
    record = shipped_record("net", folder)
    assert record is not None
    return trained, record


def test_shipped_network_is_small_and_has_the_logits_that_were_trained(tmp_path: Path) -> None:
    trained, record = shipped_narrow(tmp_path)
    save_model(trained, {}, tmp_path / "whole.safetensors")
    again, x = shipped_model("net", record, tmp_path), noise(3, 2, 101, dtype=np.float32)
    np.testing.assert_allclose(forward(again, x), forward(trained, x), atol=1e-5)
    assert record["seed"] == 7
    assert (tmp_path / "net.safetensors.xz").stat().st_size < (tmp_path / "whole.safetensors").stat().st_size / 2


def test_exchanged_weights_are_refused(tmp_path: Path) -> None:
    record = shipped_narrow(tmp_path)[1]
    file = tmp_path / "net.safetensors.xz"
    tensors = load(lzma.decompress(file.read_bytes()))
    tensors["fc.bias"] = tensors["fc.bias"] + 1
    file.write_bytes(lzma.compress(save(tensors)))
    with pytest.raises(CheckpointError, match=r"expected weights of digest .* in net\.safetensors\.xz, got others"):
        shipped_model("net", record, tmp_path)


def test_name_that_is_not_shipped_has_no_record(tmp_path: Path) -> None:
    assert shipped_record("net", tmp_path) is None
