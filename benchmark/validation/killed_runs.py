"""Kill runs of the benchmark at random moments and compare what they leave with an undisturbed run.

Run as `python benchmark/validation/killed_runs.py`.

Each store is killed several times (SIGKILL to the whole process group, at a moment drawn from the run's usual length), and then a last run
goes on to the end. Afterwards the store must hold the same artifacts with the same values, and the accepted results the same numbers and
the same archives of per-window scores; only how long things took, and when, may differ.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ecgbench.artifacts import ArtifactStore

RUN = "run --dataset synthetic --seeds 1 --samples 6 --update-scores".split()
SOURCES = ("saliency", "lrp", "random_baseline", "amplitude", "beat_mask")
METRICS = ("auc", "pointing_game", "faithfulness_correlation", "region_perturbation_morf")
VOLATILE = ("seconds", "seconds_a_window", "date")
"""What differs between two undisturbed runs."""


def main() -> int:
    """Kill, go on, compare; ends with 1 where something differs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=30, metavar="N", help="kills in all (default: %(default)s)")
    parser.add_argument("--each", type=int, default=3, metavar="N", help="kills of one store before it may end (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: %(default)s)")
    given = parser.parse_args()
    generator, wrong = np.random.default_rng(given.seed), 0
    with tempfile.TemporaryDirectory() as folder:
        expected, length = undisturbed(Path(folder) / "undisturbed")
        for first in tqdm(range(0, given.kills, given.each), unit="store"):
            root = Path(folder) / f"killed{first}"
            moments = generator.uniform(0, length, min(given.each, given.kills - first))
            wrong += report(first, expected, killed(root, moments))
    print(f"{given.kills} kills within {length:.1f} s of a run, {wrong} differences from the undisturbed run")
    return 1 if wrong else 0


def undisturbed(root: Path) -> tuple[dict[str, Any], float]:
    """What a run leaves that nobody kills, and how long it takes."""
    began = time.perf_counter()
    finish(start(root))
    return left_in(root), time.perf_counter() - began


def killed(root: Path, moments: np.ndarray) -> dict[str, Any]:
    """What is left by a run that was killed at these moments, in seconds, begun again after each, and then left to end."""
    for moment in moments:
        process = start(root)
        time.sleep(moment)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    finish(start(root))
    return left_in(root)


def start(root: Path) -> subprocess.Popen[bytes]:
    """A run on the store and the accepted results below `root`, in a process group of its own."""
    chosen = [word for source in SOURCES for word in ("--method", source)] + [word for metric in METRICS for word in ("--metric", metric)]
    command = [sys.executable, "-m", "ecgbench.cli", *RUN, *chosen, "--scores", str(root / "scores")]
    environment = {**os.environ, "ECGBENCH_CACHE": str(root / "store")}
    root.mkdir(exist_ok=True)
    with open(root / "log", "ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)


def finish(process: subprocess.Popen[bytes]) -> None:
    """Wait for a run, which must succeed."""
    if process.wait(timeout=300):
        raise SystemExit(f"expected the run to end with 0, got {process.returncode}; run `{' '.join(map(str, process.args))}` by hand.")


def left_in(root: Path) -> dict[str, Any]:
    """Values of every artifact and of every accepted file, by name."""
    store = ArtifactStore(root / "store")
    found: dict[str, Any] = {f"{stage}/{key}": store.content_digest(stage, key) for stage, key in store if stage != "source"}
    for path in sorted((root / "scores").rglob("*")):
        if path.suffix == ".json":
            found[str(path.relative_to(root))] = steady(json.loads(path.read_text()))
        elif path.is_file():
            found[str(path.relative_to(root))] = path.read_bytes()
    return found


def steady(data: Any) -> Any:
    """JSON data without what differs between two undisturbed runs."""
    if isinstance(data, dict):
        return {name: steady(value) for name, value in data.items() if name not in VOLATILE}
    return [steady(value) for value in data] if isinstance(data, list) else data


def report(number: int, expected: dict[str, Any], got: dict[str, Any]) -> int:
    """Print which names differ; returns how many."""
    names = sorted(name for name in expected.keys() | got.keys() if expected.get(name) != got.get(name))
    for name in names:
        state = "lacks" if name not in got else "has besides" if name not in expected else "has another"
        print(f"store {number} {state} {name}")
    return len(names)


if __name__ == "__main__":
    sys.exit(main())
