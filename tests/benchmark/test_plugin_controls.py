"""The benchmark as pytest runs the cells of controls, and no test of their health."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHOSEN = [part for method in ("constant", "causal_mask", "saliency_abs") for part in ("--method", method)]
SLICE = (*CHOSEN, "--metric", "auc", "--seeds", "1", "--samples", "4")

pytestmark = pytest.mark.slow


@pytest.fixture
def bench(tmp_path):
    """Run `pytest` with a store and accepted results of the test's own."""

    def run(where, *arguments):
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", where, "--scores", str(tmp_path / "scores"), *arguments]
        places = {"ECGBENCH_CACHE": str(tmp_path / "artifacts"), "ECGBENCH_DATA": str(tmp_path / "data")}
        done = subprocess.run(command, cwd=ROOT, env=os.environ | places, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_controls_have_cells_and_no_test_of_their_health(bench):
    names = re.findall(r"::(\S+)", bench("benchmark", *SLICE, "--collect-only", "-q"))
    cells = {name for name in names if name.startswith("test_cell[synthetic")}
    assert cells == {f"test_cell[synthetic-{method}-auc-seed1]" for method in ("constant", "causal_mask", "saliency_abs")}
    assert [name for name in names if name.startswith("test_maps")] == ["test_maps_are_healthy[synthetic-saliency-seed1]"]


def test_cells_of_controls_are_scored_accepted_and_stand(bench, tmp_path):
    said = bench("benchmark/test_localisation.py", *SLICE, "--update-scores")
    assert "3 passed" in said
    assert "3 cells and the health of 0 methods' maps" in said
    folder = tmp_path / "scores" / "synthetic@samples-4" / "resnet18_7_narrow"
    held = {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}
    assert {name: found["provenance"].get("bound", False) for name, found in held.items() if "control" in found["provenance"]} == {
        "constant": False,
        "causal_mask": True,
    }
    assert [cell["value"] for cell in held["constant"]["cells"]] == [0.5]
    assert "3 passed" in bench("benchmark/test_localisation.py", *SLICE, "--check-only")
