"""A training that was killed goes on and ends bit for bit as an uninterrupted one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ecgbench.artifacts import DamagedArtifactWarning
from ecgbench.models import Training, model_digest
from ecgbench.models.training import train as training_module
from ecgbench.models.training.feed import Feed
from tests.models.tasks import EPOCHS, RECIPE, TRAINING, Trained, timeless, trained

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    return trained(tmp_path_factory.mktemp("whole"))


class KilledError(Exception):
    pass


def stop_after(epoch: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make training die when `epoch` epochs are on disk; returns what lets it live again."""
    run = training_module._run_epoch

    def dying(training: Training, state: Any, train: Feed, test: Feed) -> dict[str, Any]:
        if len(state.log) == epoch:
            raise KilledError
        return run(training, state, train, test)

    monkeypatch.setattr(training_module, "_run_epoch", dying)
    return lambda: monkeypatch.setattr(training_module, "_run_epoch", run)


@pytest.mark.parametrize("epoch", [0, 1, 2])
def test_killed_training_goes_on_and_ends_bit_for_bit_as_an_uninterrupted_one(
    whole: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: int
) -> None:
    revive = stop_after(epoch, monkeypatch)
    with pytest.raises(KilledError):
        trained(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == (["epoch.json", f"epoch{epoch}.safetensors"] if epoch else [])
    revive()
    seen: list[int] = []
    run = training_module._run_epoch
    monkeypatch.setattr(training_module, "_run_epoch", lambda *given: (seen.append(len(given[1].log)), run(*given))[1])
    model, log = trained(tmp_path)
    assert seen == list(range(epoch, EPOCHS))
    assert model_digest(model) == model_digest(whole[0])
    assert timeless(log) == timeless(whole[1])


KILLED = """
import os, signal, sys
from pathlib import Path
from ecgbench.artifacts import _files
from tests.models import tasks
import torch
torch.set_num_threads(int(sys.argv[3]))
write = _files._write_through
def dying(path, data):
    if sys.argv[2] in path.name:
        write(path, data[: len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, data)
_files._write_through = dying
tasks.trained(Path(sys.argv[1]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("file", ["epoch2.safetensors", "epoch.json"])
def test_training_killed_by_the_system_while_it_writes_ends_bit_for_bit(whole: Trained, tmp_path: Path, file: str) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), file, str(torch.get_num_threads())]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    model, log = trained(tmp_path)
    assert model_digest(model) == model_digest(whole[0])
    assert timeless(log) == timeless(whole[1])


@pytest.mark.parametrize(
    "other",
    [
        replace(TRAINING, seed=2),
        replace(TRAINING, precision="bf16"),
        replace(TRAINING, recipe=replace(RECIPE, epochs=4)),
    ],
    ids=["seed", "precision", "recipe"],
)
def test_other_training_does_not_go_on_from_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: Training) -> None:
    stop_after(1, monkeypatch)
    with pytest.raises(KilledError):
        trained(tmp_path)
    seen: list[int] = []

    def watch(training: Training, state: Any, train: Feed, test: Feed) -> dict[str, Any]:
        seen.append(len(state.log))
        raise KilledError

    monkeypatch.setattr(training_module, "_run_epoch", watch)
    with pytest.raises(KilledError):
        trained(tmp_path, other)
    assert seen == [0]


DAMAGES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "flipped bit": ("epoch2.safetensors", lambda data: data[:-10] + bytes([data[-10] ^ 1]) + data[-9:]),
    "no weights": ("epoch2.safetensors", lambda data: None),  # type: ignore[dict-item,return-value]
    "garbage record": ("epoch.json", lambda data: data[:30]),
    "other record": ("epoch.json", lambda data: b"[1]"),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_damaged_last_epoch_is_reported_and_training_begins_anew(
    whole: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    revive = stop_after(2, monkeypatch)
    with pytest.raises(KilledError):
        trained(tmp_path)
    revive()
    file, damage = DAMAGES[case]
    damaged = damage((tmp_path / file).read_bytes())
    (tmp_path / file).unlink() if damaged is None else (tmp_path / file).write_bytes(damaged)
    with pytest.warns(DamagedArtifactWarning, match=f"expected the last epoch of train in {tmp_path}, got damaged files"):
        model, log = trained(tmp_path)
    assert model_digest(model) == model_digest(whole[0])
    assert timeless(log) == timeless(whole[1])
