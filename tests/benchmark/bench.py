"""`pytest benchmark` with a store and accepted results of a test's own."""

import contextlib
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pipeline.runs import FOLDER

ROOT = Path(__file__).parents[2]
SLICE = ("--seeds", "1", "--samples", "4", "--method", "random_baseline", "--metric", "auc", "--metric", "pointing_game")


@dataclass(frozen=True)
class Bench:
    """Runs the benchmark.

    Attributes
    ----------
    folder : of the store, the accepted results and the (absent) records
    """

    folder: Path

    @property
    def store(self):
        return self.folder / "artifacts"

    @property
    def accepted(self):
        """The accepted results of `SLICE`."""
        return self.folder / "scores" / FOLDER / "random_baseline.json"

    @property
    def places(self):
        return {"ECGBENCH_CACHE": str(self.store), "ECGBENCH_DATA": str(self.folder / "data")}

    def arguments(self, given, where):
        return ["-p", "no:cacheprovider", str(ROOT / where), "--rootdir", str(ROOT), "--scores", str(self.folder / "scores"), *given]

    def __call__(self, *given, where="benchmark", code=0):
        """Run it in this process; returns what it said."""
        said = io.StringIO()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            patch.chdir(ROOT)
            patch.delenv("PYTEST_CURRENT_TEST", raising=False)
            for name, value in self.places.items():
                patch.setenv(name, value)
            found = pytest.main(self.arguments(given, where))
        assert found == code, said.getvalue()
        return said.getvalue()

    def apart(self, *given, code=0, **environment):
        """Run it in processes of its own; returns what it said."""
        command = [sys.executable, "-m", "pytest", *self.arguments(given, "benchmark")]
        done = subprocess.run(command, cwd=ROOT, env=os.environ | self.places | environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


def stamps(folder):
    """When each file of a folder was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def collected(said):
    """Names of the tests that `--collect-only -q` listed."""
    return re.findall(r"::(\S+)", said)
