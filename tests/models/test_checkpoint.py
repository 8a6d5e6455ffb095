"""Weights on disk: what comes back, and every kind of file that must be refused."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from ecgbench.errors import CheckpointError
from ecgbench.models import load_model, model_digest, model_from, save_model, untrained, weights_of
from ecgbench.models.residual.network import ResNet, architecture_of
from tests.models.architectures import ARCHITECTURES

State = dict[str, torch.Tensor]


@pytest.fixture
def model() -> ResNet:
    return untrained("resnet18_7_narrow", 3, seed=1)


@pytest.fixture
def path(model: ResNet, tmp_path: Path) -> Path:
    path = tmp_path / "weights.safetensors"
    save_model(model, {"origin": "test"}, path)
    return path


@pytest.mark.parametrize("architecture", ["resnet18_5", "resnet18_7_narrow", "resnet34", "resnet50"])
def test_saved_model_comes_back_with_its_architecture_and_weights(architecture: str, tmp_path: Path) -> None:
    model = untrained(architecture, 7, seed=3)
    save_model(model, {}, tmp_path / "m.safetensors")
    loaded = load_model(tmp_path / "m.safetensors")
    ours, theirs = model.state_dict(), loaded.state_dict()
    assert list(ours) == list(theirs)
    assert all(torch.equal(ours[name], theirs[name]) and ours[name].dtype == theirs[name].dtype for name in ours)
    assert architecture_of({name: tuple(tensor.shape) for name, tensor in theirs.items()}) == ARCHITECTURES[architecture]
    assert model_digest(loaded) == model_digest(model)


def test_loaded_model_is_in_evaluation_mode_and_can_learn(path: Path) -> None:
    loaded = load_model(path)
    assert not any(module.training for module in loaded.modules())
    assert all(parameter.requires_grad for parameter in loaded.parameters())


def test_path_may_be_text(path: Path, model: ResNet) -> None:
    assert model_digest(load_model(str(path))) == model_digest(model)


def test_loading_leaves_the_global_generator_as_it_was(path: Path) -> None:
    before = torch.get_rng_state()
    load_model(path)
    assert torch.equal(torch.get_rng_state(), before)


def test_json_beside_holds_the_info_and_the_files_checksum(path: Path) -> None:
    import hashlib

    record = json.loads(path.with_suffix(".json").read_text())
    assert record == {"origin": "test", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    assert sorted(found.name for found in path.parent.iterdir()) == ["weights.json", "weights.safetensors"]


def test_digest_changes_with_one_weight(model: ResNet) -> None:
    before = model_digest(model)
    with torch.no_grad():
        model.fc.bias[0] += 1e-3
    assert model_digest(model) != before


def test_digest_does_not_depend_on_precision_or_memory_layout(model: ResNet) -> None:
    before = model_digest(model)
    assert model_digest(model.double()) == before
    assert model_digest(model.to(memory_format=torch.contiguous_format)) == before  # type: ignore[call-overload]


def test_weights_as_arrays_give_the_same_model(model: ResNet) -> None:
    arrays = weights_of(model)
    for array in arrays.values():
        array.flags.writeable = False
    assert model_digest(model_from(arrays)) == model_digest(model)


def test_model_owns_its_weights(model: ResNet) -> None:
    arrays = {name: np.array(array) for name, array in weights_of(model).items()}
    built = model_from(arrays)
    before = model_digest(built)
    arrays["fc.bias"][:] = 9
    assert model_digest(built) == before


# Other people's files


def test_studys_weights_are_read_as_float32(reference: Path) -> None:
    golden = load_file(reference / "mitdb_resnet18_7.safetensors")
    model = load_model(reference / "mitdb_resnet18_7.safetensors")
    assert {tensor.dtype for tensor in golden.values()} >= {torch.float16}
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert torch.equal(model.fc.weight, golden["classifier.weight"].float())
    assert torch.equal(model.get_parameter("layer4.1.conv2.weight"), golden["backbone.layer4.1.conv2.weight"].float())


@pytest.mark.parametrize("prefix", ["", "backbone."])
def test_three_dimensional_convolutions_are_accepted(model: ResNet, tmp_path: Path, prefix: str) -> None:
    state = {name: tensor.squeeze(2).contiguous() if tensor.ndim == 4 else tensor for name, tensor in model.state_dict().items()}
    assert {tensor.ndim for tensor in state.values()} == {0, 1, 2, 3}
    save_file({prefix + name if not name.startswith("fc.") else name: t for name, t in state.items()}, tmp_path / "m.safetensors")
    assert model_digest(load_model(tmp_path / "m.safetensors")) == model_digest(model)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_weights_of_another_precision_are_read_as_float32(model: ResNet, tmp_path: Path, dtype: torch.dtype) -> None:
    state = {name: (t.to(dtype) if t.is_floating_point() else t).contiguous() for name, t in model.state_dict().items()}
    save_file(state, tmp_path / "m.safetensors")
    loaded = load_model(tmp_path / "m.safetensors")
    assert loaded.fc.bias.dtype == torch.float32
    assert torch.equal(loaded.fc.weight, state["fc.weight"].float())


def test_file_without_json_beside_is_accepted(path: Path, model: ResNet) -> None:
    path.with_suffix(".json").unlink()
    assert model_digest(load_model(path)) == model_digest(model)


def test_json_beside_without_a_checksum_is_accepted(path: Path, model: ResNet) -> None:
    path.with_suffix(".json").write_text('{"accuracy": 1}')
    assert model_digest(load_model(path)) == model_digest(model)


# Files that must be refused


def test_checksum_that_differs_is_refused(path: Path) -> None:
    path.with_suffix(".json").write_text(json.dumps({"sha256": "0" * 64}))
    with pytest.raises(CheckpointError, match=r"expected weights of SHA-256 0{12}\.\.\. in .*weights\.safetensors.*copy both files again"):
        load_model(path)


@pytest.mark.parametrize("text", ["{", "[1]"], ids=repr)
def test_json_beside_that_is_no_json_object_is_refused(path: Path, text: str) -> None:
    path.with_suffix(".json").write_text(text)
    with pytest.raises(CheckpointError, match=r"expected a JSON object in .*weights\.json"):
        load_model(path)


@pytest.mark.parametrize("keep", [0, 50_000])
def test_truncated_file_is_refused(path: Path, keep: int) -> None:
    path.with_suffix(".json").unlink()
    os.truncate(path, keep)
    with pytest.raises(CheckpointError, match=r"expected a safetensors file at .*weights\.safetensors.*name another file"):
        load_model(path)


@pytest.mark.parametrize("content", [b"PK\x03\x04" + bytes(100), b"\x80\x02}q\x00."], ids=repr)
def test_file_of_another_format_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"expected a safetensors file at .*weights\.pt"):
        load_model(path)


@pytest.mark.parametrize("what", ["absent", "folder"])
def test_absent_file_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path if what == "folder" else tmp_path / "absent.safetensors"
    with pytest.raises(CheckpointError, match=f"expected a readable regular file at {path}, got .*; name another file"):
        load_model(path)


def edited(change: Callable[[State], object]) -> Callable[[State], State]:
    def apply(state: State) -> State:
        change(state)
        return state

    return apply


BROKEN: dict[str, tuple[Callable[[State], State], str]] = {
    "no tensor at all": (lambda state: {}, "a ResNet's tensors"),
    "other names": (lambda state: {f"net.{name}": tensor for name, tensor in state.items()}, "a ResNet's tensors"),
    "no stem": (edited(lambda state: state.pop("conv1.weight")), "a ResNet's tensors.*conv1"),
    "no bias": (edited(lambda state: state.pop("fc.bias")), r"a ResNet's tensors.*got others"),
    "no running mean": (edited(lambda state: state.pop("layer3.0.bn1.running_mean")), "a ResNet's tensors.*running_mean"),
    "no last stage": (lambda state: {n: t for n, t in state.items() if "layer4" not in n}, "a ResNet's tensors"),
    "no first block": (lambda state: {n: t for n, t in state.items() if "layer2.0" not in n}, "a ResNet's tensors"),
    "one tensor more": (edited(lambda state: state.update(extra=torch.zeros(1))), "a ResNet's tensors.*extra"),
    "scalar bias": (edited(lambda state: state.update({"fc.bias": torch.tensor(1.0)})), "a ResNet's tensors"),
    "scalar stem": (edited(lambda state: state.update({"conv1.weight": torch.tensor(1.0)})), "a ResNet's tensors"),
    "even kernel": (edited(lambda state: state.update({"layer1.0.conv1.weight": torch.zeros(6, 6, 1, 4)})), "ResNet's tensors.*even width"),
    "empty kernel": (
        edited(lambda state: state.update({"layer1.0.conv1.weight": torch.zeros(6, 6, 1, 0)})),
        "ResNet's tensors.*an empty tensor",
    ),
    "other inputs": (edited(lambda state: state.update({"conv1.weight": torch.zeros(6, 12, 1, 7)})), "a ResNet's tensors.*conv1"),
    "other width": (edited(lambda state: state.update({"layer2.0.bn1.weight": torch.ones(5)})), r"a ResNet's tensors.*layer2\.0\.bn1"),
    "transposed layer": (edited(lambda state: state.update({"fc.weight": state["fc.weight"].T.contiguous()})), r"a ResNet's tensors.*fc"),
    "nan": (edited(lambda state: state["fc.weight"].view(-1)[3:4].fill_(float("nan"))), r"finite weights.*fc\.weight; train again"),
    "infinite": (edited(lambda state: state["bn1.running_var"][:1].fill_(float("inf"))), r"finite weights.*bn1\.running_var"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_weights_that_are_no_resnets_are_refused_by_name(model: ResNet, tmp_path: Path, case: str) -> None:
    change, message = BROKEN[case]
    path = tmp_path / "broken.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in change(dict(model.state_dict())).items()}, path)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_model(path)
    assert str(path) in str(caught.value)


def test_checkpoint_is_whole_or_absent_when_the_disk_is_full(model: ResNet, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ecgbench.artifacts import _files
    from ecgbench.errors import ArtifactError

    def full(file: Path, data: bytes) -> None:
        file.write_bytes(data[:10])
        raise OSError(28, "No space left on device")

    kept = shutil.copy(path, path.parent / "kept")
    monkeypatch.setattr(_files, "_write_through", full)
    with pytest.raises(ArtifactError, match=r"expected to write .*weights\.safetensors, got No space left"):
        save_model(untrained("resnet18_7_narrow", 3, seed=2), {}, path)
    assert path.read_bytes() == Path(kept).read_bytes()
    assert model_digest(load_model(path)) == model_digest(model)
