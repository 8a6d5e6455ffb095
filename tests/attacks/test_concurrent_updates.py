"""Processes that accept cells of one method at once: no cell of any is lost, and the archive is the one that the results record."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ecgbench.errors import ResultsError
from ecgbench.results import read_pair
from tests.pipeline.runs import store_with_windows

pytestmark = pytest.mark.slow

METRICS = ("auc", "pointing_game")
FILE = Path("synthetic@samples-3") / "resnet18_7_narrow" / "random_baseline.json"
WHOLE = (["random_baseline.json", "random_baseline.npz"], sorted((variant, metric) for variant in ("abs", "raw") for metric in METRICS))

UPDATING = """
import sys
from contextlib import redirect_stdout
from io import StringIO
from ecgbench import cli
slice = ["run", "--samples", "3", "--seeds", "1", "--method", "random_baseline", "--update-scores", "--metric", sys.argv[1], "--scores"]
for root in map(str.strip, sys.stdin):
    try:
        with redirect_stdout(StringIO()):
            code = cli.main([*slice, root])
    except Exception as error:
        code = repr(error)
    print(code, flush=True)
"""
"""Accepts cells of a metric in each folder whose name it reads, as soon as it reads it."""


def updating(metric, store):
    """A process of its own that accepts cells of a metric."""
    environment = os.environ | {"ECGBENCH_CACHE": str(store)}
    command = [sys.executable, "-c", UPDATING, metric]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)


def accept_at_once(children, root):
    """Let all children accept their cells in a folder; returns what they ended with."""
    for child in children:
        child.stdin.write(f"{root}\n")
        child.stdin.flush()
    return [child.stdout.readline().strip() for child in children]


@pytest.fixture
def children(tmp_path):
    """A process for each metric, with all that it accepts in the store."""
    store = store_with_windows(tmp_path / "store").root
    started = [updating(metric, store) for metric in METRICS]
    for child in started:
        assert accept_at_once([child], tmp_path / "computed") == ["0"]
    yield started
    for child in started:
        child.communicate()


def found(path):
    """Files beside results, and the accepted cells."""
    try:
        cells = sorted((cell.variant, cell.metric) for cell in read_pair(path)[0].cells)
    except ResultsError as error:
        cells = str(error)
    return sorted(file.name for file in path.parent.iterdir()), cells


def test_no_cell_of_processes_that_accept_at_once_is_lost(tries, children, tmp_path):
    wrong = []
    for number in tries(12):
        codes = accept_at_once(children, tmp_path / str(number))
        held = found(tmp_path / str(number) / FILE)
        if codes != ["0"] * len(METRICS) or held != WHOLE:
            wrong.append((number, codes, held))
    assert wrong == []
