"""Files of weights that somebody else made: refused in one line or read as what they hold, and within bounded memory."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch

from ecgbench.models import save_model, untrained
from tests.attacks.conftest import Tries
from tests.attacks.hostile_weights import REFUSED, hostile

pytestmark = pytest.mark.slow

MEMORY = 400
"""Megabytes that reading may take beside those of an interpreter that has read a valid file."""

READER = """
import json, resource, signal, sys
import ecgbench
from ecgbench.errors import CheckpointError
from ecgbench.models import model_digest

def ends(number, frame):
    raise TimeoutError("more than 20 s")

def megabytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

def read(path):
    signal.alarm(20)
    try:
        return {"digest": model_digest(ecgbench.load_model(path))}
    except CheckpointError as error:
        return {"refused": str(error)}
    except BaseException as error:
        return {"failed": f"{type(error).__name__}: {error}"[:300]}
    finally:
        signal.alarm(0)

signal.signal(signal.SIGALRM, ends)
first, *paths = json.load(sys.stdin)
read(first)
before = megabytes()
resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))
for path in paths:
    print(json.dumps({**read(path), "megabytes": megabytes() - before}), flush=True)
"""
"""Reads each path of a list, after a first valid one, and says what came of it and how much memory all of them took so far."""


def read_apart(paths: list[Path]) -> list[dict[str, Any]]:
    """What came of reading each path in a process of its own, after the first, which is valid."""
    given = json.dumps([str(path) for path in paths])
    run = subprocess.run([sys.executable, "-c", READER], input=given, capture_output=True, text=True, timeout=500, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    assert not run.stderr, run.stderr[-2000:]
    return [json.loads(line) for line in run.stdout.splitlines()]


def digest_of(path: Path) -> str:
    """The digest of the weights that a file holds, as another reader reads them; what norms count is 0 where the file does not say it."""
    found = {}
    for name, tensor in safetensors.torch.load(path.read_bytes()).items():
        found[name.replace("module.", "").replace("_orig_mod.", "")] = tensor.float().numpy()
    for name in [name for name in found if name.endswith("running_mean")]:
        found.setdefault(name.replace("running_mean", "num_batches_tracked"), np.zeros((), np.float32))
    total = hashlib.sha256()
    for name, values in sorted(found.items()):
        total.update(name.encode() + values.tobytes())
    return total.hexdigest()


def fault(kind: str, path: Path, outcome: dict[str, Any]) -> str:
    """What is wrong with what came of a try; empty if nothing is."""
    if outcome["megabytes"] > MEMORY:
        return f"took {outcome['megabytes']:.0f} MB"
    if "failed" in outcome:
        return str(outcome["failed"])
    if "refused" in outcome:
        message = outcome["refused"]
        plain = message.isascii() and message.isprintable() and len(message) < 1000 and message.startswith("expected ") and "; " in message
        return "" if plain else f"said {message[:300]!r}"
    if kind in REFUSED:
        return "was read"
    return "" if outcome["digest"] == digest_of(path) else "read other weights than the file holds"


def test_hostile_weights_are_refused_in_one_line_or_read_as_they_are(tries: Tries, tmp_path: Path) -> None:
    valid = tmp_path / "valid.safetensors"
    save_model(untrained("resnet18_7_narrow", 3, seed=1), {}, valid)
    made = [hostile(number, valid.read_bytes(), tmp_path) for number in tries(300)]
    outcomes = read_apart([valid, *(path for _, path in made)])
    assert len(outcomes) == len(made)
    faults = [(kind, path.name, said) for (kind, path), outcome in zip(made, outcomes, strict=True) if (said := fault(kind, path, outcome))]
    assert not faults, f"{len(faults)} of {len(made)}: {faults}"
    assert any("digest" in outcome for outcome in outcomes)
    assert sum("refused" in outcome for outcome in outcomes) > len(made) / 2
