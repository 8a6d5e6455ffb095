"""A wheel that is installed where there is no clone: it brings the accepted results along."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.test_editable_install import OFFLINE, ROOT, python_in, said

SOURCES = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "ecgbench")
FOLDER = "ptbxl@100hz"
"""Accepted results that are few."""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel of a source tree with few accepted results."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    shutil.copytree(ROOT / "leaderboards" / "scores" / FOLDER, tree / "leaderboards" / "scores" / FOLDER)
    for name in SOURCES:
        (tree / name).symlink_to(ROOT / name)
    interpreter = python_in(folder / "venv")
    build = f"from setuptools import build_meta; print(build_meta.build_wheel({str(folder)!r}))"
    wheel = said(interpreter, "-c", build, folder=tree).split()[-1]
    said(interpreter, "-m", "pip", "install", *OFFLINE, folder / wheel, folder=folder)
    return interpreter


@pytest.mark.slow
def test_accepted_results_are_read_and_drawn(python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECGBENCH_CACHE", str(tmp_path / "store"))
    work = tmp_path / "work"
    work.mkdir()
    command = (python, "-m", "ecgbench")
    found = json.loads(
        said(*command, "scores", FOLDER, "--method", "saliency", "--metric", "region_perturbation_morf", "--json", folder=work)
    )
    assert found["windows"]
    (unpacked,) = (tmp_path / "store").glob(".accepted-*")
    source = ROOT / "leaderboards" / "scores" / FOLDER
    files = [path.relative_to(source) for path in source.rglob("*") if path.is_file()]
    assert filecmp.cmpfiles(source, unpacked / FOLDER, map(str, files), shallow=False)[0] == list(map(str, files))
    said(*command, "leaderboard", "--site", "site", folder=work)
    assert "saliency" in (work / "site" / "ptbxl@100hz.html").read_text()
    assert "mitdb" in said(*command, "datasets", folder=work)
    assert sorted(path.name for path in work.iterdir()) == ["site"]


@pytest.mark.slow
def test_run_has_something_to_compare_with(python: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "ECGBENCH_CACHE": str(tmp_path / "store"), "PYTHONPATH": ""}
    command = (python, "-m", "ecgbench", "run", "--method", "saliency", "--metric", "auc", "--seeds", "1", "--check-only")
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)
    # Nothing is computed, which a check refuses; that nothing was accepted would be refused before.
    assert "expected the stored" in done.stdout + done.stderr
    assert "expected a folder of accepted results" not in done.stderr
