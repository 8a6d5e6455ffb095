"""Weights that somebody else made: what may differ from ours, and what is refused before it costs memory or gives wrong logits."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import ecgbench
from ecgbench.errors import CheckpointError
from ecgbench.models import Form, load_model, model_digest, model_from, save_model, untrained, weights_of
from ecgbench.models.residual.network import ResNet

FORM = {"model": "resnet18_7_narrow", "leads": 2, "samples": 300, "outputs": 3}


@pytest.fixture
def model() -> ResNet:
    return untrained("resnet18_7_narrow", 3, seed=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "m.safetensors"


def refusal(path: Path) -> str:
    """The one line that refuses a file."""
    with pytest.raises(CheckpointError) as caught:
        load_model(path)
    message = str(caught.value)
    assert message.isprintable()
    assert message.startswith("expected ")
    return message


# Names of wrapped networks


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."])
@pytest.mark.parametrize("form", [None, FORM])
def test_names_of_a_wrapped_network_are_read_without_the_wrapper(model, path, prefix, form) -> None:
    header = None if form is None else {"ecgbench": json.dumps(form)}
    save_file({prefix + name: tensor.contiguous() for name, tensor in model.state_dict().items()}, path, header)
    assert model_digest(load_model(path)) == model_digest(model)


def test_wrapper_of_some_names_is_refused(model, path) -> None:
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    state["module.conv1.weight"] = state.pop("conv1.weight")
    save_file(state, path)
    assert "a ResNet's tensors" in refusal(path)


def test_weights_without_what_norms_count_are_read(model) -> None:
    arrays = {name: array for name, array in weights_of(model).items() if not name.endswith("num_batches_tracked")}
    assert model_digest(model_from(arrays)) == model_digest(model)
    assert model_digest(model_from(arrays, Form(**FORM))) == model_digest(model)


class Dropping(torch.nn.Module):
    """A network that reads a tensor's values while it is built, as those of stochastic depth do, and takes windows of one length."""

    def __init__(self, leads, samples, outputs):
        super().__init__()
        self.shares = torch.linspace(0, 0.5, 3).tolist()
        self.out = torch.nn.Linear(leads * samples, outputs)

    def forward(self, x):
        return self.out(x.flatten(1)) * self.shares[1]


@pytest.mark.usefixtures("registries_restored")
def test_network_that_reads_values_while_it_is_built_comes_back(path) -> None:
    @ecgbench.register("models", version=1, reference="this test", title="Dropping")
    def dropping(leads, samples, outputs):
        return Dropping(leads, samples, outputs)

    form = {**FORM, "model": "dropping"}
    model = untrained("dropping", 3, leads=2, samples=300)
    save_model(model, {"form": form}, path)
    assert model_digest(load_model(path)) == model_digest(model)
    with pytest.raises(CheckpointError, match=r"out\.weight of shape \(3, 600\) instead of \(3, 598\)"):
        model_from(weights_of(model), Form("dropping", 2, 299, 3))


# Numbers that are no weights


def set_to(name: str, value: float) -> Callable[[dict[str, np.ndarray]], object]:
    return lambda arrays: arrays.update({name: np.full_like(arrays[name], value)})


def made_of(name: str, kind: str) -> Callable[[dict[str, np.ndarray]], object]:
    return lambda arrays: arrays.update({name: arrays[name].astype(kind)})


NO_WEIGHTS = {
    "negative variance": (set_to("layer2.0.bn1.running_var", -0.5), r"running variances from 0 in layer2\.0\.bn1\.running_var, got -0\.5"),
    "overflow": (set_to("fc.weight", 3e38), r"finite logits .* of a window .* of noise"),
    "nan": (set_to("fc.bias", np.nan), r"finite weights .* fc\.bias"),
    "too large a double": (lambda arrays: arrays.update({"fc.bias": np.full(3, 1e300)}), r"finite weights .* fc\.bias"),
    "integers": (made_of("fc.weight", "i8"), r"fc\.weight of torch\.int64 instead of torch\.float32"),
    "truth values": (made_of("fc.weight", "?"), r"fc\.weight of torch\.bool instead of torch\.float32"),
    "complex": (made_of("fc.weight", "c8"), r"fc\.weight of torch\.complex64 instead of torch\.float32"),
    "texts": (made_of("fc.weight", "U5"), r"arrays of numbers"),
    "one tensor under two names": (lambda arrays: arrays.update({"backbone.conv1.weight": arrays["conv1.weight"]}), "one tensor under two"),
}


