"""An editable install of a clone: what a new user's first script imports."""

from __future__ import annotations

import os
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OFFLINE = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--ignore-installed", "--disable-pip-version-check"]


def python_in(folder: Path) -> Path:
    """A fresh environment over the packages that are installed here, without ecgbench itself."""
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = (folder / "lib").glob("python*/site-packages")
    (packages / "beneath.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return folder / "bin" / "python"


def said(*command: str | Path, folder: Path) -> str:
    """What a command says that is run in the folder."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_script_beside_the_clone_imports_the_package_and_not_the_clones_folder(tmp_path: Path) -> None:
    clone = tmp_path / "ecgbench"
    clone.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "ecgbench"):
        (clone / name).symlink_to(ROOT / name)
    python = python_in(tmp_path / "venv")
    said(python, "-m", "pip", "install", *OFFLINE, "-e", clone, folder=tmp_path)
    code = "import ecgbench; print(ecgbench.__file__, hasattr(ecgbench, 'explain'))"
    assert said(python, "-c", code, folder=tmp_path).split() == [str(clone / "ecgbench" / "__init__.py"), "True"]
