"""A process that is ready to run the benchmark: every run is a copy of it, so that it takes a fraction of a second.

Run as `python -m tests.attacks.whole_runs FOLDER`; it reads a run as a line of JSON and answers with one (see `WholeRuns`). Its clocks
stand still, so that two runs that compute the same leave the same bytes. Its folder holds the records of a small dataset.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.attacks.operations import Operations

ROOT = Path(__file__).parents[2]
DATASET = "small_records"
RUN, PYTEST, SPREAD, PAGES = "ecgbench run", "pytest benchmark", "pytest benchmark -n 2", "ecgbench leaderboard"
README = f"<!-- leaderboard:begin {DATASET} -->\n<!-- leaderboard:end -->\n"

FEW = ("--method", "saliency", "--metric", "auc")
ALL = (*FEW, "--method", "random_baseline", "--metric", "region_perturbation_morf")
"""What a warm store holds, and what is added to it; a cold one begins with all."""

WORKERS = 4
"""Processes that wait to be pytest-xdist's workers: two, and one for each that may be killed alone."""

TRACEBACK = 70
"""Exit code of a run that ended in an error of Python's."""


class WholeRuns:
    """Asks a process of its own for runs.

    Parameters
    ----------
    folder : where it may write the records and what runs say
    """

    def __init__(self, folder: Path) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", __name__, str(folder)]
        self._server = subprocess.Popen(command, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, command: str, root: Path, given: tuple[str, ...] = ALL, at: int = 0, how: str = "") -> SimpleNamespace:
        """Run a command on the folder `root`: its exit code (negative: the signal), its count of operations, and what it said."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps({"command": command, "root": str(root), "given": given, "at": at, "how": how}) + "\n")
        self._server.stdin.flush()
        return SimpleNamespace(**json.loads(self._server.stdout.readline()))

    def end(self) -> None:
        """Let the process end."""
        self._server.communicate()


def main(folder: Path) -> None:
    """Answer until nobody asks any more."""
    answers = os.fdopen(os.dup(1), "w")
    log = folder / "said"
    _stop_clocks()
    _register(folder / "records")
    for line in sys.stdin:
        asked = json.loads(line)
        code, count, modules = _copied(asked, log)
        said = log.read_text(errors="replace")
        answers.write(json.dumps({"code": code, "count": count, "said": said}) + "\n")
        answers.flush()
        for name in modules:
            importlib.import_module(name)


def _copied(asked: dict[str, Any], log: Path) -> tuple[int, int, list[str]]:
    """Run in a copy of this process, and say which modules it needed that this one has not yet."""
    gc.freeze()  # so that no copy looks through what is here, which would copy it
    known, result = set(sys.modules), log.with_name("result")
    result.unlink(missing_ok=True)
    alive, here = os.pipe()
    process = os.fork()
    if process == 0:
        code = TRACEBACK
        try:
            code, count = _run(log, **asked)
            found = [name for name in sys.modules if name not in known and _is_importable(name)]
            result.write_text(json.dumps([count, found if not asked["at"] else []]))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    os.close(here)
    os.read(alive, 1)  # until no process of the run is there any more
    os.close(alive)
    count, modules = json.loads(result.read_text()) if result.exists() else (0, [])
    return code, count, modules


def _is_importable(name: str) -> bool:
    """Whether this process can import it too; the benchmark's own tests are pytest's to import."""
    module = sys.modules[name]
    origin = getattr(getattr(module, "__spec__", None), "origin", None)
    return origin is not None and not origin.startswith(str(ROOT / "benchmark")) and name != "__mp_main__"


def _run(log: Path, command: str, root: str, given: list[str], at: int, how: str) -> tuple[int, int]:
    os.setpgid(0, 0)
    os.chdir(ROOT)
    os.environ["ECGBENCH_CACHE"] = f"{root}/store"
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    operations = Operations([Path(root)], at, how)
    code = COMMANDS[command](Path(root), given)
    return int(code), operations.count


def _command_line(root: Path, given: list[str]) -> int:
    from ecgbench import cli

    return cli.main(["run", "--dataset", DATASET, *given, "--update-scores", "--scores", f"{root}/scores"])


def _pytest(root: Path, given: list[str], *more: str) -> int:
    import pytest

    places = ["-p", "no:cacheprovider", "--assert=plain", str(ROOT / "benchmark"), "--rootdir", str(ROOT), "--scores", f"{root}/scores"]
    return pytest.main([*places, "--dataset", DATASET, *given, "--update-scores", "-k", "not crosscheck and not chance", *more])


def _spread(root: Path, given: list[str]) -> int:
    from execnet import gateway_io

    waiting = [Waiting() for _ in range(WORKERS)]

    class Io(gateway_io.Popen2IOMaster):
        def __init__(self, arguments: object, execmodel: Any) -> None:
            self.popen = waiting.pop()  # type: ignore[assignment]
            gateway_io.Popen2IO.__init__(self, self.popen.stdin, self.popen.stdout, execmodel=execmodel)

    gateway_io.Popen2IOMaster = Io  # type: ignore[misc]
    return _pytest(root, given, "-n", "2")


def _pages(root: Path, given: list[str]) -> int:
    from ecgbench import cli
    from ecgbench.leaderboard import write

    write.render_figure = partial(_drawn_once, write.render_figure)
    return cli.main(["leaderboard", "--scores", f"{root}/scores", "--out", f"{root}/pages", "--readme", f"{root}/README.md"])


def _drawn_once(draw: Callable[[Any, str], bytes], figure: Any, suffix: str) -> bytes:
    """A figure's file, drawn unless an earlier run has drawn the same: that takes most of the time of writing pages."""
    from ecgbench.leaderboard.figures.drawn import digest

    kept = Path(sys.argv[1]) / f"{digest(figure)}{suffix}"
    if not kept.exists():
        kept.write_bytes(draw(figure, suffix))
    return kept.read_bytes()