@pytest.mark.parametrize("case", NO_WEIGHTS)
@pytest.mark.parametrize("form", [None, Form(**FORM)])
def test_numbers_that_are_no_weights_are_refused(model, case, form) -> None:
    change, message = NO_WEIGHTS[case]
    arrays = {name: np.array(array) for name, array in weights_of(model).items()}
    change(arrays)
    if form is not None and case == "one tensor under two names":
        message = 'a tensor "backbone.conv1.weight" that the network has not'
    with pytest.raises(CheckpointError, match=message):
        model_from(arrays, form)


# Files that are none, and headers that lie


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/full"])
def test_device_is_refused(device) -> None:
    assert "expected a readable regular file at /dev/" in refusal(Path(device))


def test_pipe_is_refused_without_waiting(path) -> None:
    os.mkfifo(path)
    assert "got no regular file" in refusal(path)


def test_link_to_a_file_is_followed(model, path) -> None:
    save_model(model, {}, path)
    (path.parent / "link.safetensors").symlink_to(path)
    assert model_digest(load_model(path.parent / "link.safetensors")) == model_digest(model)


def with_header(header: object, data: bytes = b"") -> bytes:
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    return len(text).to_bytes(8, "little") + text + data


HEADERS = {
    "deep": ("[" * 200_000, "nested more deeply than any schema"),
    "long number": ('{"a": ' + "1" * 5000 + "}", "5000 digits"),
    "two of a name": ('{"a": {}, "a": {}}', 'the key "a" twice in one object'),
    "no object": ([], "got `array`"),
    "no shape": ({"a": {"dtype": "F32", "data_offsets": [0, 4]}}, "missing required field `shape`"),
    "negative axis": ({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, "`int` >= 0"),
    "overlap": ({name: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for name in "ab"}, r"b at bytes 0 to 4 where 4 to 8"),
    "eight bits": ({"a": {"dtype": "F8_E4M3", "shape": [4], "data_offsets": [0, 4]}}, "a of F8_E4M3, which is none of F64, F32"),
    "form of a text": ({"__metadata__": {"ecgbench": '{"model": 5}'}}, "a network's form that is none"),
    "form without end": ({"__metadata__": {"ecgbench": json.dumps({**FORM, "samples": 10**30})}}, "a network's form that is none"),
    "long windows": ({"__metadata__": {"ecgbench": json.dumps({**FORM, "samples": 2**20})}}, "more than 1048576 together"),
    "unknown architecture": (
        {"__metadata__": {"ecgbench": json.dumps({**FORM, "model": "nobody's"})}},
        "expected a registered architecture",
    ),
    "terminal's orders": ({"a\x1b[2J": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}}, r"a\\x1b\[2J at bytes"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_header_that_lies_is_refused(path, case) -> None:
    header, message = HEADERS[case]
    path.write_bytes(with_header(header, b"" if "__metadata__" in header else bytes(4)))
    with pytest.raises(CheckpointError, match=message):
        load_model(path)
    refusal(path)


@pytest.mark.parametrize("text", ['{"sha256": 5}', '{"sha256": "abc"}', "[" * 200_000, "1" * 5000, '{"sha256": null, "sha256": null}'])
def test_record_beside_that_is_none_is_refused(model, path, text) -> None:
    save_model(model, {}, path)
    path.with_suffix(".json").write_text(text)
    assert "copy both files again" in refusal(path)
