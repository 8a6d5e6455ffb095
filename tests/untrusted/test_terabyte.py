"""Files of a terabyte, nearly all of it holes: refused by their size, in little memory and time, before their content is read."""

import json
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from ecgbench.artifacts import ArtifactStore
from ecgbench.errors import EcgbenchError
from ecgbench.models import load_model, save_model, untrained
from ecgbench.pipeline import Options, submitted_run
from ecgbench.pipeline.submissions.held_back import read_secret
from ecgbench.results import check_folder, read_file, write_file
from tests.results.cases import RESULTS, SCORES

TERABYTE, MEGABYTE = 1 << 40, 1 << 20
SECONDS = 5


def grown(path: Path, start: bytes | None = None) -> Path:
    """A file that begins as it did, or with these bytes, and ends after a terabyte."""
    if start is not None:
        path.write_bytes(start)
    with open(path, "r+b") as file:
        file.truncate(TERABYTE)
    return path


def refusal(read, path: Path) -> str:
    """What is said of a file that is refused in little memory and time."""
    tracemalloc.start()
    began = time.process_time()
    try:
        with pytest.raises(EcgbenchError) as caught:
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 10 * MEGABYTE
        assert time.process_time() - began < SECONDS
    finally:
        tracemalloc.stop()
    return str(caught.value)


def header(tensors: dict[str, object]) -> bytes:
    text = json.dumps(tensors).encode()
    return len(text).to_bytes(8, "little") + text


def whole_header(shape: list[int], length: int = 120) -> bytes:
    """A header, of one tensor, that fits a file of a terabyte."""
    size = TERABYTE - 8 - length
    text = json.dumps({"fc.weight": {"dtype": "U8", "shape": [*shape, size], "data_offsets": [0, size]}}).encode()
    assert len(text) <= length
    return length.to_bytes(8, "little") + text.ljust(length)


STARTS = {
    "nothing": b"",
    "a header as long as the file": (TERABYTE - 8).to_bytes(8, "little"),
    "a small tensor": header({"fc.weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}),
    "a tensor of a terabyte": whole_header([]),
    "a map of a terabyte": whole_header([1, 1]),
}


@pytest.mark.parametrize("start", STARTS)
def test_weights_are_refused(tmp_path, start):
    path = grown(tmp_path / "m.safetensors", STARTS[start])
    assert f"got a file of {TERABYTE} bytes instead of at most {1 << 32}; name another file." in refusal(load_model, path)


def test_weights_that_somebody_made_longer_are_refused(tmp_path):
    path = tmp_path / "m.safetensors"
    save_file({"fc.weight": np.zeros((2, 2), dtype=np.float32)}, path)
    assert f"got a file of {TERABYTE} bytes" in refusal(load_model, grown(path))


def test_record_beside_weights_is_refused(tmp_path):
    path = tmp_path / "m.safetensors"
    save_model(untrained("resnet18_7_narrow", 3), {}, path)
    grown(path.with_suffix(".json"))
    assert f"got {TERABYTE} bytes, more than {1 << 24}; copy both files again" in refusal(load_model, path)


@pytest.mark.parametrize("start", STARTS)
def test_submission_is_refused(tmp_path, start):
    options = Options(store=ArtifactStore(tmp_path / "store"))
    path = grown(tmp_path / "m.safetensors", STARTS[start])
    assert "expected a file as `ecgbench submit` writes it, got " in refusal(lambda file: submitted_run(file, options), path)


def test_secret_is_refused(tmp_path):
    assert "expected a secret of 16 to 4096 bytes" in refusal(read_secret, grown(tmp_path / "secret", b"0123456789abcdef"))


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_accepted_results_are_refused(tmp_path, suffix):
    path = write_file(RESULTS, SCORES, tmp_path)
    grown(path.with_suffix(suffix))
    assert f"{TERABYTE} bytes instead of at most" in refusal(read_file, path)


def test_folder_of_one_is_none_of_accepted_results(tmp_path):
    (tmp_path / "mitdb").mkdir()
    grown(tmp_path / "mitdb" / "lime.json", b'{"schema": 2')
    assert "got one of other files" in refusal(check_folder, tmp_path)
