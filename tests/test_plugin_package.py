"""A package of somebody else's with an entry of every axis: installed, tried, computed, accepted, checked and drawn like ours."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text()
FILE = re.compile(r"`(?:\w+/)+(\w+)\.py` (?:would|could) be:\n\n```python\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
ENTRY_POINTS = re.compile(r"^```toml\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)

PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "my-package"
version = "1.0"
[tool.setuptools]
packages = ["my_package"]
"""

TRIALS = """
import ecgbench
from ecgbench.metrics import FAMILIES
from ecgbench.models import MODELS, RECIPES
from ecgbench.testing import check_entry
entries = {**ecgbench.methods(), **ecgbench.controls(), **ecgbench.metrics(), **ecgbench.datasets()}
entries |= {entry.key: entry for registry in (FAMILIES, MODELS, RECIPES) for entry in registry}
for key in ("smoothgrad_squared", "ramp", "sparseness", "sparsity", "fcn", "longer", "bumps"):
    check_entry(entries[key])
    print(key)
"""

COMMANDS = """
import json, sys
import pytest
from ecgbench import cli
benchmark, pages = map(json.loads, sys.argv[1:])
for option in ("--update-scores", "--check-only"):
    assert pytest.main([*benchmark, option]) == 0, option
for options in ([], ["--check"]):
    assert cli.main(["leaderboard", *options, *pages]) == 0, options
"""
"""Both commands, each twice, in one process: importing takes longer than what they do."""

SUBMISSION = """
import json, os, sys
from pathlib import Path
from ecgbench import cli
from ecgbench.results import read_file
folder = Path(sys.argv[1])
os.chdir(folder)
def ecg(*arguments, code=0):
    assert cli.main(arguments) == code, arguments
def store(name):
    os.environ["ECGBENCH_CACHE"] = str(folder / name)
about = ("--reference", "doi:10.1109/IJCNN.2017.7966039", "--authors", "A. Author", "--saw-test-set", "no", "--out", "fcn.safetensors")
pack = ("submit", "bumps", "--model", "fcn", "--weights", *about)
evaluate = ("evaluate", "fcn.safetensors", "--method", "saliency", "--metric", "auc", "--samples", "6", "--scores", str(folder / "models"))
store("author")
ecg(*pack, code=2)  # no model is there
ecg("train", "bumps", "--model", "fcn", "--out", "own.safetensors")
ecg(*pack)
store("reviewer")
ecg(*evaluate, "--update-scores")
ecg(*evaluate)
ecg("run", "--dataset", "bumps", *evaluate[2:], "--model", "fcn", "--check-only", code=1)  # the reviewer's store holds no such model
results = read_file(folder / "models" / "bumps@samples-6" / "fcn" / "saliency.json")
digest = json.loads(Path("own.json").read_text())["digest"]
assert results.models["1"]["digest"] == digest
assert results.submitted_models["authors"] == "A. Author"
"""
"""A model's way from its author to accepted results: trained, packed, and evaluated where only the package and the file are."""

METHODS = ("smoothgrad_squared", "saliency", "ramp")
METRICS = ("sparseness", "auc")
SELECTION = [
    *("--dataset=bumps", "--model=fcn", "--samples=6"),
    *(f"--method={key}" for key in METHODS),
    *(f"--metric={key}" for key in METRICS),
]


def write_package(folder: Path) -> Path:
    """The guide's examples as a package; its dataset of records is left out, since it has none."""
    sources = folder / "source" / "my_package"
    sources.mkdir(parents=True)
    (sources / "__init__.py").touch()
    for name, code in FILE.findall(GUIDE):
        if name != "exampledb":
            (sources / f"{name}.py").write_text(code)
    (points,) = ENTRY_POINTS.findall(GUIDE)
    (folder / "source" / "pyproject.toml").write_text(PROJECT + points)
    return folder / "source"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plugin")


@pytest.fixture(scope="module")
def python(folder: Path) -> Path:
    """A fresh environment in which the package is installed, over what is installed here."""
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (packages / "beneath.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
    interpreter = folder / "venv" / "bin" / "python"
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    run(interpreter, folder, "-m", "pip", "install", *options, str(write_package(folder)))
    return interpreter


def run(python: Path, folder: Path, *arguments: str) -> str:
    """What a command of the environment says."""
    own = {"ECGBENCH_CACHE": str(folder / "artifacts"), "ECGBENCH_DATA": str(folder / "data"), "OMP_NUM_THREADS": "1"}
    environment = {**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, **own}
    done = subprocess.run([python, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_entries_of_the_package_pass_all_trials(python: Path, folder: Path) -> None:
    said = run(python, folder, "-W", "error", "-c", TRIALS)
    assert said.split() == ["smoothgrad_squared", "ramp", "sparseness", "sparsity", "fcn", "longer", "bumps"]


@pytest.mark.slow
def test_entries_of_the_package_are_computed_accepted_checked_and_drawn(python: Path, folder: Path) -> None:
    scores = f"--scores={folder / 'scores'}"
    (folder / "README.md").write_text("<!-- leaderboard:begin bumps@samples-6-fcn -->\n<!-- leaderboard:end -->\n")
    benchmark = ["benchmark", "-q", "-p", "no:cacheprovider", scores, *SELECTION]
    pages = [scores, f"--out={folder / 'pages'}", f"--readme={folder / 'README.md'}"]
    run(python, folder, "-c", COMMANDS, json.dumps(benchmark), json.dumps(pages))
    assert {path.stem for path in (folder / "scores").glob("bumps*/fcn/*.json")} == set(METHODS)
    (page,) = (path.read_text() for path in (folder / "pages").glob("bumps*.md"))
    assert page.index("## Localisation") < page.index("## Sparsity")
    assert "Is the attribution confined to few samples? The place is over sparseness." in page
    assert "smoothgrad_squared" in page


@pytest.mark.slow
def test_models_of_the_package_are_submitted_and_evaluated_by_their_weights_digest(python: Path, folder: Path) -> None:
    run(python, folder, "-c", SUBMISSION, str(folder))