COMMANDS: dict[str, Callable[[Path, list[str]], int]] = {RUN: _command_line, PYTEST: _pytest, SPREAD: _spread, PAGES: _pages}


class Waiting:
    """A copy of this process that becomes a worker when execnet says so, as a new interpreter would."""

    def __init__(self) -> None:
        (read, self._write), (self._read, write) = os.pipe(), os.pipe()
        self._process = os.fork()
        if self._process == 0:
            os.close(self._write)
            os.close(self._read)
            os.dup2(read, 0)
            os.dup2(write, 1)
            sys.stdin = os.fdopen(0, closefd=False)
            try:
                exec(eval(sys.stdin.readline()), {"__name__": "__main__"})
            finally:
                os._exit(0)
        os.close(read)
        os.close(write)
        self.stdin, self.stdout = os.fdopen(self._write, "wb"), os.fdopen(self._read, "rb")

    def wait(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self._process, 0)[1])

    def kill(self) -> None:
        os.kill(self._process, 9)


def _register(folder: Path) -> None:
    """Four records of a few windows each, of which each of three classes is explained."""
    import ecgbench
    from tests.datasets.records.wfdb_files import FS, WINDOW, signal_of, write

    beats = [(20, "N"), (120, "V"), (160, "A"), (180, "A"), (250, "V"), (330, "N")]
    for seed, name in enumerate("abcd"):
        write(folder, name, signal_of(seed=seed), beats)
    numbers: dict[str, Any] = {"architecture": "resnet18_7_narrow", "epochs": 2, "threshold": 0.01}
    ecgbench.register_records(DATASET, folder, ("a", "b"), ("c", "d"), FS, WINDOW, **numbers)


def _stop_clocks() -> None:
    """Let everything take no time, and happen at one moment."""
    from ecgbench.artifacts import local_folder
    from ecgbench.models.training import train
    from ecgbench.pipeline.acceptance import environment
    from ecgbench.pipeline.compute import entries, models

    still = SimpleNamespace(**vars(time) | {"perf_counter": lambda: 0.0, "time": lambda: 1e9})
    for module in (local_folder, train, entries, models):
        module.time = still  # type: ignore[attr-defined]
    date = SimpleNamespace(isoformat=lambda: "2001-09-09")
    now = SimpleNamespace(now=lambda _: SimpleNamespace(date=lambda: date))
    environment.datetime = SimpleNamespace(datetime=now, UTC=None)  # type: ignore[attr-defined]


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main(Path(sys.argv[1]))
