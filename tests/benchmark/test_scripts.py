"""The scripts beside the benchmark, run as a user runs them."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipeline.runs import store_with_windows

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", autouse=True)
def _windows_at_hand(tmp_path_factory):
    """The scripts' store holds the windows of synthetic."""
    store = store_with_windows(tmp_path_factory.mktemp("scripts"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ECGBENCH_CACHE", str(store.root))
        yield


def run(script, *arguments, **environment):
    command = [sys.executable, f"benchmark/{script}.py", *map(str, arguments)]
    where = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=ROOT, env=where, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
def test_maps_are_drawn_to_the_file_that_is_named(tmp_path):
    out = tmp_path / "maps.png"
    done = run("maps", "synthetic", "--methods", "saliency", "gradcam", "--seconds", 1, 3, "--out", out)
    assert done.returncode == 0, done.stderr
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["synthetic", "--window", "64"], "expected a window from 0 to 63, got 64"),
        (["synthetic", "--lead", "1"], "expected a lead from 0 to 0, got 1"),
        (["mitdb"], "ecgbench download mitdb"),
        (["synthetic", "--methods", "salience"], "invalid choice: 'salience'"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_one_line_and_leaves_no_file(tmp_path, arguments, message, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["maps.py", *arguments, "--out", str(tmp_path / "maps.png")])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "benchmark" / "maps.py"), run_name="__main__")
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_errors_are_those_of_golden_maps(shared, monkeypatch, capsys):
    monkeypatch.setenv("ECGBENCH_SHARED", str(shared))
    monkeypatch.setattr(sys, "argv", ["errors.py", "--methods", "lrp", "saliency", "--windows", "1"])
    runpy.run_path(str(ROOT / "benchmark" / "errors.py"), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    assert [row[:2] for row in rows[1:]] == [["lrp", "mitdb"], ["saliency", "mitdb"], ["lrp", "svdb"], ["saliency", "svdb"]]
    assert all(0 < float(row[2]) < 1e-6 for row in rows[1:])
    assert all((row[5] == "-") == (row[0] == "saliency") for row in rows[1:])


def test_errors_without_golden_files_are_refused_with_the_remedy(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ECGBENCH_SHARED", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["errors.py"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "benchmark" / "errors.py"), run_name="__main__")
    assert ended.value.code == 2
    assert "set ECGBENCH_SHARED to the folder that holds it" in capsys.readouterr().err
